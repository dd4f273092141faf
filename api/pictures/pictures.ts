import { Worker } from "node:worker_threads";
import { Problem } from "../problem.ts";
import type { Picture, PictureAnswer, PictureJob } from "./picture-job.ts";

export interface Pictures {
  /** Makes a picture or a histogram, in a thread. @throws Problem 404 or 503 with the reason */
  make(job: PictureJob): Promise<Picture>;
  close(): Promise<void>;
}

/** Longest time for one picture, wall ms. */
const LIMIT_MS = 20_000;
/** Pictures kept in memory: those of the last pages somebody looked at. */
const KEPT = 32;
/** More than this in the queue is refused: each waits for those before it. */
const MOST_WAITING = 24;

/** Pictures of FITS files: one thread, started with the first, and a small memory of the last. */
export function createPictures(): Pictures {
  interface Waiting {
    readonly resolve: (picture: Picture) => void;
    readonly reject: (error: unknown) => void;
    readonly timer: NodeJS.Timeout;
  }
  let worker: Worker | null = null;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();
  const kept = new Map<string, Promise<Picture>>();

  function start(): Worker {
    const started = new Worker(new URL("./picture-thread.ts", import.meta.url));
    started.unref();
    started.on("message", (answer: PictureAnswer) => {
      const entry = waiting.get(answer.id);
      if (entry === undefined) return;
      waiting.delete(answer.id);
      clearTimeout(entry.timer);
      if ("picture" in answer) entry.resolve(answer.picture);
      else entry.reject(new Problem(404, `No picture can be made of this file: ${answer.problem}`));
    });
    started.on("error", (error) => end(started, error));
    started.on("exit", (code) => end(started, new Error(`the thread for pictures ended (${code})`)));
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

  function ask(job: PictureJob): Promise<Picture> {
    if (waiting.size >= MOST_WAITING) {
      return Promise.reject(
        new Problem(503, "Too many pictures are being made just now. Try again in a moment."),
      );
    }
    worker ??= start();
    const current = worker;
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => end(current, new Problem(503, `The picture was not ready within ${LIMIT_MS / 1_000} s.`)),
        LIMIT_MS,
      );
      waiting.set(id, { resolve, reject, timer });
      current.postMessage({ id, job }, []);
    });
  }

  return {
    make(job) {
      const key = JSON.stringify(job);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const made = ask(job);
      kept.set(key, made);
      const oldest = kept.keys().next();
      if (kept.size > KEPT && oldest.done !== true) kept.delete(oldest.value);
      // What failed is tried again by the next who asks.
      made.catch(() => kept.delete(key));
      return made;
    },
    async close() {
      await worker?.terminate();
    },
  };
}
