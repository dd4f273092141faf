import { airmass, altAz } from "../../domain/astronomy/alt-az.ts";
import type { Interval } from "../../domain/astronomy/interval.ts";
import { kept } from "../../domain/kept.ts";
import { nightOf, type NightAlmanac } from "../../domain/astronomy/night.ts";
import { moonPosition } from "../../domain/astronomy/sun-moon.ts";
import type { Observatory } from "../../domain/observatory.ts";
import {
  createNightSkies,
  nightUse,
  strictConstraints,
  type Pointing,
} from "../../domain/requests/visibility.ts";
import { MS_PER_HOUR, MS_PER_MINUTE } from "../../domain/units.ts";

const STEP_MS = 10 * MS_PER_MINUTE;
const HALF_NIGHT_MS = 8 * MS_PER_HOUR;
const KEPT_NIGHTS = 100;

/** A target and the Moon through one night: what the chart draws and programs get. */
export interface AltitudeCurve {
  readonly night: NightAlmanac;
  readonly fromMs: number;
  readonly toMs: number;
  readonly minAltDeg: number;
  readonly points: readonly {
    readonly atMs: number;
    readonly altDeg: number;
    readonly airmass: number | null;
    readonly moonAltDeg: number;
  }[];
  /** When all limits hold. */
  readonly windows: readonly Interval[];
}

/**
 * Altitude of a target and of the Moon through one night, from half an hour before sunset until half an hour after
 * sunrise, and when all limits hold. `date` is yyyy-mm-dd of local noon.
 * @throws RangeError for a date that is none
 */
export type AltitudeCurves = (pointing: Pointing, date: string) => AltitudeCurve;

/** Curves of one site. What a night has in common for all targets, its almanac and the way of the Moon, is computed once. */
export function createAltitudeCurves(observatory: Observatory): AltitudeCurves {
  const { site } = observatory;
  const skies = createNightSkies(observatory);
  const moons = kept((date: string) => moonOfNight(observatory, date), KEPT_NIGHTS);
  return (pointing, date) => {
    const { night, fromMs, toMs, moon } = moons(date);
    return {
      night,
      fromMs,
      toMs,
      minAltDeg: strictConstraints(pointing.constraints, observatory).minAltDeg,
      points: moon.map(({ atMs, moonAltDeg }) => {
        const { altDeg } = altAz(site, pointing.raDeg, pointing.decDeg, atMs);
        return { atMs, altDeg, airmass: airmass(altDeg), moonAltDeg };
      }),
      windows: nightUse(pointing, observatory, skies(date)).windows,
    };
  };
}

function moonOfNight({ site }: Observatory, date: string) {
  const night = nightOf(site, date);
  const fromMs = (night.sun.eveningMs ?? night.midnightMs - HALF_NIGHT_MS) - 30 * MS_PER_MINUTE;
  const toMs = (night.sun.morningMs ?? night.midnightMs + HALF_NIGHT_MS) + 30 * MS_PER_MINUTE;
  const moon: { readonly atMs: number; readonly moonAltDeg: number }[] = [];
  for (let tMs = fromMs; tMs < toMs + STEP_MS; tMs += STEP_MS) {
    const atMs = Math.min(tMs, toMs);
    moon.push({ atMs, moonAltDeg: moonPosition(site, atMs).altDeg });
  }
  return { night, fromMs, toMs, moon };
}
