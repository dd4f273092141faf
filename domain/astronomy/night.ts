import { DEG_PER_HOUR, MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, wrap180 } from "../units.ts";
import { crossings, highest, lowest, sampled } from "./crossings.ts";
import type { Crossing, Curve } from "./crossings.ts";
import { checkSite } from "./site.ts";
import type { Site } from "./site.ts";
import { moonAltDeg, moonIllumination, moonPosition, sunAltDeg } from "./sun-moon.ts";

/** Altitude of a centre at rise and set: 34' of refraction at the horizon and 16' of semi-diameter. */
export const HORIZON_ALT_DEG = -50 / 60;
/** Sun altitude in degrees at the ends of the three twilights. */
export const CIVIL_ALT_DEG = -6;
export const NAUTICAL_ALT_DEG = -12;
export const ASTRONOMICAL_ALT_DEG = -18;

/** Whether the Sun passes an altitude in a night, or stays above it (never that low) or below it (never that high). */
export type SunState = "crosses" | "always_above" | "always_below";

/** One twilight, or the sunset itself: when the Sun goes down through an altitude in the evening and comes up in the morning. */
export interface Twilight {
  /** Sun altitude in degrees. */
  readonly altDeg: number;
  readonly state: SunState;
  /** Evening, Unix ms; null when it does not happen within the night's window. */
  readonly eveningMs: number | null;
  /** Morning, Unix ms; null when it does not happen within the night's window. */
  readonly morningMs: number | null;
}

/** A rise or set of the Moon within the night's window. */
export interface MoonEvent {
  readonly event: "rise" | "set";
  readonly tMs: number;
}

/** Sun and Moon of the night that starts at the local mean solar noon of `date`. All times are Unix ms. */
export interface NightAlmanac {
  readonly site: Site;
  /** yyyy-mm-dd of local mean solar noon. */
  readonly date: string;
  /** Local mean solar noon of `date`. */
  readonly windowStartMs: number;
  /** The next local mean solar noon. */
  readonly windowEndMs: number;
  /** Local mean solar midnight, rounded to the second. */
  readonly midnightMs: number;
  readonly sunMinAltDeg: number;
  readonly sunMaxAltDeg: number;
  readonly sunAltAtMidnightDeg: number;
  readonly sun: Twilight;
  readonly civil: Twilight;
  readonly nautical: Twilight;
  readonly astronomical: Twilight;
  /** Illuminated fraction at midnight, 0 to 1. */
  readonly moonIllumination: number;
  /** Airless, topocentric, at midnight. */
  readonly moonAltDeg: number;
  readonly moonAzDeg: number;
  readonly moonEvents: readonly MoonEvent[];
}

/** The Sun's altitude has one maximum and one minimum a day; the Moon's too. */
const SAMPLE_MS = 30 * MS_PER_MINUTE;

/**
 * Almanac of a night, polar nights and days included.
 * Sun and Moon are topocentric and airless; no dip of the horizon for the site's height.
 * @param date yyyy-mm-dd of the local mean solar noon at which the night's window starts
 * @throws RangeError naming the field, its value and the rule
 */
