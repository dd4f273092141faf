import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import type { NextStep } from "../activities/planning.ts";
import { inOrder } from "../domain/night/preemption.ts";
import { failureSentence } from "./failure-words.ts";
import {
  clockChangedSignal,
  endNightSignal,
  holdsSignal,
  preemptSignal,
  requestsChangedSignal,
  stateQuery,
  withdrawAlertSignal,
  type HoldsMessage,
  type NightInput,
  type NightResult,
} from "./messages.ts";
import { startCalibration } from "./start-calibration.ts";
import { alertJob, dropExpiredAlerts, onPreempt, onWithdrawn } from "./night/alerts.ts";
import { openCover } from "./night/cover.ts";
import { closeAtTheEnd, closeBecause, followShutter, noticeShutter, openDome } from "./night/dome.ts";
import { abortExposures, observeJob, noticeUnavailable } from "./night/job.ts";
import { startPreparation } from "./night/preparation.ts";
import { enter, journal } from "./night/report.ts";
import { OpenNight, type Job } from "./night/state.ts";
import { idle, waitWhileHeld } from "./night/waits.ts";
import { closingActivities } from "./proxies.ts";
import { inTrace } from "./trace.ts";

/** The longest the night idles before it looks again, observatory ms. */
const LONGEST_IDLE_MS = 10 * 60_000;
/** After a dome that would not open, the next try, observatory ms. */
const OPEN_AGAIN_MS = 5 * 60_000;

/**
 * One night: prepares, opens, decides anew before each sequence, gives way to alerts and holds, and whatever
 * happens ends with a closed dome and a parked telescope.
 */
export async function night(input: NightInput): Promise<NightResult> {
  const tonight = new OpenNight(input);
  takeMessages(tonight);
  upsertSearchAttributes({ Site: [tonight.siteId], NightDate: [input.date], Phase: [tonight.phase] });

  let outcome: NightResult["outcome"] = "ended";
  let reason = "dawn";
  let continues = false;
  try {
    if (input.carried === null) await prepare(tonight);
    continues = await observe(tonight);
    reason = tonight.ending ?? "dawn";
  } catch (error) {
    outcome = "failed";
    reason = isCancellation(error) ? "cancelled" : failureSentence(error);
    log.error(`the night failed: ${reason}`);
  }
  if (continues) return continueAsNew<typeof night>(tonight.carriedOver());
  await CancellationScope.nonCancellable(() => endNight(tonight, outcome, reason));
  return { outcome, reason, run: tonight.run };
}

/* ---- Messages --------------------------------------------------------------------------------------------- */

/** Handlers change the state and return; what waits on it goes on. */
function takeMessages(tonight: OpenNight): void {
  setHandler(clockChangedSignal, (fact) => tonight.clock.change(fact));
  setHandler(requestsChangedSignal, ({ reason }) => {
    tonight.replan = reason;
  });
  setHandler(endNightSignal, ({ by }) => {
    tonight.ending ??= `ended by ${by}`;
  });
  setHandler(preemptSignal, (claim) => onPreempt(tonight, claim));
  setHandler(withdrawAlertSignal, ({ alertKey, reason }) => onWithdrawn(tonight, alertKey, reason));
  setHandler(holdsSignal, (message) => onHolds(tonight, message));
  setHandler(stateQuery, () => tonight.answer());
}

function onHolds(tonight: OpenNight, message: HoldsMessage): void {
  if (message.seq <= tonight.holds.seq) return;
  const before = tonight.holds;
  const byHand = tonight.inMaintenance();
  tonight.holds = message;
  noticeUnavailable(tonight, before);
  const { leaseGeneration } = message;
  if (typeof leaseGeneration === "number") tonight.lease = { ...tonight.lease, generation: leaseGeneration };
  if (tonight.inMaintenance()) {
    followShutter(tonight);
  } else {
    // Whoever worked by hand may have closed the mirror cover: it is opened again, or found open.
    if (byHand) tonight.cover.open = false;
    if (tonight.mustBeClosed()) closeBecause(tonight, tonight.holdWords());
    noticeShutter(tonight);
  }
  // Which holds stand may change while it is held: people are told the present ones.
  if (tonight.phase === "held" && tonight.isHeld() && tonight.holdWords() !== tonight.waitingFor) {
    enter(tonight, "held", tonight.holdWords(), null);
  }
}

