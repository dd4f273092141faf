import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import type { AlertState } from "../domain/alerts/alert-state.ts";
import { applyNotice, type Decision, type DecisionContext } from "../domain/alerts/decide.ts";
import type { Notice } from "../domain/alerts/notice.ts";
import type { Visibility } from "../domain/alerts/visibility.ts";
import { altAz } from "../domain/astronomy/alt-az.ts";
import { moonSeparationDeg, sunAltDeg } from "../domain/astronomy/sun-moon.ts";
import type { Strategy } from "../domain/strategies/strategy.ts";
import { alertPlan } from "./alert-plan.ts";
import { Background } from "./background.ts";
import { failureSentence } from "./failure-words.ts";
import {
  alertObservedSignal,
  clockChangedSignal,
  closeAlertSignal,
  noticeSignal,
  preemptAnswerSignal,
  preemptSignal,
  withdrawAlertSignal,
  type AlertInput,
  type AlertNotice,
  type AlertObserved,
  type PreemptAnswer,
  type PreemptRequest,
  type Trace,
} from "./messages.ts";
import { observatoryWorkflowId } from "./names.ts";
import { recordActivities, skyActivities } from "./proxies.ts";
import { SkyClock } from "./sky-clock.ts";
import { currentTrace, inTrace } from "./trace.ts";

/** An event is followed this long after its first notice, observatory time. */
const FOLLOWED_MS = 48 * 3_600_000;
/** An event that is not observed is kept this long for later notices, observatory time. */
const KEPT_MS = 2 * 3_600_000;
/** An answer of the night that takes longer than this is not waited for: `observatory` is asked. Wall time. */
const ANSWER_LIMIT_WALL_MS = 10_000;

/** How far the observation of the event has come. */
type Progress = "none" | "requested" | "queued" | "accepted" | "observed" | "interrupted" | "notObserved";

interface Carried {
  readonly state: AlertState | null;
  readonly progress: Progress;
  readonly progressReason: string;
  readonly openedMs: number;
  readonly seenNotices: readonly string[];
  /** Generation that was asked for last. */
  readonly asked: number;
}

/**
 * One astrophysical event, for days: takes its notices, decides, asks for the telescope, re-points, withdraws.
 * The decision needs no activity: strategy, site and clock came with the start.
 */