export function nightOf(site: Site, date: string): NightAlmanac {
  checkSite(site);
  const windowStartMs = localMeanNoonMs(site, date);
  const windowEndMs = windowStartMs + MS_PER_DAY;
  const midnightMs = Math.round((windowStartMs + MS_PER_DAY / 2) / MS_PER_SECOND) * MS_PER_SECOND;
  const sunCurve = sunAltitudeCurve(site, windowStartMs, windowEndMs);
  const moonCurve = sampled((tMs) => moonAltDeg(site, tMs), windowStartMs, windowEndMs, SAMPLE_MS);
  const moon = moonPosition(site, midnightMs);
  return {
    site,
    date,
    windowStartMs,
    windowEndMs,
    midnightMs,
    sunMinAltDeg: lowest(sunCurve).value,
    sunMaxAltDeg: highest(sunCurve).value,
    sunAltAtMidnightDeg: sunAltDeg(site, midnightMs),
    sun: twilight(sunCurve, HORIZON_ALT_DEG),
    civil: twilight(sunCurve, CIVIL_ALT_DEG),
    nautical: twilight(sunCurve, NAUTICAL_ALT_DEG),
    astronomical: twilight(sunCurve, ASTRONOMICAL_ALT_DEG),
    moonIllumination: moonIllumination(midnightMs),
    moonAltDeg: moon.altDeg,
    moonAzDeg: moon.azDeg,
    moonEvents: crossings(moonCurve, HORIZON_ALT_DEG).map(({ tMs, rising }) => ({
      event: rising ? "rise" : "set",
      tMs: Math.round(tMs),
    })),
  };
}

/** Date (yyyy-mm-dd) of the local mean solar noon at or before `tMs` (Unix ms): the date of the night that `tMs` belongs to. */
export function nightDateAt(site: Site, tMs: number): string {
  const sinceNoonMs = tMs + localOffsetMs(site) - MS_PER_DAY / 2;
  return new Date(Math.floor(sinceNoonMs / MS_PER_DAY) * MS_PER_DAY).toISOString().slice(0, 10);
}

/**
 * Every instant between `fromMs` and `toMs` (Unix ms) at which the Sun's centre passes `altDeg` (airless), in order.
 * @returns times rounded to 1 ms
 */
export function sunCrossings(site: Site, fromMs: number, toMs: number, altDeg: number): Crossing[] {
  checkSite(site);
  return crossings(sunAltitudeCurve(site, fromMs, toMs), altDeg).map(({ tMs, rising }) => ({
    tMs: Math.round(tMs),
    rising,
  }));
}

/** Altitude of the Sun over a span of time, for finding crossings and extremes. */
export function sunAltitudeCurve(site: Site, fromMs: number, toMs: number): Curve {
  return sampled((tMs) => sunAltDeg(site, tMs), fromMs, toMs, SAMPLE_MS);
}

function twilight(sunCurve: Curve, altDeg: number): Twilight {
  if (lowest(sunCurve).value >= altDeg) {
    return { altDeg, state: "always_above", eveningMs: null, morningMs: null };
  }
  if (highest(sunCurve).value < altDeg) {
    return { altDeg, state: "always_below", eveningMs: null, morningMs: null };
  }
  const passes = crossings(sunCurve, altDeg);
  const evening = passes.find(({ rising }) => !rising);
  const morning = passes.findLast(
    ({ rising, tMs }) => rising && (evening === undefined || tMs > evening.tMs),
  );
  return {
    altDeg,
    state: "crosses",
    eveningMs: evening === undefined ? null : Math.round(evening.tMs),
    morningMs: morning === undefined ? null : Math.round(morning.tMs),
  };
}

/** Local mean solar time minus UTC, in ms, from -12 h to 12 h: a longitude of 244 E has the date of 116 W. */
function localOffsetMs(site: Site): number {
  return Math.round((wrap180(site.lonDeg) / DEG_PER_HOUR) * MS_PER_HOUR);
}

/**
 * Local mean solar noon of a date, at which its night's window starts, Unix ms.
 * @throws RangeError naming the date and the rule
 */
export function localMeanNoonMs(site: Site, date: string): number {
  const noonMs = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T12:00:00Z`) : Number.NaN;
  // Date.parse takes 2026-02-30 for the second of March.
  if (Number.isNaN(noonMs) || new Date(noonMs).toISOString().slice(0, 10) !== date) {
    throw new RangeError(`date is "${date}": must be a day of the calendar written yyyy-mm-dd`);
  }
  if (date < "1972-01-03") {
    throw new RangeError(`date is "${date}": must be 1972-01-03 or later, when UTC had its present form`);
  }
  return noonMs - localOffsetMs(site);
}
