import { separationDeg } from "../units.ts";
import type { Trigger } from "./trigger.ts";
import { angle } from "./words.ts";

/** Why two triggers are one event, with its numbers. */
export interface Link {
  readonly a: string;
  readonly b: string;
  readonly kind: "reference" | "citation" | "position" | "time";
  readonly dtS: number | null;
  readonly sepDeg: number | null;
  /** Joint 68 % error, systematic included, deg. */
  readonly sigmaDeg: number | null;
  /** 0 is certain; links are taken in this order. */
  readonly score: number;
  readonly why: string;
}

/**
 * Limits of the association, from 63 measured pairs of one burst seen by Swift and Fermi: |dt| of 43 within 10 s,
 * tails to 175 s; separations within 2 sigma for 96 % (systematic 5.6 deg added), 3 sigma for 97 to 100 %; unlike
 * bursts 15 to 143 s and more than 56 deg apart.
 */
export const COINCIDENT_S = 3;
const COINCIDENT_SIGMA = 3;
const COINCIDENT_MAX_DEG = 60;
const NEAR_S = 200;
const NEAR_SIGMA = 2.5;
const NEAR_MAX_DEG = 25;
/** Long bursts, precursors and re-triggers: only when both positions are good. */
export const LONG_S = 7_200;
const LONG_MAX_ERROR_DEG = 1;
const LONG_MIN_SEP_DEG = 0.1;
/** Konus light travel time to L1 is up to 5 s; differences seen are -4 to 31 s, most within 20 s. */
const TIME_ONLY_S = 20;

/** The link between two triggers, or null when nothing says that they are one event. Symmetric: linkOf(a, b) and linkOf(b, a) are the same. */
export function linkOf(one: Trigger, other: Trigger): Link | null {
  if (one.simulated !== other.simulated) return null;
  const [a, b] = one.key <= other.key ? [one, other] : [other, one];
  const dtS = a.t0Ms === null || b.t0Ms === null ? null : (b.t0Ms - a.t0Ms) / 1_000;
  const pair = { a: a.key, b: b.key, dtS };
  if (a.references.includes(b.key) || b.references.includes(a.key)) {
    return {
      ...pair,
      kind: "reference",
      sepDeg: null,
      sigmaDeg: null,
      score: 0,
      why: `${a.key} and ${b.key} name each other`,
    };
  }
  if (a.mission === b.mission && citesTheSame(a, b)) {
    return {
      ...pair,
      kind: "citation",
      sepDeg: null,
      sigmaDeg: null,
      score: 0.001,
      why: `notices of ${a.key} and ${b.key} cite each other`,
    };
  }
  if (dtS === null || a.companionOnly || b.companionOnly) return null;
  const dt = Math.abs(dtS);
  if (dt > LONG_S) return null;
  if (a.timeOnly || b.timeOnly) return dt <= TIME_ONLY_S ? timeLink(pair, dt, dt / TIME_ONLY_S + 2) : null;
  if (a.best === null || b.best === null)
    return dt <= COINCIDENT_S ? timeLink(pair, dt, dt / COINCIDENT_S + 1) : null;
  const sepDeg = separationDeg(a.best.raDeg, a.best.decDeg, b.best.raDeg, b.best.decDeg);
  const sigmaDeg = Math.hypot(a.best.sigmaDeg, b.best.sigmaDeg);
  const limitDeg = separationLimitDeg(dt, sigmaDeg, Math.max(a.best.totalErrorDeg, b.best.totalErrorDeg));
  if (sepDeg > limitDeg) return null;
  return {
    ...pair,
    kind: "position",
    sepDeg,
    sigmaDeg,
    score: 0.01 + dt / LONG_S + (limitDeg === 0 ? 0 : sepDeg / limitDeg) * 0.5,
    why: `T0 ${dt.toFixed(1)} s apart, positions ${angle(sepDeg)} apart with a joint error of ${angle(sigmaDeg)}; the limit is ${angle(limitDeg)}`,
  };
}

/** How far apart two positions of one event may be, deg, when their T0 differ by `dtS`; 0 when never. */
function separationLimitDeg(dtS: number, sigmaDeg: number, worstErrorDeg: number): number {
  const long =
    worstErrorDeg < LONG_MAX_ERROR_DEG ? Math.max(COINCIDENT_SIGMA * sigmaDeg, LONG_MIN_SEP_DEG) : 0;
  if (dtS <= COINCIDENT_S) return Math.max(long, Math.min(COINCIDENT_SIGMA * sigmaDeg, COINCIDENT_MAX_DEG));
  if (dtS <= NEAR_S) return Math.max(long, Math.min(NEAR_SIGMA * sigmaDeg, NEAR_MAX_DEG));
  return long;
}

function timeLink(pair: { a: string; b: string; dtS: number | null }, dt: number, score: number): Link {
  return {
    ...pair,
    kind: "time",
    sepDeg: null,
    sigmaDeg: null,
    score,
    why: `T0 ${dt.toFixed(1)} s apart and no position against it`,
  };
}

function citesTheSame(a: Trigger, b: Trigger): boolean {
  const [few, many] = a.names.size <= b.names.size ? [a.names, b.names] : [b.names, a.names];
  for (const name of few) if (many.has(name)) return true;
  return false;
}

/**
 * Whether two triggers cannot be one event although others link them: both positions are known and too far apart, or
 * one instrument triggered twice without a link between the two.
 */
export function contradicts(a: Trigger, b: Trigger): boolean {
  if (a.simulated !== b.simulated) return true;
  if (a.timeOnly || b.timeOnly) return false;
  if (linkOf(a, b) !== null) return false;
  if (a.best !== null && b.best !== null) return true;
  return a.mission === b.mission && a.instrument === b.instrument;
}