export async function alert(
  input: AlertInput,
): Promise<{ readonly state: string; readonly progress: Progress }> {
  const { alertKey, siteId, observatory } = input;
  const workflowId = workflowInfo().workflowId;
  const strategy = input.strategy as Strategy;
  const carried = input.carried as Carried | null;
  const clock = new SkyClock(input.clock);
  const background = new Background();
  const records = recordActivities(siteId);

  let state: AlertState | null = carried?.state ?? null;
  let progress: Progress = carried?.progress ?? "none";
  let progressReason = carried?.progressReason ?? "";
  const openedMs = carried?.openedMs ?? clock.nowMs();
  const seen = new Set(carried?.seenNotices ?? []);
  const inbox: { readonly message: AlertNotice; readonly trace: Trace }[] = [];
  let answer: PreemptAnswer | null = null;
  let closedBy: string | null = null;
  /** Generation that is being asked for or observed; a newer one takes its place. */
  let asked = carried?.asked ?? 0;

  setHandler(clockChangedSignal, (fact) => clock.change(fact));
  setHandler(noticeSignal, (message) => {
    inbox.push({ message, trace: currentTrace() });
  });
  setHandler(preemptAnswerSignal, (given) => {
    if (given.generation !== asked) return;
    answer = given;
    // Handed back by a night that ends: kept by the majordome, and waits like one that was never accepted.
    if (progress === "accepted" && given.answer === "queued") void waitInQueue(given.reason);
  });
  setHandler(alertObservedSignal, onObserved);
  setHandler(closeAlertSignal, ({ by, reason }) => {
    closedBy = `closed by ${by}: ${reason}`;
  });
  upsertSearchAttributes({ Site: [siteId], AlertKey: [alertKey], Phase: ["alert"] });

  for (;;) {
    for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) {
      const { message, trace } = next;
      inTrace(trace, () => takeNotice(message));
    }
    if (closedBy !== null || clock.nowMs() >= closesAtMs()) break;
    if (workflowInfo().continueAsNewSuggested && settled()) {
      await background.drained();
      await condition(allHandlersFinished);
      // A message that came meanwhile is taken first.
      if (settled() && closedBy === null)
        return continueAsNew<typeof alert>({ ...input, clock: clock.fact, carried: handover() });
    }
    await clock.sleepUntil(closesAtMs(), () => inbox.length > 0 || closedBy !== null);
  }

  // Closed by a person, an observation under way is called off too.
  const pending = progress === "queued" || progress === "requested";
  if (pending || closedBy !== null) await withdraw(closedBy ?? "the alert closed");
  const final = state;
  background.add("close", () =>
    records.recordAlert({
      key: alertKey,
      closed: true,
      status: statusWord(final),
      ...(closedBy === null ? {} : { reason: closedBy }),
    }),
  );
  await background.drained();
  await condition(allHandlersFinished);
  return { state: final?.state ?? "ignored", progress };

  /* ---- Notices -------------------------------------------------------------------------------------------- */

  function takeNotice(message: AlertNotice): void {
    if (seen.has(message.noticeId)) return;
    seen.add(message.noticeId);
    const decidedAt = Date.now();
    const notice = message.notice as Notice;
    const applied = applyNotice(state, notice, decisionContext());
    state = applied.state;
    const { decision } = applied;
    if (decision.withdraw) void withdraw(decision.reason);
    if (decision.slew) void askForTelescope(applied.state, decision);
    else if (decision.observableFromMs !== null) void askWhenVisible(decision.observableFromMs);
    setCurrentDetails(`**${decision.decision}** ${decision.reason}`);
    background.add("stages", () => records.stampStages({ alertKey, stages: { decidedAt } }));
    background.add("decision of a notice", () =>
      records.noteDecision({
        noticeId: message.noticeId,
        decision: decision.decision,
        reason: decision.reason,
      }),
    );
    recordState(decision);
    journal("info", `${decision.decision}: ${decision.reason}`);
  }

  function decisionContext(): DecisionContext {
    const { site, telescope, night } = observatory;
    const visibility: Visibility = (raDeg, decDeg, tMs) => ({
      altDeg: altAz(site, raDeg, decDeg, tMs).altDeg,
      sunAltDeg: sunAltDeg(site, tMs),
      moonSepDeg: moonSeparationDeg(site, raDeg, decDeg, tMs),
    });
    return {
      strategy,
      alertKey,
      nowMs: clock.nowMs(),
      site: { minAltDeg: telescope.minAltDeg, maxSunAltDeg: night.observingSunAltDeg },
      visibility,
    };
  }

  /* ---- The telescope -------------------------------------------------------------------------------------- */

  /** Sends `preempt` at once, to the night when one is open, else (or without an answer) to `observatory`. */
  async function askForTelescope(from: AlertState, decision: Decision): Promise<void> {
    const built = alertPlan(from, from.generation, observatory);
    if ("why" in built) {
      setProgress("notObserved", `Not observed: ${built.why}.`);
      return;
    }
    const trace = currentTrace();
    const request: PreemptRequest = {
      alertKey,
      alertWorkflowId: workflowId,
      generation: from.generation,
      rank: decision.rank,
      t0Ms: from.t0Ms ?? openedMs,
      plan: built.plan,
      validUntilMs: validUntilMs(),
      simulated: from.simulated,
      ...(trace === undefined ? {} : { trace }),
    };
    asked = from.generation;
    answer = null;
    progress = "requested";
    progressReason = "The telescope was asked for.";
    const doors = [input.nightWorkflowId, observatoryWorkflowId(siteId)].filter((id) => id !== null);
    const sent = ask(request, doors);
    storeRequest(request, from);
    if (request.simulated) showInSimulatedSky(request);
    const given = await sent;
    if (asked !== request.generation || progress !== "requested") return;
    if (given?.answer === "accepted") return setProgress("accepted", given.reason);
    if (given?.answer === "refused") return setProgress("notObserved", `Refused: ${given.reason}`);
    await waitInQueue(given?.reason ?? "neither the night nor the majordome has answered yet.");
  }

  async function ask(request: PreemptRequest, doors: readonly string[]): Promise<PreemptAnswer | null> {
    for (const door of doors) {
      try {
        await getExternalWorkflowHandle(door).signal(preemptSignal, request);
      } catch (error) {
        log.info(`${door} could not be asked: ${failureSentence(error)}`);
        continue;
      }
      const answered = await condition(
        () => answer !== null || asked !== request.generation,
        ANSWER_LIMIT_WALL_MS,
      );
      if (answered) return answer;
    }
    return answer;
  }

  /** A simulated burst is to be seen in the frames: the simulated cameras get a fading source at its place. */
  function showInSimulatedSky(request: PreemptRequest): void {
    const { raDeg, decDeg } = request.plan.target;
    background.add("source in the simulated sky", () =>
      skyActivities(siteId).showTransient({ raDeg, decDeg, t0Ms: request.t0Ms }),
    );
  }

  function storeRequest(request: PreemptRequest, from: AlertState): void {
    background.add("request of the alert", () =>
      records.storeAlertRequest({
        observatory,
        alertKey,
        name: request.plan.requestName,
        comment: from.reason,
        generation: request.generation,
        rank: request.rank,
        plan: request.plan,
        validFromMs: openedMs - 1_000,
        validUntilMs: Math.max(request.validUntilMs, openedMs + 1_000),
      }),
    );
  }

  /** A request that waits and is not served in time is taken back, with the reason. */
  async function waitInQueue(why: string): Promise<void> {
    const generation = asked;
    setProgress("queued", `Waits: ${why}`);
    const untilMs = validUntilMs();
    const expired = await clock.sleepUntil(
      untilMs,
      () => asked !== generation || progress !== "queued" || closedBy !== null,
    );
    if (!expired) return;
    await tellHolders((door) => door.signal(withdrawAlertSignal, { alertKey, reason: "its time ran out" }));
    setProgress(
      "notObserved",
      `Not observed: it was worth starting until ${utc(untilMs)}. ${progressReason}`,
    );
  }

  function validUntilMs(): number {
    return state?.validUntilMs ?? openedMs + KEPT_MS;
  }

  /** A place that is not visible yet is asked for as soon as it is, unless another notice changed the case. */
  async function askWhenVisible(fromMs: number): Promise<void> {
    const generationThen = state?.generation ?? 0;
    setProgress("queued", `Waits until it is observable at ${utc(fromMs)}.`);
    const reached = await clock.sleepUntil(
      fromMs,
      () => closedBy !== null || state?.state !== "active" || state.generation !== generationThen,
    );
    if (!reached || state === null) return;
    const raised: AlertState = {
      ...state,
      generation: generationThen + 1,
      pointing: {
        raDeg: state.raDeg ?? 0,
        decDeg: state.decDeg ?? 0,
        generation: generationThen + 1,
        ivorn: state.positionFrom ?? "",
        atMs: clock.nowMs(),
      },
    };
    state = raised;
    await askForTelescope(raised, { rank: raised.rank } as Decision);
  }

  async function withdraw(reason: string): Promise<void> {
    if (asked === 0 || progress === "observed" || progress === "notObserved") return;
    await tellHolders((door) => door.signal(withdrawAlertSignal, { alertKey, reason }));
    if (progress !== "accepted") setProgress("notObserved", `Withdrawn: ${reason}`);
  }

  async function tellHolders(
    tell: (door: ReturnType<typeof getExternalWorkflowHandle>) => Promise<void>,
  ): Promise<void> {
    // `observatory` passes it on to the night that is open now, which may not be the one of the start.
    await tell(getExternalWorkflowHandle(observatoryWorkflowId(siteId))).catch((error: unknown) =>
      log.warn(`the majordome could not be told: ${failureSentence(error)}`),
    );
  }

  function onObserved(observed: AlertObserved): void {
    if (observed.generation !== asked) return;
    const frames = `${observed.framesStored} frames stored`;
    if (observed.outcome === "completed") setProgress("observed", `Observed: ${frames}.`);
    else if (observed.outcome === "notObserved")
      setProgress("notObserved", `Not observed: ${observed.reason}.`);
    else
      setProgress(
        "interrupted",
        `${observed.outcome === "failed" ? "Failed" : "Interrupted"}: ${observed.reason}. ${frames}.`,
      );
  }

  /* ---- Life ----------------------------------------------------------------------------------------------- */

  function settled(): boolean {
    return inbox.length === 0 && progress !== "requested" && progress !== "queued" && progress !== "accepted";
  }

  function closesAtMs(): number {
    const active = state !== null && (state.state === "active" || state.state === "held");
    const untilMs = openedMs + (active ? FOLLOWED_MS : KEPT_MS);
    return Math.max(untilMs, state?.validUntilMs ?? 0);
  }

  function setProgress(next: Progress, why: string): void {
    progress = next;
    progressReason = why;
    setCurrentDetails(`**${next}** ${why}`);
    recordState(null);
    journal("info", why);
  }

  function recordState(decision: Decision | null): void {
    const now = state;
    if (now === null) return;
    const facts = {
      key: alertKey,
      status: statusWord(now),
      reason: progressReason === "" ? now.reason : `${now.reason}. ${progressReason}`,
      rule: now.rule,
      rank: now.rank,
      t0Ms: now.t0Ms,
      raDeg: now.raDeg,
      decDeg: now.decDeg,
      errorDeg: now.errorDeg,
      generation: now.generation,
      state: { ...now },
      ...(decision === null ? {} : { decision: decision.decision, slew: decision.slew }),
    };
    background.add("alert", () => records.recordAlert(facts));
  }

  function statusWord(now: AlertState | null): string {
    return progress === "none" ? (now?.state ?? "ignored") : progress;
  }

  function journal(level: "info" | "warning", text: string): void {
    const atMs = clock.nowMs();
    background.add("journal", () =>
      records.journal({
        level,
        module: "alert",
        text: `${alertKey}: ${text}`,
        nightId: null,
        alertKey,
        atMs,
      }),
    );
  }

  function handover(): Carried {
    return { state, progress, progressReason, openedMs, seenNotices: [...seen], asked };
  }
}

function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
