import { observatoryMs, type ClockFact } from "../domain/clock.ts";

/** The two clocks as a process sees them. */
export interface Clocks {
  /** The stored clock, read again when `up` anchors it anew. */
  readonly fact: () => ClockFact;
  /** Wall time, Unix ms. */
  readonly wallMs: () => number;
}

/** Observatory time now, Unix ms. */
export function nowMs(clocks: Clocks): number {
  return observatoryMs(clocks.fact(), clocks.wallMs());
}
