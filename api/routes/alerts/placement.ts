import { angleDeg, apparentFrame, directionOf } from "../../../domain/astronomy/apparent.ts";
import { altAz } from "../../../domain/astronomy/alt-az.ts";
import { nightDateAt, nightOf } from "../../../domain/astronomy/night.ts";
import { moonDirection, sunAltDeg } from "../../../domain/astronomy/sun-moon.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import { MS_PER_MINUTE } from "../../../domain/units.ts";

export interface Place {
  readonly raDeg: number;
  readonly decDeg: number;
}

/** How long a simulated burst should stay observable. */
const WATCH_MS = 90 * MS_PER_MINUTE;
const MIN_ALT_DEG = 40;
const MIN_MOON_SEPARATION_DEG = 40;
const GRID_DEG = 10;

/**
 * A place for a simulated burst: well above the horizon and away from the Moon for the next 90 min, or after the coming
 * dusk when it is day.
 * @param nowMs observatory time
 * @param choice 0 to below 1: which of the good places
 */
export function visiblePlace(observatory: Observatory, nowMs: number, choice: number): Place {
  const { site } = observatory;
  const fromMs = observingStartMs(observatory, nowMs);
  const untilMs = fromMs + WATCH_MS;
  const [first, last] = [apparentFrame(fromMs), apparentFrame(untilMs)];
  const moon = moonDirection(site, fromMs);
  const places: Place[] = [];
  for (let decDeg = -80; decDeg <= 80; decDeg += GRID_DEG) {
    for (let raDeg = 0; raDeg < 360; raDeg += GRID_DEG) {
      if (altAz(site, raDeg, decDeg, fromMs, first).altDeg < MIN_ALT_DEG) continue;
      if (altAz(site, raDeg, decDeg, untilMs, last).altDeg < MIN_ALT_DEG) continue;
      if (angleDeg(moon, directionOf(raDeg, decDeg)) < MIN_MOON_SEPARATION_DEG) continue;
      places.push({ raDeg, decDeg });
    }
  }
  const place = places[Math.floor(choice * places.length)];
  // From any site more than a quarter of the sky is above 40 degrees' reach of its zenith; the Moon covers a part of it.
  if (place === undefined) throw new Error("no place in the sky is high enough and away from the Moon");
  return place;
}

function observingStartMs({ site, night }: Observatory, nowMs: number): number {
  if (sunAltDeg(site, nowMs) <= night.observingSunAltDeg) return nowMs;
  const duskMs = nightOf(site, nightDateAt(site, nowMs)).nautical.eveningMs;
  return duskMs === null || duskMs < nowMs ? nowMs : duskMs;
}
