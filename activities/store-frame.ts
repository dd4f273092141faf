import path from "node:path";
import type { FrameDescription } from "../domain/imaging/headers.ts";
import type { Observatory } from "../domain/observatory.ts";
import { ARCSEC_PER_DEG, DEG_PER_RAD } from "../domain/units.ts";
import { failure, FAILURE } from "./failures.ts";
import type { FrameFacts, StoreFrame } from "./exposure.ts";
import type { FrameJob, FrameWritten } from "./frame-job.ts";
import { createJobThread } from "./job-thread.ts";

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

/** Longest time for one frame, wall ms. */
const FRAME_LIMIT_MS = 60_000;

/**
 * Writes frames in a thread of its own: `images/{night}/{plan}-{n}-{attempt}.fits` below VESPER_HOME (calibration
 * frames in `calibration/{night}/`) and a PNG preview beside it.
 * The name follows from what the frame is, so that writing twice leaves one file.
 */
export function createFrameStore({ home, observatory, software }: FrameStoreDeps): FrameStore {
  const thread = createFrameThread();
  return {
    async storeFrame(raw, facts) {
      const imageId = imageIdOf(facts.input);
      const folder = path.posix.join(
        facts.input.calibration === undefined ? "images" : "calibration",
        facts.nightDate,
      );
      const relative = path.posix.join(folder, `${imageId}.fits`);
      const previewPath = path.posix.join(folder, `${imageId}.png`);
      const job = {
        raw,
        size: facts.size,
        description: descriptionOf(observatory, software, facts),
        fitsFile: path.join(home, relative),
        previewFile: path.join(home, previewPath),
      };
      // The pixels move to the thread, they are not copied.
      const written = await thread.run(job, [raw.body.buffer]);
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
  {
    input,
    instrument,
    cameraName,
    pixelSizeUm,
    startMs,
    pointing,
    temperatureC,
    filter,
    ramp,
    nightDate,
  }: FrameFacts,
): FrameJob["description"] {
  const { light, exposureS, target } = input;
  return {
    frameType: frameTypeOf(input),
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
    ...(light ? { filter: filter.name, filterSource: filter.source } : {}),
    ...(light && input.calibration === undefined ? { object: target.name, target, pointing } : {}),
    ...(light && input.offset !== undefined ? { offset: input.offset } : {}),
    ramp,
    nightDate,
    ...(input.calibration === undefined ? scienceNames(input) : {}),
    planId: input.planId,
    frameNumber: input.n,
    attempt: input.attempt,
    alertKey: input.alertKey,
    software,
  };
}

function scienceNames({ programmeId, requestName, sequenceId, albumId }: FrameFacts["input"]) {
  return { programmeId, requestId: requestName, sequenceId, albumId };
}

function frameTypeOf({ calibration, light, exposureS }: FrameFacts["input"]): FrameDescription["frameType"] {
  if (calibration !== undefined) return FRAME_TYPES[calibration.kind];
  return light ? "OBJECT" : exposureS === 0 ? "BIAS" : "DARK";
}

const FRAME_TYPES = { bias: "BIAS", dark: "DARK", flat: "FLAT" } as const;

function createFrameThread() {
  return createJobThread<FrameJob, FrameWritten>({
    module: new URL("./frame-thread.ts", import.meta.url),
    what: "a frame",
    limitMs: FRAME_LIMIT_MS,
    asError: (fault, message) =>
      fault === "device"
        ? failure(FAILURE.DeviceFault, message)
        : new Error(`The frame could not be written: ${message}`),
  });
}
