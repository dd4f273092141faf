/** How bright the sky itself is, in mag/arcsec2 in r: night, twilight, day and moonlight. */
import { Body, Equator, Horizon, Illumination, MakeTime, Observer } from "astronomy-engine";
import { RAD_PER_DEG } from "../../domain/units.ts";
import type { GeographicPlace } from "./directions.ts";

/** Altitude of the Sun, degrees, against brightness of the zenith (after Patat et al. 2006, simplified). */
const TWILIGHT: readonly (readonly [number, number])[] = [
  [-18, 21],
  [-15, 20.2],
  [-12, 18],
  [-9, 14.5],
  [-6, 11],
  [-3, 8],
  [0, 5.5],
  [5, 4],
  [90, 3],
];
/** With the full Moon at the zenith. */
const MOONLIT = 18.3;

function altitudeOf(body: Body, site: GeographicPlace, atMs: number): number {
  const observer = new Observer(site.latDeg, site.lonDeg, site.heightM);
  const time = MakeTime(new Date(atMs));
  const place = Equator(body, time, observer, true, true);
  return Horizon(time, observer, place.ra, place.dec).altitude;
}

function twilight(sunAltDeg: number): number {
  const upper = TWILIGHT.findIndex(([altDeg]) => sunAltDeg <= altDeg);
  const [x0, y0] = TWILIGHT[Math.max(0, upper - 1)] ?? [-18, 21];
  const [x1, y1] = TWILIGHT[Math.max(0, upper)] ?? [90, 3];
  if (x1 === x0) return y0;
  return y0 + ((y1 - y0) * (sunAltDeg - x0)) / (x1 - x0);
}

/** Brightness of the sky over the site at an instant, mag/arcsec2 in r. */
export function skyBrightness(site: GeographicPlace, atMs: number): number {
  const sunlit = 10 ** (-0.4 * twilight(altitudeOf(Body.Sun, site, atMs)));
  const moonAltDeg = altitudeOf(Body.Moon, site, atMs);
  const phase = Illumination(Body.Moon, MakeTime(new Date(atMs))).phase_fraction;
  const moonlit = 10 ** (-0.4 * MOONLIT) * phase ** 2.5 * Math.sin(Math.max(0, moonAltDeg) * RAD_PER_DEG);
  return -2.5 * Math.log10(sunlit + moonlit);
}
