import path from "node:path";
import type { FrameDescription } from "../domain/imaging/headers.ts";
import type { Observatory } from "../domain/observatory.ts";
import { ARCSEC_PER_DEG, DEG_PER_RAD } from "../domain/units.ts";
import { failure, FAILURE } from "./failures.ts";
import { NOWHERE, type FindFrame, type FrameFacts, type StoreFrame } from "./exposure.ts";
import type { FrameJob, FrameWritten, WriteFrameJob } from "./frame-job.ts";
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
  readonly findFrame: FindFrame;
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
      const files = filesOf(facts);
      const job = {
        kind: "write" as const,
        raw,
        size: facts.size,
        description: descriptionOf(observatory, software, facts),
        fitsFile: path.join(home, files.path),
        previewFile: path.join(home, files.previewPath),
      };
      // The pixels move to the thread, they are not copied.
      const written = await thread.run(job, [raw.body.buffer]);
      if (written === null) throw new Error("the thread wrote no frame");
      return { ...files, ...written };
    },
    async findFrame({ input, instrument, startMs, nightDate }) {
      const files = filesOf({ input, nightDate });
      const found = await thread.run({
        kind: "find",
        fitsFile: path.join(home, files.path),
        planId: input.planId,
        frameNumber: input.n,
        attempt: input.attempt,
        saturationAdu: instrument.saturationAdu,
      });
      if (found === null) return null;
      const { CRVAL1: raDeg, CRVAL2: decDeg, WCSSRC: source, FILTER: filter } = found.header;
      const pointing =
        typeof raDeg === "number" && typeof decDeg === "number"
          ? { raDeg, decDeg, measured: source === "MOUNT" }
          : NOWHERE;
      const name = typeof filter === "string" ? filter : input.filter;
      const facts = { input, instrument, startMs, pointing, filter: { name, source: "plan" as const } };
      return { frame: { ...files, ...found }, facts };
    },
    close: () => thread.close(),
  };
}

/** The id of a frame, and its files below VESPER_HOME. */
function filesOf({ input, nightDate }: Pick<FrameFacts, "input" | "nightDate">) {
  const imageId = imageIdOf(input);
  const folder = path.posix.join(input.calibration === undefined ? "images" : "calibration", nightDate);
  return {
    imageId,
    path: path.posix.join(folder, `${imageId}.fits`),
    previewPath: path.posix.join(folder, `${imageId}.png`),
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
): WriteFrameJob["description"] {
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
  return createJobThread<FrameJob, FrameWritten | null>({
    module: new URL("./frame-thread.ts", import.meta.url),
    what: "a frame",
    limitMs: FRAME_LIMIT_MS,
    asError: (fault, message) =>
      fault === "device"
        ? failure(FAILURE.DeviceFault, message)
        : new Error(`The frame could not be written: ${message}`),
  });
}
