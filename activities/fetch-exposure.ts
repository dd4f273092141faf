import { activityInfo, cancellationSignal } from "@temporalio/activity";
import type { CameraClient } from "../adapters/alpaca/camera.ts";
import { AlpacaError, BadAnswer } from "../adapters/alpaca/errors.ts";
import { nightDateAt } from "../domain/astronomy/night.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import { isOurExposure } from "../domain/safety/exposure-identity.ts";
import { MS_PER_SECOND } from "../domain/units.ts";
import type { CameraClock, TimedStatus } from "./camera-clock.ts";
import { nowMs } from "./clocks.ts";
import {
  apparatusOf,
  NOWHERE,
  type CameraDeps,
  type ExposureFacts,
  type ExposureInput,
  type RecordedFacts,
  type StoredFrame,
  type StoredImage,
} from "./exposure.ts";
import type { StartNotes } from "./start-notes.ts";
import { FAILURE, isFailure } from "./failures.ts";
import { readOrNull } from "./read-or-null.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export type ExposureFetched =
  | ({ readonly kind: "stored" } & StoredImage)
  | { readonly kind: "lost"; readonly reason: string };

type ExposureRamp = Awaited<ReturnType<CameraClient["rampFacts"]>>;

/** Looks in a row that must agree before a frame is called lost: a state between two others is short. */
const AGREEING_LOOKS = 3;

/** Tries after which an image that came and cannot be used is given up: whatever spoils it stays. */
const UNUSABLE_TRIES = 5;

/** Whether the camera answered with something that is no image; silence, a full disk and a database away are waited for. */
function isUnusable(error: unknown): error is Error {
  return error instanceof AlpacaError || error instanceof BadAnswer || isFailure(error, FAILURE.DeviceFault);
}

