import type { WeatherRecord } from "../../../db/entities/weather.ts";
import type { WeatherLimits } from "../../../domain/observatory.ts";

/** What is drawn of the weather. */
export interface WeatherQuantity {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly decimals: number;
  readonly of: (row: WeatherRecord) => number | null;
  readonly limit: (limits: WeatherLimits) => { readonly value: number; readonly words: string } | null;
}

const plain = (
  key: keyof WeatherRecord,
  name: string,
  unit: string,
  decimals: number,
  limit: WeatherQuantity["limit"] = () => null,
): WeatherQuantity => ({
  key,
  name,
  unit,
  decimals,
  of: (row) => (typeof row[key] === "number" ? row[key] : null),
  limit,
});

export const WEATHER_QUANTITIES: readonly WeatherQuantity[] = [
  plain("humidityPct", "Humidity", "%", 0, ({ maxHumidityPct }) => ({
    value: maxHumidityPct,
    words: "at most",
  })),
  {
    key: "dewMarginC",
    name: "Above dew point",
    unit: "°C",
    decimals: 1,
    of: ({ temperatureC, dewPointC }) =>
      temperatureC === null || dewPointC === null ? null : temperatureC - dewPointC,
    limit: ({ minDewMarginC }) => ({ value: minDewMarginC, words: "at least" }),
  },
  plain("windMS", "Wind", "m/s", 1, ({ maxWindMS }) => ({ value: maxWindMS, words: "at most" })),
  plain("gustMS", "Gust", "m/s", 1, ({ maxGustMS }) => ({ value: maxGustMS, words: "at most" })),
  plain("rainMmH", "Rain", "mm/h", 1, ({ maxRainMmH }) => ({ value: maxRainMmH, words: "at most" })),
  plain("cloudPct", "Cloud", "%", 0, ({ maxCloudPct }) => ({ value: maxCloudPct, words: "at most" })),
  plain("temperatureC", "Temperature", "°C", 1),
  plain("seeingArcsec", "Seeing", "arcsec", 2),
];
