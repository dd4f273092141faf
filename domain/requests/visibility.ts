import type { Equatorial } from "../astronomy/apparent.ts";
import { intersection, type Interval } from "../astronomy/interval.ts";
import { localMeanNoonMs, nightDateAt, sunCrossings } from "../astronomy/night.ts";
import {
  observabilityWindows,
  skyOfNight,
  whyNotObservable,
  type ObservingConstraints,
  type SkyOfNight,
} from "../astronomy/observability.ts";
import { kept } from "../kept.ts";
import type { Observatory } from "../observatory.ts";
import { MS_PER_DAY, MS_PER_MINUTE, MS_PER_SECOND } from "../units.ts";
import type { SequenceConstraints } from "./request.ts";

/** The observing hours of one night, with what its sky has in common for all targets. */
export interface NightSky {
  /** yyyy-mm-dd of local noon. */
  readonly date: string;
  /** Observing begins and ends here; null when the Sun does not get low enough. */
  readonly duskMs: number | null;
  readonly dawnMs: number | null;
  readonly sky: SkyOfNight | null;
}

/** Nights by date, each computed once. */
export type NightSkies = (date: string) => NightSky;

/** When one target can be taken in one night. */
export interface NightUse {
  readonly date: string;
  readonly windows: readonly Interval[];
  readonly usableMs: number;
  /** The longest of the windows: a sequence needs its time without a break. */
  readonly longestMs: number;
}

/** What a sequence wants, as far as its visibility goes. */
export interface Pointing extends Equatorial {
  readonly constraints: SequenceConstraints;
}

const KEPT_NIGHTS = 500;

/** Computes nights of a site and keeps them: 14 nights of one request are those of the next one too. */
export function createNightSkies(observatory: Observatory): NightSkies {
  return kept((date) => nightSky(observatory, date), KEPT_NIGHTS);
}

function nightSky({ site, night }: Observatory, date: string): NightSky {
  const noonMs = localMeanNoonMs(site, date);
  const crossings = sunCrossings(site, noonMs, noonMs + MS_PER_DAY, night.observingSunAltDeg);
  const duskMs = crossings.find(({ rising }) => !rising)?.tMs ?? null;
  const dawnMs = crossings.findLast(({ rising }) => rising)?.tMs ?? null;
  if (duskMs === null || dawnMs === null || dawnMs <= duskMs) {
    return { date, duskMs: null, dawnMs: null, sky: null };
  }
  return { date, duskMs, dawnMs, sky: skyOfNight(site, duskMs, dawnMs) };
}

/** What a sequence and the site ask for together: the stricter of the two. */
export function strictConstraints(
  constraints: SequenceConstraints,
  observatory: Observatory,
): ObservingConstraints {
  const { minAltDeg, maxAirmass, minMoonSepDeg, maxSunAltDeg } = constraints;
  return {
    minAltDeg: Math.max(minAltDeg, observatory.telescope.minAltDeg),
    ...(maxAirmass === null ? {} : { maxAirmass }),
    minMoonSepDeg,
    maxSunAltDeg: Math.min(maxSunAltDeg, observatory.night.observingSunAltDeg),
  };
}

/**
 * When a pointing can be taken in a night.
 * @param within only what lies in this interval counts (the window of the sequence)
 */
export function nightUse(
  pointing: Pointing,
  observatory: Observatory,
  night: NightSky,
  within: Interval | null = null,
): NightUse {
  const { date, duskMs, dawnMs, sky } = night;
  if (duskMs === null || dawnMs === null || sky === null) {
    return { date, windows: [], usableMs: 0, longestMs: 0 };
  }
  const limits = strictConstraints(pointing.constraints, observatory);
  const all = observabilityWindows(observatory.site, pointing, duskMs, dawnMs, limits, sky);
  const windows = within === null ? all : intersection(all, [within]);
  const lengths = windows.map(({ startMs, endMs }) => endMs - startMs);
  return {
    date,
    windows,
    usableMs: lengths.reduce((sum, length) => sum + length, 0),
    longestMs: Math.max(0, ...lengths),
  };
}

