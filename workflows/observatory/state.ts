import type { Observatory } from "../../domain/observatory.ts";
import { NO_ALARMS, type AlarmBook, type AlarmFacts } from "../../domain/safety/alarms.ts";
import {
  holdOf,
  LIFTED_BY_RESUME,
  modeOf,
  type Hold,
  type HoldKind,
  type Mode,
} from "../../domain/safety/holds.ts";
import { unavailable, type Healths } from "../../domain/safety/device-health.ts";
import type { WatchState } from "../../domain/safety/watch-state.ts";
import { Background } from "../background.ts";
import type {
  CalibrationReport,
  HoldsMessage,
  Lease,
  ManualRun,
  NightReport,
  NightTimes,
  ObservatoryInput,
  ObservatoryState,
  PreemptRequest,
} from "../messages.ts";
import { observatoryWorkflowId } from "../names.ts";
import { deviceRecordActivities, planningActivities, recordActivities } from "../proxies.ts";
import { SkyClock } from "../sky-clock.ts";

export interface LastNight {
  readonly date: string;
  readonly run: number;
  readonly outcome: string;
  /** It did not end by itself: terminated, timed out or failed without its closing. */
  readonly wrongEnd: boolean;
}

/** What one run of this workflow hands to the next. */
interface Carried {
  readonly holds: readonly Hold[];
  readonly holdsSeq: number;
  readonly closedByHand: boolean;
  readonly watch: WatchState | null;
  readonly devices: Healths;
  readonly alarms: AlarmBook;
  readonly lease: Lease;
  readonly nightDate: string | null;
  readonly nightReport: NightReport | null;
  readonly lastNight: LastNight | null;
  readonly pending: readonly PreemptRequest[];
  readonly restarts: number;
  readonly stopWord: "now" | "frameEnd";
  readonly startRequestedBy: string | null;
  readonly unorderedClosing: boolean;
  readonly manualRuns: readonly ManualRun[];
  readonly calibration?: CalibrationReport | null;
}

/** An operation by hand that is under way. */
export interface RunningOperation {
  readonly run: ManualRun;
  /** Stops it; resolves when it has settled. */
  stop(why: string): Promise<void>;
}

/**
 * What the majordome of a site knows: messages change it, the loop reads it after each wait. Holds, nights, alerts
 * and closing are functions over it.
 */
export class Majordome {
  readonly siteId: string;
  readonly ownId: string;
  readonly clock: SkyClock;
  readonly background: Background;
  readonly records: ReturnType<typeof recordActivities>;
  readonly deviceRecords: ReturnType<typeof deviceRecordActivities>;
  readonly planning: ReturnType<typeof planningActivities>;
  /** This run goes on where a former one stopped: it has the lease already. */
  readonly continued: boolean;

  /** The observatory file in force: a newer one is taken when a control worker starts. */
  file: Observatory;
  holds: readonly Hold[];
  /** Number of the holds message sent last: the night ignores one that arrives late. */
  holdsSeq: number;
  stopWord: "now" | "frameEnd";
  closedByHand: boolean;
  watch: WatchState | null;
  devices: Healths;
  /** When each recovery under way was heard last, wall ms; not carried over: the next run asks for them anew. */
  readonly recoveryHeardWallMs: Map<string, number>;
  alarms: AlarmBook;
  /** Something has changed that alarms are judged by. */
  alarmsDue: boolean;
  lease: Lease;
  /** Local-noon date of the night that is open, else null. */
  nightDate: string | null;
  nightReport: NightReport | null;
  lastNight: LastNight | null;
  /** The calibration that waits for the lease, has it, or makes masters; null when there is none. */
  calibration: CalibrationReport | null;
  /** Who asked for calibrations that are being started, or null. */
  calibrationAskedBy: string | null;
  pending: readonly PreemptRequest[];
  /** How often the night of the date was started again by itself after it failed. */
  restarts: number;
  tonight: NightTimes | null;
  startRequestedBy: string | null;
  /** Since when each verdict has been safe without interruption, observatory ms. */
  readonly safeSinceMs: Map<HoldKind, number>;
  /** The dome closed and nobody ordered it: the safety hold of that lifts by wall time. */
  unorderedClosing: boolean;
  closing: Promise<void> | null;
  /** The dome that is being closed takes far too long. */
  closingOverdue: boolean;
  /** Histories of a night that has ended are being written. */
  exporting: boolean;
  /** The lease of the night is being written. */
  granting: boolean;
  /** Done when the newest lease is written, or could not be. */
  leaseWritten: Promise<unknown> = Promise.resolve();
  /** When a night was last granted the lease, wall ms; 0 when not since this run began. */
  grantedWallMs = 0;
  /** The lease goes over to a person or back to the night. */
  leaseMoving: Promise<void> | null;
  /** The maintenance hold is being left: nothing more begins by hand. */
  leavingMaintenance: boolean;
  /** Stops under way. */
  stopping: number;
  /** Signals to other workflows that are on their way. */
  telling: number;
  closingAnnounced: { readonly why: string; readonly closesAtWallMs: number } | null;
  /** Operations by hand under way, by device. */
  readonly operations: Map<string, RunningOperation>;
  /** Operations by hand that are over, newest first. */
  manualRuns: readonly ManualRun[];

