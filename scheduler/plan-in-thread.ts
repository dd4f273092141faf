import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { ThreadAnswer, ThreadInput } from "./plan-thread.ts";
import { ProblemError, type Problem } from "./problem.ts";
import type { PlanOptions, Schedule } from "./schedule.ts";

/** The thread's file beside this one: source as it stands, or built. */
const EXTENSION = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

/**
 * `plan` in a worker thread of its own, so that a search does not stop the caller's event loop.
 * A function cannot travel to a thread: overheads by pair are planned with `plan` itself.
 * @param signal ends the thread at once, in the middle of an iteration too; it is also the limit of this wait.
 * @throws ProblemError as `plan` does; the signal's reason when aborted; an Error when the thread ends without an answer.
 */
export async function planInThread(
  problem: Problem,
  options: Omit<PlanOptions, "pairOverheadMs">,
  signal: AbortSignal,
): Promise<Schedule> {
  signal.throwIfAborted();
  const input: ThreadInput = { problem, options };
  // The caller's flags (a test runner's loader, an inspector) are not for this thread.
  const thread = new Worker(new URL(`./plan-thread${EXTENSION}`, import.meta.url), {
    workerData: input,
    execArgv: [],
  });
  const ended = new AbortController();
  try {
    const answer = await Promise.race([
      once(thread, "message", { signal }).then(([message]) => message as ThreadAnswer),
      once(thread, "exit", { signal: ended.signal }).then(([code]) => {
        throw new Error(`the planning thread ended with code ${String(code)} and no schedule`);
      }),
    ]);
    if (answer.kind === "problemError") throw new ProblemError(answer.path, answer.rule);
    return answer.schedule;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    ended.abort();
    await thread.terminate();
  }
}