/* ---- Preparation ------------------------------------------------------------------------------------------ */

/** Opens the row of the night, cools, opens the dome before dusk and waits for dusk. */
async function prepare(tonight: OpenNight): Promise<void> {
  const { input, clock } = tonight;
  const { observatory, date } = input;
  const times = await tonight.planning.nightTimes({ observatory, date });
  tonight.times = times;
  const opened = await tonight.records.openNight({
    siteId: tonight.siteId,
    date,
    workflowId: tonight.workflowId,
    generation: tonight.lease.generation,
    startedBy: input.startedBy,
    times,
    nowMs: clock.nowMs(),
  });
  tonight.run = opened.run;
  enter(tonight, "preparing", "cameras cool to their set points", null);
  const preparation = startPreparation(tonight);
  if (times.domeOpenMs === null || times.duskMs === null || times.dawnMs === null) {
    tonight.ending ??= `no observing tonight: ${times.why}`;
    return;
  }
  enter(tonight, "waitingForDusk", "the Sun to be low enough to open the dome", times.domeOpenMs);
  await clock.sleepUntil(times.domeOpenMs, () => tonight.ending !== null);
  if (tonight.ending === null && !tonight.mustBeClosed() && !tonight.isHeld()) await openDome(tonight);
  enter(tonight, "waitingForDusk", "dusk", times.duskMs);
  await clock.sleepUntil(times.duskMs, () => tonight.ending !== null);
  // Warm frames are better than none: a camera that does not cool is waited for no longer than its limit.
  await condition(() => preparation.isReady() || tonight.ending !== null);
  tonight.replan = "first schedule of the night";
}

/* ---- The loop: decides anew before each sequence ---------------------------------------------------------- */

/** Observes until dawn or the end. @returns whether the workflow should continue as new. */
async function observe(tonight: OpenNight): Promise<boolean> {
  const { clock } = tonight;
  const dawnMs = tonight.times?.dawnMs ?? null;
  if (dawnMs === null) return false;
  while (tonight.ending === null && clock.nowMs() < dawnMs) {
    if (workflowInfo().continueAsNewSuggested && (await nothingIsUnderWay(tonight))) return true;
    dropExpiredAlerts(tonight);
    if (tonight.isHeld()) {
      await waitWhileHeld(tonight, dawnMs);
      continue;
    }
    if (!tonight.domeOpen && !(await openDome(tonight))) {
      await idle(tonight, "the dome to open", Math.min(dawnMs, clock.nowMs() + OPEN_AGAIN_MS));
      continue;
    }
    void openCover(tonight);
    const claim = inOrder(tonight.pending)[0];
    const job =
      claim === undefined ? await nextRoutineJob(tonight, dawnMs) : await alertJob(tonight, claim, dawnMs);
    if (job !== null) await inTrace(job.claim?.trace, () => observeJob(tonight, job));
  }
  return false;
}

/** Waits for rows and handlers; a message that came meanwhile may have begun a closing or ended the night. */
async function nothingIsUnderWay(tonight: OpenNight): Promise<boolean> {
  if (tonight.closing !== null) return false;
  await tonight.planningBeside;
  await tonight.cover.opening;
  await tonight.cover.closing;
  await tonight.background.drained();
  await condition(allHandlersFinished);
  return tonight.closing === null && tonight.ending === null;
}

