import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ThreadAnswer, ThreadQuestion } from "./plan-thread.ts";
import { ProblemError, type Problem } from "./problem.ts";
import type { PlanOptions, Schedule } from "./schedule.ts";

/** A function cannot travel to a thread: overheads by pair are planned with `plan` itself. */
export type ThreadPlanOptions = Omit<PlanOptions, "pairOverheadMs">;

/** Plans in a worker thread that is kept for the next time: starting one takes longer than planning a night. */
export interface PlanningThread {
  /**
   * `plan` off the caller's event loop.
   * @param signal ends the search at once, in the middle of an iteration too; it is also the limit of this wait.
   * @throws ProblemError as `plan` does; the signal's reason when aborted; an Error when the thread ends without an answer.
   */
  plan(problem: Problem, options: ThreadPlanOptions, signal: AbortSignal): Promise<Schedule>;
  /** Ends the thread that waits for work; plannings under way end by their own signals. */
  close(): Promise<void>;
}

/** The thread's file beside this one: source as it stands, or built. */
const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

export function createPlanningThread(): PlanningThread {
  let idle: Worker | null = null;
  let closed = false;
  return {
    async plan(problem, options, signal) {
      signal.throwIfAborted();
      // A second planning at the same time gets a thread of its own.
      const thread = idle ?? startThread();
      idle = null;
      thread.ref();
      try {
        const answer = await ask(thread, { problem, options }, signal);
        if (idle === null && !closed) {
          // A waiting thread must not keep a process alive.
          thread.unref();
          idle = thread;
        } else await thread.terminate();
        if (answer.kind === "problemError") throw new ProblemError(answer.path, answer.rule);
        return answer.schedule;
      } catch (error) {
        if (!(error instanceof ProblemError)) await thread.terminate();
        signal.throwIfAborted();
        throw error;
      }
    },
    async close() {
      closed = true;
      const thread = idle;
      idle = null;
      await thread?.terminate();
    },
  };
}

/** `plan` once in a thread of its own; see `PlanningThread.plan`. */
export async function planInThread(
  problem: Problem,
  options: ThreadPlanOptions,
  signal: AbortSignal,
): Promise<Schedule> {
  const thread = createPlanningThread();
  try {
    return await thread.plan(problem, options, signal);
  } finally {
    await thread.close();
  }
}

function startThread(): Worker {
  // The caller's flags (a test runner's loader, an inspector) are not for this thread.
  return new Worker(new URL(`./plan-thread${EXTENSION}`, import.meta.url), { execArgv: [] });
}

async function ask(thread: Worker, question: ThreadQuestion, signal: AbortSignal): Promise<ThreadAnswer> {
  const settled = new AbortController();
  try {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    thread.postMessage(question);
    return await Promise.race([
      once(thread, "message", { signal: AbortSignal.any([signal, settled.signal]) }).then(
        ([message]) => message as ThreadAnswer,
      ),
      once(thread, "exit", { signal: settled.signal }).then(([code]) => {
        throw new Error(`the planning thread ended with code ${String(code)} and no schedule`);
      }),
    ]);
  } finally {
    settled.abort();
  }
}
