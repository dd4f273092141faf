import { Worker } from "node:worker_threads";

/** What a thread answers: its result, or a failure in words with the kind that the caller tells apart. */
export type JobAnswer<R> =
  | { readonly id: number; readonly result: R }
  | { readonly id: number; readonly fault: string; readonly message: string };

export interface JobThread<J, R> {
  /** Hands over a job; jobs queue in the thread. `moved` buffers are moved to it, not copied. */
  run(job: J, moved?: readonly ArrayBuffer[]): Promise<R>;
  close(): Promise<void>;
}

export interface JobThreadOptions {
  /** The module that the thread runs. */
  readonly module: URL;
  /** What one job is, for the failure: `a frame`. */
  readonly what: string;
  /** Longest time for one job, wall ms: a thread that hangs is ended, and the next job gets a new one. */
  readonly limitMs: number;
  /** The error for a failure that the thread tells. */
  readonly asError: (fault: string, message: string) => Error;
}

/** One thread, started with the first job, for work of more than some milliseconds that the event loop must not feel. */
export function createJobThread<J, R>({ module, what, limitMs, asError }: JobThreadOptions): JobThread<J, R> {
  interface Waiting {
    readonly resolve: (result: R) => void;
    readonly reject: (error: unknown) => void;
    readonly timer: NodeJS.Timeout;
  }
  let worker: Worker | null = null;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  function start(): Worker {
    const started = new Worker(module);
    started.unref();
    started.on("message", (answer: JobAnswer<R>) => {
      const entry = waiting.get(answer.id);
      if (entry === undefined) return;
      waiting.delete(answer.id);
      clearTimeout(entry.timer);
      if ("result" in answer) entry.resolve(answer.result);
      else entry.reject(asError(answer.fault, answer.message));
    });
    started.on("error", (error) => end(started, error));
    started.on("exit", (code) => end(started, new Error(`the thread for ${what} ended (${code})`)));
    return started;
  }

  function end(ended: Worker, error: unknown): void {
    if (worker !== ended) return;
    worker = null;
    void ended.terminate();
    for (const { reject, timer } of waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    waiting.clear();
  }

  return {
    run(job, moved = []) {
      worker ??= start();
      const current = worker;
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          end(current, new Error(`${what} was not finished within ${limitMs / 1_000} s`));
        }, limitMs);
        waiting.set(id, { resolve, reject, timer });
        current.postMessage({ id, job }, [...moved]);
      });
    },

    async close() {
      await worker?.terminate();
    },
  };
}
