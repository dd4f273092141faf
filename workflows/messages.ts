import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type { ClockFact } from "../domain/clock.ts";
import type { ManualOperation } from "../domain/manual/operation.ts";
import type { CalibrationRun } from "../domain/imaging/calibration/calibration-night.ts";
import type { MeasuredOverhead } from "../domain/night/overhead.ts";
import type { Observatory, RecoveryStep } from "../domain/observatory.ts";
import type { MembershipMode, MembershipOutcome } from "../domain/people/membership.ts";
import type { PersonProfile, Profile } from "../domain/permissions/profiles.ts";
import type { DeviceHealth, RecoveryProgress } from "../domain/safety/device-health.ts";
import type { Dither } from "../domain/sequence/dither.ts";
import type { Hold, Mode } from "../domain/safety/holds.ts";
import type { ShutterWord, WatchState } from "../domain/safety/watch-state.ts";

/* ---- To every open workflow ---------------------------------------------------------------------------- */

/** From `up` after the clock was anchored anew: every wait is computed again. */
export const clockChangedSignal = defineSignal<[ClockFact]>("clockChanged");

/** From the guard, the pages and tests. Never changes state; answered by `observatory`, `night` and `calibration`. */
export const stateQuery = defineQuery<ObservatoryState | NightState | CalibrationState>("state");

/* ---- To observatory ------------------------------------------------------------------------------------- */

/** From the watch activity: the whole state, on change and once per 60 s of wall time. */
export const watchStateSignal = defineSignal<[WatchState]>("watchState");

/** From an alert workflow: asks for the telescope (also a signal of `night`). */
export const preemptSignal = defineSignal<[PreemptRequest]>("preempt");

/** From an alert workflow that no longer wants the telescope (retracted, expired, closed). Also of `night`. */
export const withdrawAlertSignal = defineSignal<[{ alertKey: string; reason: string }]>("withdrawAlert");

/** From `night` on each change of phase or of what is executing. */
export const nightReportSignal = defineSignal<[NightReport]>("nightReport");

/** From `calibration`: it waits for the lease, how far it is, and that it has ended: then the lease goes back. */
export const calibrationReportSignal = defineSignal<[CalibrationReport]>("calibrationReport");

/** From `night`: the dome closed though nobody who holds the lease ordered it. */
export const unorderedClosingSignal = defineSignal<[{ why: string }]>("unorderedClosing");

/** From the api when requests were submitted, withdrawn or changed: the night plans again. Also of `night`. */
export const requestsChangedSignal = defineSignal<[{ reason: string }]>("requestsChanged");

/** From a starting control worker when the observatory file has changed. */
export const observatoryFileSignal = defineSignal<[Observatory]>("observatoryFile");

/** Pause button. `frameEnd`: after the exposure that runs; `now`: aborts it within 2 s. Closes nothing. */
export const pauseUpdate = defineUpdate<ObservatoryState, [{ by: string; when: "now" | "frameEnd" }]>(
  "pause",
);

/** Resume button: lifts operator and maintenance holds only. Refused when neither holds. */
export const resumeUpdate = defineUpdate<ObservatoryState, [{ by: string }]>("resume");

/** Close button: always allowed; operator hold, abort, close. */
export const closeUpdate = defineUpdate<ObservatoryState, [{ by: string }]>("close");

/** Start button: prepares at once from `prepareBeforeSunsetMin` before sunset; earlier refused with the time. */
export const startNightUpdate = defineUpdate<ObservatoryState, [{ by: string }]>("startNight");

/** End button: the night holds, closes, parks and ends. Refused when none is open. */
export const endNightUpdate = defineUpdate<ObservatoryState, [{ by: string }]>("endNight");

/** Stop button: always allowed, under any hold; stops the mount and aborts exposures. Without maintenance it also pauses. */
export const stopUpdate = defineUpdate<ObservatoryState, [PersonalOrder]>("stop");

/** Takes the maintenance hold, or takes it over from whoever has it. Needs a reason. */
export const takeMaintenanceUpdate = defineUpdate<ObservatoryState, [PersonalOrder & { reason: string }]>(
  "takeMaintenance",
);

/** Leaves the maintenance hold: what moves by hand stops, the night gets its telescope back. */
export const leaveMaintenanceUpdate = defineUpdate<ObservatoryState, [PersonalOrder]>("leaveMaintenance");

