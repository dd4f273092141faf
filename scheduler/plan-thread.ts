import { parentPort, workerData } from "node:worker_threads";
import { plan } from "./plan.ts";
import { ProblemError, type Problem } from "./problem.ts";
import type { PlanOptions, Schedule } from "./schedule.ts";

/** What the thread is given. */
export interface ThreadInput {
  readonly problem: Problem;
  readonly options: PlanOptions;
}

/** What the thread answers: a class of error would lose its name on the way. */
export type ThreadAnswer =
  | { readonly kind: "schedule"; readonly schedule: Schedule }
  | { readonly kind: "problemError"; readonly path: string; readonly rule: string };

/** Body of the worker thread that `planInThread` starts: plans once, answers, ends. */
function answer({ problem, options }: ThreadInput): ThreadAnswer {
  try {
    return { kind: "schedule", schedule: plan(problem, options) };
  } catch (error) {
    if (error instanceof ProblemError) return { kind: "problemError", path: error.path, rule: error.rule };
    throw error;
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
parentPort?.postMessage(answer(workerData as ThreadInput));
