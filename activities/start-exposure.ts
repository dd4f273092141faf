import { cancellationSignal } from "@temporalio/activity";
import type { CoverWord } from "../adapters/alpaca/cover.ts";
import { DeviceProblem } from "../adapters/alpaca/errors.ts";
import type { CameraClient, LastExposure } from "../adapters/alpaca/camera.ts";
import { motionLimitWallMs, wallMsOf } from "../domain/clock.ts";
import { wheelBefore } from "../domain/observatory.ts";
import { isOurExposure } from "../domain/safety/exposure-identity.ts";
import type { CameraClock, TimedStatus } from "./camera-clock.ts";
import { nowMs } from "./clocks.ts";
import { coverInWords } from "./cover.ts";
import { apparatusOf, isIntegrating, placeOf, type CameraDeps, type ExposureInput } from "./exposure.ts";
import { failure, FAILURE, isFailure } from "./failures.ts";
import { checkLease } from "./lease-check.ts";
import type { StartNotes } from "./start-notes.ts";
import { arcsecInWords, offsetOf, onTarget } from "./telescope.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export interface ExposureStarted {
  /** By the camera, its clock corrected; observatory time, Unix ms. */
  readonly startMs: number;
  readonly startWallMs: number;
  /** It was found already started (or finished) by an earlier run of this activity. */
  readonly adopted: boolean;
}

/** The cover blocks nothing: a camera must not wait for one that hangs. */
const COVER_CALL_LIMIT_MS = 1_000;

/** Refusals after which the frame is given up: the row says so, and the next attempt takes it. */
const REFUSALS = [FAILURE.LeaseLost, FAILURE.NotReady, FAILURE.DiskFull] as const;

