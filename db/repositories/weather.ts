import type { MikroORM } from "@mikro-orm/postgresql";
import { Weather, type WeatherRecord } from "../entities/weather.ts";
import { findRecords } from "../find-records.ts";
import type { Cursor } from "../page.ts";
import { recordOf } from "../record.ts";

export type WeatherRepository = ReturnType<typeof createWeatherRepository>;

export function createWeatherRepository(orm: MikroORM) {
  const insert = async (reading: Omit<WeatherRecord, "id">): Promise<void> => {
    await orm.em.fork().insert(Weather, { ...reading });
  };

  /**
   * Readings between two observatory instants, oldest first, at most `limit` rows.
   * @param after the reading that the first of them comes after
   */
  const range = async (
    site: string,
    fromMs: number,
    toMs: number,
    limit = 5_000,
    after?: Cursor,
  ): Promise<WeatherRecord[]> => {
    const later =
      after === undefined
        ? {}
        : {
            $or: [{ atMs: { $gt: after.atMs } }, { atMs: after.atMs, id: { $gt: Number(after.id) } }],
          };
    return findRecords(
      orm.em.fork(),
      Weather,
      { $and: [{ site, atMs: { $gte: fromMs, $lte: toMs } }, later] },
      { orderBy: { atMs: "asc", id: "asc" }, limit },
    );
  };

  /** How many readings lie between two observatory instants; above `most` not counted on. */
  const countUpTo = async (site: string, fromMs: number, toMs: number, most: number): Promise<number> => {
    const [row] = await orm.em
      .fork()
      .execute<{ n: number }[]>(
        "select count(*)::int as n from (select 1 from weather where site = ? and at between ? and ? limit ?) as readings",
        [site, new Date(fromMs).toISOString(), new Date(toMs).toISOString(), most],
      );
    return row?.n ?? 0;
  };

  /** The newest reading, or null before the first. */
  const latest = async (site: string): Promise<WeatherRecord | null> => {
    const [row] = await orm.em
      .fork()
      .find(Weather, { site }, { orderBy: { atMs: "desc", id: "desc" }, limit: 1 });
    return row === undefined ? null : recordOf(row);
  };

  /** The newest reading up to an observatory instant, not older than another; null when there is none. */
  const before = async (site: string, atMs: number, notBeforeMs: number): Promise<WeatherRecord | null> => {
    const [row] = await orm.em
      .fork()
      .find(
        Weather,
        { site, atMs: { $gte: notBeforeMs, $lte: atMs } },
        { orderBy: { atMs: "desc", id: "desc" }, limit: 1 },
      );
    return row === undefined ? null : recordOf(row);
  };

  /** The newest reading that was unsafe, or null. */
  const lastUnsafe = async (site: string): Promise<WeatherRecord | null> => {
    const [row] = await orm.em
      .fork()
      .find(Weather, { site, safe: false }, { orderBy: { atMs: "desc", id: "desc" }, limit: 1 });
    return row === undefined ? null : recordOf(row);
  };

  /** Readings between two observatory instants, oldest first, thinned to at most about `most`: the last of each stretch. */
  const thinned = async (
    site: string,
    fromMs: number,
    toMs: number,
    most: number,
  ): Promise<WeatherRecord[]> => {
    const em = orm.em.fork();
    const stretchS = Math.max(1, (toMs - fromMs) / 1_000 / most);
    const ids = await em.execute<{ id: string }[]>(
      `select distinct on (stretch) id from (
         select floor(extract(epoch from at) / ?::float8) as stretch, at, id
         from weather where site = ? and at between ? and ?
       ) as reading
       order by stretch, at desc, id desc`,
      [stretchS, site, new Date(fromMs).toISOString(), new Date(toMs).toISOString()],
    );
    if (ids.length === 0) return [];
    return findRecords(
      em,
      Weather,
      { id: { $in: ids.map(({ id }) => Number(id)) } },
      { orderBy: { atMs: "asc", id: "asc" } },
    );
  };

  return { insert, range, countUpTo, latest, before, lastUnsafe, thinned };
}
