import path from "node:path";
import { Worker } from "node:worker_threads";
import type { FrameDescription } from "../domain/imaging/headers.ts";
import type { Observatory } from "../domain/observatory.ts";
import { ARCSEC_PER_DEG, DEG_PER_RAD } from "../domain/units.ts";
import { failure, FAILURE } from "./failures.ts";
import type { FrameFacts, StoreFrame } from "./exposure.ts";
import type { FrameAnswer, FrameJob, FrameWritten } from "./frame-job.ts";

export interface FrameStoreDeps {
  /** VESPER_HOME, absolute. */
  readonly home: string;
  readonly observatory: Observatory;
  /** Name and version for the header, e.g. `Vesper 0.1.0`. */
  readonly software: string;
}

export interface FrameStore {
  readonly storeFrame: StoreFrame;
  close(): Promise<void>;
}

/** Longest time for one frame, wall ms: a thread that hangs is ended, and the next frame gets a new one. */
const FRAME_LIMIT_MS = 60_000;

/**
 * Writes frames in a thread of its own: `images/{night}/{plan}-{n}-{attempt}.fits` below VESPER_HOME and a PNG preview beside it.
 * The name follows from what the frame is, so that writing twice leaves one file.
 */
export function createFrameStore({ home, observatory, software }: FrameStoreDeps): FrameStore {
  const thread = createFrameThread();
  return {
    async storeFrame(raw, facts) {
      const imageId = imageIdOf(facts.input);
      const folder = path.posix.join("images", facts.nightDate);
      const relative = path.posix.join(folder, `${imageId}.fits`);
      const previewPath = path.posix.join(folder, `${imageId}.png`);
      const written = await thread.run({
        raw,
        description: descriptionOf(observatory, software, facts),
        fitsFile: path.join(home, relative),
        previewFile: path.join(home, previewPath),
      });
      return { imageId, path: relative, previewPath, ...written };
    },
    close: () => thread.close(),
  };
}

/** Id of an image and name of its files: plan, frame number, attempt. */
function imageIdOf({ planId, n, attempt }: FrameFacts["input"]): string {
  return `${planId}-${String(n).padStart(3, "0")}-${attempt}`;
}

function descriptionOf(
  { site, telescope }: Observatory,
  software: string,
  { input, instrument, cameraName, pixelSizeUm, startMs, pointing, temperatureC, nightDate }: FrameFacts,
): FrameJob["description"] {
  const { light, exposureS, target } = input;
  const frameType: FrameDescription["frameType"] = light ? "OBJECT" : exposureS === 0 ? "BIAS" : "DARK";
  return {
    frameType,
    startMs,
    exposureS,
    site,
    telescope,
    instrument: {
      ...instrument,
      cameraName,
      pixelSizeUm,
      scaleArcsecPerPx: (pixelSizeUm / 1_000 / telescope.focalLengthMm) * DEG_PER_RAD * ARCSEC_PER_DEG,
    },
    temperatureC,
    ...(light ? { filter: input.filter, object: target.name, target, pointing } : {}),
    nightDate,
    programmeId: input.programmeId,
    requestId: input.requestName,
    sequenceId: input.sequenceId,
    albumId: input.albumId,
    planId: input.planId,
    frameNumber: input.n,
    attempt: input.attempt,
    alertKey: input.alertKey,
    software,
  };
}

/** One thread, started with the first frame; frames queue in it. */
function createFrameThread() {
  interface Waiting {
    readonly resolve: (written: FrameWritten) => void;
    readonly reject: (error: unknown) => void;
    readonly timer: NodeJS.Timeout;
  }
  let worker: Worker | null = null;
  let lastId = 0;
  const waiting = new Map<number, Waiting>();

  function start(): Worker {
    const started = new Worker(new URL("./frame-thread.ts", import.meta.url));
    started.unref();
    started.on("message", (answer: FrameAnswer) => {
      const entry = waiting.get(answer.id);
      if (entry === undefined) return;
      waiting.delete(answer.id);
      clearTimeout(entry.timer);
      if ("written" in answer) entry.resolve(answer.written);
      else entry.reject(asError(answer));
    });
    started.on("error", (error) => end(started, error));
    started.on("exit", (code) => end(started, new Error(`the thread that writes frames ended (${code})`)));
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
    run(job: FrameJob): Promise<FrameWritten> {
      worker ??= start();
      const current = worker;
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          end(current, new Error(`a frame was not written within ${FRAME_LIMIT_MS / 1_000} s`));
        }, FRAME_LIMIT_MS);
        waiting.set(id, { resolve, reject, timer });
        // The pixels move to the thread, they are not copied.
        current.postMessage({ id, job }, [job.raw.body.buffer]);
      });
    },

    async close(): Promise<void> {
      await worker?.terminate();
    },
  };
}

function asError(answer: Extract<FrameAnswer, { fault: unknown }>): Error {
  if (answer.fault === "device") return failure(FAILURE.DeviceFault, answer.message);
  return new Error(`The frame could not be written: ${answer.message}`);
}
