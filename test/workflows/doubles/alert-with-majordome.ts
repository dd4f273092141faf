import {
  condition,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  setHandler,
} from "@temporalio/workflow";
import {
  preemptAnswerSignal,
  preemptSignal,
  withdrawAlertSignal,
  type PreemptAnswer,
  type PreemptRequest,
} from "../../../workflows/messages.ts";

export { alert } from "../../../workflows/alert.ts";

/** What the majordome's double is told, in order. */
export type Heard =
  | { readonly kind: "preempt"; readonly claim: PreemptRequest }
  | { readonly kind: "withdraw"; readonly alertKey: string; readonly reason: string };

/** How it answers from now on; null: not at all. */
export const answerWithSignal = defineSignal<[PreemptAnswer["answer"] | null]>("answerWith");
export const heardQuery = defineQuery<readonly Heard[]>("heard");
export const finishSignal = defineSignal("finish");

/** Stands for `observatory` in the eyes of an alert: keeps what it is told, answers as the test wants. */
export async function majordome(answerWith: PreemptAnswer["answer"] | null): Promise<void> {
  const heard: Heard[] = [];
  let verdict = answerWith;
  let finished = false;
  setHandler(preemptSignal, async (claim) => {
    heard.push({ kind: "preempt", claim });
    if (verdict === null) return;
    await getExternalWorkflowHandle(claim.alertWorkflowId).signal(preemptAnswerSignal, {
      alertKey: claim.alertKey,
      generation: claim.generation,
      answer: verdict,
      reason: `said ${verdict}`,
      retryAtMs: null,
      from: "observatory",
    });
  });
  setHandler(withdrawAlertSignal, (withdrawal) => {
    heard.push({ kind: "withdraw", ...withdrawal });
  });
  setHandler(answerWithSignal, (next) => {
    verdict = next;
  });
  setHandler(finishSignal, () => {
    finished = true;
  });
  setHandler(heardQuery, () => heard);
  await condition(() => finished);
}
