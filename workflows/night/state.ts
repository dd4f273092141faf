import { getExternalWorkflowHandle, type CancellationScope } from "@temporalio/workflow";
import { NO_MEASUREMENT, type MeasuredOverhead } from "../../domain/night/overhead.ts";
import { closesDome, holdOf, type Hold } from "../../domain/safety/holds.ts";
import { Background } from "../background.ts";
import type {
  Executing,
  HoldsMessage,
  Lease,
  NightInput,
  NightPhase,
  NightResult,
  NightState,
  NightTimes,
  PreemptRequest,
  SequencePlan,
} from "../messages.ts";
import { nightWorkflowId, observatoryWorkflowId } from "../names.ts";
import { fastActivities, planningActivities, recordActivities } from "../proxies.ts";
import { SkyClock } from "../sky-clock.ts";

/** One sequence to be observed, routine or of an alert. */
export interface Job {
  readonly plan: SequencePlan;
  readonly attempt: number;
  readonly scheduleId: string | null;
  readonly notAfterMs: number;
  readonly claim: PreemptRequest | null;
  /** Planned length without measured overhead, observatory seconds. */
  readonly plannedS: number;
  /** The length the schedule counts with, observatory ms. */
  readonly blockMs: number;
}

export interface RunningJob {
  readonly job: Job;
  readonly executing: Executing;
  /** Why its alert no longer wants the telescope, or null. */
  withdrawn: string | null;
  /** The night could not be planned again beside it: that is tried again when it is over. */
  planBesideFailed: boolean;
}

/** What the night did with the mirror cover. */
export interface CoverCare {
  /** It was opened and not told to close since. */
  open: boolean;
  /** After a failure not before this, observatory ms. */
  openAgainMs: number;
  opening: Promise<void> | null;
  closing: Promise<void> | null;
  /** Ends the opening that runs. */
  scope: CancellationScope | null;
}

/**
 * What one open night knows: messages change it, the loop reads it after each wait. The steps of the night (dome,
 * jobs, alerts, reports) are functions over it, so that each of them sees what a message changed meanwhile.
 */
export class OpenNight {
  readonly input: NightInput;
  readonly siteId: string;
  readonly nightId: string;
  readonly workflowId: string;
  /** Granted anew after a person had the telescope. */
  lease: Lease;
  readonly majordome: ReturnType<typeof getExternalWorkflowHandle>;
  readonly clock: SkyClock;
  readonly background: Background;
  readonly fast: ReturnType<typeof fastActivities>;
  readonly records: ReturnType<typeof recordActivities>;
  readonly planning: ReturnType<typeof planningActivities>;

  phase: NightPhase;
  waitingFor: string;
  holds: HoldsMessage;
  pending: readonly PreemptRequest[];
  /** Alerts whose plan must be read again from the database: they were handed over or interrupted. */
  readonly resumedAlerts: Set<string>;
  running: RunningJob | null;
  /** Why the night ends before dawn, or null. */
  ending: string | null;
  /** Why to plan again before the next sequence, or null. */
  replan: string | null;
  /** The rest of the night is being planned while a sequence executes. */
  planningBeside: Promise<void> | null;
  overhead: MeasuredOverhead;
  lastLatenessReplanMs: number | null;
  run: number;
  /** How it ended, once its end is recorded. */
  outcome: NightResult["outcome"] | null;
  times: NightTimes | null;
  domeOpen: boolean;
  /** The watch has seen the dome open since it was opened: only then is a closed dome news. */
  seenOpen: boolean;
  closing: Promise<void> | null;
  closeOverdue: boolean;
  readonly cover: CoverCare;
  reportSeq: number;
  framesStored: number;
  sequencesDone: number;
  /** Sequences in a row that failed without a frame, and why the newest did. Not carried over: it counts anew. */
  failing: { readonly count: number; readonly why: string } | null;

