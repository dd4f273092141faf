/** Something that moves along one line at a constant speed: a shutter, a cover, a focuser, a filter wheel. */
import { MS_PER_SECOND } from "../domain/units.ts";

/** From `from` at `startMs` to `to`, standing there afterwards. */
export interface TravelLeg {
  readonly startMs: number;
  readonly endMs: number;
  readonly from: number;
  readonly to: number;
}

export interface Travel {
  readonly positionAt: (atMs: number) => number;
  readonly movingAt: (atMs: number) => boolean;
  readonly moveTo: (goal: number, atMs: number) => void;
  readonly stop: (atMs: number) => void;
  /** Where the newest leg ends. */
  readonly goal: () => number;
  /** Instants within (fromMs, toMs) at which it starts or stops. */
  readonly changes: (fromMs: number, toMs: number) => number[];
  readonly legs: () => readonly TravelLeg[];
}

const LEGS_KEPT = 50;

/** Stands at `position` unless `restored` legs of a former process say otherwise; `speed` in units per second of time given. */
export function createTravel(
  restored: readonly TravelLeg[] | undefined,
  position: number,
  speed: number,
): Travel {
  const still: TravelLeg = { startMs: 0, endMs: 0, from: position, to: position };
  let legs: readonly TravelLeg[] = restored === undefined || restored.length === 0 ? [still] : restored;

  const legAt = (atMs: number): TravelLeg => legs.findLast((leg) => leg.startMs <= atMs) ?? legs[0] ?? still;
  const positionAt = (atMs: number): number => {
    const leg = legAt(atMs);
    if (atMs >= leg.endMs) return leg.to;
    if (atMs <= leg.startMs) return leg.from;
    return leg.from + ((leg.to - leg.from) * (atMs - leg.startMs)) / (leg.endMs - leg.startMs);
  };
  const begin = (to: number, atMs: number): void => {
    const from = positionAt(atMs);
    const endMs = atMs + Math.round((Math.abs(to - from) / speed) * MS_PER_SECOND);
    const kept = legs.filter((leg) => leg.startMs < atMs).slice(-LEGS_KEPT);
    legs = [...kept, { startMs: atMs, endMs, from, to }];
  };
  return {
    positionAt,
    movingAt: (atMs) => atMs < legAt(atMs).endMs,
    moveTo: begin,
    stop: (atMs) => begin(positionAt(atMs), atMs),
    goal: () => (legs.at(-1) ?? still).to,
    changes: (fromMs, toMs) =>
      legs.flatMap((leg) => [leg.startMs, leg.endMs]).filter((ms) => ms > fromMs && ms < toMs),
    legs: () => legs,
  };
}
