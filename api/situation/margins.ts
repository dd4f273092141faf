import type { Observatory } from "../../domain/observatory.ts";
import type { WeatherValues } from "../../domain/safety/watch-state.ts";
import { NONE, quantity } from "../words/numbers.ts";
import type { Mark } from "./tone.ts";

/** One quantity of the sky against its limit. */
export interface Margin {
  readonly name: string;
  readonly value: string;
  readonly limit: string;
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
      mark: verdict(dewMarginC, dewMarginC !== null && dewMarginC >= weather.minDewMarginC),
    },
  ];
}

function upper(name: string, value: number | null, limit: number, unit: string, decimals: number): Margin {
  return {
    name,
    value: quantity(value, unit, decimals),
    limit: `at most ${quantity(limit, unit, decimals)}`,
    mark: verdict(value, value !== null && value <= limit),
  };
}

function verdict(value: number | null, within: boolean): Mark {
  if (value === null) return { tone: "unknown", word: `no reading ${NONE}` };
  return within ? { tone: "ok", word: "within" } : { tone: "alarm", word: "OVER" };
}
