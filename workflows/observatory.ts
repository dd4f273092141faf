import {
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowFailure,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  TerminatedFailure,
  upsertSearchAttributes,
  workflowInfo,
  WorkflowIdReusePolicy,
} from "@temporalio/workflow";
import { ApplicationFailure, WorkflowExecutionAlreadyStartedError } from "@temporalio/common";
import { withClaim, sortedByValidity } from "../domain/night/preemption.ts";
import type { Observatory } from "../domain/observatory.ts";
import {
  closesDome,
  holdOf,
  LIFTED_BY_RESUME,
  modeOf,
  withHold,
  withoutHolds,
  type Hold,
  type HoldKind,
} from "../domain/safety/holds.ts";
import { deviceHold, type WatchState } from "../domain/safety/watch-state.ts";
import { Background } from "./background.ts";
import { failureSentence } from "./failure-words.ts";
import {
  clockChangedSignal,
  closeUpdate,
  endNightSignal,
  endNightUpdate,
  holdsSignal,
  nightReportSignal,
  observatoryFileSignal,
  pauseUpdate,
  preemptAnswerSignal,
  preemptSignal,
  requestsChangedSignal,
  resumeUpdate,
  startNightUpdate,
  stateQuery,
  unorderedClosingSignal,
  watchStateSignal,
  withdrawAlertSignal,
  type HoldsMessage,
  type Lease,
  type NightReport,
  type NightTimes,
  type ObservatoryInput,
  type ObservatoryState,
  type PreemptRequest,
} from "./messages.ts";
import { nightWorkflowId, observatoryWorkflowId } from "./names.ts";
import type { night } from "./night.ts";
import {
  closingActivities,
  exportActivities,
  fastActivities,
  planningActivities,
  recordActivities,
  watchActivities,
} from "./proxies.ts";
import { SkyClock } from "./sky-clock.ts";

/** The watch sends its state once per 60 s of wall time: silence for longer than this is unsafe. */
const WATCH_SILENT_WALL_MS = 100_000;
/** After a closing that nobody ordered, observing waits for this long of safe readings, wall time. */
const AFTER_UNORDERED_CLOSING_WALL_MS = 5 * 60_000;
/** A night that failed is started again by itself at most this often; one that a person terminated never is. */
const MAX_RESTARTS = 3;

interface LastNight {
  readonly date: string;
  readonly run: number;
  readonly outcome: string;
  readonly wrongEnd: boolean;
}

/** What one run of this workflow hands to the next. */
interface Carried {
  readonly holds: readonly Hold[];
  readonly holdsSeq: number;
  readonly closedByHand: boolean;
  readonly watch: WatchState | null;
  readonly lease: Lease;
  readonly nightDate: string | null;
  readonly nightReport: NightReport | null;
  readonly lastNight: LastNight | null;
  readonly pending: readonly PreemptRequest[];
  readonly restarts: number;
}

/**
 * The majordome of a site, always on: owns holds, device states, the lease and pending alerts, and starts each
 * night. Monitoring, alerts and pages go on under any hold.
 */