/** One operation by hand: only under the maintenance hold of the person who orders it. Answers when it has begun. */
export const manualUpdate = defineUpdate<ObservatoryState, [ManualOrder]>("manual");

/** From `deviceRecovery` at each step, and at its end. */
export const recoveryReportSignal = defineSignal<[RecoveryReport]>("recoveryReport");

/* ---- To deviceRecovery ---------------------------------------------------------------------------------- */

/** From a person or a page: try the next step now. */
export const tryNowSignal = defineSignal<[{ by: string }]>("tryNow");

/** How far a recovery has come. */
export const recoveryQuery = defineQuery<RecoveryProgress>("recovery");

/** Calibrate button, by day: the last night's calibrations once more. Refused while a night is open. */
export const startCalibrationUpdate = defineUpdate<ObservatoryState, [{ by: string }]>("startCalibration");

/* ---- To calibration -------------------------------------------------------------------------------------- */

/** From `observatory`: the cameras, wheels and lamp are its own until it says that it has ended. */
export const leaseGrantedSignal = defineSignal<[{ lease: Lease; holds: HoldsMessage }]>("leaseGranted");

/** From `observatory` when a night is to start or an operator ends it: take no more frames. */
export const endCalibrationSignal = defineSignal<[{ reason: string }]>("endCalibration");

/* ---- To night ------------------------------------------------------------------------------------------- */

/** From `observatory`: the holds as they are now, with a growing number. Also of `calibration`. */
export const holdsSignal = defineSignal<[HoldsMessage]>("holds");

/** From `observatory` after the End button. */
export const endNightSignal = defineSignal<[{ by: string }]>("endNight");

/* ---- To sequence ---------------------------------------------------------------------------------------- */

/** From `night`: finish the exposure that runs, then stop. */
export const stopAfterFrameSignal = defineSignal<[{ reason: string }]>("stopAfterFrame");

/** From `night`: the devices that cannot be used now, by device id with the reason. The newest is all that counts. */
export const unavailableSignal = defineSignal<[Readonly<Record<string, string>>]>("unavailable");

/* ---- To alert ------------------------------------------------------------------------------------------- */

/** From the intake: one more notice of this event is stored and joined. */
export const noticeSignal = defineSignal<[AlertNotice]>("notice");

/** From `night` or `observatory`: the answer to `preempt`. */
export const preemptAnswerSignal = defineSignal<[PreemptAnswer]>("preemptAnswer");

/** From `night`: what came of the observation of one generation. */
export const alertObservedSignal = defineSignal<[AlertObserved]>("alertObserved");

/** From an expert's page: follow no longer. */
export const closeAlertSignal = defineSignal<[{ by: string; reason: string }]>("closeAlert");

/* ---- Payloads ------------------------------------------------------------------------------------------- */

export interface TargetPosition {
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
}

export interface PlannedFrames {
  /** Plan id, e.g. `R0012-1-vis-1`. */
  readonly planId: string;
  readonly filter: string;
  readonly exposureS: number;
  /** Frames the plan asks for in all. */
  readonly count: number;
  /** Numbers (1-based) of the frames still to be taken. */
  readonly frames: readonly number[];
}

export interface AlbumPlan {
  readonly albumId: string;
  readonly instrumentId: string;
  readonly plans: readonly PlannedFrames[];
}

/** One sequence as the telescope needs it: pointing and, per detector, what to expose. Travels in payloads. */
export interface SequencePlan {
  readonly sequenceId: string;
  readonly requestId: string;
  readonly requestName: string;
  readonly programmeId: string;
  readonly target: TargetPosition;
  readonly albums: readonly AlbumPlan[];
  /** Null or left out: the telescope stays on the target. */
  readonly dither?: Dither | null;
  /** Alert or null for routine. */
  readonly alertKey: string | null;
  readonly minAltDeg: number;
}

export interface PreemptRequest {
  readonly alertKey: string;
  readonly alertWorkflowId: string;
  /** A higher generation re-points, a lower one is ignored. */
  readonly generation: number;
  /** Better rank first: lower is better. */
  readonly rank: number;
  /** Astrophysical T0, observatory ms: of equal rank the newer T0 interrupts. */
  readonly t0Ms: number;
  readonly plan: SequencePlan;
  /** Observatory ms after which it is no longer worth starting. */
  readonly validUntilMs: number;
  /** Simulated alerts say so everywhere. */
  readonly simulated: boolean;
  /** The trace of the notice behind it, kept while the request waits. */
  readonly trace?: string;
}

