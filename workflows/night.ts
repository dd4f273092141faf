import {
  allHandlersFinished,
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
  type ChildWorkflowHandle,
} from "@temporalio/workflow";
import type { NextStep } from "../activities/planning.ts";
import { measured, NO_MEASUREMENT, type MeasuredOverhead } from "../domain/night/overhead.ts";
import { inOrder, interrupts, sortedByValidity, withClaim } from "../domain/night/preemption.ts";
import { closesDome, type Hold } from "../domain/safety/holds.ts";
import { Background } from "./background.ts";
import { failureSentence, failureType } from "./failure-words.ts";
import {
  alertObservedSignal,
  clockChangedSignal,
  endNightSignal,
  holdsSignal,
  nightReportSignal,
  preemptAnswerSignal,
  preemptSignal,
  requestsChangedSignal,
  stateQuery,
  stopAfterFrameSignal,
  unorderedClosingSignal,
  withdrawAlertSignal,
  type Executing,
  type HoldsMessage,
  type Lease,
  type NightInput,
  type NightPhase,
  type NightResult,
  type NightTimes,
  type PreemptAnswer,
  type PreemptRequest,
  type SequencePlan,
  type SequenceResult,
} from "./messages.ts";
import { nightWorkflowId, observatoryWorkflowId, sequenceWorkflowId } from "./names.ts";
import {
  cameraActivities,
  closingActivities,
  domeActivities,
  fastActivities,
  planningActivities,
  recordActivities,
  slewStartActivities,
} from "./proxies.ts";
import type { sequence } from "./sequence.ts";
import { SkyClock } from "./sky-clock.ts";

/** The longest the night idles before it looks again, observatory ms. */
const LONGEST_IDLE_MS = 10 * 60_000;
/** After a dome that would not open, the next try, observatory ms. */
const OPEN_AGAIN_MS = 5 * 60_000;
/** After a sequence that failed by itself, before the next, observatory ms: a fault must not spin. */
const AFTER_FAILURE_MS = 2 * 60_000;

/** One sequence to be observed, routine or of an alert. */
interface Job {
  readonly plan: SequencePlan;
  readonly attempt: number;
  readonly scheduleId: string | null;
  readonly notAfterMs: number;
  readonly claim: PreemptRequest | null;
  /** Planned length without measured overhead, observatory seconds. */
  readonly plannedS: number;
}

type Interruption =
  | { readonly kind: "end"; readonly reason: string }
  | { readonly kind: "hold"; readonly reason: string; readonly stop: "now" | "frameEnd" }
  | { readonly kind: "alert"; readonly reason: string; readonly claim: PreemptRequest }
  | { readonly kind: "withdrawn"; readonly reason: string };

/**
 * One night: prepares, opens, decides anew before each sequence, gives way to alerts and holds, and whatever
 * happens ends with a closed dome and a parked telescope.
 */
