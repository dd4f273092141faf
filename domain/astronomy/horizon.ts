import { wrap360 } from "../units.ts";

/** One corner of the line that hides the sky: azimuth (N = 0, E = 90) and the altitude below which nothing is seen. */
export interface HorizonPoint {
  readonly azDeg: number;
  readonly altDeg: number;
}

/**
 * Altitude in degrees of the horizon line in one azimuth: straight between its corners, around the circle.
 * @param corners sorted by azimuth, 0 to 360; an empty list hides nothing
 */
export function horizonAltDeg(corners: readonly HorizonPoint[], azDeg: number): number {
  const first = corners[0];
  const last = corners.at(-1);
  if (first === undefined || last === undefined) {
    return -90;
  }
  const next = corners.findIndex((corner) => corner.azDeg > azDeg);
  const left = (next > 0 ? corners[next - 1] : last) ?? last;
  const right = (next >= 0 ? corners[next] : first) ?? first;
  const width = wrap360(right.azDeg - left.azDeg);
  const share = width === 0 ? 0 : wrap360(azDeg - left.azDeg) / width;
  return left.altDeg + share * (right.altDeg - left.altDeg);
}