/** The date `days` after a date, both yyyy-mm-dd. */
export function laterDate(date: string, days: number): string {
  return new Date(Date.parse(`${date}T12:00:00Z`) + days * MS_PER_DAY).toISOString().slice(0, 10);
}

/** The nights from the one of `fromMs` on: usable hours of a target in each. */
export function nightStrip(
  pointing: Pointing,
  observatory: Observatory,
  skies: NightSkies,
  fromMs: number,
  nights: number,
  within: Interval | null = null,
): NightUse[] {
  const first = nightDateAt(observatory.site, fromMs);
  return Array.from({ length: nights }, (_, i) =>
    nightUse(pointing, observatory, skies(laterDate(first, i)), within),
  );
}

/** Whether a sequence will find its time, judged from what is known beforehand. */
export interface Foresight {
  /** Date of the first night in which it fits, or null: never in its window. */
  readonly firstDate: string | null;
  /** When it could begin in that night. */
  readonly firstMs: number | null;
  /** In words when it does not fit in the first night it is asked for; else empty. */
  readonly why: string;
}

const LOOK_DAILY_NIGHTS = 30;
const LOOK_EVERY_NIGHTS = 5;
const LOOK_NIGHTS = 370;

/**
 * The first night in the window in which a sequence fits, and why not earlier. Every night is looked at for a month,
 * every fifth for a year after that: a season is longer.
 */
export function foresee(
  pointing: Pointing,
  window: Interval,
  neededS: number,
  observatory: Observatory,
  skies: NightSkies,
  nowMs: number,
): Foresight {
  const fromMs = Math.max(nowMs, window.startMs);
  const within = { startMs: fromMs, endMs: window.endMs };
  const firstAsked = nightDateAt(observatory.site, fromMs);
  const lastAsked = nightDateAt(observatory.site, window.endMs);
  if (neverHighEnough(pointing, observatory)) {
    const night = skies(firstAsked);
    const use = nightUse(pointing, observatory, night, within);
    return {
      firstDate: null,
      firstMs: null,
      why: whyNotInNight(pointing, use, neededS, observatory, night, within),
    };
  }
  let why = "";
  for (let night = 0; night <= LOOK_NIGHTS; night += night < LOOK_DAILY_NIGHTS ? 1 : LOOK_EVERY_NIGHTS) {
    const date = laterDate(firstAsked, night);
    if (date > lastAsked) break;
    const use = nightUse(pointing, observatory, skies(date), within);
    const fitting = use.windows.find(({ startMs, endMs }) => endMs - startMs >= neededS * MS_PER_SECOND);
    if (fitting !== undefined) return { firstDate: date, firstMs: fitting.startMs, why };
    if (night === 0) why = whyNotInNight(pointing, use, neededS, observatory, skies(date), within);
  }
  return { firstDate: null, firstMs: null, why };
}

const KEPT_FORESIGHTS = 5_000;

/**
 * `foresee` for one observatory, computed once a minute for all who look at the same sequence: why a night does not do
 * takes some ms to tell, and a page of a long request asks it of every sequence.
 */
export function createForesight(observatory: Observatory, skies: NightSkies) {
  const ofMinute = kept(
    (pointing: Pointing, window: Interval, neededS: number, minute: number) =>
      foresee(pointing, window, neededS, observatory, skies, minute * MS_PER_MINUTE),
    KEPT_FORESIGHTS,
  );
  // Without what a pointing or an interval may carry besides: two who ask the same must be seen to.
  return (
    { raDeg, decDeg, constraints }: Pointing,
    { startMs, endMs }: Interval,
    neededS: number,
    nowMs: number,
  ): Foresight =>
    ofMinute({ raDeg, decDeg, constraints }, { startMs, endMs }, neededS, Math.floor(nowMs / MS_PER_MINUTE));
}

