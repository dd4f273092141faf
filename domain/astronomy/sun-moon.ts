import { Body, Equator, Illumination, Observer } from "astronomy-engine";
import { angleDeg, directionOf } from "./apparent.ts";
import type { Equatorial, Vector3 } from "./apparent.ts";
import { horizontal, lastDeg } from "./alt-az.ts";
import type { AltAz } from "./alt-az.ts";
import type { Site } from "./site.ts";
import { astroTime } from "./time-scales.ts";

/** The Moon as seen from a site (its parallax is up to 1 deg). */
export interface MoonPosition extends AltAz {
  /** Right ascension, J2000, degrees. */
  readonly raDeg: number;
  /** Declination, J2000, degrees. */
  readonly decDeg: number;
}

/** Airless altitude and azimuth of the Sun's centre seen from the site at `tMs` (Unix time in ms). */
export function sunPosition(site: Site, tMs: number): AltAz {
  return horizontal(site, lastDeg(site, tMs), topocentric(Body.Sun, site, tMs, true));
}

/** Airless altitude of the Sun's centre in degrees, topocentric, at `tMs` (Unix time in ms). */
export function sunAltDeg(site: Site, tMs: number): number {
  return sunPosition(site, tMs).altDeg;
}

/** Airless altitude of the Moon's centre in degrees, topocentric, at `tMs` (Unix time in ms). */
export function moonAltDeg(site: Site, tMs: number): number {
  return horizontal(site, lastDeg(site, tMs), topocentric(Body.Moon, site, tMs, true)).altDeg;
}

/** Place of the Moon's centre seen from the site at `tMs` (Unix time in ms). */
export function moonPosition(site: Site, tMs: number): MoonPosition {
  return {
    ...topocentric(Body.Moon, site, tMs, false),
    ...horizontal(site, lastDeg(site, tMs), topocentric(Body.Moon, site, tMs, true)),
  };
}

/** J2000 direction of the Moon's centre seen from the site at `tMs` (Unix time in ms). */
export function moonDirection(site: Site, tMs: number): Vector3 {
  const { raDeg, decDeg } = topocentric(Body.Moon, site, tMs, false);
  return directionOf(raDeg, decDeg);
}

/** Angle in degrees between an ICRS place and the Moon's centre as seen from the site. */
export function moonSeparationDeg(site: Site, raDeg: number, decDeg: number, tMs: number): number {
  return angleDeg(directionOf(raDeg, decDeg), moonDirection(site, tMs));
}

/** Illuminated fraction of the Moon's disc, 0 to 1, geocentric. */
export function moonIllumination(tMs: number): number {
  return Illumination(Body.Moon, astroTime(tMs)).phase_fraction;
}

function topocentric(body: Body, site: Site, tMs: number, ofDate: boolean): Equatorial {
  const observer = new Observer(site.latDeg, site.lonDeg, site.heightM);
  const { ra, dec } = Equator(body, astroTime(tMs), observer, ofDate, true);
  return { raDeg: ra * 15, decDeg: dec };
}
