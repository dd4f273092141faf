import { MS_PER_SECOND } from "../units.ts";

/** The newest exposure of a camera by the camera's own account. */
export interface CameraExposure {
  /** By the camera's clock, Unix ms. */
  readonly startMs: number;
  readonly durationS: number;
}

/** A camera may have started this much before the start that was written down: clocks and rounding. */
export const START_TOLERANCE_MS = MS_PER_SECOND;
/** A camera clock that is off by more is an alarm, and is corrected for before starts are compared. */
export const CLOCK_ALARM_MS = MS_PER_SECOND;

/**
 * Whether the camera's newest exposure is the one we wanted: same duration, and not started before the intended
 * start less one second. Only then may a finished or running exposure be adopted after a crash.
 * @param intendedStartMs written once before the first attempt to start, Unix ms
 * @param cameraClockOffsetMs how far the camera's clock is ahead of ours; 0 when it agrees within a second
 */
export function isOurExposure(
  last: CameraExposure | null,
  wanted: { readonly intendedStartMs: number; readonly durationS: number },
  cameraClockOffsetMs: number,
): boolean {
  if (last === null) return false;
  // Cameras round the duration to their resolution.
  const toleranceS = Math.max(0.002, wanted.durationS * 0.001);
  if (Math.abs(last.durationS - wanted.durationS) > toleranceS) return false;
  return last.startMs - cameraClockOffsetMs >= wanted.intendedStartMs - START_TOLERANCE_MS;
}

/**
 * How far a device's clock is ahead of ours, in ms; 0 when that is within a second or within what the measurement can tell.
 * @param deviceMs what the device's clock showed
 * @param askedMs,answeredMs our clock (observatory time, Unix ms) right before the question and right after the answer
 */
export function clockOffsetMs(deviceMs: number, askedMs: number, answeredMs: number): number {
  if (deviceMs < askedMs - CLOCK_ALARM_MS) return deviceMs - askedMs;
  if (deviceMs > answeredMs + CLOCK_ALARM_MS) return deviceMs - answeredMs;
  return 0;
}