/** W3C trace context; undefined when nothing is recorded. */
export type Trace = string | undefined;

/** One step of a traced workflow, as it leaves the sandbox. Ids are hex. */
export interface WorkflowSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly workflowId: string;
  readonly runId: string;
}

export interface PreemptAnswer {
  readonly alertKey: string;
  readonly generation: number;
  readonly answer: "accepted" | "queued" | "refused";
  readonly reason: string;
  /** When to ask again, observatory ms; null: it is kept and will be handed over. */
  readonly retryAtMs: number | null;
  readonly from: "night" | "observatory";
}

export interface AlertObserved {
  readonly alertKey: string;
  readonly generation: number;
  readonly outcome: "completed" | "interrupted" | "failed" | "notObserved";
  readonly reason: string;
  readonly framesStored: number;
}

export interface AlertNotice {
  /** Primary key of the stored notice. */
  readonly noticeId: string;
  /** The parsed notice (domain/alerts), as JSON. */
  readonly notice: unknown;
  readonly receivedWallMs: number;
}

export interface AlertInput {
  readonly alertKey: string;
  readonly siteId: string;
  readonly observatory: Observatory;
  readonly clock: ClockFact;
  /** The strategy in force (domain/strategies), as JSON. */
  readonly strategy: unknown;
  /** Workflow id of the night that was open when the alert started, or null. */
  readonly nightWorkflowId: string | null;
  /** Alert state (domain/alerts) to continue from, or null at the first start. */
  readonly carried: unknown;
}

export interface ObservatoryInput {
  readonly observatory: Observatory;
  readonly clock: ClockFact;
  readonly carried: unknown;
}

/** Who orders something. The profile travels with it, so that the workflow checks it once more. */
export interface PersonalOrder {
  readonly by: string;
  readonly profile: Profile;
}

export interface ManualOrder extends PersonalOrder {
  /** Short and unique: the order is carried out once. */
  readonly id: string;
  readonly userId: string | null;
  readonly operation: ManualOperation;
  /** An order that arrives much later is not carried out: nobody expects the motion any more. */
  readonly sentWallMs: number;
}

/** One operation by hand, under way or over. */
export interface ManualRun {
  readonly id: string;
  readonly deviceId: string;
  readonly operation: ManualOperation;
  readonly by: string;
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly state: "running" | "done" | "failed" | "stopped";
  /** What came of it, in a sentence; empty while it runs. */
  readonly result: string;
  /** Of an exposure that was stored. */
  readonly imageId: string | null;
}

export interface HoldsMessage {
  readonly seq: number;
  readonly holds: readonly Hold[];
  /** frameEnd: a new operator hold lets the exposure that runs finish. */
  readonly stop: "now" | "frameEnd";
  readonly closedByHand: boolean;
  /** What the watch sees of the dome: a closing that nobody ordered shows here. */
  readonly shutter: ShutterWord;
  /** Generation of the night's lease; null while a person has the telescope. */
  readonly leaseGeneration: number | null;
  /** Devices that are DISABLED, by device id with the reason: their albums are skipped. */
  readonly unavailable: Readonly<Record<string, string>>;
}

/** From a recovery to `observatory`. */
export interface RecoveryReport {
  readonly deviceId: string;
  readonly progress: RecoveryProgress;
  /** Set up anew and verified: the device may be used again. */
  readonly recovered: boolean;
}

/** Input of `deviceRecovery`. Carried over when it continues as new. */
export interface RecoveryInput {
  readonly observatory: Observatory;
  readonly clock: ClockFact;
  readonly deviceId: string;
  /** Why the device was given up. */
  readonly why: string;
  /** Index of the step to begin with, and what is known of those before; null at the start. */
  readonly carried: {
    readonly index: number;
    readonly lastTrouble: string;
    /** An outlet that this ladder switched off and could not switch on again. */
    readonly outletOff?: RecoveryStep | null;
  } | null;
}

export type NightPhase =
  | "preparing"
  | "waitingForDusk"
  | "opening"
  | "scheduling"
  | "observing"
  | "alert"
  | "idle"
  | "held"
  | "closing"
  | "parking"
  | "ended";