/** What the plan has next, or null after a wait or when something came first meanwhile. */
async function nextRoutineJob(tonight: OpenNight, dawnMs: number): Promise<Job | null> {
  await tonight.planningBeside;
  const { replan } = tonight;
  const nowMs = tonight.clock.nowMs();
  if (replan !== null) enter(tonight, "scheduling", replan, null);
  // Taken before the answer comes: a request that is submitted meanwhile asks to plan once more.
  tonight.replan = null;
  const step: NextStep = await tonight.planning.decideNext({
    observatory: tonight.input.observatory,
    nightId: tonight.nightId,
    nowMs,
    duskMs: tonight.times?.duskMs ?? nowMs,
    dawnMs,
    replan,
    overhead: tonight.overhead,
    lastLatenessReplanMs: tonight.lastLatenessReplanMs,
    unavailable: tonight.holds.unavailable,
  });
  if (step.latenessReplan) tonight.lastLatenessReplanMs = nowMs;
  if (tonight.isHeld() || tonight.pending.length > 0 || tonight.ending !== null) return null;
  if (step.kind === "wait") {
    await idle(tonight, step.why, Math.min(step.untilMs, dawnMs, nowMs + LONGEST_IDLE_MS));
    return null;
  }
  return {
    plan: step.plan,
    attempt: step.attempt,
    scheduleId: step.scheduleId,
    notAfterMs: Math.min(step.notAfterMs, dawnMs),
    claim: null,
    plannedS: step.plannedS,
    blockMs: step.blockMs,
  };
}

/* ---- The end ---------------------------------------------------------------------------------------------- */

/** Aborts, closes, parks, hands back the alerts that are still worth observing, and closes the row. */
async function endNight(tonight: OpenNight, outcome: NightResult["outcome"], reason: string): Promise<void> {
  const { clock, background, nightId, run } = tonight;
  enter(tonight, "closing", "the dome to close", null);
  await abortExposures(tonight, "the night ends");
  const { parkLimitS } = tonight.input.observatory.night;
  await closeAtTheEnd(tonight, reason);
  await tonight.cover.closing;
  // Whoever works by hand moves the telescope: it is parked when they leave.
  const parks = !tonight.inMaintenance();
  if (parks) {
    enter(tonight, "parking", "the telescope to park", null);
    await closingActivities(tonight.siteId, clock.fact, parkLimitS).park({ limitS: parkLimitS });
  }
  await tonight.closing;
  await tonight.planningBeside;
  await background.drained();
  await calibrate(tonight, outcome);
  dropExpiredAlerts(tonight);
  // Alerts that are still worth observing go back to the majordome, which keeps them for the next night.
  for (const claim of tonight.pending) {
    await tonight.majordome
      .signal(preemptSignal, claim)
      .catch((error: unknown) =>
        log.error(`alert ${claim.alertKey} was not handed back: ${failureSentence(error)}`),
      );
  }
  await tonight.records
    .endNight({ nightId, run, outcome, reason, nowMs: clock.nowMs(), ...(parks ? {} : { parked: false }) })
    .catch((error: unknown) => log.error(`the end of the night was not recorded: ${failureSentence(error)}`));
  tonight.outcome = outcome;
  enter(tonight, "ended", "", null);
  await background.drained();
  await condition(allHandlersFinished);
}

/** Dome closed and telescope parked, both verified: the calibrations begin, and go on when the night has ended. */
async function calibrate(tonight: OpenNight, outcome: NightResult["outcome"]): Promise<void> {
  const { input, clock, workflowId, lease, times } = tonight;
  const { observatory, date, calibrates } = input;
  // Without dusk and dawn nothing was exposed; a night that failed is started again, and calibrated at its end.
  if (!calibrates || outcome === "failed" || times === null || times.dawnMs === null) return;
  const openedBy = `${workflowId} ${lease.generation}`;
  await startCalibration({ observatory, clock, date, openedBy, startedBy: "the night" }).catch(
    (error: unknown) =>
      journal(tonight, "alarm", `The calibrations were not started: ${failureSentence(error)}`),
  );
}
