/**
 * The observatory clock: one stored fact from which every process derives observatory time.
 * At rate 1 it is the real sky; at another rate it is the demonstration and development mode.
 */
export interface ClockFact {
  /** Observatory time (Unix ms) at the anchor. */
  readonly startMs: number;
  /** Wall time (Unix ms) of the anchor. */
  readonly anchorMs: number;
  /** Observatory seconds per wall second; 1 is the real sky. */
  readonly rate: number;
  /** Raised each time the clock is anchored anew; a waiter that sees a new epoch computes its wait again. */
  readonly epoch: number;
}

/** The real sky: observatory time is wall time. */
export const REAL_CLOCK: ClockFact = { startMs: 0, anchorMs: 0, rate: 1, epoch: 0 };

/** Observatory time (Unix ms) at wall time `wallMs`. */
export function observatoryMs(clock: ClockFact, wallMs: number): number {
  return Math.round(clock.startMs + (wallMs - clock.anchorMs) * clock.rate);
}

/** Wall time (Unix ms) at which the observatory clock shows `instantMs`. */
export function wallMsOf(clock: ClockFact, instantMs: number): number {
  return clock.anchorMs + (instantMs - clock.startMs) / clock.rate;
}

/** Wall milliseconds from `wallMs` until the observatory clock shows `instantMs`; 0 when it is past. Never early: rounded up. */
export function wallWaitMs(clock: ClockFact, instantMs: number, wallMs: number): number {
  return Math.max(0, Math.ceil(wallMsOf(clock, instantMs) - wallMs));
}

/** Wall milliseconds that `durationMs` of observatory time take. */
export function wallDurationMs(clock: ClockFact, durationMs: number): number {
  return Math.ceil(durationMs / clock.rate);
}

/**
 * Wall limit around a device motion of `motionLimitS` observatory seconds: motionLimit/rate + 10 s.
 * The 10 s are for software, which runs on wall time at any rate.
 */
export function motionLimitWallMs(clock: ClockFact, motionLimitS: number): number {
  return wallDurationMs(clock, motionLimitS * 1_000) + 10_000;
}

/** The clock anchored anew at (lastTickMs, wallMs) with the next epoch: the time the stack was down does not count. */
export function reanchored(clock: ClockFact, lastTickMs: number, wallMs: number): ClockFact {
  return { startMs: lastTickMs, anchorMs: wallMs, rate: clock.rate, epoch: clock.epoch + 1 };
}
