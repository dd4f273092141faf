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
