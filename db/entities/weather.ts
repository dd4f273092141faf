import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, real, rowNumber } from "./columns.ts";

/** One reading of the weather station and what was made of it. */
export const Weather = defineEntity({
  name: "Weather",
  tableName: "weather",
  properties: {
    id: rowNumber(),
    site: p.text(),
    atMs: instant(),
    atWallMs: instant(),
    temperatureC: real().nullable(),
    humidityPct: real().nullable(),
    dewPointC: real().nullable(),
    pressureHPa: real().fieldName("pressure_hpa").nullable(),
    windMS: real().fieldName("wind_ms").nullable(),
    gustMS: real().fieldName("gust_ms").nullable(),
    windDirectionDeg: real().nullable(),
    rainMmH: real().fieldName("rain_mm_h").nullable(),
    cloudPct: real().nullable(),
    skyTemperatureC: real().nullable(),
    skyQualityMag: real().nullable(),
    seeingArcsec: real().nullable(),
    safe: p.boolean(),
    /** What was unsafe, in words. */
    reasons: p.json<readonly string[]>(),
  },
  indexes: [{ properties: ["site", "atMs"] }],
});

export type WeatherRecord = RecordOf<typeof Weather>;
