import { getExternalWorkflowHandle, log, setCurrentDetails, workflowInfo } from "@temporalio/workflow";
import {
  calibrationRules,
  type CalibrationRules,
  type GroupResult,
  type PlannedGroup,
} from "../../domain/imaging/calibration/calibration-night.ts";
import { optionalDevice } from "../../domain/observatory.ts";
import { stopsCalibration, type Hold } from "../../domain/safety/holds.ts";
import { Background } from "../background.ts";
import { failureSentence } from "../failure-words.ts";
import {
  calibrationReportSignal,
  type CalibrationInput,
  type CalibrationPhase,
  type CalibrationReport,
  type CalibrationState,
  type HoldsMessage,
  type Lease,
} from "../messages.ts";
import { observatoryWorkflowId } from "../names.ts";
import { calibrationRecordActivities, imageActivities } from "../proxies.ts";
import { SkyClock } from "../sky-clock.ts";

/** Ends the taking of frames, in words: no failure, what was taken is used. Never leaves the workflow. */
export class TakingEnds extends Error {}

/** What a run of calibrations knows: messages change it, the steps read it after each wait. */
export class RunningCalibration {
  readonly input: CalibrationInput;
  readonly siteId: string;
  readonly workflowId: string;
  readonly rules: CalibrationRules;
  readonly clock: SkyClock;
  readonly background: Background;
  readonly images: ReturnType<typeof imageActivities>;
  readonly rows: ReturnType<typeof calibrationRecordActivities>;
  readonly majordome: ReturnType<typeof getExternalWorkflowHandle>;

  lease: Lease | null;
  holds: HoldsMessage | null;
  /** Why no more frames are to be taken, or null. */
  ending: string | null;
  /** After this no frame is started, observatory ms. */
  deadlineMs: number;
  phase: CalibrationPhase;
  words: string;
  groups: readonly PlannedGroup[];
  /** By group (instrument and key): why it was cut short. */
  readonly cut: Map<string, string>;
  readonly results: GroupResult[];
  /** Levels of the bias frames, by instrument, adu. */
  readonly biasLevels: Map<string, number[]>;
  framesTaken: number;
  seq: number;

  constructor(input: CalibrationInput) {
    const siteId = input.observatory.site.id;
    this.input = input;
    this.siteId = siteId;
    this.workflowId = workflowInfo().workflowId;
    this.rules = calibrationRules(input.observatory);
    this.clock = new SkyClock(input.clock);
    this.background = new Background();
    this.images = imageActivities(siteId);
    this.rows = calibrationRecordActivities(siteId);
    this.majordome = getExternalWorkflowHandle(observatoryWorkflowId(siteId));
    this.lease = null;
    this.holds = null;
    this.ending = null;
    this.deadlineMs = this.clock.nowMs() + this.rules.limitMin * 60_000;
    this.phase = "waiting";
    this.words = "";
    this.groups = [];
    this.cut = new Map();
    this.results = [];
    this.biasLevels = new Map();
    this.framesTaken = 0;
    this.seq = 0;
  }

  /** The holds that stop it, in words; null when none does. */
  heldBy(): string | null {
    const { devices, instruments } = this.input.observatory;
    const needed = [
      ...instruments.map(({ cameraId }) => cameraId),
      ...devices
        .filter(({ type }) => type === "filterwheel" || type === "covercalibrator")
        .map(({ id }) => id),
    ];
    const stopping = (this.holds?.holds ?? []).filter((hold: Hold) => stopsCalibration(hold.kind, needed));
    return stopping.length === 0 ? null : stopping.map((hold) => `${hold.kind} hold: ${hold.why}`).join("; ");
  }

  /** Whether the frame that runs must be thrown away. */
  mustStop(): boolean {
    return this.ending !== null || this.heldBy() !== null;
  }

  hasCover(): boolean {
    return optionalDevice(this.input.observatory, "covercalibrator") !== null;
  }

  framesPlanned(): number {
    return this.groups.reduce((total, group) => total + group.count, 0);
  }

  report(): CalibrationReport {
    const { seq, workflowId, phase, words, framesTaken } = this;
    const { date, run } = this.input.run;
    return { seq, workflowId, date, run, phase, words, framesTaken, framesPlanned: this.framesPlanned() };
  }

  answer(): CalibrationState {
    return {
      kind: "calibration",
      allowsOpenDome: false,
      generation: this.lease?.generation ?? 0,
      ...this.report(),
    };
  }

  /** Says what it does now, to the majordome and in Temporal's pages. */
  enter(phase: CalibrationPhase, words: string): void {
    this.phase = phase;
    this.words = words;
    this.seq += 1;
    setCurrentDetails(`**${phase}** ${words}`);
    const report = this.report();
    this.background.add("report", () => this.majordome.signal(calibrationReportSignal, report));
  }

  /** The lease, once it was granted. */
  granted(): Lease {
    if (this.lease === null) throw new TakingEnds("the cameras were not granted");
    return this.lease;
  }

  /** Logs what went wrong beside the work, which goes on. */
  note(what: string, error: unknown): void {
    log.warn(`${what}: ${failureSentence(error)}`);
  }
}

/** Key of a group in maps. */
export function groupKey({ instrumentId, key }: Pick<PlannedGroup, "instrumentId" | "key">): string {
  return `${instrumentId}/${key}`;
}