export interface ExecutingFrame {
  readonly cameraId: string;
  readonly planId: string;
  readonly n: number;
  readonly count: number;
  readonly filter: string;
  readonly exposureS: number;
  readonly phase: "slewing" | "starting" | "exposing" | "reading" | "storing" | "waiting";
  /** Observatory ms at which the shutter opened, or null. */
  readonly startMs: number | null;
}

export interface Executing {
  readonly sequenceId: string;
  readonly requestId: string;
  readonly target: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly alertKey: string | null;
  readonly workflowId: string;
  readonly startedMs: number;
  readonly cameras: readonly ExecutingFrame[];
}

export interface NightReport {
  readonly seq: number;
  readonly workflowId: string;
  readonly date: string;
  readonly run: number;
  readonly phase: NightPhase;
  readonly executing: Executing | null;
  /** What the night waits for and until when, in words. */
  readonly waitingFor: string;
  readonly waitsUntilMs: number | null;
  readonly framesStored: number;
  readonly sequencesDone: number;
  /** The alert that has the telescope, or null. */
  readonly alertInProgress: string | null;
  /** Sequences in a row that failed without a frame, and why the newest did; null or absent when none did. */
  readonly failing?: { readonly count: number; readonly why: string } | null;
  /** How it ended, in the phase `ended`; null before. */
  readonly outcome: NightResult["outcome"] | null;
}

export interface NightState {
  readonly kind: "night";
  readonly phase: NightPhase;
  /** Whether an open dome is in order in this phase: what the guard asks. */
  readonly allowsOpenDome: boolean;
  readonly generation: number;
  readonly date: string;
  readonly run: number;
  readonly holds: readonly Hold[];
  readonly executing: Executing | null;
  readonly pendingAlerts: readonly {
    alertKey: string;
    generation: number;
    rank: number;
    validUntilMs: number;
  }[];
}

export interface ObservatoryState {
  readonly kind: "observatory";
  readonly siteId: string;
  readonly mode: Mode;
  readonly paused: boolean;
  readonly phase: string;
  readonly allowsOpenDome: boolean;
  readonly holds: readonly Hold[];
  readonly closedByHand: boolean;
  readonly clock: ClockFact;
  readonly watch: WatchState | null;
  /** State of each device, with the recovery that is under way. */
  readonly devices: Readonly<Record<string, DeviceHealth>>;
  readonly lease: { readonly holder: string; readonly generation: number };
  readonly manual: ManualState;
  /** The night that is open, else null. */
  readonly night: NightReport | null;
  readonly lastNight: {
    readonly date: string;
    readonly run: number;
    readonly outcome: string;
    readonly wrongEnd: boolean;
  } | null;
  /** Tonight's almanac, observatory ms. */
  readonly tonight: NightTimes | null;
  readonly pendingAlerts: readonly {
    alertKey: string;
    generation: number;
    rank: number;
    validUntilMs: number;
    reason: string;
  }[];
  readonly alertInProgress: string | null;
  /** The calibration that runs, or null. */
  readonly calibration: CalibrationReport | null;
}

/** Input of `calibration`. */
export interface CalibrationInput {
  readonly observatory: Observatory;
  readonly clock: ClockFact;
  readonly run: CalibrationRun;
  readonly startedBy: string;
}

export type CalibrationPhase = "waiting" | "taking" | "held" | "reducing" | "ended";

export interface CalibrationReport {
  readonly seq: number;
  readonly workflowId: string;
  readonly date: string;
  readonly run: number;
  readonly phase: CalibrationPhase;
  /** What it does or waits for, in words. */
  readonly words: string;
  readonly framesTaken: number;
  readonly framesPlanned: number;
}

export interface CalibrationState extends CalibrationReport {
  readonly kind: "calibration";
  /** Never: calibrations are taken under a closed dome. */
  readonly allowsOpenDome: false;
  readonly generation: number;
}

export interface CalibrationResult {
  readonly status: "ended" | "failed";
  readonly reason: string;
  readonly masters: number;
}

/** Input of `analysis`. */
export interface AnalysisInput {
  readonly observatory: Observatory;
  readonly sequenceId: string;
  /** Frames of that night only; null: of any. */
  readonly nightId: string | null;
  /** quicklook: with the newest masters there are; final: with those of the night. */
  readonly kind: "quicklook" | "final";
}

export interface AnalysisResult {
  readonly calibrated: number;
  readonly failed: number;
}

