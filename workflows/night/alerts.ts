import { getExternalWorkflowHandle, log } from "@temporalio/workflow";
import { inOrder, interrupts, sortedByValidity, withClaim } from "../../domain/night/preemption.ts";
import { failureSentence } from "../failure-words.ts";
import {
  alertObservedSignal,
  preemptAnswerSignal,
  type AlertObserved,
  type PreemptAnswer,
  type PreemptRequest,
  type SequenceResult,
} from "../messages.ts";
import type { Interruption } from "./interruption.ts";
import type { Job, OpenNight } from "./state.ts";

/**
 * An alert asks for the telescope: kept until it has had it, and answered at once. The loop sees it among the pending
 * ones; accepted means only that nothing stands before it.
 */
export async function onPreempt(tonight: OpenNight, claim: PreemptRequest): Promise<void> {
  const preemptedAt = Date.now();
  const current = tonight.running?.job.claim ?? null;
  if (current !== null && current.alertKey === claim.alertKey && current.generation >= claim.generation)
    return;
  if (tonight.clock.nowMs() >= claim.validUntilMs) {
    await answer(claim, "refused", "it is no longer worth starting", null);
    return;
  }
  tonight.pending = withClaim(tonight.pending, claim);
  const ready = !tonight.isHeld() && tonight.domeOpen && tonight.ending === null;
  const first = inOrder(tonight.pending)[0] === claim && interrupts(claim, current);
  if (ready && first) {
    tonight.background.add("stages", () =>
      tonight.records.stampStages({ alertKey: claim.alertKey, stages: { preemptedAt } }),
    );
    await answer(claim, "accepted", "The telescope is on its way.", null);
  } else {
    const why = ready
      ? `${inOrder(tonight.pending)[0]?.alertKey ?? current?.alertKey ?? "another alert"} goes first`
      : notReadyWords(tonight);
    await answer(claim, "queued", why, null);
  }
}

function notReadyWords(tonight: OpenNight): string {
  if (tonight.isHeld()) return tonight.holdWords();
  return tonight.ending === null
    ? `the night is ${tonight.phase}: the dome is not open yet`
    : "the night ends";
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

/** An alert that no longer wants the telescope: not kept, and stopped when it has it. */
export function onWithdrawn(tonight: OpenNight, alertKey: string, reason: string): void {
  tonight.pending = tonight.pending.filter((claim) => claim.alertKey !== alertKey);
  const { running } = tonight;
  if (running?.job.claim?.alertKey === alertKey) running.withdrawn = reason;
}

/** Those whose time ran out while they waited are told so. */
export function dropExpiredAlerts(tonight: OpenNight): void {
  const { valid, expired } = sortedByValidity(tonight.pending, tonight.clock.nowMs());
  if (expired.length === 0) return;
  tonight.pending = valid;
  for (const claim of expired) {
    tonight.background.add("expired alert", () =>
      tellAlert(claim, {
        outcome: "notObserved",
        reason: "its time ran out before the telescope was free",
        framesStored: 0,
      }),
    );
  }
}

/** The sequence of an alert: whole the first time, what is left of it when it comes back; null when nothing is. */
export async function alertJob(
  tonight: OpenNight,
  claim: PreemptRequest,
  notAfterMs: number,
): Promise<Job | null> {
  tonight.pending = tonight.pending.filter((each) => each !== claim);
  if (!tonight.resumedAlerts.has(claim.alertKey)) {
    return { plan: claim.plan, attempt: 1, scheduleId: null, notAfterMs, claim, plannedS: 0, blockMs: 0 };
  }
  const left = await tonight.planning.remainingPlan({
    observatory: tonight.input.observatory,
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
    notAfterMs,
    claim,
    plannedS: 0,
    blockMs: 0,
  };
}

/** After its sequence: kept when a hold, the end or a better alert interrupted it in time, else told what came of it. */
export async function afterAlert(
  tonight: OpenNight,
  claim: PreemptRequest,
  result: SequenceResult,
  interruption: Interruption | null,
): Promise<void> {
  tonight.resumedAlerts.add(claim.alertKey);
  const comesBack =
    result.outcome === "interrupted" &&
    (interruption?.kind === "hold" ||
      interruption?.kind === "end" ||
      overtakenByAnother(claim, interruption)) &&
    tonight.clock.nowMs() < claim.validUntilMs;
  if (comesBack) {
    tonight.pending = withClaim(tonight.pending, claim);
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

async function tellAlert(
  claim: PreemptRequest,
  observed: Pick<AlertObserved, "outcome" | "reason" | "framesStored">,
): Promise<void> {
  await getExternalWorkflowHandle(claim.alertWorkflowId)
    .signal(alertObservedSignal, { alertKey: claim.alertKey, generation: claim.generation, ...observed })
    .catch((error: unknown) =>
      log.warn(`alert ${claim.alertKey} could not be told: ${failureSentence(error)}`),
    );
}
