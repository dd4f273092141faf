import { DEG_PER_RAD, MS_PER_DAY, MS_PER_MINUTE, RAD_PER_DEG, wrap180, wrap360 } from "../units.ts";
import { airmass, altAz, altitudeOfAirmass, gastDeg, horizontal } from "./alt-az.ts";
import type { AltAz } from "./alt-az.ts";
import { angleDeg, apparentFrame, apparentPlace, directionOf } from "./apparent.ts";
import type { Equatorial, Vector3 } from "./apparent.ts";
import { intervalsAbove, sampled } from "./crossings.ts";
import { horizonAltDeg } from "./horizon.ts";
import type { HorizonPoint } from "./horizon.ts";
import { intersection, joined } from "./interval.ts";
import type { Interval } from "./interval.ts";
import { sunAltitudeCurve } from "./night.ts";
import { checkSite } from "./site.ts";
import type { Site } from "./site.ts";
import { moonDirection, moonSeparationDeg, sunAltDeg } from "./sun-moon.ts";

/** What must hold for a target to be observed. Altitudes are airless, degrees. */
export interface ObservingConstraints {
  readonly minAltDeg: number;
  /** Upper limit of altitude, for a mount that cannot track through the zenith. */
  readonly maxAltDeg?: number;
  readonly maxAirmass?: number;
  /** Smallest angle to the Moon as seen from the site, whether the Moon is up or not. */
  readonly minMoonSepDeg?: number;
  /** The Sun must be at or below this altitude. */
  readonly maxSunAltDeg?: number;
  /** What hides the sky near the ground: the target must be above this line. */
  readonly horizon?: readonly HorizonPoint[];
}

/** One constraint that a target breaks at an instant, with the numbers that decide. */
export interface UnmetConstraint {
  readonly constraint: "minAlt" | "maxAlt" | "maxAirmass" | "minMoonSep" | "maxSunAlt" | "horizon";
  /** What it is: degrees, or the air mass (Infinity below the horizon). */
  readonly value: number;
  /** What it must reach, or must not exceed. */
  readonly limit: number;
  /** The same in words. */
  readonly text: string;
}

/** Sun, Moon and Earth over a span of time at one site, computed once and shared by all targets of a night. */
export interface SkyOfNight {
  readonly site: Site;
  readonly fromMs: number;
  readonly toMs: number;
  /** Times with the Sun at or below an altitude. */
  readonly sunBelow: (altDeg: number) => readonly Interval[];
  /** Days of at most 24 h with the frame of their middle. */
  readonly days: readonly SkyOfDay[];
  /** Angle between the topocentric Moon and a J2000 direction, degrees. */
  readonly moonSeparationDeg: (direction: Vector3, tMs: number) => number;
}

interface SkyOfDay extends Interval {
  /** Apparent place, on this day, of an ICRS place. */
  readonly apparent: (raDeg: number, decDeg: number) => Equatorial;
  /** Local apparent sidereal time in degrees, not wrapped, growing evenly. */
  readonly lastDeg: (tMs: number) => number;
}

/** Degrees by which the Earth turns in one ms of UT1 (IERS Conventions 2010: 1.00273781191135448 turns a day, and precession). */
const SIDEREAL_DEG_PER_MS = 360.985_647_366_29 / MS_PER_DAY;
const MOON_SAMPLE_MS = 10 * MS_PER_MINUTE;
const MOON_STEP_MS = 20 * MS_PER_MINUTE;
const HORIZON_STEP_MS = 2 * MS_PER_MINUTE;

/**
 * Computes what all targets of a span of time share; each target then costs some 20 us.
 * @param fromMs,toMs Unix ms
 */
export function skyOfNight(site: Site, fromMs: number, toMs: number): SkyOfNight {
  checkSite(site);
  if (!(fromMs < toMs)) {
    throw new RangeError(`span from ${fromMs} to ${toMs} ms: the end must come after the start`);
  }
  const sunBelowByAlt = new Map<number, readonly Interval[]>();
  let moonTable: readonly Vector3[] | undefined;
  const sunBelow = (altDeg: number): readonly Interval[] => {
    let below = sunBelowByAlt.get(altDeg);
    if (below === undefined) {
      const curve = sunAltitudeCurve(site, fromMs, toMs);
      const mirrored = {
        at: (tMs: number) => -curve.at(tMs),
        points: curve.points.map(({ tMs, value }) => ({ tMs, value: -value })),
      };
      below = intervalsAbove(mirrored, -altDeg);
      sunBelowByAlt.set(altDeg, below);
    }
    return below;
  };
  return {
    site,
    fromMs,
    toMs,
    sunBelow,
    days: daysOf(site, fromMs, toMs),
    moonSeparationDeg: (direction, tMs) => {
      moonTable ??= moonDirections(site, fromMs, toMs);
      return angleDeg(direction, interpolated(moonTable, (tMs - fromMs) / MOON_SAMPLE_MS + 1));
    },
  };
}

