/** Hands frames to the drawing thread and waits for them. */
import { Worker } from "node:worker_threads";
import type { FrameJob } from "./frame.ts";
import type { RenderReply, RenderRequest } from "./render-worker.ts";

export interface Renderer {
  /** Pixels of the frame by rows. Rejects when the thread fails or takes longer than a minute of wall time. */
  readonly draw: (job: FrameJob) => Promise<Uint16Array>;
  readonly close: () => Promise<void>;
}

const LIMIT_WALL_MS = 60_000;

/** Starts the drawing thread for the sky of that seed; a thread that ends is started again for the next frame. */
export function createRenderer(catalogueSeed: number): Renderer {
  const waiting = new Map<
    number,
    { resolve: (pixels: Uint16Array) => void; reject: (error: Error) => void }
  >();
  let nextId = 1;
  let worker: Worker | undefined;

  const failAll = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const start = (): Worker => {
    const started = new Worker(new URL("render-worker.ts", import.meta.url));
    started.on("message", (reply: RenderReply) => {
      const promise = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("pixels" in reply) promise?.resolve(reply.pixels);
      else promise?.reject(new Error(`drawing the frame failed: ${reply.error}`));
    });
    started.on("error", failAll);
    started.on("exit", () => {
      if (worker === started) worker = undefined;
      failAll(new Error("the drawing thread ended"));
    });
    started.unref();
    return started;
  };
  worker = start();
  return {
    draw: (job) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        const limit = setTimeout(() => {
          waiting.delete(id);
          reject(new Error("drawing the frame took longer than a minute"));
        }, LIMIT_WALL_MS);
        limit.unref();
        waiting.set(id, {
          resolve: (pixels) => {
            clearTimeout(limit);
            resolve(pixels);
          },
          reject: (error) => {
            clearTimeout(limit);
            reject(error);
          },
        });
        worker ??= start();
        const request: RenderRequest = { id, catalogueSeed, job };
        worker.postMessage(request, []);
      }),
    close: async () => {
      await worker?.terminate();
    },
  };
}