  /** The state at the start, or as the former run of this workflow handed it over. */
  constructor(input: NightInput) {
    const { observatory, date, carried } = input;
    const siteId = observatory.site.id;
    this.input = input;
    this.siteId = siteId;
    this.nightId = `${siteId}/${date}`;
    this.workflowId = nightWorkflowId(siteId, date);
    this.lease = { siteId, holder: this.workflowId, generation: input.generation };
    this.majordome = getExternalWorkflowHandle(observatoryWorkflowId(siteId));
    this.clock = new SkyClock(input.clock);
    this.background = new Background();
    this.fast = fastActivities(siteId);
    this.records = recordActivities(siteId);
    this.planning = planningActivities(siteId);

    this.phase = carried?.phase ?? "preparing";
    this.waitingFor = "";
    this.holds = input.holds;
    this.pending = input.pendingAlerts;
    this.resumedAlerts = new Set([
      ...input.pendingAlerts.map((claim) => claim.alertKey),
      ...(carried?.resumedAlerts ?? []),
    ]);
    this.running = null;
    this.ending = null;
    this.replan = carried?.replan ?? null;
    this.planningBeside = null;
    this.overhead = carried?.overhead ?? NO_MEASUREMENT;
    this.lastLatenessReplanMs = carried?.lastLatenessReplanMs ?? null;
    this.run = carried?.run ?? 0;
    this.outcome = null;
    this.times = carried?.almanac ?? null;
    this.domeOpen = carried?.domeOpen ?? false;
    this.seenOpen = carried?.seenOpen ?? false;
    this.closing = null;
    this.closeOverdue = false;
    this.cover = {
      open: carried?.coverOpen ?? false,
      openAgainMs: 0,
      opening: null,
      closing: null,
      scope: null,
    };
    this.reportSeq = carried?.reportSeq ?? 0;
    this.framesStored = carried?.framesStored ?? 0;
    this.sequencesDone = carried?.sequencesDone ?? 0;
    this.failing = null;
  }

  /** Any hold stops observing, whatever its kind. */
  isHeld(): boolean {
    return this.holds.holds.length > 0;
  }

  /** A person has the telescope: the night orders no motion, and the majordome closes. */
  inMaintenance(): boolean {
    return holdOf(this.holds.holds, "maintenance") !== undefined;
  }

  mustBeClosed(): boolean {
    return this.holds.closedByHand || this.holds.holds.some((hold) => closesDome(hold.kind));
  }

  holdWords(): string {
    return this.holds.holds.map((hold: Hold) => `${hold.kind} hold: ${hold.why}`).join("; ");
  }

  /** The answer to the query `state`: what the guard and the pages ask. */
  answer(): NightState {
    return {
      kind: "night",
      phase: this.phase,
      // What this night ordered, not the name of the phase: it may be open before dusk, and is while it closes.
      allowsOpenDome: (this.domeOpen || this.closing !== null) && !this.closeOverdue,
      generation: this.lease.generation,
      date: this.input.date,
      run: this.run,
      holds: this.holds.holds,
      executing: this.running?.executing ?? null,
      pendingAlerts: this.pending,
    };
  }

  /** Input of the run that goes on when this one continues as new: only between two sequences. */
  carriedOver(): NightInput {
    return {
      ...this.input,
      generation: this.lease.generation,
      clock: this.clock.fact,
      holds: this.holds,
      pendingAlerts: this.pending,
      carried: {
        nightId: this.nightId,
        run: this.run,
        almanac: this.times as NightTimes,
        phase: this.phase,
        domeOpen: this.domeOpen,
        seenOpen: this.seenOpen,
        resumedAlerts: [...this.resumedAlerts],
        coverOpen: this.cover.open,
        overhead: this.overhead,
        lastLatenessReplanMs: this.lastLatenessReplanMs,
        replan: this.replan,
        reportSeq: this.reportSeq,
        framesStored: this.framesStored,
        sequencesDone: this.sequencesDone,
      },
    };
  }
}
