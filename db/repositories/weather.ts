import type { MikroORM } from "@mikro-orm/postgresql";
import { Weather, type WeatherRecord } from "../entities/weather.ts";
import { recordOf } from "../record.ts";

export type WeatherRepository = ReturnType<typeof createWeatherRepository>;

export function createWeatherRepository(orm: MikroORM) {
  const insert = async (reading: Omit<WeatherRecord, "id">): Promise<void> => {
    await orm.em.fork().insert(Weather, { ...reading });
  };

  /** Readings between two observatory instants, oldest first, at most `limit` rows. */
  const range = async (
    site: string,
    fromMs: number,
    toMs: number,
    limit = 5_000,
  ): Promise<WeatherRecord[]> => {
    const rows = await orm.em
      .fork()
      .find(
        Weather,
        { site, atMs: { $gte: fromMs, $lte: toMs } },
        { orderBy: { atMs: "asc", id: "asc" }, limit },
      );
    return rows.map((row) => recordOf(row));
  };

  /** The newest reading, or null before the first. */
  const latest = async (site: string): Promise<WeatherRecord | null> => {
    const [row] = await orm.em
      .fork()
      .find(Weather, { site }, { orderBy: { atMs: "desc", id: "desc" }, limit: 1 });
    return row === undefined ? null : recordOf(row);
  };

  return { insert, range, latest };
}