/** What people do by hand. */
export interface ManualState {
  /** Operations that run, then those that ended last, newest first. */
  readonly runs: readonly ManualRun[];
  /** Under maintenance the dome closes by itself only after an announcement. */
  readonly closingAnnounced: { readonly why: string; readonly closesAtWallMs: number } | null;
}

/** Input of `night`. Carried over continue-as-new and from a wrong end. */
export interface NightInput {
  readonly observatory: Observatory;
  readonly clock: ClockFact;
  readonly date: string;
  readonly generation: number;
  readonly holds: HoldsMessage;
  readonly pendingAlerts: readonly PreemptRequest[];
  readonly startedBy: string;
  /** Whether its frames are calibrated: quick-looks while it lasts, masters and final images when it has ended. */
  readonly calibrates: boolean;
  /** What the former run of this workflow hands over when it continues as new; null at the start. */
  readonly carried: NightCarried | null;
}

export interface NightCarried {
  readonly nightId: string;
  readonly run: number;
  readonly almanac: NightTimes;
  readonly phase: NightPhase;
  readonly domeOpen: boolean;
  readonly seenOpen: boolean;
  readonly resumedAlerts: readonly string[];
  readonly coverOpen?: boolean;
  readonly overhead: MeasuredOverhead;
  readonly lastLatenessReplanMs: number | null;
  readonly replan: string | null;
  readonly reportSeq: number;
  readonly framesStored: number;
  readonly sequencesDone: number;
}

/** The instants of one night, observatory ms; null when the Sun does not get there (see `why`). */
export interface NightTimes {
  readonly date: string;
  readonly prepareMs: number | null;
  readonly sunsetMs: number | null;
  readonly domeOpenMs: number | null;
  readonly duskMs: number | null;
  readonly dawnMs: number | null;
  readonly sunriseMs: number | null;
  /** The next local mean solar noon: from then on it is the next night. */
  readonly windowEndMs: number;
  /** In words when there is no night (polar summer); else empty. */
  readonly why: string;
}

export interface NightResult {
  readonly outcome: "ended" | "failed";
  readonly reason: string;
  readonly run: number;
}

/** Input of `sequence`. */
export interface SequenceInput {
  readonly observatory: Observatory;
  readonly clock: ClockFact;
  readonly nightId: string;
  readonly nightWorkflowId: string;
  readonly lease: Lease;
  readonly plan: SequencePlan;
  readonly attempt: number;
  /** Observatory ms after which no frame is started. */
  readonly notAfterMs: number;
  /** Devices that cannot be used at its start, by device id with the reason; `unavailableSignal` brings news. */
  readonly unavailable: Readonly<Record<string, string>>;
}

/** Who may move hardware: a moving activity refuses when the stored generation is not this one. */
export interface Lease {
  readonly siteId: string;
  readonly holder: string;
  readonly generation: number;
}

export interface SequenceResult {
  readonly outcome: "completed" | "interrupted" | "failed";
  readonly reason: string;
  readonly framesStored: number;
  /** Frames stored by the arm that stored most: what the time of the sequence went into. */
  readonly framesOfLongestArm?: number;
  readonly exposedS: number;
}

/* ---- To membership ------------------------------------------------------------------------------------------ */

/** From the api when a member of the commission has voted; the vote itself is in the database. */
export const votedSignal = defineSignal("voted");

/** An administrator decides. Refused when it is decided already. Answers when the outcome is stored. */
export const decideMembershipUpdate = defineUpdate<MembershipOutcome, [MembershipDecision]>(
  "decideMembership",
);

/** An administrator asks the commission, until a deadline in wall time. Refused when it is asked or decided already. */
export const askCommissionUpdate = defineUpdate<MembershipMode, [{ deadlineWallMs: number; by: string }]>(
  "askCommission",
);

/** Input of `membership`: numbers only, nothing personal stays in a history. All wall time. */
export interface MembershipInput {
  readonly siteId: string;
  readonly userId: string;
  readonly mode: MembershipMode;
  /** End of the vote; in the mode `administrator` it does not count. */
  readonly deadlineWallMs: number;
  /** From then on nobody is waited for. */
  readonly lapseWallMs: number;
}

export interface MembershipDecision {
  readonly accept: boolean;
  /** Id of the user who decides. */
  readonly by: string;
  /** Mailed to the applicant. */
  readonly reason: string;
  readonly profile: PersonProfile;
}
