import { lastDeg } from "../../../domain/astronomy/alt-az.ts";
import { moonPhaseInWords } from "../../../domain/astronomy/moon-phase.ts";
import { nightOf, sunCrossings, type NightAlmanac, type Twilight } from "../../../domain/astronomy/night.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import { DEG_PER_HOUR, MS_PER_HOUR } from "../../../domain/units.ts";
import { NBSP, number, quantity } from "../../words/numbers.ts";
import { clockTime, dateTime, duration } from "../../words/time.ts";

export type ShownAlmanac = ReturnType<typeof shownAlmanac>;

/** As many nights as people look at in an hour. */
const REMEMBERED = 64;

/**
 * The almanac of a night for the page. It takes tens of milliseconds to work out and is the same for ever: those asked for
 * last are remembered.
 * @returns a function of the date, yyyy-mm-dd; it throws RangeError naming the value and the rule
 */
export function createAlmanac(observatory: Observatory): (date: string) => ShownAlmanac {
  const remembered = new Map<string, ShownAlmanac>();
  return (date) => {
    const almanac = remembered.get(date) ?? shownAlmanac(observatory, date);
    remembered.delete(date);
    remembered.set(date, almanac);
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return almanac;
  };
}

function shownAlmanac(observatory: Observatory, date: string) {
  const { site, night: rules } = observatory;
  const night = nightOf(site, date);
  const observing = sunCrossings(site, night.windowStartMs, night.windowEndMs, rules.observingSunAltDeg);
  const duskMs = observing.find(({ rising }) => !rising)?.tMs ?? null;
  const dawnMs =
    observing.find(({ rising, tMs }) => rising && tMs > (duskMs ?? night.windowStartMs))?.tMs ?? null;
  return {
    date,
    sentence: nightSentence(night, rules.observingSunAltDeg, duskMs, dawnMs),
    twilights: [
      shownTwilight("Sunset and sunrise", night.sun),
      shownTwilight("Civil twilight, −6°", night.civil),
      shownTwilight("Nautical twilight, −12°", night.nautical),
      shownTwilight("Astronomical twilight, −18°", night.astronomical),
    ],
    moon: [
      ...(night.moonEvents.length === 0
        ? [
            {
              name: "Moon",
              value: night.moonAltDeg > 0 ? "up the whole night" : "below the horizon the whole night",
            },
          ]
        : night.moonEvents.map(({ event, tMs }) => ({
            name: event === "rise" ? "Moonrise" : "Moonset",
            value: `${dateTime(tMs)} UTC`,
          }))),
      {
        name: "Phase at midnight",
        value: `${moonPhaseInWords(night.midnightMs)}, ${quantity(100 * night.moonIllumination, "%")} lit`,
      },
      {
        name: "Moon at midnight",
        value: `${number(night.moonAltDeg, 0)}° high, azimuth ${number(night.moonAzDeg, 0)}°`,
      },
    ],
    midnight: [
      { name: "Local midnight", value: `${dateTime(night.midnightMs)} UTC` },
      {
        name: "Sidereal time at midnight",
        value: clockTime((lastDeg(site, night.midnightMs) / DEG_PER_HOUR) * MS_PER_HOUR),
      },
      { name: "Sun at its lowest", value: `${number(night.sunMinAltDeg, 1)}°` },
    ],
  };
}

function nightSentence(
  night: NightAlmanac,
  observingSunAltDeg: number,
  duskMs: number | null,
  dawnMs: number | null,
): string {
  const limit = `${number(observingSunAltDeg, 0)}°`;
  if (duskMs !== null && dawnMs !== null) {
    return `Observing from ${dateTime(duskMs)} to ${dateTime(dawnMs)} UTC, ${duration(dawnMs - duskMs)} with the Sun below ${limit}.`;
  }
  if (night.sunMinAltDeg >= observingSunAltDeg) {
    return `No night on this date: the Sun sinks to ${number(night.sunMinAltDeg, 1)}° only and observing needs ${limit}.`;
  }
  return `Polar night: the Sun stays below ${limit} the whole day, its highest is ${number(night.sunMaxAltDeg, 1)}°.`;
}

function shownTwilight(name: string, { state, eveningMs, morningMs, altDeg }: Twilight) {
  const degrees = `${number(altDeg, altDeg > -1 ? 1 : 0)}°`;
  if (state === "always_above") {
    return { name, evening: `does not happen: the Sun stays above${NBSP}${degrees}`, morning: "" };
  }
  if (state === "always_below") {
    return { name, evening: `does not happen: the Sun stays below${NBSP}${degrees}`, morning: "" };
  }
  return {
    name,
    evening: eveningMs === null ? "not in this night" : `${dateTime(eveningMs)} UTC`,
    morning: morningMs === null ? "not in this night" : `${dateTime(morningMs)} UTC`,
  };
}
