import { parentPort } from "node:worker_threads";
import { plan } from "./plan.ts";
import { ProblemError, type Problem } from "./problem.ts";
import type { PlanOptions, Schedule } from "./schedule.ts";

/** What the thread is asked. */
export interface ThreadQuestion {
  readonly problem: Problem;
  readonly options: PlanOptions;
}

/** What the thread answers: a class of error would lose its name on the way. */
export type ThreadAnswer =
  | { readonly kind: "schedule"; readonly schedule: Schedule }
  | { readonly kind: "problemError"; readonly path: string; readonly rule: string };

/** Body of the thread that plans for others: one answer to each question, in order. */
function answer({ problem, options }: ThreadQuestion): ThreadAnswer {
  try {
    return { kind: "schedule", schedule: plan(problem, options) };
  } catch (error) {
    if (error instanceof ProblemError) return { kind: "problemError", path: error.path, rule: error.rule };
    throw error;
  }
}

parentPort?.on("message", (question: ThreadQuestion) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage(answer(question));
});
