import { cancellationSignal } from "@temporalio/activity";
import { DeviceProblem } from "../adapters/alpaca/errors.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import type { RampDescription } from "../domain/observatory.ts";
import { isOurExposure } from "../domain/safety/exposure-identity.ts";
import { MS_PER_SECOND } from "../domain/units.ts";
import { createCameraClock } from "./camera-clock.ts";
import { nowMs } from "./clocks.ts";
import {
  apparatusOf,
  cameraOf,
  isIntegrating,
  isReadingOut,
  type CameraDeps,
  type ExposureInput,
} from "./exposure.ts";
import { runActivity } from "./run-activity.ts";
import { createFetchExposure, type ExposureFetched } from "./fetch-exposure.ts";
import { createStartExposure } from "./start-exposure.ts";
import { createStartNotes } from "./start-notes.ts";
import { checkLease } from "./lease-check.ts";
import type { Lease } from "../workflows/messages.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export type { ExposureFetched } from "./fetch-exposure.ts";
export type { ExposureStarted } from "./start-exposure.ts";
export type { ExposureInput } from "./exposure.ts";

export interface CoolInput {
  readonly cameraId: string;
  readonly setPointC: number;
  /** How it is read, near-infrared cameras only. */
  readonly ramp?: RampDescription;
  /** Observatory seconds. */
  readonly limitS: number;
}

export interface WarmInput {
  readonly lease: Lease;
  readonly cameraId: string;
}

export interface Cooled {
  readonly temperatureC: number;
  readonly tookS: number;
}

/** What an abort found and did at one camera. */
export interface AbortedCamera {
  /** reading: the frame was already finished and is to be fetched. failed: see `detail`; `awaitIdle` tells how it ended. */
  readonly did: "aborted" | "reading" | "idle" | "failed";
  readonly detail: string;
}

export interface AbortInput {
  readonly cameraIds: readonly string[];
  readonly reason: string;
  /** The workflow that is interrupted by it: from now on nothing that it asked for is started any more. */
  readonly interrupted?: string;
}

export interface AbortedExposures {
  readonly abortedWallMs: number;
  readonly perCamera: Readonly<Record<string, AbortedCamera>>;
}

export type ExposureSettled = ExposureFetched | { readonly kind: "aborted"; readonly reason: string };

/** A cooled detector is within this of its set point, Celsius. */
const SET_POINT_TOLERANCE_C = 1;
/** An abort must not wait for a camera that hangs: the slew of an alert comes after it. */
const ABORT_CALL_LIMIT_MS = 2_000;

export type CameraActivities = ReturnType<typeof createCameraActivities>;

