import { MS_PER_DAY } from "../units.ts";

/** When a sequence may be taken, and how many nights it may still move on. */
export interface CarriedWindow {
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly preferredMs: number | null;
  readonly carryOverNights: number;
}

/**
 * The window of a sequence that was not done in its own: moved on by whole nights to the first that is not over yet.
 * @param nowMs observatory time, Unix ms
 * @returns null when its window is not over, or when it has not enough nights left to move
 */
export function carriedOver(sequence: CarriedWindow, nowMs: number): CarriedWindow | null {
  if (sequence.windowEndMs > nowMs) return null;
  const nights = Math.floor((nowMs - sequence.windowEndMs) / MS_PER_DAY) + 1;
  if (nights > sequence.carryOverNights) return null;
  const later = nights * MS_PER_DAY;
  return {
    windowStartMs: sequence.windowStartMs + later,
    windowEndMs: sequence.windowEndMs + later,
    preferredMs: sequence.preferredMs === null ? null : sequence.preferredMs + later,
    carryOverNights: sequence.carryOverNights - nights,
  };
}
