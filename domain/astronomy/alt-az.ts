import { SiderealTime } from "astronomy-engine";
import { DEG_PER_HOUR, DEG_PER_RAD, RAD_PER_DEG, wrap360 } from "../units.ts";
import { apparentFrame, apparentPlace } from "./apparent.ts";
import type { ApparentFrame, Equatorial } from "./apparent.ts";
import type { Site } from "./site.ts";
import { astroTime } from "./time-scales.ts";

/** Place in the sky over a site: altitude above the horizon without refraction, azimuth N = 0, E = 90; degrees. */
export interface AltAz {
  readonly altDeg: number;
  readonly azDeg: number;
}

/** Greenwich apparent sidereal time in degrees at `tMs` (Unix time in ms). */
export function gastDeg(tMs: number): number {
  return wrap360(SiderealTime(astroTime(tMs)) * DEG_PER_HOUR);
}

/** Local apparent sidereal time in degrees, 0 to 360. */
export function lastDeg(site: Site, tMs: number): number {
  return wrap360(gastDeg(tMs) + site.lonDeg);
}

/** Altitude and azimuth of an apparent place of date, when the local apparent sidereal time is `lastDeg`. */
export function horizontal(site: Site, lastDeg: number, { raDeg, decDeg }: Equatorial): AltAz {
  const hourAngle = (lastDeg - raDeg) * RAD_PER_DEG;
  const lat = site.latDeg * RAD_PER_DEG;
  const dec = decDeg * RAD_PER_DEG;
  const south = Math.sin(lat) * Math.cos(dec) * Math.cos(hourAngle) - Math.cos(lat) * Math.sin(dec);
  const west = Math.cos(dec) * Math.sin(hourAngle);
  const up = Math.sin(lat) * Math.sin(dec) + Math.cos(lat) * Math.cos(dec) * Math.cos(hourAngle);
  return {
    altDeg: Math.atan2(up, Math.hypot(south, west)) * DEG_PER_RAD,
    azDeg: wrap360(Math.atan2(-west, -south) * DEG_PER_RAD),
  };
}

/**
 * Airless altitude and azimuth of a catalogue place, with precession, nutation and aberration.
 * @param raDeg,decDeg ICRS/J2000, degrees
 * @param tMs Unix time in ms
 * @param frame the frame of the same night, when many places are asked for at once
 */
export function altAz(
  site: Site,
  raDeg: number,
  decDeg: number,
  tMs: number,
  frame: ApparentFrame = apparentFrame(tMs),
): AltAz {
  return horizontal(site, lastDeg(site, tMs), apparentPlace(frame, raDeg, decDeg));
}

/**
 * Relative air mass by Kasten & Young (1989, Applied Optics 28, 4735): 1 at the zenith, 38 on the horizon.
 * @param altDeg altitude in degrees
 * @returns the air mass, or null below the horizon
 */
export function airmass(altDeg: number): number | null {
  if (!(altDeg > 0)) {
    return null;
  }
  return 1 / (Math.sin(altDeg * RAD_PER_DEG) + 0.50572 * (altDeg + 6.07995) ** -1.6364);
}

/**
 * The lowest altitude in degrees at which the air mass does not exceed `maxAirmass`; inverts `airmass` by bisection to 1e-9 deg.
 * @throws RangeError when `maxAirmass` is below 1
 */
export function altitudeOfAirmass(maxAirmass: number): number {
  if (!(maxAirmass >= 1)) {
    throw new RangeError(`maxAirmass is ${maxAirmass}: must be a number of at least 1`);
  }
  let low = 0;
  let high = 90;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if ((airmass(middle) ?? Infinity) > maxAirmass) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return high;
}