  constructor(input: ObservatoryInput) {
    const carried = input.carried as Carried | null;
    const siteId = input.observatory.site.id;
    this.siteId = siteId;
    this.ownId = observatoryWorkflowId(siteId);
    this.clock = new SkyClock(input.clock);
    this.background = new Background();
    this.records = recordActivities(siteId);
    this.deviceRecords = deviceRecordActivities(siteId);
    this.planning = planningActivities(siteId);
    this.continued = carried !== null;

    this.file = input.observatory;
    this.holds = carried?.holds ?? [];
    this.holdsSeq = carried?.holdsSeq ?? 0;
    this.stopWord = carried?.stopWord ?? "now";
    this.closedByHand = carried?.closedByHand ?? false;
    this.watch = carried?.watch ?? null;
    this.devices = carried?.devices ?? {};
    this.recoveryHeardWallMs = new Map();
    this.alarms = carried?.alarms ?? NO_ALARMS;
    this.alarmsDue = false;
    this.lease = carried?.lease ?? { siteId, holder: this.ownId, generation: 0 };
    this.nightDate = carried?.nightDate ?? null;
    this.nightReport = carried?.nightReport ?? null;
    this.lastNight = carried?.lastNight ?? null;
    this.calibration = carried?.calibration ?? null;
    this.calibrationAskedBy = null;
    this.pending = carried?.pending ?? [];
    this.restarts = carried?.restarts ?? 0;
    this.tonight = null;
    this.startRequestedBy = carried?.startRequestedBy ?? null;
    this.unorderedClosing = carried?.unorderedClosing ?? false;
    this.safeSinceMs = new Map();
    this.closing = null;
    this.closingOverdue = false;
    this.exporting = false;
    this.granting = false;
    this.leaseMoving = null;
    this.leavingMaintenance = false;
    this.stopping = 0;
    this.telling = 0;
    this.closingAnnounced = null;
    this.operations = new Map();
    this.manualRuns = carried?.manualRuns ?? [];
  }

  /** A person has the telescope: no automatic motion but closing, which is announced. */
  inMaintenance(): boolean {
    return holdOf(this.holds, "maintenance") !== undefined;
  }

  /** The one word that people are shown. */
  mode(): Mode {
    return modeOf({
      holds: this.holds,
      closedByHand: this.closedByHand,
      nightOpen: this.nightDate !== null,
      nightEnded: this.lastNight !== null && this.lastNight.date === this.tonight?.date,
    });
  }

  /** The holds as the night is told them. */
  holdsMessage(): HoldsMessage {
    return {
      seq: this.holdsSeq,
      holds: this.holds,
      stop: this.stopWord,
      closedByHand: this.closedByHand,
      shutter: this.watch?.dome.shutter ?? "Unknown",
      leaseGeneration: this.lease.holder === this.ownId ? null : this.lease.generation,
      unavailable: unavailable(this.devices),
    };
  }

  /** What alarms are judged by. */
  alarmFacts(): AlarmFacts {
    const { file, lastNight, nightDate, nightReport } = this;
    return {
      observatory: file,
      clock: this.clock.fact,
      watch: this.watch,
      healths: this.devices,
      holds: this.holds,
      closedByHand: this.closedByHand,
      nightOpen: nightDate !== null,
      nightParks: nightDate !== null && nightReport?.phase === "parking",
      failing: nightDate === null ? null : (nightReport?.failing ?? null),
      wrongEnd: nightDate === null && lastNight?.wrongEnd === true ? lastNight : null,
    };
  }

  /** The answer to the query `state` and to each button. */
  answer(): ObservatoryState {
    const { holds, nightReport, nightDate } = this;
    return {
      kind: "observatory",
      siteId: this.siteId,
      mode: this.mode(),
      paused: holds.some((hold) => LIFTED_BY_RESUME.includes(hold.kind)),
      phase: nightReport?.phase ?? (nightDate === null ? "waiting" : "starting"),
      // Without a night only maintenance leaves the dome open; while closing the guard need not join in.
      allowsOpenDome:
        !this.closingOverdue && (this.inMaintenance() || this.closing !== null || nightDate !== null),
      holds,
      closedByHand: this.closedByHand,
      clock: this.clock.fact,
      watch: this.watch,
      devices: this.devices,
      lease: this.lease,
      manual: {
        runs: [...[...this.operations.values()].map(({ run }) => run), ...this.manualRuns],
        closingAnnounced: this.closingAnnounced,
      },
      night: nightReport,
      lastNight: this.lastNight,
      tonight: this.tonight,
      pendingAlerts: this.pending.map((claim) => ({ ...claim, reason: "waits for the next night" })),
      alertInProgress: nightReport?.alertInProgress ?? null,
      calibration: this.calibration,
    };
  }

  /** Input of the run that goes on when this one continues as new. */
  handover(): ObservatoryInput {
    const carried: Carried = {
      holds: this.holds,
      holdsSeq: this.holdsSeq,
      closedByHand: this.closedByHand,
      watch: this.watch,
      devices: this.devices,
      alarms: this.alarms,
      lease: this.lease,
      nightDate: this.nightDate,
      nightReport: this.nightReport,
      lastNight: this.lastNight,
      pending: this.pending,
      restarts: this.restarts,
      stopWord: this.stopWord,
      startRequestedBy: this.startRequestedBy,
      unorderedClosing: this.unorderedClosing,
      manualRuns: this.manualRuns,
      calibration: this.calibration,
    };
    return { observatory: this.file, clock: this.clock.fact, carried };
  }
}