/** Whether a target stays too low even in transit; a degree of margin covers precession and rounding. */
function neverHighEnough({ decDeg, constraints }: Pointing, { site, telescope }: Observatory): boolean {
  const transitAltDeg = 90 - Math.abs(site.latDeg - decDeg);
  return transitAltDeg + 1 < Math.max(constraints.minAltDeg, telescope.minAltDeg);
}

/** Looks of a night at which the best moment of a target is sought. */
const LOOKS = 48;

function whyNotInNight(
  pointing: Pointing,
  use: NightUse,
  neededS: number,
  observatory: Observatory,
  night: NightSky,
  within: Interval,
): string {
  if (night.duskMs === null || night.dawnMs === null) {
    return `the Sun does not sink to ${observatory.night.observingSunAltDeg}° in the night of ${use.date}`;
  }
  const longest = use.windows.find(({ startMs, endMs }) => endMs - startMs === use.longestMs);
  if (longest !== undefined) {
    const span = `${hourMinute(longest.startMs)} to ${hourMinute(longest.endMs)} UTC`;
    return `it can be observed only ${span} (${minutes(use.longestMs / MS_PER_SECOND)}) and needs ${minutes(neededS)}`;
  }
  const fromMs = Math.max(night.duskMs, within.startMs);
  const toMs = Math.min(night.dawnMs, within.endMs);
  if (fromMs >= toMs) return `its window has no dark hours in the night of ${use.date}`;
  const limits = strictConstraints(pointing.constraints, observatory);
  const best = Array.from({ length: LOOKS + 1 }, (_, look) => fromMs + ((toMs - fromMs) * look) / LOOKS)
    .map((tMs) => whyNotObservable(observatory.site, pointing, tMs, limits))
    .sort((one, other) => one.length - other.length || shortfall(one) - shortfall(other))[0]?.[0];
  return best === undefined
    ? `its window does not meet the hours at which it can be observed`
    : `at its best its ${best.text}`;
}

function shortfall(unmet: readonly { readonly value: number; readonly limit: number }[]): number {
  return unmet.reduce((sum, { value, limit }) => sum + Math.min(1e6, Math.abs(value - limit)), 0);
}

const SEASON_STEP_NIGHTS = 5;

/**
 * The window (JD1, JD2) that constraints give: from now, or the first dark hour at which the target can be taken, to
 * the end of its season or a year on. The Moon is left out of it: it comes and goes within every season.
 * @returns null when the target never fits within a year
 */
export function automaticWindow(
  pointing: Pointing,
  neededS: number,
  observatory: Observatory,
  skies: NightSkies,
  nowMs: number,
): Interval | null {
  if (neverHighEnough(pointing, observatory)) return null;
  const moonless = { ...pointing, constraints: { ...pointing.constraints, minMoonSepDeg: 0 } };
  const today = nightDateAt(observatory.site, nowMs);
  const fits = (night: number): NightUse | null => {
    const use = nightUse(moonless, observatory, skies(laterDate(today, night)), {
      startMs: nowMs,
      endMs: Infinity,
    });
    return use.longestMs >= neededS * MS_PER_SECOND && use.longestMs > 0 ? use : null;
  };
  let first = 0;
  while (first <= LOOK_NIGHTS && fits(first) === null) first += first < 1 ? 1 : SEASON_STEP_NIGHTS;
  const firstUse = first > LOOK_NIGHTS ? null : fits(first);
  if (firstUse === null) return null;
  let last = first;
  while (last < LOOK_NIGHTS && fits(last + SEASON_STEP_NIGHTS) !== null) last += SEASON_STEP_NIGHTS;
  const lastUse = fits(last) ?? firstUse;
  const startMs = firstUse.windows[0]?.startMs ?? nowMs;
  const endMs = lastUse.windows.at(-1)?.endMs ?? startMs;
  // Whole seconds: nobody asks for less, and they read better.
  return {
    startMs: Math.floor(startMs / MS_PER_SECOND) * MS_PER_SECOND,
    endMs: Math.ceil(endMs / MS_PER_SECOND) * MS_PER_SECOND,
  };
}

function hourMinute(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

function minutes(seconds: number): string {
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
