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
  const lowestDeg = Math.max(minAltDeg, telescope.minAltDeg);
  return whyBeyond(site, target, lowestDeg, telescope.minSunSeparationDeg, tMs);
}

/** A field that is tracked may go this far beyond the limits of pointing before the mount is stopped, degrees. */
const TRACKING_LEEWAY_DEG = 5;

/**
 * Why a mount must not go on tracking where it points, in a sentence with numbers; null when it may. Nobody plans a frame
 * there: only a mount that was left alone gets so far.
 */
export function whyNotTracking(
  { site, telescope }: Pick<Observatory, "site" | "telescope">,
  place: Omit<PointingTarget, "name">,
  tMs: number,
): string | null {
  const lowestDeg = Math.max(0, telescope.minAltDeg - TRACKING_LEEWAY_DEG);
  const sunDeg = Math.max(0, telescope.minSunSeparationDeg - TRACKING_LEEWAY_DEG);
  return whyBeyond(site, { name: "The field that the mount tracks", ...place }, lowestDeg, sunDeg, tMs);
}

function whyBeyond(
  site: Observatory["site"],
  { name, raDeg, decDeg }: PointingTarget,
  lowestDeg: number,
  nearestSunDeg: number,
  tMs: number,
): string | null {
  const { altDeg, azDeg } = altAz(site, raDeg, decDeg, tMs);
  if (altDeg < lowestDeg) {
    return `${name} stands ${altDeg.toFixed(1)}° high, the limit is ${lowestDeg.toFixed(1)}°.`;
  }
  const sun = sunPosition(site, tMs);
  const sunDistanceDeg = separationDeg(azDeg, altDeg, sun.azDeg, sun.altDeg);
  if (sunDistanceDeg < nearestSunDeg) {
    return `${name} stands ${sunDistanceDeg.toFixed(1)}° from the Sun, the limit is ${nearestSunDeg.toFixed(1)}°.`;
  }
  return null;
}
