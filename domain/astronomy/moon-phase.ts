import { MS_PER_DAY } from "../units.ts";
import { moonIllumination } from "./sun-moon.ts";

/** Illuminated fractions at which the names of the phases change. */
const NEW_BELOW = 0.02;
const FULL_ABOVE = 0.98;
const QUARTER = [0.45, 0.55] as const;

/**
 * The phase of the Moon in words at `tMs` (Unix ms): by its illuminated fraction, and whether that grows.
 * @returns e.g. `waxing crescent`, `first quarter`, `full Moon`
 */
export function moonPhaseInWords(tMs: number): string {
  const lit = moonIllumination(tMs);
  const waxing = moonIllumination(tMs + MS_PER_DAY / 4) > lit;
  if (lit < NEW_BELOW) return "new Moon";
  if (lit > FULL_ABOVE) return "full Moon";
  if (lit >= QUARTER[0] && lit <= QUARTER[1]) return waxing ? "first quarter" : "last quarter";
  return `${waxing ? "waxing" : "waning"} ${lit < QUARTER[0] ? "crescent" : "gibbous"}`;
}
