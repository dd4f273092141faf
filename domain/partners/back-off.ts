/** Waits between attempts to deliver a message, wall ms. */
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/**
 * How long to wait after attempt number `attempt` has failed: doubled each time up to 30 s, half of it drawn, so that
 * receivers that come back are not met by everybody at once.
 * @param random a number in [0, 1)
 * @param askedMs what the receiver asked for (Retry-After), at most ten minutes are granted; null when it asked nothing
 */
export function backOffMs(attempt: number, random: number, askedMs: number | null): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(20, Math.max(0, attempt - 1)));
  const wait = full * (0.5 + random / 2);
  return Math.round(Math.max(wait, Math.min(askedMs ?? 0, 600_000)));
}