/** What exposes, reads out and cools. Starting needs the lease; aborting never does. */
export function createCameraActivities(deps: CameraDeps) {
  const { clocks, exposures } = deps;
  const cameraClock = createCameraClock(deps);
  const notes = createStartNotes(deps);
  const startExposure = createStartExposure(deps, cameraClock, notes);
  const { fetchExposure, adopt } = createFetchExposure(deps, cameraClock, notes);

  /**
   * Sets full frame, bin 1 and the set point, and waits until the detector is within 1 C of it. An exposure that runs is let finish.
   * Throws LimitExceeded, DeviceFault, DeviceUnreachable.
   */
  async function coolCamera({ cameraId, setPointC, ramp, limitS }: CoolInput): Promise<Cooled> {
    const camera = cameraOf(deps, cameraId);
    const clock = clocks.fact();
    const startedMs = nowMs(clocks);
    let configured = false;
    return waitUntil(
      {
        what: `${camera.name} to reach ${setPointC} °C`,
        limitWallMs: motionLimitWallMs(clock, limitS),
        pollWallMs: Math.max(motionPollWallMs(clock), 250),
      },
      async (signal) => {
        const status = await cameraClock.status(cameraId, camera, signal);
        if (!configured && status.state !== "Idle") return undefined;
        if (!configured) await camera.configure(setPointC, { signal });
        if (!configured && ramp !== undefined) await camera.setRamp(ramp, { signal });
        configured = true;
        const { temperatureC } = status;
        if (temperatureC === null || Math.abs(temperatureC - setPointC) > SET_POINT_TOLERANCE_C) {
          return undefined;
        }
        return { temperatureC, tookS: (nowMs(clocks) - startedMs) / MS_PER_SECOND };
      },
    );
  }

  /** Switches the cooler off. Throws LeaseLost, DeviceFault, DeviceUnreachable. */
  async function warmCamera({ lease, cameraId }: WarmInput): Promise<void> {
    const camera = cameraOf(deps, cameraId);
    await checkLease(deps.readLease, lease);
    await camera.warm({ signal: cancellationSignal() });
  }

  /**
   * Aborts what the cameras integrate, all at once, and returns when that is acknowledged. A frame that is finished or being read
   * out is left alone. A camera that does not answer is in the result, not an error: the others must not wait. Of the
   * interrupted workflow nothing is started from here on, neither an exposure nor a slew.
   */
  async function abortExposures({ cameraIds, interrupted }: AbortInput): Promise<AbortedExposures> {
    if (interrupted !== undefined) await deps.gate.close(interrupted);
    const perCamera = await Promise.all(
      cameraIds.map(async (cameraId) => [cameraId, await abortOne(cameraId)] as const),
    );
    return { abortedWallMs: clocks.wallMs(), perCamera: Object.fromEntries(perCamera) };
  }

  async function abortOne(cameraId: string): Promise<AbortedCamera> {
    const camera = cameraOf(deps, cameraId);
    const options = { signal: cancellationSignal(), limitMs: ABORT_CALL_LIMIT_MS };
    try {
      const status = await camera.status(options);
      if (status.imageReady || isReadingOut(status)) {
        return { did: "reading", detail: `${camera.name} has finished its frame; it is fetched.` };
      }
      if (status.state === "Idle") return { did: "idle", detail: `${camera.name} was idle.` };
      await camera.abortExposure(options);
      return { did: "aborted", detail: `${camera.name} threw its exposure away.` };
    } catch (error) {
      if (!(error instanceof DeviceProblem)) throw error;
      return { did: "failed", detail: error.message };
    }
  }

  /**
   * Waits until the cameras are Idle, verified. Called when no start is outstanding: an exposure that runs then is nobody's, and is aborted.
   * @param limitS observatory seconds
   * Throws LimitExceeded, DeviceFault, DeviceUnreachable.
   */
  async function awaitIdle({
    cameraIds,
    limitS,
  }: {
    readonly cameraIds: readonly string[];
    readonly limitS: number;
  }): Promise<{ readonly idleMs: number }> {
    const clock = clocks.fact();
    await Promise.all(
      cameraIds.map((cameraId) => {
        const camera = cameraOf(deps, cameraId);
        return waitUntil(
          {
            what: `${camera.name} to become idle`,
            limitWallMs: motionLimitWallMs(clock, limitS),
            pollWallMs: motionPollWallMs(clock),
          },
          async (signal) => {
            const status = await camera.status({ signal });
            if (status.state === "Idle") return true;
            if (isIntegrating(status) || status.state === "Error") await camera.abortExposure({ signal });
            return undefined;
          },
        );
      }),
    );
    return { idleMs: nowMs(clocks) };
  }

  /**
   * Ends the account of a frame after an abort or a cancellation: fetched when the camera had finished it, else marked aborted.
   * Called when its start has ended. Run twice it answers the same.
   */
  async function settleAborted(
    input: ExposureInput & { readonly reason?: string },
  ): Promise<ExposureSettled> {
    const reason = input.reason ?? "The exposure was aborted.";
    const row = await exposures.find(input);
    if (row === null) return { kind: "aborted", reason };
    if (row.state === "aborted") return { kind: "aborted", reason: row.reason ?? reason };
    if (row.state === "stored" || row.state === "lost") return fetchExposure(input);

    const written = await adopt(input, row);
    if (written !== null) return { kind: "stored", ...written };
    const { camera, instrument } = apparatusOf(deps, input);
    const signal = cancellationSignal();
    const [status, last] = await Promise.all([
      cameraClock.status(instrument.cameraId, camera, signal),
      camera.lastExposure({ signal }),
    ]);
    if (isOurExposure(last, { ...row, durationS: input.exposureS }, status.clockOffsetMs)) {
      if (status.imageReady || isReadingOut(status)) return fetchExposure(input);
      if (isIntegrating(status)) await camera.abortExposure({ signal });
    }
    await exposures.end(input, "aborted", reason);
    return { kind: "aborted", reason };
  }

  return {
    coolCamera: (input: CoolInput) => runActivity(() => coolCamera(input)),
    warmCamera: (input: WarmInput) => runActivity(() => warmCamera(input)),
    startExposure: (input: ExposureInput) => runActivity(() => startExposure(input)),
    fetchExposure: (input: ExposureInput) => runActivity(() => fetchExposure(input)),
    abortExposures: (input: AbortInput) => runActivity(() => abortExposures(input)),
    awaitIdle: (input: { readonly cameraIds: readonly string[]; readonly limitS: number }) =>
      runActivity(() => awaitIdle(input)),
    settleAborted: (input: ExposureInput & { readonly reason?: string }) =>
      runActivity(() => settleAborted(input)),
  };
}