/**
 * When a target can be observed: all constraints hold. Edges are good to 0.1 s (air mass and altitude in closed form
 * from the hour angle, the rest by root finding on the exact functions) and rounded inwards to 1 ms.
 * @param target ICRS, degrees
 * @param fromMs,toMs Unix ms
 * @param sky `skyOfNight` of the same span, when many targets share it
 */
export function observabilityWindows(
  site: Site,
  target: Equatorial,
  fromMs: number,
  toMs: number,
  constraints: ObservingConstraints,
  sky: SkyOfNight = skyOfNight(site, fromMs, toMs),
): Interval[] {
  let windows: Interval[] = [{ startMs: sky.fromMs, endMs: sky.toMs }];
  if (sky.fromMs !== fromMs || sky.toMs !== toMs) {
    windows = intersection(windows, [{ startMs: fromMs, endMs: toMs }]);
  }
  if (constraints.maxSunAltDeg !== undefined) {
    windows = intersection(windows, sky.sunBelow(constraints.maxSunAltDeg));
  }
  windows = intersection(windows, timesAbove(sky, target, lowestAltDeg(constraints)));
  if (constraints.maxAltDeg !== undefined) {
    windows = intersection(windows, complement(sky, timesAbove(sky, target, constraints.maxAltDeg)));
  }
  if (constraints.minMoonSepDeg !== undefined) {
    const direction = directionOf(target.raDeg, target.decDeg);
    const separation = (tMs: number): number => sky.moonSeparationDeg(direction, tMs);
    windows = refined(windows, separation, MOON_STEP_MS, constraints.minMoonSepDeg);
  }
  const { horizon } = constraints;
  if (horizon !== undefined) {
    const clearance = (tMs: number): number => {
      const place = placeAt(sky, target, tMs);
      return place.altDeg - horizonAltDeg(horizon, place.azDeg);
    };
    windows = refined(windows, clearance, HORIZON_STEP_MS, 0);
  }
  return windows;
}

/**
 * Which constraints a target breaks at an instant, with the numbers; an empty list when it can be observed.
 * @param target ICRS, degrees
 * @param tMs Unix ms
 */
export function whyNotObservable(
  site: Site,
  target: Equatorial,
  tMs: number,
  constraints: ObservingConstraints,
): UnmetConstraint[] {
  checkSite(site);
  const place = altAz(site, target.raDeg, target.decDeg, tMs);
  const unmet: UnmetConstraint[] = [];
  const { minAltDeg, maxAltDeg, maxAirmass, minMoonSepDeg, maxSunAltDeg, horizon } = constraints;
  if (place.altDeg < minAltDeg) {
    unmet.push(tooLow("minAlt", "altitude", place.altDeg, minAltDeg, " deg"));
  }
  if (maxAltDeg !== undefined && place.altDeg > maxAltDeg) {
    unmet.push(tooHigh("maxAlt", "altitude", place.altDeg, maxAltDeg, " deg"));
  }
  const air = airmass(place.altDeg) ?? Infinity;
  if (maxAirmass !== undefined && air > maxAirmass) {
    unmet.push(tooHigh("maxAirmass", "air mass", air, maxAirmass, ""));
  }
  const moonSep = moonSeparationDeg(site, target.raDeg, target.decDeg, tMs);
  if (minMoonSepDeg !== undefined && moonSep < minMoonSepDeg) {
    unmet.push(tooLow("minMoonSep", "distance to the Moon", moonSep, minMoonSepDeg, " deg"));
  }
  const sunAlt = sunAltDeg(site, tMs);
  if (maxSunAltDeg !== undefined && sunAlt > maxSunAltDeg) {
    unmet.push(tooHigh("maxSunAlt", "altitude of the Sun", sunAlt, maxSunAltDeg, " deg"));
  }
  const wall = horizon === undefined ? -90 : horizonAltDeg(horizon, place.azDeg);
  if (place.altDeg < wall) {
    const where = `altitude in azimuth ${place.azDeg.toFixed(1)}`;
    unmet.push(tooLow("horizon", where, place.altDeg, wall, " deg"));
  }
  return unmet;
}

type Constraint = UnmetConstraint["constraint"];

function tooLow(
  constraint: Constraint,
  what: string,
  value: number,
  limit: number,
  unit: string,
): UnmetConstraint {
  const text = `${what} ${value.toFixed(2)}${unit} is below the limit ${limit.toFixed(2)}${unit}`;
  return { constraint, value, limit, text };
}

function tooHigh(
  constraint: Constraint,
  what: string,
  value: number,
  limit: number,
  unit: string,
): UnmetConstraint {
  const shown = Number.isFinite(value) ? `${value.toFixed(2)}${unit}` : "without bound (below the horizon)";
  return { constraint, value, limit, text: `${what} ${shown} is above the limit ${limit.toFixed(2)}${unit}` };
}

function lowestAltDeg({ minAltDeg, maxAirmass }: ObservingConstraints): number {
  return maxAirmass === undefined ? minAltDeg : Math.max(minAltDeg, altitudeOfAirmass(maxAirmass));
}

