import type { Observatory } from "../../domain/observatory.ts";
import type { WeatherValues } from "../../domain/safety/watch-state.ts";
import { NONE, quantity } from "../words/numbers.ts";
import type { Mark } from "./tone.ts";

/** One quantity of the sky against its limit. */
export interface Margin {
  readonly name: string;
  readonly value: string;
  readonly limit: string;
  /** How much of what the limit allows is used, 0 to 100 for a bar beside the numbers. */
  readonly usedPct: number;
  readonly mark: Mark;
  /** What it did in the last half hour: an arrow for the eye, a word for those who do not see it, by how much. */
  readonly trend: Trend;
}

export interface Trend {
  readonly arrow: string;
  readonly word: string;
  readonly change: string;
}

/** The readings that may close the dome, each against the limit of the observatory file. */
export function weatherMargins(
  values: WeatherValues | null,
  before: WeatherValues | null,
  { weather }: Observatory,
): Margin[] {
  const dewMarginC = dewMargin(values);
  const upper = (
    name: string,
    of: (values: WeatherValues) => number | null,
    limit: number,
    unit: string,
    decimals: number,
  ): Margin => {
    const value = values === null ? null : of(values);
    return {
      name,
      value: quantity(value, unit, decimals),
      limit: `at most ${quantity(limit, unit, decimals)}`,
      usedPct: value === null ? 0 : share(value, limit),
      mark: verdict(value, value !== null && value <= limit),
      trend: trendOf(value, before === null ? null : of(before), unit, decimals),
    };
  };
  return [
    upper("Humidity", ({ humidityPct }) => humidityPct, weather.maxHumidityPct, "%", 0),
    upper("Wind", ({ windMS }) => windMS, weather.maxWindMS, "m/s", 1),
    upper("Gust", ({ gustMS }) => gustMS, weather.maxGustMS, "m/s", 1),
    upper("Rain", ({ rainMmH }) => rainMmH, weather.maxRainMmH, "mm/h", 1),
    upper("Cloud", ({ cloudPct }) => cloudPct, weather.maxCloudPct, "%", 0),
    {
      name: "Above dew point",
      value: quantity(dewMarginC, "°C", 1),
      limit: `at least ${quantity(weather.minDewMarginC, "°C", 1)}`,
      usedPct: dewMarginC === null ? 0 : share(weather.minDewMarginC, dewMarginC),
      mark: verdict(dewMarginC, dewMarginC !== null && dewMarginC >= weather.minDewMarginC),
      trend: trendOf(dewMarginC, dewMargin(before), "°C", 1),
    },
  ];
}

function dewMargin(values: WeatherValues | null): number | null {
  const { temperatureC = null, dewPointC = null } = values ?? {};
  return temperatureC === null || dewPointC === null ? null : temperatureC - dewPointC;
}

/** Less than this, in the last digit that is shown, is no change but noise. */
const STEADY_DIGITS = 2;

function trendOf(value: number | null, before: number | null, unit: string, decimals: number): Trend {
  if (value === null || before === null) return { arrow: "", word: "not known", change: NONE };
  const change = value - before;
  const steady = STEADY_DIGITS * 10 ** -decimals;
  // Half a digit more, so that 0.2 as computers subtract it is 0.2.
  if (Math.abs(change) < steady - 0.5 * 10 ** -decimals) return { arrow: "→", word: "", change: "steady" };
  const [arrow, word, sign] = change > 0 ? ["↗", "rising", "+"] : ["↘", "falling", ""];
  return { arrow, word, change: `${sign}${quantity(change, unit, decimals)}` };
}

/** A part of a whole, per cent; a limit of nothing is used up by anything. */
function share(part: number, whole: number): number {
  if (whole <= 0) return part > 0 ? 100 : 0;
  return Math.round(Math.min(100, Math.max(0, (100 * part) / whole)));
}

function verdict(value: number | null, within: boolean): Mark {
  if (value === null) return { tone: "unknown", word: "no reading" };
  return within ? { tone: "ok", word: "within" } : { tone: "alarm", word: "OVER" };
}
