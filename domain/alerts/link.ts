import { separationDeg } from "../units.ts";
import type { Place, TriggerFacts } from "./trigger.ts";
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
 * Limits of the association, from 63 measured pairs seen by Swift and Fermi. One burst: |dt| of 43 of 51 within 10 s,
 * tails to 175 s; with a systematic of 5.6 deg 96 % of the separations are within 2 sigma, but single final Fermi
 * positions are 28 and 32 deg off. Two bursts: 15 to 143 s and more than 56 deg apart.
 */
export const COINCIDENT_S = 3;
/** Within this time two triggers of unlike bursts are so rare that the tail of the wide positions is allowed for. */
const PROMPT_S = 10;
const PROMPT_SIGMA = 3;
const PROMPT_MIN_DEG = 35;
const PROMPT_MAX_DEG = 60;
const NEAR_S = 200;
const NEAR_SIGMA = 2.5;
const NEAR_MAX_DEG = 25;
/** Positions worse than this are of monitors, deg (90 %). */
const WIDE_DEG = 3;
/** Long bursts, precursors and re-triggers: only when both positions are good. */
export const LONG_S = 7_200;
const LONG_SIGMA = 3;
const LONG_MAX_ERROR_DEG = 1;
const LONG_MIN_SEP_DEG = 0.1;
/** Konus light travel time to L1 is up to 5 s; differences seen are -4 to 31 s, most within 20 s. */
const TIME_ONLY_S = 20;
/** XRT and UVOT notices give the time of an exposure, which begins up to this long after the burst. */
const EXPOSURE_DELAY_S = 300;

/** The link between two triggers, or null when nothing says that they are one event. Symmetric: linkOf(a, b) and linkOf(b, a) are the same. */
export function linkOf(one: TriggerFacts, other: TriggerFacts): Link | null {
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
  if (a.mission === b.mission && a.cites.length + b.cites.length > 0 && citesTheSame(a, b)) {
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
  const dt = timeApartS(a, b, dtS);
  if (dt > LONG_S) return null;
  if (a.timeOnly || b.timeOnly) return dt <= TIME_ONLY_S ? timeLink(pair, dt, dt / TIME_ONLY_S + 2) : null;
  if (a.best === null || b.best === null)
    return dt <= COINCIDENT_S ? timeLink(pair, dt, dt / COINCIDENT_S + 1) : null;
  let agreed: Agreement | null = null;
  for (const one of [a.best, ...a.alternatives]) {
    for (const other of [b.best, ...b.alternatives]) agreed = better(agreed, agreement(one, other, dt));
  }
  if (agreed === null) return null;
  const { sepDeg, sigmaDeg, limitDeg } = agreed;
  return {
    ...pair,
    kind: "position",
    sepDeg,
    sigmaDeg,
    score: 0.01 + dt / LONG_S + (sepDeg / limitDeg) * 0.5,
    why: `T0 ${Math.abs(dtS).toFixed(1)} s apart, positions ${angle(sepDeg)} apart with a joint error of ${angle(sigmaDeg)}; the limit is ${angle(limitDeg)}`,
  };
}

interface Agreement {
  readonly sepDeg: number;
  readonly sigmaDeg: number;
  readonly limitDeg: number;
}

/** Two positions that may be of one event, with the limit that says so; null when they may not. */
function agreement(a: Place, b: Place, dtS: number): Agreement | null {
  const sepDeg = separationDeg(a.raDeg, a.decDeg, b.raDeg, b.decDeg);
  const sigmaDeg = Math.hypot(a.sigmaDeg, b.sigmaDeg);
  const limitDeg = separationLimitDeg(dtS, sigmaDeg, Math.max(a.totalErrorDeg, b.totalErrorDeg));
  return limitDeg > 0 && sepDeg <= limitDeg ? { sepDeg, sigmaDeg, limitDeg } : null;
}

function better(one: Agreement | null, other: Agreement | null): Agreement | null {
  if (one === null || other === null) return one ?? other;
  return other.sepDeg / other.limitDeg < one.sepDeg / one.limitDeg ? other : one;
}

/** |dt| in s; a time of an exposure after the other's T0 says no more than that they are near. */
function timeApartS(a: TriggerFacts, b: TriggerFacts, dtS: number): number {
  const exposureAfterBurst =
    (b.t0IsExposure && dtS > NEAR_S && dtS <= EXPOSURE_DELAY_S) ||
    (a.t0IsExposure && -dtS > NEAR_S && -dtS <= EXPOSURE_DELAY_S);
  return exposureAfterBurst ? NEAR_S : Math.abs(dtS);
}

/** How far apart two positions of one event may be, deg, when their T0 differ by `dtS`; 0 when never. */
function separationLimitDeg(dtS: number, sigmaDeg: number, worstErrorDeg: number): number {
  const long = worstErrorDeg < LONG_MAX_ERROR_DEG ? Math.max(LONG_SIGMA * sigmaDeg, LONG_MIN_SEP_DEG) : 0;
  if (dtS <= PROMPT_S) {
    const tail = worstErrorDeg > WIDE_DEG ? PROMPT_MIN_DEG : 0;
    return Math.max(long, Math.min(Math.max(PROMPT_SIGMA * sigmaDeg, tail), PROMPT_MAX_DEG));
  }
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

function citesTheSame(a: TriggerFacts, b: TriggerFacts): boolean {
  return (
    a.cites.some((name) => b.ivorns.includes(name) || b.cites.includes(name)) ||
    b.cites.some((name) => a.ivorns.includes(name))
  );
}

/**
 * Whether two triggers cannot be one event although others link them: both positions are known and too far apart, or
 * one instrument triggered twice without a link between the two.
 */
export function contradicts(a: TriggerFacts, b: TriggerFacts): boolean {
  if (a.simulated !== b.simulated) return true;
  if (a.timeOnly || b.timeOnly) return false;
  if (linkOf(a, b) !== null) return false;
  if (a.best !== null && b.best !== null) return true;
  return a.mission === b.mission && a.instrument === b.instrument;
}