/** Builds the start of one exposure: the row once, then the camera. */
export function createStartExposure(deps: CameraDeps, cameraClock: CameraClock, notes: StartNotes) {
  const { clocks, exposures } = deps;

  /**
   * Starts one frame, or adopts it when an earlier run of this activity already did.
   * Throws LeaseLost, NotReady, DiskFull, ExposureEnded, DeviceFault, DeviceUnreachable.
   */
  return async function startExposure(input: ExposureInput): Promise<ExposureStarted> {
    const { camera, instrument } = apparatusOf(deps, input);
    const row = await exposures.begin(input, instrument.cameraId, nowMs(clocks));
    if (row.state === "stored") return started(row.startMs ?? row.intendedStartMs, true);
    if (row.state === "aborted" || row.state === "lost") {
      throw failure(
        FAILURE.ExposureEnded,
        `Frame ${input.n} of ${input.planId} is ${row.state}: ${row.reason ?? ""}`,
      );
    }
    const signal = cancellationSignal();
    const [status, last] = await Promise.all([
      cameraClock.status(instrument.cameraId, camera, signal),
      camera.lastExposure({ signal }),
    ]);
    const wanted = { intendedStartMs: row.intendedStartMs, durationS: input.exposureS };
    const alive = status.imageReady || (status.state !== "Idle" && status.state !== "Error");
    if (last !== null && alive && isOurExposure(last, wanted, status.clockOffsetMs)) {
      const startMs = last.startMs - status.clockOffsetMs;
      await exposures.exposing(input, startMs);
      return started(startMs, true);
    }
    try {
      return await startNew(input, camera, instrument.cameraId, status, last);
    } catch (error) {
      if (REFUSALS.some((type) => isFailure(error, type))) {
        await exposures.end(input, "aborted", error instanceof Error ? error.message : String(error));
      }
      throw error;
    }
  };

  async function startNew(
    input: ExposureInput,
    camera: CameraClient,
    cameraId: string,
    status: TimedStatus,
    before: LastExposure | null,
  ): Promise<ExposureStarted> {
    const signal = cancellationSignal();
    const { instrument } = apparatusOf(deps, input);
    await Promise.all([
      freed(camera, status, instrument.readoutLimitS),
      checkDisk(),
      input.light && input.calibration === undefined ? checkPointing(input) : undefined,
    ]);
    if (instrument.ramp !== undefined) await camera.setRamp(instrument.ramp, { signal });
    await checkLease(deps.readLease, input.lease);
    signal.throwIfAborted();
    const askedMs = nowMs(clocks);
    // Not cut short by a cancellation: whether the shutter opened must be known.
    await deps.gate.pass(() => camera.startExposure(input.exposureS, input.light));
    const answeredMs = nowMs(clocks);

    // A start time other than before is of the exposure just accepted. Many cameras set theirs only at its end.
    const last = await camera.lastExposure({ signal });
    const isNew = last !== null && last.startMs !== before?.startMs;
    const startMs = isNew
      ? last.startMs - (await cameraClock.learn(cameraId, camera, last.startMs, [askedMs, answeredMs]))
      : answeredMs;
    await exposures.exposing(input, startMs);
    return started(startMs, false);
  }

  /** Frees a camera that is busy with another exposure: aborts it, and waits for Idle. A read-out is waited for. */
  async function freed(camera: CameraClient, status: TimedStatus, readoutLimitS: number): Promise<void> {
    if (status.state === "Idle") return;
    const clock = clocks.fact();
    if (isIntegrating(status) || status.state === "Error") {
      await camera.abortExposure({ signal: cancellationSignal() });
    }
    await waitUntil(
      {
        what: `${camera.name} to become idle`,
        limitWallMs: motionLimitWallMs(clock, readoutLimitS),
        pollWallMs: motionPollWallMs(clock),
      },
      async (signal) => ((await camera.status({ signal })).state === "Idle" ? true : undefined),
    );
  }

  async function checkDisk(): Promise<void> {
    const freeMiB = await deps.freeDiskMiB();
    const leastMiB = deps.observatory.night.minFreeDiskMiB;
    if (freeMiB < leastMiB) {
      throw failure(
        FAILURE.DiskFull,
        `No exposure: ${freeMiB.toFixed(0)} MiB of disk are free, the limit is ${leastMiB} MiB.`,
      );
    }
  }

  async function checkPointing(input: ExposureInput): Promise<void> {
    const signal = cancellationSignal();
    const place = placeOf(input);
    const wheel = wheelBefore(deps.observatory, apparatusOf(deps, input).instrument);
    const [mount, dome, cover, filter] = await Promise.all([
      deps.telescope.status({ signal }),
      deps.dome.status({ signal }),
      coverState(signal),
      wheel === null ? null : filterIn(wheel.id, signal),
    ]);
    const refuse = (why: string): never => {
      throw failure(FAILURE.NotReady, `No exposure of ${input.target.name}: ${why}`);
    };
    if (dome.shutter !== "Open") refuse(`the dome is ${dome.shutter.toLowerCase()}, not open.`);
    if (cover === "Closed" || cover === "Moving")
      refuse(`the mirror cover is ${coverInWords(cover)}, not open.`);
    if (mount.parked) refuse("the mount is parked.");
    if (mount.slewing) refuse("the mount is slewing.");
    if (!mount.tracking) refuse("the mount does not track.");
    if (!onTarget(mount, place)) {
      refuse(`the mount points ${arcsecInWords(offsetOf(mount, place))} away from it.`);
    }
    if (wheel !== null && filter !== input.filter) {
      refuse(
        `the ${wheel.name} ${filter === null ? "is turning" : `holds ${filter}`}, asked is ${input.filter}.`,
      );
    }
    notes.note(input, { mount, filter });
  }

  async function filterIn(wheelId: string, signal: AbortSignal): Promise<string | null> {
    const client = deps.wheels.get(wheelId);
    if (client === undefined) throw new Error(`no client of filter wheel "${wheelId}" was built`);
    return (await client.status({ signal })).filter;
  }

  /** A cover that does not answer may well be open: frames are taken, and show it. */
  async function coverState(signal: AbortSignal): Promise<CoverWord> {
    if (deps.cover === null) return "NotPresent";
    try {
      return (await deps.cover.status({ signal, limitMs: COVER_CALL_LIMIT_MS })).cover;
    } catch (error) {
      if (error instanceof DeviceProblem) return "Unknown";
      throw error;
    }
  }

  function started(startMs: number, adopted: boolean): ExposureStarted {
    return { startMs, startWallMs: Math.round(wallMsOf(clocks.fact(), startMs)), adopted };
  }
}