export async function observatory(input: ObservatoryInput): Promise<never> {
  let file: Observatory = input.observatory;
  const siteId = file.site.id;
  const ownId = observatoryWorkflowId(siteId);
  const carried = input.carried as Carried | null;
  const clock = new SkyClock(input.clock);
  const background = new Background();
  const records = recordActivities(siteId);
  const planning = planningActivities(siteId);

  let holds: readonly Hold[] = carried?.holds ?? [];
  let holdsSeq = carried?.holdsSeq ?? 0;
  let stopWord: "now" | "frameEnd" = "now";
  let closedByHand = carried?.closedByHand ?? false;
  let watch: WatchState | null = carried?.watch ?? null;
  let lease: Lease = carried?.lease ?? { siteId, holder: ownId, generation: 0 };
  /** Local-noon date of the night that is open, else null. */
  let nightDate: string | null = carried?.nightDate ?? null;
  let nightReport: NightReport | null = carried?.nightReport ?? null;
  let lastNight: LastNight | null = carried?.lastNight ?? null;
  let pending: readonly PreemptRequest[] = carried?.pending ?? [];
  let restarts = carried?.restarts ?? 0;
  let tonight: NightTimes | null = null;
  let startRequestedBy: string | null = null;
  /** Since when each verdict has been safe without interruption, observatory ms. */
  const safeSinceMs = new Map<HoldKind, number>();
  let closing: Promise<void> | null = null;

  setHandler(clockChangedSignal, (fact) => clock.change(fact));
  setHandler(observatoryFileSignal, (newer) => {
    file = newer;
  });
  setHandler(watchStateSignal, onWatchState);
  setHandler(nightReportSignal, (report) => {
    if (
      nightReport !== null &&
      report.workflowId === nightReport.workflowId &&
      report.run === nightReport.run &&
      report.seq < nightReport.seq
    )
      return;
    nightReport = report;
    setCurrentDetails(`**${mode()}** night ${report.date}: ${report.phase} ${report.waitingFor}`);
  });
  setHandler(requestsChangedSignal, (change) =>
    tellNight((handle) => handle.signal(requestsChangedSignal, change)),
  );
  setHandler(preemptSignal, onPreempt);
  setHandler(withdrawAlertSignal, async (withdrawal) => {
    pending = pending.filter((claim) => claim.alertKey !== withdrawal.alertKey);
    await tellNight((handle) => handle.signal(withdrawAlertSignal, withdrawal));
  });
  setHandler(unorderedClosingSignal, ({ why }) => {
    raise({ kind: "safety", who: "dome", why });
    void liftAfterUnorderedClosing();
  });
  setHandler(stateQuery, state);
  setHandler(pauseUpdate, ({ by, when }) => {
    stopWord = when;
    raise({
      kind: "operator",
      who: by,
      why: when === "now" ? `Paused by ${by}.` : `Paused by ${by} after the exposure that ran.`,
    });
    return state();
  });
  setHandler(
    resumeUpdate,
    ({ by }) => {
      closedByHand = false;
      lift(by, ...LIFTED_BY_RESUME);
      return state();
    },
    {
      validator: (_request: { by: string }) => {
        if (!holds.some((hold) => LIFTED_BY_RESUME.includes(hold.kind))) {
          const others = holds.map((hold) => `${hold.kind}: ${hold.why}`).join("; ");
          throw refused(
            others === ""
              ? "Nothing to resume: nobody has paused."
              : `Nothing to resume: no person has paused. What holds lifts by itself: ${others}`,
          );
        }
      },
    },
  );
  setHandler(closeUpdate, ({ by }) => {
    stopWord = "now";
    closedByHand = true;
    raise({ kind: "operator", who: by, why: `Closed by ${by}.` });
    sendHolds();
    if (nightDate === null) closeObservatory(`closed by ${by}`);
    return state();
  });
  setHandler(
    startNightUpdate,
    ({ by }) => {
      startRequestedBy = by;
      return state();
    },
    {
      validator: (_request: { by: string }) => {
        const why = whyNoStart();
        if (why !== null) throw refused(why);
      },
    },
  );
  setHandler(
    endNightUpdate,
    async ({ by }) => {
      await tellNight((handle) => handle.signal(endNightSignal, { by }));
      return state();
    },
    {
      validator: (_request: { by: string }) => {
        if (nightDate === null) throw refused("No night is open.");
      },
    },
  );
  upsertSearchAttributes({ Site: [siteId], Phase: ["observatory"] });

  if (carried === null) await takeUpLease();
  const watching = new CancellationScope({ cancellable: true });
  void watching
    .run(() => watchActivities(siteId).watch({ observatory: file }))
    .catch((error: unknown) => {
      if (!isCancellation(error)) log.error(`the watch ended: ${failureSentence(error)}`);
    });
  void watchOverTheWatch();
  for (const hold of holds) {
    if (hold.kind === "weather" || hold.kind === "safety") beginSafeTime(hold.kind);
  }

  for (;;) {
    tonight = await planning.tonight({ observatory: file, nowMs: clock.nowMs() });
    const epoch = clock.fact.epoch;
    const wakes = () => mayContinueAsNew() || clock.fact.epoch !== epoch;
    if (nightDate !== null) {
      await condition(() => nightDate === null || mayContinueAsNew());
    } else if (shouldStart()) {
      await startNight(startRequestedBy ?? "the clock");
    } else {
      const untilMs = nextLookMs(tonight);
      await clock.sleepUntil(
        untilMs,
        () => wakes() || startRequestedBy !== null || nightDate !== null || shouldStart(),
      );
    }
    if (mayContinueAsNew()) {
      watching.cancel();
      await background.drained();
      await condition(allHandlersFinished);
      return continueAsNew<typeof observatory>({ observatory: file, clock: clock.fact, carried: handover() });
    }
  }

  /* ---- Nights --------------------------------------------------------------------------------------------- */

  function mayContinueAsNew(): boolean {
    return workflowInfo().continueAsNewSuggested && closing === null && allHandlersFinished();
  }

  /** When to look again without a message: the start of preparation, else the next local noon. */
  function nextLookMs(times: NightTimes): number {
    const nowMs = clock.nowMs();
    if (times.prepareMs !== null && nowMs < times.prepareMs) return times.prepareMs;
    return Math.max(times.windowEndMs + 1_000, nowMs + 60_000);
  }

  function shouldStart(): boolean {
    if (nightDate !== null || watch === null || closing !== null || whyNoStart() !== null) return false;
    if (startRequestedBy !== null) return true;
    if (!file.night.autoStart || tonight === null) return false;
    if (lastNight?.date !== tonight.date) return true;
    return lastNight.outcome === "failed" && restarts < MAX_RESTARTS;
  }

  /** Why the night cannot be started now, or null. */
  function whyNoStart(): string | null {
    if (nightDate !== null) return `The night of ${nightDate} is open already.`;
    if (tonight === null) return "The almanac of tonight is being computed; it takes a few seconds.";
    const { prepareMs, dawnMs, why } = tonight;
    if (prepareMs === null || dawnMs === null) return `There is no night to start: ${why}`;
    const nowMs = clock.nowMs();
    if (nowMs < prepareMs) {
      return `The night can be started from ${utcMinute(prepareMs)}, ${file.night.prepareBeforeSunsetMin} min before sunset.`;
    }
    if (nowMs >= dawnMs) return `The night of ${tonight.date} was over at ${utcMinute(dawnMs)}.`;
    return null;
  }

  async function startNight(by: string): Promise<void> {
    if (tonight === null) return;
    const { date } = tonight;
    startRequestedBy = null;
    restarts = lastNight?.date === date && lastNight.outcome === "failed" ? restarts + 1 : 0;
    const granted: Lease = {
      siteId,
      holder: nightWorkflowId(siteId, date),
      generation: lease.generation + 1,
    };
    await records.writeLease(granted);
    lease = granted;
    nightDate = date;
    nightReport = null;
    const { valid } = sortedByValidity(pending, clock.nowMs());
    pending = [];
    try {
      const child = await startChild<typeof night>("night", {
        workflowId: granted.holder,
        workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `Night of ${date}`,
        args: [
          {
            observatory: file,
            clock: clock.fact,
            date,
            generation: granted.generation,
            holds: holdsMessage(),
            pendingAlerts: valid,
            startedBy: by,
            carried: null,
          },
        ],
      });
      void child.result().then(
        (result) => nightEnded({ date, run: result.run, outcome: result.outcome, wrongEnd: false }),
        (error: unknown) =>
          nightEnded({ date, run: nightReport?.run ?? 0, outcome: wrongEndWord(error), wrongEnd: true }),
      );
    } catch (error) {
      pending = valid;
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        // It runs under an older lease: its next motion is refused, it closes, and the night can be started again.
        log.error(`night ${date} runs already`);
        return;
      }
      await nightEnded({ date, run: 0, outcome: "failed", wrongEnd: true });
    }
  }

  function wrongEndWord(error: unknown): string {
    return error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure
      ? "terminated"
      : "failed";
  }

  /** Takes the lease back; after a wrong end also aborts, closes and parks, which the night no longer does. */
  async function nightEnded(ended: LastNight): Promise<void> {
    if (nightDate !== ended.date) return;
    lastNight = ended;
    const taken: Lease = { siteId, holder: ownId, generation: lease.generation + 1 };
    lease = taken;
    nightDate = null;
    nightReport = null;
    if (ended.wrongEnd) {
      journal(
        "alarm",
        `The night of ${ended.date} ended wrongly (${ended.outcome}). The dome closes. Start the night again when you know why.`,
      );
      closeObservatory(`the night ended wrongly (${ended.outcome})`);
    }
    background.add("lease", () => records.writeLease(taken));
    background.add("wrong end", async () => {
      if (ended.wrongEnd) {
        await records.endNight({
          nightId: `${siteId}/${ended.date}`,
          run: ended.run,
          outcome: "failed",
          reason: `ended wrongly: ${ended.outcome}`,
          nowMs: clock.nowMs(),
        });
      }
    });
    void exportActivities(siteId)
      .exportHistories({ siteId, nightDate: ended.date })
      .catch((error: unknown) => log.warn(`histories were not exported: ${failureSentence(error)}`));
  }

  /** At the first start: the lease as it stands in the database. A night that holds it may still be open. */
  async function takeUpLease(): Promise<void> {
    const stored = await records.readLease({ siteId });
    if (stored !== null && stored.holder.startsWith("night/")) {
      lease = stored;
      nightDate = stored.holder.slice(stored.holder.lastIndexOf("/") + 1);
      return;
    }
    lease = { siteId, holder: ownId, generation: (stored?.generation ?? 0) + 1 };
    await records.writeLease(lease);
  }

  /** Aborts, closes and parks without a night; retried without end; a second call joins the first. */
  function closeObservatory(why: string): void {
    if (closing !== null) return;
    const { domeLimitS, parkLimitS } = file.night;
    const cameraIds = file.instruments.map((instrument) => instrument.cameraId);
    closing = CancellationScope.nonCancellable(async () => {
      await fastActivities(siteId)
        .abortExposures({ cameraIds, reason: why })
        .catch((error: unknown) =>
          log.error(`exposures were not confirmed as aborted: ${failureSentence(error)}`),
        );
      await closingActivities(siteId, clock.fact, domeLimitS).closeDome({ limitS: domeLimitS, why });
      await closingActivities(siteId, clock.fact, parkLimitS).park({ limitS: parkLimitS });
    })
      .catch((error: unknown) => log.error(`closing was given up: ${failureSentence(error)}`))
      .finally(() => {
        closing = null;
      });
  }

  /* ---- Holds ---------------------------------------------------------------------------------------------- */

  function onWatchState(newer: WatchState): void {
    if (
      watch !== null &&
      (newer.runWallMs < watch.runWallMs || (newer.runWallMs === watch.runWallMs && newer.seq <= watch.seq))
    )
      return;
    const shutterBefore = watch?.dome.shutter;
    watch = newer;
    takeVerdict("safety", "interlock", newer.safety.safe, newer.safety.reasons);
    takeVerdict("weather", "weather station", newer.weather.safe, newer.weather.reasons);
    if (newer.guard.tripped || newer.guard.silent)
      raise({ kind: "guard", who: "guard", why: newer.guard.why });
    else lift("guard", "guard");
    for (const [deviceId, condition] of Object.entries(newer.devices)) {
      if (!condition.blocking) continue;
      if (condition.state === "DISABLED")
        raise({ kind: deviceHold(deviceId), who: deviceId, why: condition.detail });
      if (condition.state === "UP") lift(deviceId, deviceHold(deviceId));
    }
    if (newer.dome.shutter !== shutterBefore) sendHolds();
    if (newer.closedLeaseHolder !== null && newer.closedLeaseHolder === lease.holder && nightDate !== null) {
      void nightEnded({
        date: nightDate,
        run: nightReport?.run ?? 0,
        outcome: nightReport?.phase === "ended" ? "ended" : "terminated",
        wrongEnd: nightReport?.phase !== "ended",
      });
    }
    const open =
      newer.dome.shutter === "Open" || newer.dome.shutter === "Opening" || newer.dome.shutter === "Error";
    if (open && nightDate === null && holdOf(holds, "maintenance") === undefined) {
      closeObservatory("the dome is open and no night is");
    }
  }

  function takeVerdict(
    kind: "safety" | "weather",
    who: string,
    safe: boolean,
    reasons: readonly string[],
  ): void {
    if (!safe) {
      safeSinceMs.delete(kind);
      raise({ kind, who, why: reasons.join(" ") });
    } else {
      beginSafeTime(kind);
    }
  }

  /** Starts counting uninterrupted safe time for a hold that stands; it lifts when enough has passed. */
  function beginSafeTime(kind: "safety" | "weather"): void {
    if (holdOf(holds, kind) === undefined || safeSinceMs.has(kind)) return;
    const sinceMs = clock.nowMs();
    safeSinceMs.set(kind, sinceMs);
    const untilMs = sinceMs + file.weather.safeForMin * 60_000;
    void clock
      .sleepUntil(untilMs, () => safeSinceMs.get(kind) !== sinceMs)
      .then((reached) => {
        if (!reached) return;
        safeSinceMs.delete(kind);
        lift(`${file.weather.safeForMin} min of safe readings`, kind);
      });
  }

  /** The safety hold of an unordered closing lifts after wall time, whatever the clock's rate. */
  async function liftAfterUnorderedClosing(): Promise<void> {
    safeSinceMs.set("safety", Number.MAX_SAFE_INTEGER);
    for (;;) {
      const interrupted = await condition(
        () => watch?.safety.safe === false,
        AFTER_UNORDERED_CLOSING_WALL_MS,
      );
      if (!interrupted) break;
      await condition(() => watch?.safety.safe === true);
    }
    safeSinceMs.delete("safety");
    lift("5 min of safe readings", "safety");
  }

  /** No word from the watch for too long is unsafe: nobody knows what the devices do. */
  async function watchOverTheWatch(): Promise<void> {
    for (;;) {
      const seen = watch;
      const heard = await condition(() => watch !== seen, WATCH_SILENT_WALL_MS);
      if (!heard) {
        safeSinceMs.delete("safety");
        raise({
          kind: "safety",
          who: "watch",
          why: `The devices have not been watched for ${WATCH_SILENT_WALL_MS / 1_000} s. No data counts as unsafe.`,
        });
      }
    }
  }

  function raise(hold: Pick<Hold, "kind" | "who" | "why">): void {
    const before = holds;
    holds = withHold(holds, { ...hold, sinceMs: clock.nowMs(), sinceWallMs: Date.now() });
    if (holds === before) return;
    const raised = holdOf(before, hold.kind) === undefined;
    sendHolds();
    const recorded = holdOf(holds, hold.kind) as Hold;
    if (raised) background.add("hold", () => records.raiseHold({ siteId, hold: recorded }));
    if (closesDome(hold.kind) && nightDate === null && watch !== null && watch.dome.shutter !== "Closed") {
      closeObservatory(`${hold.kind} hold: ${hold.why}`);
    }
  }

  function lift(by: string, ...kinds: readonly HoldKind[]): void {
    const lifted = holds.filter((hold) => kinds.includes(hold.kind));
    if (lifted.length === 0) return;
    holds = withoutHolds(holds, ...kinds);
    sendHolds();
    const nowMs = clock.nowMs();
    for (const hold of lifted) {
      background.add("hold lifted", () => records.liftHold({ siteId, kind: hold.kind, by, nowMs }));
    }
  }

  function holdsMessage(): HoldsMessage {
    return { seq: holdsSeq, holds, stop: stopWord, closedByHand, shutter: watch?.dome.shutter ?? "Unknown" };
  }

  function sendHolds(): void {
    holdsSeq += 1;
    const message = holdsMessage();
    void tellNight((handle) => handle.signal(holdsSignal, message));
  }

  /* ---- Alerts --------------------------------------------------------------------------------------------- */

  async function onPreempt(claim: PreemptRequest): Promise<void> {
    const { valid } = sortedByValidity(pending, clock.nowMs());
    if (clock.nowMs() >= claim.validUntilMs) {
      await answer(claim, "refused", "it is no longer worth starting");
      return;
    }
    if (nightDate !== null && nightReport?.phase !== "ended" && nightReport?.phase !== "parking") {
      await tellNight((handle) => handle.signal(preemptSignal, claim));
      return;
    }
    pending = withClaim(valid, claim);
    await answer(claim, "queued", whyNoStart() ?? "The night starts now.");
  }

  async function answer(claim: PreemptRequest, verdict: "queued" | "refused", reason: string): Promise<void> {
    await getExternalWorkflowHandle(claim.alertWorkflowId)
      .signal(preemptAnswerSignal, {
        alertKey: claim.alertKey,
        generation: claim.generation,
        answer: verdict,
        reason,
        retryAtMs: null,
        from: "observatory",
      })
      .catch((error: unknown) =>
        log.warn(`alert ${claim.alertKey} could not be answered: ${failureSentence(error)}`),
      );
  }

  /* ---- What people see ------------------------------------------------------------------------------------ */

  async function tellNight(
    tell: (handle: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
  ): Promise<void> {
    if (nightDate === null) return;
    const date = nightDate;
    await tell(getExternalWorkflowHandle(nightWorkflowId(siteId, date))).catch((error: unknown) =>
      log.warn(`night ${date} could not be told: ${failureSentence(error)}`),
    );
  }

  function mode() {
    return modeOf({
      holds,
      closedByHand,
      nightOpen: nightDate !== null,
      nightEnded: lastNight !== null && lastNight.date === tonight?.date,
    });
  }

  function state(): ObservatoryState {
    return {
      kind: "observatory",
      siteId,
      mode: mode(),
      paused: holds.some((hold) => LIFTED_BY_RESUME.includes(hold.kind)),
      phase: nightReport?.phase ?? (nightDate === null ? "waiting" : "starting"),
      // Without a night only maintenance leaves the dome open; while closing the guard need not join in.
      allowsOpenDome: holdOf(holds, "maintenance") !== undefined || closing !== null || nightDate !== null,
      holds,
      closedByHand,
      clock: clock.fact,
      watch,
      lease,
      night: nightReport,
      lastNight,
      tonight,
      pendingAlerts: pending.map((claim) => ({ ...claim, reason: "waits for the next night" })),
      alertInProgress: nightReport?.alertInProgress ?? null,
    };
  }

  function journal(level: "info" | "warning" | "alarm", text: string): void {
    const atMs = clock.nowMs();
    background.add("journal", () =>
      records.journal({ level, module: "observatory", text, nightId: null, atMs }),
    );
  }

  function handover(): Carried {
    return {
      holds,
      holdsSeq,
      closedByHand,
      watch,
      lease,
      nightDate,
      nightReport,
      lastNight,
      pending,
      restarts,
    };
  }
}

/** A refusal of an update: shown to the person word for word. */
function refused(why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(why, "Refused");
}

function utcMinute(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 16)} UTC`;
}
