import { getExternalWorkflowHandle, log } from "@temporalio/workflow";
import { sortedByValidity, withClaim } from "../../domain/night/preemption.ts";
import { failureSentence } from "../failure-words.ts";
import { preemptAnswerSignal, preemptSignal, withdrawAlertSignal, type PreemptRequest } from "../messages.ts";
import { whyNoStart } from "./nights.ts";
import type { Majordome } from "./state.ts";
import { tellNight } from "./tell-night.ts";

/** An alert asks for the telescope: passed on to the open night, which answers, else kept for the next one. */
export async function onPreempt(majordome: Majordome, claim: PreemptRequest): Promise<void> {
  const { clock, nightDate, nightReport } = majordome;
  const { valid } = sortedByValidity(majordome.pending, clock.nowMs());
  if (clock.nowMs() >= claim.validUntilMs) {
    await answer(claim, "refused", "it is no longer worth starting");
    return;
  }
  // A night that parks hands its alerts back: passed on to it, one would go round.
  if (nightDate !== null && nightReport?.phase !== "ended" && nightReport?.phase !== "parking") {
    await tellNight(majordome, (handle) => handle.signal(preemptSignal, claim));
    return;
  }
  majordome.pending = withClaim(valid, claim);
  await answer(claim, "queued", whyNoStart(majordome) ?? "The night starts now.");
}

/** An alert that no longer wants the telescope: neither kept here nor by the night. */
export async function onWithdrawn(
  majordome: Majordome,
  withdrawal: { readonly alertKey: string; readonly reason: string },
): Promise<void> {
  majordome.pending = majordome.pending.filter((claim) => claim.alertKey !== withdrawal.alertKey);
  await tellNight(majordome, (handle) => handle.signal(withdrawAlertSignal, withdrawal));
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
