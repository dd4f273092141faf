import { ARCSEC_PER_DEG, DEG_PER_RAD, RAD_PER_DEG, wrap360 } from "../units.ts";

/** Small steps of the telescope between the frames of a sequence, so that no star stays on one pixel. */
export interface Dither {
  /** Distance of the pattern's positions along each axis, arcsec. */
  readonly stepArcsec: number;
  /** Positions among which the frames of each plan are divided evenly; 2 to 9. */
  readonly positions: number;
}

export const MIN_DITHER_POSITIONS = 2;
export const MAX_DITHER_POSITIONS = 9;

export interface DitherOffset {
  /** On the sky, not in right ascension: arcsec. */
  readonly eastArcsec: number;
  readonly northArcsec: number;
}

/** The grid of three by three in steps, the centre first, then in an order that never repeats a row or column at once. */
const PATTERN: readonly (readonly [east: number, north: number])[] = [
  [0, 0],
  [1, 1],
  [-1, -1],
  [1, -1],
  [-1, 1],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
];

/** Offset of a position (0 is the target itself). */
export function ditherOffset(dither: Dither | null, position: number): DitherOffset {
  const [east, north] = PATTERN[position] ?? [0, 0];
  const step = dither?.stepArcsec ?? 0;
  return { eastArcsec: east * step, northArcsec: north * step };
}

/**
 * Position at which frame `n` (1 … count) of a plan is taken. It follows from the frame's number alone, so that a
 * sequence which goes on after an interruption takes each frame where it would have been taken.
 */
export function ditherPosition(dither: Dither | null, n: number, count: number): number {
  if (dither === null) return 0;
  return Math.floor(((n - 1) * dither.positions) / count);
}

/** The place that lies an offset away from another (gnomonic projection about the first; ICRS degrees). */
export function offsetPlace<Place extends { readonly raDeg: number; readonly decDeg: number }>(
  place: Place,
  { eastArcsec, northArcsec }: DitherOffset,
): Place {
  if (eastArcsec === 0 && northArcsec === 0) return place;
  const xi = (eastArcsec / ARCSEC_PER_DEG) * RAD_PER_DEG;
  const eta = (northArcsec / ARCSEC_PER_DEG) * RAD_PER_DEG;
  const dec0 = place.decDeg * RAD_PER_DEG;
  const across = Math.cos(dec0) - eta * Math.sin(dec0);
  const raDeg = wrap360(place.raDeg + Math.atan2(xi, across) * DEG_PER_RAD);
  const decDeg = Math.atan2(Math.sin(dec0) + eta * Math.cos(dec0), Math.hypot(xi, across)) * DEG_PER_RAD;
  return { ...place, raDeg, decDeg };
}

/** A mount has followed a dither when it is nearer to the new place than this, arcsec: well below the step itself. */
export function ditherToleranceArcsec(dither: Dither): number {
  return Math.max(1, dither.stepArcsec / 5);
}