/** Times at which a target is at or above an altitude: on each day, from the hour angle of the crossing in closed form. */
function timesAbove(sky: SkyOfNight, target: Equatorial, altDeg: number): Interval[] {
  const lat = sky.site.latDeg * RAD_PER_DEG;
  const above: Interval[] = [];
  for (const day of sky.days) {
    const { raDeg, decDeg } = day.apparent(target.raDeg, target.decDeg);
    const dec = decDeg * RAD_PER_DEG;
    const needed = Math.sin(altDeg * RAD_PER_DEG) - Math.sin(lat) * Math.sin(dec);
    const swing = Math.cos(lat) * Math.cos(dec);
    if (needed <= -swing) {
      above.push(day);
    } else if (needed < swing) {
      const halfMs = (Math.acos(needed / swing) * DEG_PER_RAD) / SIDEREAL_DEG_PER_MS;
      const turnMs = 360 / SIDEREAL_DEG_PER_MS;
      const hourAngleDeg = wrap180(day.lastDeg(day.startMs) - raDeg);
      // The transit nearest to the day's start, and those after it that can reach into the day.
      for (
        let transitMs = day.startMs - hourAngleDeg / SIDEREAL_DEG_PER_MS;
        transitMs - halfMs < day.endMs;
        transitMs += turnMs
      ) {
        const startMs = Math.max(day.startMs, Math.ceil(transitMs - halfMs));
        const endMs = Math.min(day.endMs, Math.floor(transitMs + halfMs));
        if (startMs < endMs) {
          above.push({ startMs, endMs });
        }
      }
    }
  }
  return joined(above);
}

function placeAt(sky: SkyOfNight, target: Equatorial, tMs: number): AltAz {
  const day = sky.days.find(({ endMs }) => tMs <= endMs) ?? sky.days.at(-1);
  if (day === undefined) {
    throw new RangeError(`instant ${tMs} ms lies outside the sky computed`);
  }
  return horizontal(sky.site, wrap360(day.lastDeg(tMs)), day.apparent(target.raDeg, target.decDeg));
}

function refined(
  windows: readonly Interval[],
  at: (tMs: number) => number,
  stepMs: number,
  level: number,
): Interval[] {
  return windows.flatMap(({ startMs, endMs }) => intervalsAbove(sampled(at, startMs, endMs, stepMs), level));
}

function complement(sky: SkyOfNight, intervals: readonly Interval[]): Interval[] {
  const edges = [sky.fromMs, ...intervals.flatMap(({ startMs, endMs }) => [startMs, endMs]), sky.toMs];
  const gaps: Interval[] = [];
  for (let i = 0; i + 1 < edges.length; i += 2) {
    const startMs = edges[i] ?? 0;
    const endMs = edges[i + 1] ?? 0;
    if (startMs < endMs) {
      gaps.push({ startMs, endMs });
    }
  }
  return gaps;
}

function daysOf(site: Site, fromMs: number, toMs: number): SkyOfDay[] {
  const count = Math.ceil((toMs - fromMs) / MS_PER_DAY);
  return Array.from({ length: count }, (_, i) => {
    const startMs = fromMs + i * MS_PER_DAY;
    const endMs = Math.min(toMs, startMs + MS_PER_DAY);
    const middleMs = (startMs + endMs) / 2;
    const frame = apparentFrame(middleMs);
    const middleDeg = gastDeg(middleMs) + site.lonDeg;
    return {
      startMs,
      endMs,
      apparent: (raDeg, decDeg) => apparentPlace(frame, raDeg, decDeg),
      lastDeg: (tMs) => middleDeg + (tMs - middleMs) * SIDEREAL_DEG_PER_MS,
    };
  });
}

function moonDirections(site: Site, fromMs: number, toMs: number): Vector3[] {
  // One sample before and two after the span, for the four points of the interpolation.
  const count = Math.ceil((toMs - fromMs) / MOON_SAMPLE_MS) + 4;
  return Array.from({ length: count }, (_, i) => moonDirection(site, fromMs + (i - 1) * MOON_SAMPLE_MS));
}

/** Lagrange interpolation through the four neighbours of `index`; over 10 min steps of the Moon it is good to 0.01". */
function interpolated(table: readonly Vector3[], index: number): Vector3 {
  const i = Math.min(Math.max(Math.floor(index), 1), table.length - 3);
  const x = index - i;
  const weights = [
    (-x * (x - 1) * (x - 2)) / 6,
    ((x + 1) * (x - 1) * (x - 2)) / 2,
    (-(x + 1) * x * (x - 2)) / 2,
    ((x + 1) * x * (x - 1)) / 6,
  ];
  const sum: [number, number, number] = [0, 0, 0];
  weights.forEach((weight, k) => {
    const point = table[i - 1 + k];
    if (point !== undefined) {
      sum[0] += weight * point[0];
      sum[1] += weight * point[1];
      sum[2] += weight * point[2];
    }
  });
  return sum;
}
