import { MS_PER_MINUTE } from "../units.ts";
import type { StrategyLimits } from "../strategies/strategy.ts";

/** The sky over the site at an instant, for one direction; injected, so that the rules know no astronomy. */
export type Visibility = (
  raDeg: number,
  decDeg: number,
  tMs: number,
) => { readonly altDeg: number; readonly sunAltDeg: number; readonly moonSepDeg: number };

/** Limits of the telescope, beside those of the strategy; the stricter counts. */
export interface SiteLimits {
  readonly minAltDeg?: number;
  readonly maxSunAltDeg?: number;
  readonly minMoonSepDeg?: number;
}

export interface BothLimits {
  readonly limits: StrategyLimits;
  readonly site?: SiteLimits;
}

/** Step in which the first visible instant is sought. */
const STEP_MS = 5 * MS_PER_MINUTE;

/** Why a place cannot be observed at an instant, with the numbers; null when it can. */
export function visibilityProblem(
  visibility: Visibility,
  both: BothLimits,
  raDeg: number,
  decDeg: number,
  tMs: number,
): string | null {
  const { altDeg, sunAltDeg, moonSepDeg } = visibility(raDeg, decDeg, tMs);
  const minAltDeg = Math.max(both.limits.minAltDeg, both.site?.minAltDeg ?? -90);
  const maxSunAltDeg = Math.min(both.limits.maxSunAltDeg, both.site?.maxSunAltDeg ?? 90);
  const minMoonSepDeg = Math.max(both.limits.minMoonSepDeg, both.site?.minMoonSepDeg ?? 0);
  if (sunAltDeg > maxSunAltDeg) return `the Sun is at ${sunAltDeg.toFixed(1)} deg, above ${maxSunAltDeg}`;
  if (altDeg < minAltDeg) return `the target is at ${altDeg.toFixed(1)} deg, below ${minAltDeg}`;
  if (moonSepDeg < minMoonSepDeg)
    return `the Moon is ${moonSepDeg.toFixed(1)} deg away, nearer than ${minMoonSepDeg}`;
  return null;
}

/** The first instant after `fromMs`, up to `untilMs`, at which the place can be observed, to 5 min; null when there is none. */
export function firstVisibleMs(
  visibility: Visibility,
  both: BothLimits,
  raDeg: number,
  decDeg: number,
  fromMs: number,
  untilMs: number,
): number | null {
  for (let tMs = fromMs + STEP_MS; tMs <= untilMs; tMs += STEP_MS) {
    if (visibilityProblem(visibility, both, raDeg, decDeg, tMs) === null) return tMs;
  }
  return null;
}
