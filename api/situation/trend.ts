import { isDatabaseUnavailable } from "../../db/connection.ts";
import type { Database } from "../../db/orm.ts";
import type { WeatherValues } from "../../domain/safety/watch-state.ts";
import { MS_PER_MINUTE } from "../../domain/units.ts";
import type { Situation } from "./situation.ts";

/** Trends look back so far. */
export const TREND_MIN = 30;
/** A reading this much older still tells what was then. */
const SLACK_MIN = 15;

/** The weather half an hour before an observatory instant; null when nothing was read then. */
export async function weatherBefore(
  database: Pick<Database, "weather">,
  siteId: string,
  nowMs: number,
): Promise<WeatherValues | null> {
  const thenMs = nowMs - TREND_MIN * MS_PER_MINUTE;
  try {
    const reading = await database.weather.before(siteId, thenMs, thenMs - SLACK_MIN * MS_PER_MINUTE);
    return reading === null ? null : { ...reading, skyQualityMagArcsec2: reading.skyQualityMag };
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return null;
  }
}

/** The situation with what the weather was half an hour ago. */
export function withTrend(situation: Situation, before: WeatherValues | null): Situation {
  return { ...situation, weather: { ...situation.weather, before } };
}
