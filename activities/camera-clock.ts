import type { CameraClient, CameraStatus } from "../adapters/alpaca/camera.ts";
import { clockOffsetMs } from "../domain/safety/exposure-identity.ts";
import { nowMs } from "./clocks.ts";
import type { CameraDeps } from "./exposure.ts";

/** A camera's state, and how far its clock is ahead of ours (0: agrees within a second). */
export interface TimedStatus extends CameraStatus {
  readonly clockOffsetMs: number;
}

export type CameraClock = ReturnType<typeof createCameraClock>;

/**
 * Watches over the clocks of cameras. The offset is learnt from the start times of the exposures we started; before the
 * first, from the time a camera says with its state.
 */
export function createCameraClock({ clocks, journal }: Pick<CameraDeps, "clocks" | "journal">) {
  const offsets = new Map<string, number>();
  const learnt = new Set<string>();

  async function note(cameraId: string, camera: CameraClient, offsetMs: number): Promise<void> {
    const before = offsets.get(cameraId) ?? 0;
    offsets.set(cameraId, offsetMs);
    if ((before === 0) === (offsetMs === 0)) return;
    await journal(
      offsetMs === 0
        ? {
            level: "info",
            module: "camera",
            deviceId: cameraId,
            text: `The clock of ${camera.name} is right again.`,
          }
        : {
            level: "alarm",
            module: "camera",
            deviceId: cameraId,
            text: `The clock of ${camera.name} is ${(Math.abs(offsetMs) / 1_000).toFixed(1)} s ${offsetMs > 0 ? "ahead" : "behind"}; more than 1 s is an alarm. Its times are corrected by that.`,
          },
    );
  }

  return {
    /** The state of a camera, its clock measured by the way. */
    async status(cameraId: string, camera: CameraClient, signal: AbortSignal): Promise<TimedStatus> {
      const askedMs = nowMs(clocks);
      const status = await camera.status({ signal });
      if (status.clockMs !== null && !learnt.has(cameraId)) {
        await note(cameraId, camera, clockOffsetMs(status.clockMs, askedMs, nowMs(clocks)));
      }
      return { ...status, clockOffsetMs: offsets.get(cameraId) ?? 0 };
    },

    /** Learns from an exposure that was certainly started between two instants of our clock. */
    async learn(
      cameraId: string,
      camera: CameraClient,
      startMs: number,
      between: readonly [number, number],
    ): Promise<number> {
      learnt.add(cameraId);
      const offsetMs = clockOffsetMs(startMs, ...between);
      await note(cameraId, camera, offsetMs);
      return offsetMs;
    },

    offsetMs: (cameraId: string): number => offsets.get(cameraId) ?? 0,
  };
}