export async function night(input: NightInput): Promise<NightResult> {
  const { observatory, date } = input;
  const siteId = observatory.site.id;
  const nightId = `${siteId}/${date}`;
  const workflowId = nightWorkflowId(siteId, date);
  const majordome = getExternalWorkflowHandle(observatoryWorkflowId(siteId));
  const lease: Lease = { siteId, holder: workflowId, generation: input.generation };
  const cameraIds = observatory.instruments.map((instrument) => instrument.cameraId);

  const clock = new SkyClock(input.clock);
  const background = new Background();
  const fast = fastActivities(siteId);
  const records = recordActivities(siteId);
  const planning = planningActivities(siteId);

  let phase: NightPhase = input.carried?.phase ?? "preparing";
  let holds: HoldsMessage = input.holds;
  let pending: readonly PreemptRequest[] = input.pendingAlerts;
  /** Alerts whose plan must be read again from the database: they were handed over or interrupted. */
  const resumedAlerts = new Set(input.pendingAlerts.map((claim) => claim.alertKey));
  let running: { job: Job; executing: Executing; withdrawn: string | null } | null = null;
  let ending: string | null = null;
  let replan: string | null = input.carried?.replan ?? null;
  let overhead: MeasuredOverhead = input.carried?.overhead ?? NO_MEASUREMENT;
  let lastLatenessReplanMs = input.carried?.lastLatenessReplanMs ?? null;
  let run = input.carried?.run ?? 0;
  let times: NightTimes | null = input.carried?.almanac ?? null;
  let domeOpen = input.carried?.domeOpen ?? false;
  /** The watch has seen the dome open since it was opened: only then is a closed dome news. */
  let seenOpen = false;
  let closing: Promise<void> | null = null;
  let closeOverdue = false;
  let reportSeq = input.carried?.reportSeq ?? 0;
  let framesStored = input.carried?.framesStored ?? 0;
  let sequencesDone = input.carried?.sequencesDone ?? 0;
  let waitingFor = "";

  setHandler(clockChangedSignal, (fact) => clock.change(fact));
  setHandler(requestsChangedSignal, ({ reason }) => {
    replan = reason;
  });
  setHandler(endNightSignal, ({ by }) => {
    ending ??= `ended by ${by}`;
  });
  setHandler(preemptSignal, onPreempt);
  setHandler(withdrawAlertSignal, ({ alertKey, reason }) => {
    pending = pending.filter((claim) => claim.alertKey !== alertKey);
    if (running?.job.claim?.alertKey === alertKey) running.withdrawn = reason;
  });
  setHandler(holdsSignal, (message) => {
    if (message.seq <= holds.seq) return;
    holds = message;
    if (mustBeClosed()) closeBecause(holdWords());
    noticeShutter();
    // Which holds stand may change while it is held: people are told the present ones.
    if (phase === "held" && holds.holds.length > 0 && holdWords() !== waitingFor) {
      enter("held", holdWords(), null);
    }
  });
  setHandler(stateQuery, () => ({
    kind: "night" as const,
    phase,
    // What this night ordered, not the name of the phase: it may be open before dusk, and is while it closes.
    allowsOpenDome: (domeOpen || closing !== null) && !closeOverdue,
    generation: lease.generation,
    date,
    run,
    holds: holds.holds,
    executing: running?.executing ?? null,
    pendingAlerts: pending,
  }));
  upsertSearchAttributes({ Site: [siteId], NightDate: [date], Phase: [phase] });

  let outcome: NightResult["outcome"] = "ended";
  let reason = "dawn";
  let continues = false;
  try {
    if (input.carried === null) await prepare();
    continues = await observe();
    reason = ending ?? "dawn";
  } catch (error) {
    outcome = "failed";
    reason = isCancellation(error) ? "cancelled" : failureSentence(error);
    log.error(`the night failed: ${reason}`);
  }
  if (continues) {
    await background.drained();
    await condition(allHandlersFinished);
    return continueAsNew<typeof night>(carriedOver());
  }
  await CancellationScope.nonCancellable(() => endNight());
  return { outcome, reason, run };

  /* ---- Preparation ---------------------------------------------------------------------------------------- */

  async function prepare(): Promise<void> {
    times = await planning.nightTimes({ observatory, date });
    const opened = await records.openNight({
      siteId,
      date,
      workflowId,
      generation: lease.generation,
      startedBy: input.startedBy,
      times,
      nowMs: clock.nowMs(),
    });
    run = opened.run;
    enter("preparing", "cameras cool to their set points", null);
    const cooling = CancellationScope.nonCancellable(() => coolCameras()).catch((error: unknown) =>
      journal("warning", `A camera did not reach its set point: ${failureSentence(error)}`),
    );
    if (times.domeOpenMs === null || times.duskMs === null || times.dawnMs === null) {
      ending ??= `no observing tonight: ${times.why}`;
      return;
    }
    enter("waitingForDusk", "the Sun to be low enough to open the dome", times.domeOpenMs);
    await clock.sleepUntil(times.domeOpenMs, () => ending !== null);
    if (ending === null && !mustBeClosed() && holds.holds.length === 0) await openDome();
    enter("waitingForDusk", "dusk", times.duskMs);
    await clock.sleepUntil(times.duskMs, () => ending !== null);
    await cooling;
    replan = "first schedule of the night";
  }

  async function coolCameras(): Promise<void> {
    const limitS = observatory.night.coolLimitS;
    await Promise.all(
      observatory.instruments.map((instrument) =>
        cameraActivities(siteId, instrument.cameraId, clock.fact, limitS).coolCamera({
          cameraId: instrument.cameraId,
          setPointC: instrument.setPointC,
          limitS,
        }),
      ),
    );
  }

  /* ---- The loop: decides anew before each sequence -------------------------------------------------------- */

  /** Observes until dawn or the end. @returns whether the workflow should continue as new. */
  async function observe(): Promise<boolean> {
    const dawnMs = times?.dawnMs ?? null;
    if (dawnMs === null) return false;
    const goesOn = (): boolean => ending === null && clock.nowMs() < dawnMs;
    while (goesOn()) {
      if (workflowInfo().continueAsNewSuggested && closing === null) return true;
      dropExpiredAlerts();
      if (holds.holds.length > 0) {
        await waitWhileHeld(dawnMs);
        continue;
      }
      if (!domeOpen && !(await openDome())) {
        await idle("the dome to open", Math.min(dawnMs, clock.nowMs() + OPEN_AGAIN_MS));
        continue;
      }
      const claim = inOrder(pending)[0];
      const job = claim === undefined ? await nextRoutineJob(dawnMs) : await alertJob(claim, dawnMs);
      if (job !== null) await observeJob(job);
    }
    return false;
  }

  async function waitWhileHeld(dawnMs: number): Promise<void> {
    enter("held", holdWords(), null);
    await clock.sleepUntil(dawnMs, () => ending !== null || holds.holds.length === 0);
    if (holds.holds.length === 0) replan = "observing goes on after a hold";
  }

  async function idle(what: string, untilMs: number): Promise<void> {
    enter("idle", what, untilMs);
    await clock.sleepUntil(
      untilMs,
      () => ending !== null || holds.holds.length > 0 || pending.length > 0 || replan !== null,
    );
  }

  async function nextRoutineJob(dawnMs: number): Promise<Job | null> {
    const nowMs = clock.nowMs();
    if (replan !== null) enter("scheduling", replan, null);
    const step: NextStep = await planning.decideNext({
      observatory,
      nightId,
      nowMs,
      duskMs: times?.duskMs ?? nowMs,
      dawnMs,
      replan,
      overhead,
      lastLatenessReplanMs,
    });
    replan = null;
    if (step.latenessReplan) lastLatenessReplanMs = nowMs;
    if (holds.holds.length > 0 || pending.length > 0 || ending !== null) return null;
    if (step.kind === "wait") {
      await idle(step.why, Math.min(step.untilMs, dawnMs, nowMs + LONGEST_IDLE_MS));
      return null;
    }
    return {
      plan: step.plan,
      attempt: step.attempt,
      scheduleId: step.scheduleId,
      notAfterMs: Math.min(step.notAfterMs, dawnMs),
      claim: null,
      plannedS: step.plannedS,
    };
  }

  async function alertJob(claim: PreemptRequest, dawnMs: number): Promise<Job | null> {
    pending = pending.filter((each) => each !== claim);
    if (!resumedAlerts.has(claim.alertKey)) {
      return { plan: claim.plan, attempt: 1, scheduleId: null, notAfterMs: dawnMs, claim, plannedS: 0 };
    }
    const left = await planning.remainingPlan({
      observatory,
      sequenceId: claim.plan.sequenceId,
      fallback: claim.plan,
    });
    if (left.plan === null) {
      await tellAlert(claim, { outcome: "completed", reason: "all its frames are stored", framesStored: 0 });
      return null;
    }
    return {
      plan: left.plan,
      attempt: left.attempt,
      scheduleId: null,
      notAfterMs: dawnMs,
      claim,
      plannedS: 0,
    };
  }

  /* ---- One sequence --------------------------------------------------------------------------------------- */

  async function observeJob(job: Job): Promise<void> {
    const startedMs = clock.nowMs();
    const childId = sequenceWorkflowId(job.plan.sequenceId, job.attempt);
    running = { job, withdrawn: null, executing: executingOf(job, childId, startedMs) };
    enter(job.claim === null ? "observing" : "alert", job.plan.target.name, null);
    background.add("start of sequence", () =>
      records.startSequence({
        observatory,
        plan: job.plan,
        attempt: job.attempt,
        scheduleId: job.scheduleId,
        nightId,
        startedMs,
      }),
    );
    const result = await runUntilDoneOrInterrupted(job, childId);
    const { interruption } = result;
    running = null;
    framesStored += result.framesStored;
    if (result.outcome === "completed") sequencesDone += 1;
    const endedMs = clock.nowMs();
    const words = interruption === null ? result.reason : interruption.reason;
    background.add("end of sequence", () =>
      records.endSequence({
        sequenceId: job.plan.sequenceId,
        attempt: job.attempt,
        scheduleId: job.scheduleId,
        nightId,
        outcome: result.outcome,
        reason: words,
        framesStored: result.framesStored,
        exposedS: result.exposedS,
        startedMs,
        endedMs,
      }),
    );
    // The plan is read from the database next: it must have seen this end.
    await background.drained();
    if (job.claim !== null) await afterAlert(job.claim, result, interruption);
    if (result.outcome === "completed" && job.claim === null) {
      overhead = measured(overhead, {
        actualS: (endedMs - startedMs) / 1_000,
        plannedS: job.plannedS,
        frames: result.framesStored,
      });
    }
    if (result.outcome === "failed" && job.claim === null)
      await idle("a moment after a failure", endedMs + AFTER_FAILURE_MS);
    if (result.outcome !== "completed") replan ??= words === "" ? "a sequence did not complete" : words;
    if (job.claim !== null) replan ??= `alert ${job.claim.alertKey} has had the telescope`;
  }

  /**
   * Runs the child until it is done or something interrupts it: then the abort goes out on `fast`, the slew to an
   * alert right behind it, and the child settles the frame that was under way.
   */
  async function runUntilDoneOrInterrupted(
    job: Job,
    childId: string,
  ): Promise<SequenceResult & { readonly interruption: Interruption | null }> {
    let result: SequenceResult | null = null;
    let child: ChildWorkflowHandle<typeof sequence> | null = null;
    const scope = new CancellationScope({ cancellable: true });
    const ended = scope
      .run(async () => {
        child = await startChild<typeof sequence>("sequence", {
          workflowId: childId,
          args: [
            {
              observatory,
              clock: clock.fact,
              nightId,
              nightWorkflowId: workflowId,
              lease,
              plan: job.plan,
              attempt: job.attempt,
              notAfterMs: job.notAfterMs,
            },
          ],
          parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
          cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
          staticSummary: `${job.plan.target.name}, ${job.plan.requestName}`,
        });
        return await child.result();
      })
      .then(
        (value) => {
          result = value;
        },
        (error: unknown) => {
          result = {
            outcome: isCancellation(error) ? "interrupted" : "failed",
            reason: failureSentence(error),
            framesStored: 0,
            exposedS: 0,
          };
        },
      );
    await condition(() => result !== null || interruptionOf(job) !== null);
    let interruption = result === null ? interruptionOf(job) : null;
    if (interruption?.kind === "hold" && interruption.stop === "frameEnd") {
      const words = interruption.reason;
      if (child !== null) {
        await (child as ChildWorkflowHandle<typeof sequence>)
          .signal(stopAfterFrameSignal, { reason: words })
          .catch((error: unknown) => log.warn(`the sequence had ended already: ${failureSentence(error)}`));
      }
      await condition(() => result !== null || urgent(interruptionOf(job)));
      interruption = result === null ? interruptionOf(job) : interruption;
    }
    if (result === null && interruption !== null) {
      const aborted = abortExposures(interruption.reason);
      if (interruption.kind === "alert") await startAlertSlew(interruption.claim, aborted);
      scope.cancel();
      await aborted;
    }
    await ended;
    return { ...(result as unknown as SequenceResult), interruption };
  }

  function urgent(interruption: Interruption | null): boolean {
    return interruption !== null && !(interruption.kind === "hold" && interruption.stop === "frameEnd");
  }

  function interruptionOf(job: Job): Interruption | null {
    if (ending !== null) return { kind: "end", reason: ending };
    if (holds.holds.length > 0) {
      const stop = holds.holds.every((hold) => hold.kind === "operator") ? holds.stop : "now";
      return { kind: "hold", reason: holdWords(), stop };
    }
    if (running?.withdrawn !== null && running?.withdrawn !== undefined) {
      return { kind: "withdrawn", reason: running.withdrawn };
    }
    const claim = inOrder(pending)[0];
    if (claim !== undefined && interrupts(claim, job.claim)) {
      return { kind: "alert", reason: `alert ${claim.alertKey} took the telescope`, claim };
    }
    return null;
  }

  /** Aborts every camera at once; the failure of an abort must not stop the slew or the closing behind it. */
  async function abortExposures(why: string): Promise<number | null> {
    try {
      return (await fast.abortExposures({ cameraIds, reason: why })).abortedWallMs;
    } catch (error) {
      log.error(`exposures were not confirmed as aborted: ${failureSentence(error)}`);
      return null;
    }
  }

  /** The slew goes out as soon as the abort is acknowledged; it does not wait for a read-out. */
  async function startAlertSlew(claim: PreemptRequest, aborted: Promise<number | null>): Promise<void> {
    const abortedAt = await aborted;
    try {
      const { startedWallMs } = await slewStartActivities(siteId).startSlew({
        lease,
        target: claim.plan.target,
        minAltDeg: claim.plan.minAltDeg,
      });
      background.add("stages", () =>
        records.stampStages({
          alertKey: claim.alertKey,
          stages: { ...(abortedAt === null ? {} : { abortedAt }), slewStartedAt: startedWallMs },
        }),
      );
    } catch (error) {
      // The sequence of the alert slews again and reports the failure on its row.
      log.warn(`the slew to ${claim.plan.target.name} did not start: ${failureSentence(error)}`);
    }
  }

  /* ---- Alerts --------------------------------------------------------------------------------------------- */

  async function onPreempt(claim: PreemptRequest): Promise<void> {
    const preemptedAt = Date.now();
    const current = running?.job.claim ?? null;
    if (current !== null && current.alertKey === claim.alertKey && current.generation >= claim.generation)
      return;
    if (clock.nowMs() >= claim.validUntilMs) {
      await answer(claim, "refused", "it is no longer worth starting", null);
      return;
    }
    pending = withClaim(pending, claim);
    const ready = holds.holds.length === 0 && domeOpen && ending === null;
    const first = inOrder(pending)[0] === claim && interrupts(claim, current);
    if (ready && first) {
      background.add("stages", () =>
        records.stampStages({ alertKey: claim.alertKey, stages: { preemptedAt } }),
      );
      await answer(claim, "accepted", "the telescope is yours", null);
    } else {
      const why = ready
        ? `${inOrder(pending)[0]?.alertKey ?? current?.alertKey ?? "another alert"} goes first`
        : notReadyWords();
      await answer(claim, "queued", why, null);
    }
  }

  function notReadyWords(): string {
    if (holds.holds.length > 0) return holdWords();
    return ending === null ? `the night is ${phase}: the dome is not open yet` : "the night ends";
  }

  async function answer(
    claim: PreemptRequest,
    verdict: PreemptAnswer["answer"],
    why: string,
    retryAtMs: number | null,
  ): Promise<void> {
    await getExternalWorkflowHandle(claim.alertWorkflowId)
      .signal(preemptAnswerSignal, {
        alertKey: claim.alertKey,
        generation: claim.generation,
        answer: verdict,
        reason: why,
        retryAtMs,
        from: "night",
      })
      .catch((error: unknown) =>
        log.warn(`alert ${claim.alertKey} could not be answered: ${failureSentence(error)}`),
      );
  }

  async function afterAlert(
    claim: PreemptRequest,
    result: SequenceResult,
    interruption: Interruption | null,
  ): Promise<void> {
    resumedAlerts.add(claim.alertKey);
    const comesBack =
      result.outcome === "interrupted" &&
      (interruption?.kind === "hold" ||
        interruption?.kind === "end" ||
        overtakenByAnother(claim, interruption)) &&
      clock.nowMs() < claim.validUntilMs;
    if (comesBack) {
      pending = withClaim(pending, claim);
      return;
    }
    await tellAlert(claim, {
      outcome: result.outcome,
      reason: interruption?.reason ?? result.reason,
      framesStored: result.framesStored,
    });
  }

  function overtakenByAnother(claim: PreemptRequest, interruption: Interruption | null): boolean {
    return interruption?.kind === "alert" && interruption.claim.alertKey !== claim.alertKey;
  }

  function dropExpiredAlerts(): void {
    const { valid, expired } = sortedByValidity(pending, clock.nowMs());
    if (expired.length === 0) return;
    pending = valid;
    for (const claim of expired) {
      background.add("expired alert", () =>
        tellAlert(claim, {
          outcome: "notObserved",
          reason: "its time ran out before the telescope was free",
          framesStored: 0,
        }),
      );
    }
  }

  async function tellAlert(
    claim: PreemptRequest,
    observed: { outcome: SequenceResult["outcome"] | "notObserved"; reason: string; framesStored: number },
  ): Promise<void> {
    await getExternalWorkflowHandle(claim.alertWorkflowId)
      .signal(alertObservedSignal, { alertKey: claim.alertKey, generation: claim.generation, ...observed })
      .catch((error: unknown) =>
        log.warn(`alert ${claim.alertKey} could not be told: ${failureSentence(error)}`),
      );
  }

  /* ---- Dome ----------------------------------------------------------------------------------------------- */

  function mustBeClosed(): boolean {
    return holds.closedByHand || holds.holds.some((hold) => closesDome(hold.kind));
  }

  async function openDome(): Promise<boolean> {
    if (closing !== null) {
      await condition(() => closing === null || ending !== null);
      if (closing !== null) return false;
    }
    enter("opening", "the dome to open", null);
    const limitS = observatory.night.domeLimitS;
    try {
      // Marked open before the command: from here on every way out of the night closes it.
      domeOpen = true;
      seenOpen = false;
      await domeActivities(siteId, clock.fact, limitS).openDome({ lease, limitS });
      if (mustBeClosed()) closeBecause(holdWords());
      return domeOpen;
    } catch (error) {
      const words = failureSentence(error);
      if (failureType(error) === "LeaseLost") throw error;
      journal("alarm", `The dome did not open: ${words}`);
      closeBecause(`the dome did not open: ${words}`);
      return false;
    }
  }

  /** A dome that closes though this night did not order it: by the guard, by its own dead-man, or by hand. */
  function noticeShutter(): void {
    if (!domeOpen || closing !== null) return;
    if (holds.shutter === "Open") seenOpen = true;
    if (!seenOpen || (holds.shutter !== "Closing" && holds.shutter !== "Closed")) return;
    seenOpen = false;
    domeOpen = false;
    background.add("closing that nobody ordered", () =>
      majordome.signal(unorderedClosingSignal, {
        why: `The dome is ${holds.shutter.toLowerCase()} and the night did not order it.`,
      }),
    );
  }

  /** Closes and parks in the background, retried without end; a second call joins the first. */
  function closeBecause(why: string): void {
    if (closing !== null || !domeOpen) return;
    startClosing(why);
  }

  function startClosing(why: string): void {
    const limitS = observatory.night.domeLimitS;
    const overdueMs = clock.nowMs() + 2 * limitS * 1_000;
    const work = CancellationScope.nonCancellable(async () => {
      await closingActivities(siteId, clock.fact, limitS).closeDome({ limitS, why });
      domeOpen = false;
      closeOverdue = false;
    });
    closing = work.finally(() => {
      closing = null;
    });
    void clock
      .sleepUntil(overdueMs, () => closing === null)
      .then((late) => {
        closeOverdue = late;
      });
  }

  /* ---- The end -------------------------------------------------------------------------------------------- */

  async function endNight(): Promise<void> {
    enter("closing", "the dome to close", null);
    await abortExposures("the night ends");
    const { parkLimitS } = observatory.night;
    // Also when it should be closed already: the end of a night verifies it.
    if (closing === null) startClosing(`the night ends: ${reason}`);
    await closing;
    enter("parking", "the telescope to park", null);
    await closingActivities(siteId, clock.fact, parkLimitS).park({ limitS: parkLimitS });
    await background.drained();
    dropExpiredAlerts();
    // Alerts that are still worth observing go back to the majordome, which keeps them for the next night.
    for (const claim of pending) {
      await majordome
        .signal(preemptSignal, claim)
        .catch((error: unknown) =>
          log.error(`alert ${claim.alertKey} was not handed back: ${failureSentence(error)}`),
        );
    }
    await records
      .endNight({ nightId, run, outcome, reason, nowMs: clock.nowMs() })
      .catch((error: unknown) =>
        log.error(`the end of the night was not recorded: ${failureSentence(error)}`),
      );
    enter("ended", "", null);
    await background.drained();
    await condition(allHandlersFinished);
  }

  function carriedOver(): NightInput {
    return {
      ...input,
      clock: clock.fact,
      holds,
      pendingAlerts: pending,
      carried: {
        nightId,
        run,
        almanac: times as NightTimes,
        phase,
        domeOpen,
        overhead,
        lastLatenessReplanMs,
        replan,
        reportSeq,
        framesStored,
        sequencesDone,
      },
    };
  }

  /* ---- What people see ------------------------------------------------------------------------------------ */

  function enter(next: NightPhase, what: string, untilMs: number | null): void {
    const changed = next !== phase;
    phase = next;
    waitingFor = what;
    setCurrentDetails(`**${next}** ${what}`);
    if (changed) {
      upsertSearchAttributes({ Phase: [next] });
      journal("info", PHASE_SENTENCES[next](what));
    }
    reportSeq += 1;
    const report = {
      seq: reportSeq,
      workflowId,
      date,
      run,
      phase: next,
      executing: running?.executing ?? null,
      waitingFor: what,
      waitsUntilMs: untilMs,
      framesStored,
      sequencesDone,
      alertInProgress: running?.job.claim?.alertKey ?? null,
    };
    background.add("report", () => majordome.signal(nightReportSignal, report));
  }

  function journal(level: "info" | "warning" | "alarm", text: string): void {
    const atMs = clock.nowMs();
    background.add("journal", () => records.journal({ level, module: "night", text, nightId, atMs }));
  }

  function holdWords(): string {
    return holds.holds.map((hold: Hold) => `${hold.kind} hold: ${hold.why}`).join("; ");
  }

  function executingOf(job: Job, childId: string, startedMs: number): Executing {
    return {
      sequenceId: job.plan.sequenceId,
      requestId: job.plan.requestId,
      target: job.plan.target.name,
      raDeg: job.plan.target.raDeg,
      decDeg: job.plan.target.decDeg,
      alertKey: job.plan.alertKey,
      workflowId: childId,
      startedMs,
      cameras: [],
    };
  }
}

/** What the journal says when the night enters a phase. */
const PHASE_SENTENCES: Readonly<Record<NightPhase, (what: string) => string>> = {
  preparing: () => "The night is being prepared.",
  waitingForDusk: (what) => `Waiting for ${what}.`,
  opening: () => "The dome opens.",
  scheduling: (what) => `The night is planned: ${what}.`,
  observing: (what) => `Observing ${what}.`,
  alert: (what) => `Observing the alert at ${what}.`,
  idle: (what) => `Nothing to observe now. Waiting for ${what}.`,
  held: (what) => `Observing is held: ${what}`,
  closing: () => "The dome closes.",
  parking: () => "The telescope parks.",
  ended: () => "The night has ended.",
};
