/**
 * Where the mount points at any instant: a list of segments, each following the sky, standing on the Earth, or slewing.
 * Positions are computed from time, so nothing needs to tick and a restarted process goes on where the motion is by now.
 */
import { MS_PER_SECOND } from "../domain/units.ts";
import {
  angleDeg,
  apparentOf,
  between,
  directionOf,
  directionOfApparent,
  placeOf,
  siderealDeg,
} from "./sky/directions.ts";
import type { Direction } from "./sky/directions.ts";

/** Fixed in the ICRS but for the rates, degrees of RA and Dec per second. */
export interface SkySegment {
  readonly kind: "sky";
  readonly startMs: number;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly raRate: number;
  readonly decRate: number;
}

/** Fixed to the ground (hour angle and declination of date) but for the rates, degrees per second. */
export interface EarthSegment {
  readonly kind: "earth";
  readonly startMs: number;
  readonly hourAngleDeg: number;
  readonly decDeg: number;
  readonly hourAngleRate: number;
  readonly decRate: number;
}

/** On the great circle between two directions, speeding up, cruising, slowing down. */
export interface SlewSegment {
  readonly kind: "slew";
  readonly startMs: number;
  readonly endMs: number;
  readonly from: Direction;
  readonly to: Direction;
}

export type Segment = SkySegment | EarthSegment | SlewSegment;

export const SLEW_SPEED_DEG_S = 4;
export const SLEW_ACCELERATION_DEG_S2 = 2;

/** Seconds of a slew over `distanceDeg`: acceleration to the cruising speed, or half way when the distance is short. */
export function slewDurationS(distanceDeg: number): number {
  const rampDeg = SLEW_SPEED_DEG_S ** 2 / SLEW_ACCELERATION_DEG_S2;
  if (distanceDeg < rampDeg) return 2 * Math.sqrt(distanceDeg / SLEW_ACCELERATION_DEG_S2);
  return distanceDeg / SLEW_SPEED_DEG_S + SLEW_SPEED_DEG_S / SLEW_ACCELERATION_DEG_S2;
}

/** Degrees covered `elapsedS` after the start of a slew over `distanceDeg`. */
export function slewProgressDeg(distanceDeg: number, elapsedS: number): number {
  const wholeS = slewDurationS(distanceDeg);
  if (elapsedS <= 0) return 0;
  if (elapsedS >= wholeS) return distanceDeg;
  const rampS = Math.min(SLEW_SPEED_DEG_S / SLEW_ACCELERATION_DEG_S2, wholeS / 2);
  const ramp = (seconds: number): number => (SLEW_ACCELERATION_DEG_S2 * seconds ** 2) / 2;
  if (elapsedS <= rampS) return ramp(elapsedS);
  if (elapsedS >= wholeS - rampS) return distanceDeg - ramp(wholeS - elapsedS);
  return ramp(rampS) + SLEW_ACCELERATION_DEG_S2 * rampS * (elapsedS - rampS);
}

/** ICRS direction of a segment at an instant. */
export function segmentDirection(segment: Segment, atMs: number, lonDeg: number): Direction {
  const elapsedS = Math.max(0, atMs - segment.startMs) / MS_PER_SECOND;
  switch (segment.kind) {
    case "sky":
      return directionOf({
        raDeg: segment.raDeg + segment.raRate * elapsedS,
        decDeg: segment.decDeg + segment.decRate * elapsedS,
      });
    case "earth": {
      const hourAngleDeg = segment.hourAngleDeg + segment.hourAngleRate * elapsedS;
      const place = {
        raDeg: siderealDeg(atMs, lonDeg) - hourAngleDeg,
        decDeg: segment.decDeg + segment.decRate * elapsedS,
      };
      return directionOfApparent(place, atMs);
    }
    default: {
      const distanceDeg = angleDeg(segment.from, segment.to);
      const fraction = distanceDeg === 0 ? 1 : slewProgressDeg(distanceDeg, elapsedS) / distanceDeg;
      return between(segment.from, segment.to, fraction);
    }
  }
}

export interface MountPath {
  readonly directionAt: (atMs: number) => Direction;
  readonly segmentAt: (atMs: number) => Segment;
  /** Instants at which one segment gives way to the next, within (fromMs, toMs). */
  readonly changes: (fromMs: number, toMs: number) => number[];
  /** Goes on with these segments from `atMs`; what was planned after it is dropped. */
  readonly follow: (atMs: number, ...segments: readonly Segment[]) => void;
  readonly segments: () => readonly Segment[];
}

const SEGMENTS_KEPT = 100;

/** The path of a mount at that longitude, beginning with `initial` (at least one segment). */
export function createMountPath(lonDeg: number, initial: readonly [Segment, ...Segment[]]): MountPath {
  let segments: readonly [Segment, ...Segment[]] = initial;
  const segmentAt = (atMs: number): Segment =>
    segments.findLast((segment) => segment.startMs <= atMs) ?? segments[0];
  return {
    segmentAt,
    directionAt: (atMs) => segmentDirection(segmentAt(atMs), atMs, lonDeg),
    changes: (fromMs, toMs) =>
      segments.map((segment) => segment.startMs).filter((startMs) => startMs > fromMs && startMs < toMs),
    follow: (atMs, ...added) => {
      const kept = segments.filter((segment) => segment.startMs < atMs).slice(-SEGMENTS_KEPT);
      const [first = segments[0], ...rest] = [...kept, ...added];
      segments = [first, ...rest];
    },
    segments: () => segments,
  };
}

/** A segment that stays where the mount points at that instant: with the sky when tracking, else with the ground. */
export function holdAt(
  direction: Direction,
  atMs: number,
  lonDeg: number,
  tracking: boolean,
  rates: { readonly raRate: number; readonly decRate: number } = { raRate: 0, decRate: 0 },
): SkySegment | EarthSegment {
  if (tracking) return { kind: "sky", startMs: atMs, ...placeOf(direction), ...rates };
  const apparent = apparentOf(direction, atMs);
  return {
    kind: "earth",
    startMs: atMs,
    hourAngleDeg: siderealDeg(atMs, lonDeg) - apparent.raDeg,
    decDeg: apparent.decDeg,
    hourAngleRate: -rates.raRate,
    decRate: rates.decRate,
  };
}