/** Builds the fetch of one exposure: wait for the image, file, row; and what finds a file whose row is missing. */
export function createFetchExposure(deps: CameraDeps, cameraClock: CameraClock, notes: StartNotes) {
  const { clocks, exposures } = deps;

  /**
   * Waits for the image of a started frame within exposure and read-out limit, stores it durably and records it.
   * A frame of which no image will come, or one that cannot be used at the 5th try, is `lost`, and recorded so. Run twice it
   * stores once.
   * Throws DeviceUnreachable, DeviceFault and what storing throws: those are retried, the image waits in the camera.
   */
  async function fetchExposure(input: ExposureInput): Promise<ExposureFetched> {
    const [row, stored] = await Promise.all([exposures.find(input), exposures.imageOf(input)]);
    if (stored !== null) return { kind: "stored", ...stored };
    if (row === null) return { kind: "lost", reason: "It was never started: no record of it exists." };
    if (row.state === "lost" || row.state === "aborted") {
      return { kind: "lost", reason: row.reason ?? `It is recorded as ${row.state}.` };
    }
    const written = await adopt(input, row);
    if (written !== null) return { kind: "stored", ...written };
    const reason = await whyNoImage(input, row);
    if (reason !== null) {
      await exposures.end(input, "lost", reason);
      return { kind: "lost", reason };
    }
    try {
      return { kind: "stored", ...(await stow(input, row)) };
    } catch (error) {
      if (!isUnusable(error) || activityInfo().attempt < UNUSABLE_TRIES) throw error;
      return giveUp(input, error);
    }
  }

  /**
   * Records a frame whose file was written by a process that ended before it wrote the rows, or while the database was away:
   * the camera may have forgotten it since. Null when there is no such file.
   */
  async function adopt(input: ExposureInput, row: ExposureFacts): Promise<StoredImage | null> {
    const { instrument } = apparatusOf(deps, input);
    const startMs = row.startMs ?? row.intendedStartMs;
    const nightDate = nightDateAt(deps.observatory.site, startMs);
    const found = await deps.findFrame({ input, instrument, startMs, nightDate });
    return found === null ? null : record(found.frame, found.facts);
  }

  async function record(frame: StoredFrame, facts: RecordedFacts): Promise<StoredImage> {
    await exposures.store(frame, facts);
    const { imageId, path, sha256, bytes } = frame;
    return { imageId, path, sha256, bytes };
  }

  /** An image that stays unusable however often it is asked for: the frame is lost, and the next one is a whole one. */
  async function giveUp(input: ExposureInput, error: Error): Promise<ExposureFetched> {
    const { camera } = apparatusOf(deps, input);
    // Somebody may have left it with a part of its detector.
    await readOrNull(() => camera.setFullFrame({ signal: cancellationSignal() }));
    await exposures.end(input, "lost", error.message);
    return { kind: "lost", reason: error.message };
  }

  /** Null when the image is ready; else why it will never be. */
  async function whyNoImage(input: ExposureInput, row: ExposureFacts): Promise<string | null> {
    const { camera, instrument } = apparatusOf(deps, input);
    const clock = clocks.fact();
    const startMs = row.startMs ?? row.intendedStartMs;
    const remainingS = Math.max(0, startMs + input.exposureS * MS_PER_SECOND - nowMs(clocks)) / MS_PER_SECOND;
    let agreeing = 0;
    try {
      return await waitUntil(
        {
          what: `the image of ${camera.name}`,
          limitWallMs: motionLimitWallMs(clock, remainingS + instrument.readoutLimitS),
          pollWallMs: motionPollWallMs(clock),
        },
        async (signal) => {
          const status = await cameraClock.status(instrument.cameraId, camera, signal);
          if (!status.imageReady && (status.state === "Exposing" || status.state === "Waiting")) {
            agreeing = 0;
            return undefined;
          }
          const why = await whyNotOurs(input, row, camera, status, signal);
          if (why === null && status.imageReady) return null;
          agreeing = why === null ? 0 : agreeing + 1;
          return agreeing >= AGREEING_LOOKS ? why : undefined;
        },
      );
    } catch (error) {
      if (!isFailure(error, FAILURE.LimitExceeded)) throw error;
      // The camera answers but brings no image: it must not stay busy with a frame that is given up. When it refuses,
      // the next start frees it, or says that it cannot.
      await readOrNull(() => camera.abortExposure({ signal: cancellationSignal() }));
      return `${camera.name} brought no image within the read-out limit of ${instrument.readoutLimitS} s.`;
    }
  }

  /** Why what the camera has (or is reading) is not this frame; null when it is, or may still become it. */
  async function whyNotOurs(
    input: ExposureInput,
    row: ExposureFacts,
    camera: CameraClient,
    status: TimedStatus,
    signal: AbortSignal,
  ): Promise<string | null> {
    if (status.state === "Error") return `${camera.name} reports an error.`;
    if (status.state === "Reading" || status.state === "Download") return null;
    const last = await camera.lastExposure({ signal });
    if (!isOurExposure(last, { ...row, durationS: input.exposureS }, status.clockOffsetMs)) {
      return `${camera.name} knows nothing of this exposure: it was restarted, or somebody else used it.`;
    }
    return status.imageReady ? null : `${camera.name} is idle without an image: the exposure was ended.`;
  }

  /** The frame counts more than what its header says of the ramp: a camera that does not tell is told on. */
  async function rampOf(camera: CameraClient, cameraId: string, signal: AbortSignal): Promise<ExposureRamp> {
    try {
      return await camera.rampFacts({ signal });
    } catch (error) {
      if (!(error instanceof AlpacaError || error instanceof BadAnswer)) throw error;
      await deps.journal({
        level: "warning",
        module: "camera",
        deviceId: cameraId,
        text: `The header lacks the facts of the ramp: ${error.message}`,
      });
      return null;
    }
  }

  async function stow(input: ExposureInput, row: ExposureFacts): Promise<StoredImage> {
    const { camera, instrument } = apparatusOf(deps, input);
    const signal = cancellationSignal();
    const [raw, size, pixelSizeUm, status, pointing, filter, ramp] = await Promise.all([
      camera.download({ signal }),
      camera.detectorSize({ signal }),
      camera.pixelSizeUm({ signal }),
      camera.status({ signal }),
      input.calibration === undefined ? notes.pointing(input, signal) : NOWHERE,
      input.light ? notes.filter(input, signal) : { name: input.filter, source: "plan" as const },
      instrument.ramp === undefined ? null : rampOf(camera, instrument.cameraId, signal),
    ]);
    const startMs = row.startMs ?? row.intendedStartMs;
    const facts = {
      input,
      instrument,
      cameraName: camera.name,
      size,
      pixelSizeUm,
      startMs,
      pointing,
      filter,
      ramp,
      temperatureC: status.temperatureC,
      nightDate: nightDateAt(deps.observatory.site, startMs),
    };
    return record(await deps.storeFrame(raw, facts), facts);
  }

  return { fetchExposure, adopt };
}
