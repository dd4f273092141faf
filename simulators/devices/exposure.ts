/**
 * The life of an exposure on observatory time: integration, read-out, image. The frame is drawn ahead, as it will be
 * if nothing changes; when dome, mount or lamp did change meanwhile, it is drawn again from what really happened.
 */
import { isDeepStrictEqual } from "node:util";
import { MS_PER_SECOND } from "../../domain/units.ts";
import { CameraState } from "../../protocol/enums.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import type { PixelImage } from "../../protocol/image-bytes.ts";
import { AlpacaError } from "../device.ts";
import type { DeviceContext } from "../device.ts";
import type { FrameJob } from "../sky/frame.ts";
import type { Renderer } from "../sky/renderer.ts";
import type { ExposureRequest, FrameJobs } from "./frame-jobs.ts";
import type { ExposureProgress, ReadoutScheme } from "./readout.ts";

export interface ExposureOptions {
  /** Observatory seconds from the end of the exposure to the image. */
  readonly readoutS: number;
  /** Noise of one read, electrons. */
  readonly readNoiseE: number;
  readonly readout: ReadoutScheme;
  readonly frameJobs: FrameJobs;
  readonly renderer: Renderer;
}

export interface Exposures {
  readonly state: () => CameraState;
  readonly imageReady: () => boolean;
  /** The finished image; throws InvalidOperation when there is none. */
  readonly image: () => PixelImage<Uint16Array>;
  readonly percentCompleted: () => number;
  /** Begins; throws InvalidOperation while another is under way. */
  readonly start: (request: ExposureRequest) => void;
  /** Throws the running exposure away. */
  readonly abort: () => void;
  /** Ends the integration now and reads out. */
  readonly stop: () => void;
  /** Of the newest exposure: start (Unix ms) and duration; throws InvalidOperation before the first. */
  readonly last: () => { readonly startMs: number; readonly durationS: number };
  readonly progress: () => ExposureProgress | undefined;
  readonly close: () => void;
}

interface Exposure {
  readonly request: ExposureRequest;
  readonly startMs: number;
  /** Shorter than asked for when stopped. */
  durationS: number;
  ahead: { readonly job: FrameJob; readonly pixels: Promise<Uint16Array> } | undefined;
  drawing: boolean;
  image: PixelImage<Uint16Array> | undefined;
  failure: string | undefined;
}

const LONGEST_SLEEP_MS = 1_000;

/** The exposures of one camera. */
export function createExposures(context: DeviceContext, options: ExposureOptions): Exposures {
  const { readout, renderer, frameJobs } = options;
  let exposure: Exposure | undefined;
  let last: { startMs: number; durationS: number } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const endMs = (running: Exposure): number => running.startMs + running.durationS * MS_PER_SECOND;
  const state = (): CameraState => {
    if (exposure === undefined) return CameraState.Idle;
    if (exposure.failure !== undefined) return CameraState.Error;
    const now = context.motionMs();
    if (now < endMs(exposure)) return CameraState.Exposing;
    if (now < endMs(exposure) + options.readoutS * MS_PER_SECOND) return CameraState.Reading;
    return exposure.image === undefined ? CameraState.Download : CameraState.Idle;
  };
  const imageReady = (): boolean => state() === CameraState.Idle && exposure?.image !== undefined;

  const jobOf = (running: Exposure): FrameJob =>
    frameJobs(running.request, running.startMs, running.durationS, {
      noiseE: readout.readNoiseE(running.request.modeIndex, options.readNoiseE),
      number: 0,
    });
  const drawAhead = (running: Exposure): void => {
    if (exposure !== running || running.drawing) return;
    const job = jobOf(running);
    const pixels = renderer.draw(job);
    // A failure is met when the frame is due; an aborted exposure never asks.
    pixels.catch(() => undefined);
    running.ahead = { job, pixels };
  };
  const draw = (running: Exposure): void => {
    running.drawing = true;
    const job = jobOf(running);
    const ahead = isDeepStrictEqual(job, running.ahead?.job) ? running.ahead?.pixels : undefined;
    (ahead ?? renderer.draw(job)).then(
      (pixels) => {
        running.image = { ...sizeOf(running.request), planes: 1, pixels };
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        running.failure = `the frame could not be read: ${reason}`;
      },
    );
  };
  /** Waits for the end of the integration; looks again at least once a second, as the clock may be anchored anew. */
  const awaitEnd = (): void => {
    clearTimeout(timer);
    if (exposure === undefined || exposure.drawing) return;
    if (context.motionMs() >= endMs(exposure)) {
      draw(exposure);
      return;
    }
    const waitMs = Math.ceil(context.wallMsOf(endMs(exposure)) - Date.now());
    timer = setTimeout(awaitEnd, Math.max(1, Math.min(LONGEST_SLEEP_MS, waitMs)));
    timer.unref();
  };

  return {
    state,
    imageReady,
    image: () => {
      if (exposure?.failure !== undefined) throw new AlpacaError(ErrorNumber.DriverBase, exposure.failure);
      if (imageReady() && exposure?.image !== undefined) return exposure.image;
      throw new AlpacaError(ErrorNumber.InvalidOperation, "there is no image: ImageReady is false");
    },
    percentCompleted: () => {
      if (exposure === undefined) return 0;
      if (exposure.durationS === 0) return 100;
      const elapsedS = (context.motionMs() - exposure.startMs) / MS_PER_SECOND;
      return Math.max(0, Math.min(100, Math.floor((100 * elapsedS) / exposure.durationS)));
    },
    start: (request) => {
      const now = state();
      if (now !== CameraState.Idle && now !== CameraState.Error) {
        throw new AlpacaError(
          ErrorNumber.InvalidOperation,
          "an exposure is under way; abort it or wait for its end",
        );
      }
      const { durationS } = request;
      const started: Exposure = {
        request,
        startMs: context.motionMs(),
        durationS,
        ahead: undefined,
        drawing: false,
        image: undefined,
        failure: undefined,
      };
      exposure = started;
      last = { startMs: context.nowMs(), durationS };
      // After the answer to StartExposure is out.
      setImmediate(() => drawAhead(started));
      awaitEnd();
    },
    abort: () => {
      if (state() === CameraState.Idle) return;
      clearTimeout(timer);
      exposure = undefined;
    },
    stop: () => {
      if (exposure === undefined || last === undefined || state() !== CameraState.Exposing) return;
      exposure.durationS = Math.max(0, (context.motionMs() - exposure.startMs) / MS_PER_SECOND);
      last.durationS = exposure.durationS;
      awaitEnd();
    },
    last: () => {
      if (last !== undefined) return last;
      throw new AlpacaError(ErrorNumber.InvalidOperation, "no exposure has been made yet");
    },
    progress: () => {
      if (exposure === undefined) return undefined;
      const { request, startMs, durationS } = exposure;
      return {
        startMs,
        durationS,
        modeIndex: request.modeIndex,
        nowMs: context.motionMs(),
        readAfter: async (afterS, number) => {
          const job = frameJobs(request, startMs, afterS, { noiseE: options.readNoiseE, number });
          return { ...sizeOf(request), pixels: await renderer.draw(job) };
        },
      };
    },
    close: () => clearTimeout(timer),
  };
}

function sizeOf({ region, binX, binY }: ExposureRequest): { width: number; height: number } {
  return { width: Math.floor(region.width / binX), height: Math.floor(region.height / binY) };
}
