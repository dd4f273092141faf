import { Problem } from "../../problem.ts";
import { duration } from "../../words/time.ts";

/** Counts failed sign-ins within a window of wall time. */
export interface Attempts {
  /** Wall ms to wait before the next try; 0: may try now. */
  waitMs(key: string): number;
  failed(key: string): void;
  succeeded(key: string): void;
}

/**
 * @param limit failures within the window after which no more are taken
 * @param windowMs wall ms after which a failure is forgotten
 */
export function createAttempts(limit: number, windowMs: number, nowWallMs: () => number): Attempts {
  const failures = new Map<string, number[]>();
  const recent = (key: string): number[] =>
    (failures.get(key) ?? []).filter((wallMs) => nowWallMs() - wallMs < windowMs);

  return {
    waitMs: (key) => {
      const times = recent(key);
      const [oldest] = times.slice(-limit);
      return times.length < limit || oldest === undefined ? 0 : oldest + windowMs - nowWallMs();
    },
    failed: (key) => {
      // Old keys go first: the map does not grow with the number of addresses that try.
      if (failures.size >= 10_000) failures.delete(failures.keys().next().value ?? "");
      const times = [...recent(key), nowWallMs()];
      failures.delete(key);
      failures.set(key, times.slice(-limit));
    },
    succeeded: (key) => {
      failures.delete(key);
    },
  };
}

/**
 * Counts one asking from an address.
 * @param what what is asked for, as the sentence says it: `passwords`
 * @throws Problem 429 with the time to wait when it has asked too often
 */
export function countAsking(perAddress: Attempts, address: string, what: string): void {
  const waitMs = perAddress.waitMs(address);
  if (waitMs > 0) {
    throw new Problem(429, `Too many ${what} were asked for from here. Try again in ${duration(waitMs)}.`, {
      "retry-after": String(Math.ceil(waitMs / 1_000)),
    });
  }
  perAddress.failed(address);
}
