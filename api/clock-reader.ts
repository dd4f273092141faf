import type { Database } from "../db/orm.ts";
import type { ClockFact } from "../domain/clock.ts";

export interface ClockReader {
  readonly fact: () => ClockFact;
  /** A newer fact that came by another way: with the observatory's state. Older epochs are ignored. */
  readonly offer: (fact: ClockFact) => void;
  readonly stop: () => void;
}

const REREAD_WALL_MS = 2_000;

/**
 * The stored clock fact, read again every 2 s: `up` anchors it anew after a stop.
 * @throws Error when there is no clock yet: `vesper up` makes it
 */
export async function openClockReader(
  repository: Database["clock"],
  onProblem: (error: unknown) => void,
): Promise<ClockReader> {
  const first = await repository.read();
  if (first === null)
    throw new Error('There is no clock yet: start the observatory with "vesper up", which makes it.');
  let fact = first.clock;
  const offer = (newer: ClockFact): void => {
    if (newer.epoch > fact.epoch) fact = newer;
  };
  const timer = setInterval(() => {
    repository.read().then((stored) => {
      if (stored !== null) offer(stored.clock);
    }, onProblem);
  }, REREAD_WALL_MS);
  timer.unref();
  return { fact: () => fact, offer, stop: () => clearInterval(timer) };
}
