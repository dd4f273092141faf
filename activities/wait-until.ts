import { cancellationSignal, sleep } from "@temporalio/activity";
import { isSilence } from "../adapters/alpaca/errors.ts";
import type { ClockFact } from "../domain/clock.ts";
import { failure, FAILURE } from "./failures.ts";

export interface WaitLimits {
  /** What is waited for, for the failure: `the dome to open`. */
  readonly what: string;
  /** Wall ms. */
  readonly limitWallMs: number;
  readonly pollWallMs: number;
}

/** Wall ms between two looks at something that moves: short at high rates, where 0.1 s are seconds of the sky. */
export function motionPollWallMs(clock: ClockFact): number {
  return clock.rate > 1 ? 100 : 200;
}

/**
 * Looks until `look` gives something other than undefined.
 * A device that does not answer for a moment is looked at again until the limit.
 * Throws LimitExceeded, or DeviceUnreachable when it was silent at the last look; CancelledFailure when cancelled.
 */
export async function waitUntil<R>(
  { what, limitWallMs, pollWallMs }: WaitLimits,
  look: (signal: AbortSignal) => Promise<R | undefined>,
): Promise<R> {
  const signal = cancellationSignal();
  const startedMs = performance.now();
  for (;;) {
    let silence: unknown;
    try {
      const seen = await look(signal);
      if (seen !== undefined) return seen;
    } catch (error) {
      if (!isSilence(error)) throw error;
      silence = error;
    }
    if (performance.now() - startedMs >= limitWallMs) {
      const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
      if (silence instanceof Error) {
        throw failure(
          FAILURE.DeviceUnreachable,
          `Waited ${seconds} s for ${what}: ${silence.message}`,
          silence,
        );
      }
      throw failure(FAILURE.LimitExceeded, `Waited ${seconds} s of wall time for ${what}, in vain.`);
    }
    await sleep(pollWallMs);
  }
}
