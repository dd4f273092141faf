import { altAz } from "../astronomy/alt-az.ts";
import { sunPosition } from "../astronomy/sun-moon.ts";
import type { Observatory } from "../observatory.ts";
import { separationDeg } from "../units.ts";

/** A mount is on its target when it is nearer to it than this. */
export const ON_TARGET_ARCSEC = 30;

export interface PointingTarget {
  readonly name: string;
  /** ICRS, degrees. */
  readonly raDeg: number;
  readonly decDeg: number;
}

/**
 * Why the telescope must not point at a target at `tMs` (Unix ms), in a sentence with numbers; null when it may.
 * Altitudes are airless, apparent of date.
 * @param minAltDeg the request's own lowest altitude, beside the telescope's
 */
export function whyNotPointing(
  { site, telescope }: Pick<Observatory, "site" | "telescope">,
  target: PointingTarget,
  minAltDeg: number,
  tMs: number,
): string | null {
  const { altDeg, azDeg } = altAz(site, target.raDeg, target.decDeg, tMs);
  const lowestDeg = Math.max(minAltDeg, telescope.minAltDeg);
  if (altDeg < lowestDeg) {
    return `${target.name} stands ${altDeg.toFixed(1)}° high, the limit is ${lowestDeg.toFixed(1)}°.`;
  }
  const sun = sunPosition(site, tMs);
  const sunDistanceDeg = separationDeg(azDeg, altDeg, sun.azDeg, sun.altDeg);
  if (sunDistanceDeg < telescope.minSunSeparationDeg) {
    return `${target.name} stands ${sunDistanceDeg.toFixed(1)}° from the Sun, the limit is ${telescope.minSunSeparationDeg.toFixed(1)}°.`;
  }
  return null;
}
