import { airmass, altAz } from "../../domain/astronomy/alt-az.ts";
import { nightOf } from "../../domain/astronomy/night.ts";
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

/**
 * Altitude of a target and of the Moon through one night, from half an hour before sunset until half an hour after
 * sunrise, and when all limits hold: what the chart draws and programs get.
 * @param date yyyy-mm-dd of local noon
 */
export function altitudeCurve(pointing: Pointing, observatory: Observatory, date: string) {
  const { site } = observatory;
  const night = nightOf(site, date);
  const fromMs = (night.sun.eveningMs ?? night.midnightMs - HALF_NIGHT_MS) - 30 * MS_PER_MINUTE;
  const toMs = (night.sun.morningMs ?? night.midnightMs + HALF_NIGHT_MS) + 30 * MS_PER_MINUTE;
  const times: number[] = [];
  for (let tMs = fromMs; tMs < toMs + STEP_MS; tMs += STEP_MS) times.push(Math.min(tMs, toMs));
  return {
    night,
    fromMs,
    toMs,
    minAltDeg: strictConstraints(pointing.constraints, observatory).minAltDeg,
    points: times.map((tMs) => {
      const { altDeg } = altAz(site, pointing.raDeg, pointing.decDeg, tMs);
      return { atMs: tMs, altDeg, airmass: airmass(altDeg), moonAltDeg: moonPosition(site, tMs).altDeg };
    }),
    windows: nightUse(pointing, observatory, createNightSkies(observatory)(date)).windows,
  };
}
