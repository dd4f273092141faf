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
}

/** The readings that may close the dome, each against the limit of the observatory file. */
export function weatherMargins(values: WeatherValues | null, { weather }: Observatory): Margin[] {
  const { temperatureC = null, dewPointC = null } = values ?? {};
  const dewMarginC = temperatureC === null || dewPointC === null ? null : temperatureC - dewPointC;
  return [
    upper("Humidity", values?.humidityPct ?? null, weather.maxHumidityPct, "%", 0),
    upper("Wind", values?.windMS ?? null, weather.maxWindMS, "m/s", 1),
    upper("Gust", values?.gustMS ?? null, weather.maxGustMS, "m/s", 1),
    upper("Rain", values?.rainMmH ?? null, weather.maxRainMmH, "mm/h", 1),
    upper("Cloud", values?.cloudPct ?? null, weather.maxCloudPct, "%", 0),
    {
      name: "Above dew point",
      value: quantity(dewMarginC, "°C", 1),
      limit: `at least ${quantity(weather.minDewMarginC, "°C", 1)}`,
      usedPct: dewMarginC === null ? 0 : share(weather.minDewMarginC, dewMarginC),
      mark: verdict(dewMarginC, dewMarginC !== null && dewMarginC >= weather.minDewMarginC),
    },
  ];
}

function upper(name: string, value: number | null, limit: number, unit: string, decimals: number): Margin {
  return {
    name,
    value: quantity(value, unit, decimals),
    limit: `at most ${quantity(limit, unit, decimals)}`,
    usedPct: value === null ? 0 : share(value, limit),
    mark: verdict(value, value !== null && value <= limit),
  };
}

/** A part of a whole, per cent; a limit of nothing is used up by anything. */
function share(part: number, whole: number): number {
  if (whole <= 0) return part > 0 ? 100 : 0;
  return Math.round(Math.min(100, Math.max(0, (100 * part) / whole)));
}

function verdict(value: number | null, within: boolean): Mark {
  if (value === null) return { tone: "unknown", word: `no reading ${NONE}` };
  return within ? { tone: "ok", word: "within" } : { tone: "alarm", word: "OVER" };
}
