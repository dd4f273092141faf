import type { DeviceRecord } from "../../../db/entities/device.ts";
import type { WeatherRecord } from "../../../db/entities/weather.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import { closesDome, type Hold } from "../../../domain/safety/holds.ts";
import { MS_PER_MINUTE } from "../../../domain/units.ts";
import { SPAN_WORDS, SPANS, type Span } from "../../charts/spans.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Situation } from "../../situation/situation.ts";
import { domeMark, safetyMark, type Mark } from "../../situation/tone.ts";
import { NONE, number, quantity } from "../../words/numbers.ts";
import { dateTime, duration, hourMinute } from "../../words/time.ts";
import type { ShownAlmanac } from "./almanac.ts";
import { WEATHER_QUANTITIES } from "./quantities.ts";

export interface WeatherFacts {
  readonly situation: Situation;
  readonly observatory: Observatory;
  readonly latest: WeatherRecord | null;
  /** The newest reading that was unsafe, or null. */
  readonly lastUnsafe: WeatherRecord | null;
  readonly station: DeviceRecord | null;
  readonly span: Span;
  readonly almanac: ShownAlmanac;
  readonly nowMs: number;
  readonly nowWallMs: number;
}

/** Weather and site: can we be open, what closed us, when may we reopen, is it getting worse. */
export function weatherModel(facts: WeatherFacts): PageModel {
  const { situation, observatory, latest, span, almanac, nowMs } = facts;
  const closing = situation.holds.filter(({ kind }) => closesDome(kind));
  const { site } = observatory;
  return {
    title: "Weather",
    sentence: verdictSentence(situation, closing, nowMs),
    topics: ["weather"],
    safety: safetyMark(situation),
    dome: domeMark(situation.dome),
    closing: closing.map(({ kind, why, sinceMs }) => ({
      kind: `${kind[0]?.toUpperCase()}${kind.slice(1)}`,
      why,
      since: `${dateTime(sinceMs)} UTC`,
      age: duration(nowMs - sinceMs),
    })),
    reopens: reopenWords(facts, closing),
    interlock:
      situation.safety.safe === null
        ? "The interlock is not known now."
        : situation.safety.safe
          ? "The interlock says safe."
          : situation.safety.reasons.join(" "),
    readings: readingsOf(facts),
    noReading: latest === null,
    readAt: latest === null ? "" : `${dateTime(latest.atMs)} UTC`,
    spans: SPANS.map((each) => ({
      label: SPAN_WORDS[each],
      href: `/weather?span=${each}&date=${almanac.date}`,
      current: each === span,
    })),
    charts: WEATHER_QUANTITIES.map(({ key, name, unit }) => ({
      address: `/weather/history.svg?value=${key}&span=${span}`,
      words: `${name} in ${unit}, ${SPAN_WORDS[span]}; dashed the limit, shaded when the dome had to be closed, gaps where nothing was read.`,
    })),
    span,
    almanac,
    site: [
      { name: "Site", value: site.name },
      {
        name: "Place",
        value: `${number(Math.abs(site.latDeg), 4)}° ${site.latDeg < 0 ? "S" : "N"}, ${number(Math.abs(site.lonDeg), 4)}° ${site.lonDeg < 0 ? "W" : "E"}, ${number(site.heightM)} m`,
      },
      { name: "Time zone", value: site.timeZone },
    ],
  };
}

function verdictSentence(situation: Situation, closing: readonly Hold[], nowMs: number): string {
  const { weather, safety, dome } = situation;
  const first = closing.toSorted((a, b) => a.sinceMs - b.sinceMs)[0];
  if (first !== undefined) return `Closed for ${duration(nowMs - first.sinceMs)}: ${first.why}`;
  if (weather.safe === null && safety.safe === null) {
    return "Nothing is known of the weather yet. No data counts as unsafe.";
  }
  if (weather.safe === false || safety.safe === false) {
    return `Unsafe: ${[...weather.reasons, ...safety.reasons].join(" ")}`;
  }
  return `Safe to be open; the dome is ${dome.toLowerCase()}.`;
}

/** When it may open again at the earliest, in words; empty when weather and interlock close nothing. */
function reopenWords(
  { observatory, lastUnsafe, situation, nowMs }: WeatherFacts,
  closing: readonly Hold[],
): string {
  const byReadings = closing.filter(({ kind }) => kind === "weather" || kind === "safety");
  if (byReadings.length === 0) return "";
  const { safeForMin } = observatory.weather;
  const unsafeNow = situation.weather.safe !== true || situation.safety.safe !== true;
  const since = Math.max(lastUnsafe?.atMs ?? 0, ...byReadings.map(({ sinceMs }) => sinceMs));
  const earliestMs = Math.max(nowMs, (unsafeNow ? nowMs : since) + safeForMin * MS_PER_MINUTE);
  return unsafeNow
    ? `Opens again after ${safeForMin} min of safe readings, not before ${hourMinute(earliestMs)} UTC.`
    : `Readings are safe again. Opens at the earliest ${hourMinute(earliestMs)} UTC if they stay so for ${safeForMin} min.`;
}

function readingsOf({ latest, observatory, station, nowWallMs }: WeatherFacts) {
  const ageWallS = station?.values["ageWallS"];
  const age =
    latest === null
      ? NONE
      : duration(nowWallMs - latest.atWallMs + (typeof ageWallS === "number" ? ageWallS * 1_000 : 0));
  const judged = WEATHER_QUANTITIES.map(({ name, unit, decimals, of, limit }) => {
    const value = latest === null ? null : of(latest);
    const line = limit(observatory.weather);
    const least = line?.words === "at least";
    const margin = value === null || line === null ? null : least ? value - line.value : line.value - value;
    return {
      name,
      value: quantity(value, unit, decimals),
      limit: line === null ? "" : `${line.words} ${quantity(line.value, unit, decimals)}`,
      margin: line === null ? "" : margin === null ? NONE : quantity(margin, unit, decimals),
      mark: markOf(value, margin, line !== null),
      age,
    };
  });
  const others: readonly (readonly [string, string])[] =
    latest === null
      ? []
      : [
          ["Dew point", quantity(latest.dewPointC, "°C", 1)],
          ["Wind from", latest.windDirectionDeg === null ? NONE : `${number(latest.windDirectionDeg)}°`],
          ["Pressure", quantity(latest.pressureHPa, "hPa", 1)],
          ["Sky temperature", quantity(latest.skyTemperatureC, "°C", 1)],
          ["Sky brightness", quantity(latest.skyQualityMag, "mag/arcsec²", 2)],
        ];
  return [
    ...judged,
    ...others.map(([name, value]) => ({ name, value, limit: "", margin: "", mark: null, age })),
  ];
}

function markOf(value: number | null, margin: number | null, limited: boolean): Mark | null {
  if (!limited) return null;
  if (value === null || margin === null) return { tone: "unknown", word: "no reading" };
  return margin >= 0 ? { tone: "ok", word: "within" } : { tone: "alarm", word: "OVER" };
}
