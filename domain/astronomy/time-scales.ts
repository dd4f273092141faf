import { AstroTime } from "astronomy-engine";
import { MS_PER_DAY, MS_PER_SECOND } from "../units.ts";

/** Unix time of the epoch J2000.0 written as if it were UTC: 2000-01-01T12:00:00Z. */
export const J2000_UNIX_MS = 946_728_000_000;

/** TT - TAI in seconds, by definition. */
const TT_MINUS_TAI_S = 32.184;

/**
 * TAI - UTC in seconds from each date on (IERS Bulletin C). No leap second has been announced after 2017;
 * the table must be extended if one is.
 */
const LEAP_SECONDS: readonly (readonly [string, number])[] = [
  ["1972-01-01", 10],
  ["1972-07-01", 11],
  ["1973-01-01", 12],
  ["1974-01-01", 13],
  ["1975-01-01", 14],
  ["1976-01-01", 15],
  ["1977-01-01", 16],
  ["1978-01-01", 17],
  ["1979-01-01", 18],
  ["1980-01-01", 19],
  ["1981-07-01", 20],
  ["1982-07-01", 21],
  ["1983-07-01", 22],
  ["1985-07-01", 23],
  ["1988-01-01", 24],
  ["1990-01-01", 25],
  ["1991-01-01", 26],
  ["1992-07-01", 27],
  ["1993-07-01", 28],
  ["1994-07-01", 29],
  ["1996-01-01", 30],
  ["1997-07-01", 31],
  ["1999-01-01", 32],
  ["2006-01-01", 33],
  ["2009-01-01", 34],
  ["2012-07-01", 35],
  ["2015-07-01", 36],
  ["2017-01-01", 37],
];

const LEAP_SECOND_STEPS = LEAP_SECONDS.map(
  ([date, seconds]) => [Date.parse(`${date}T00:00:00Z`), seconds] as const,
);

/**
 * TAI - UTC in seconds at a Unix time in ms.
 * @throws RangeError before 1972, when UTC did not yet run in whole leap seconds
 */
export function taiMinusUtcS(unixMs: number): number {
  const step = LEAP_SECOND_STEPS.findLast(([fromMs]) => unixMs >= fromMs);
  if (step === undefined) {
    throw new RangeError(`instant is ${unixMs} ms: must be a Unix time from 1972-01-01 on`);
  }
  return step[1];
}

/** TT - UTC in seconds at a Unix time in ms (69.184 s since 2017). */
export function ttMinusUtcS(unixMs: number): number {
  return taiMinusUtcS(unixMs) + TT_MINUS_TAI_S;
}

/** Days of Terrestrial Time since J2000.0 at a Unix time in ms. */
export function ttDaysSinceJ2000(unixMs: number): number {
  return (unixMs - J2000_UNIX_MS + ttMinusUtcS(unixMs) * MS_PER_SECOND) / MS_PER_DAY;
}

/**
 * The instant as the ephemeris wants it: UT1 taken as UTC (they never differ by 0.9 s) and the true TT.
 * The package would predict TT by a model of the Earth's rotation that is 6 s off in 2026, 3" of the Moon's path.
 */
export function astroTime(unixMs: number): AstroTime {
  const time = new AstroTime((unixMs - J2000_UNIX_MS) / MS_PER_DAY);
  time.tt = ttDaysSinceJ2000(unixMs);
  return time;
}
