import type { MikroORM } from "@mikro-orm/postgresql";
import { Exposure } from "../entities/exposure.ts";
import { Image, type ImageRecord } from "../entities/image.ts";
import { countEntities, type RowCount } from "../count.ts";
import { findRecord, findRecords } from "../find-records.ts";
import { type CursorQuery, type Page, pageBounds } from "../page.ts";
import { recordOf } from "../record.ts";
import type { ExposureKey } from "./exposures.ts";

export interface ImageQuery extends CursorQuery {
  readonly nightId?: string;
  readonly sequenceId?: string;
  readonly cameraId?: string;
  readonly filter?: string;
}

export type ImageRepository = ReturnType<typeof createImageRepository>;

export function createImageRepository(orm: MikroORM) {
  /** Stores the image of an exposure; there is one per exposure, the last written wins (a fetch may run twice). */
  const upsert = async (image: ImageRecord): Promise<ImageRecord> => {
    const em = orm.em.fork();
    await em.upsert(
      Image,
      { ...image },
      { onConflictFields: ["exposureId"], onConflictExcludeFields: ["id"] },
    );
    return recordOf(await em.fork().findOneOrFail(Image, { exposureId: image.exposureId }));
  };

  /**
   * Stores the image of an exposure and marks the exposure `stored`, in one transaction: a frame counts as taken exactly
   * when its image is recorded. Run twice it is once.
   */
  const store = async (key: ExposureKey, image: ImageRecord): Promise<void> =>
    orm.em.fork().transactional(async (em) => {
      await em.upsert(
        Image,
        { ...image },
        { onConflictFields: ["exposureId"], onConflictExcludeFields: ["id"] },
      );
      await em.nativeUpdate(
        Exposure,
        { ...key, state: { $in: ["starting", "exposing", "read"] } },
        { state: "stored", endMs: image.startMs + Math.round(image.exposureS * 1_000) },
      );
    });

  const one = async (id: string): Promise<ImageRecord | null> => findRecord(orm.em.fork(), Image, { id });

  const ofExposure = async (exposureId: string): Promise<ImageRecord | null> =>
    findRecord(orm.em.fork(), Image, { exposureId });

  /** Images, newest first. */
  const list = async (query: ImageQuery = {}): Promise<Page<ImageRecord>> => {
    const em = orm.em.fork();
    const where: Record<string, string> = {};
    for (const key of ["nightId", "sequenceId", "cameraId", "filter"] as const) {
      const value = query[key];
      if (value !== undefined) where[key] = value;
    }
    const { after, before } = query;
    const items = await findRecords(em, Image, within(where, query), {
      ...(after === undefined && before === undefined
        ? pageBounds(query)
        : { limit: pageBounds(query).limit }),
      orderBy: before === undefined ? { startMs: "desc", id: "desc" } : { startMs: "asc", id: "asc" },
    });
    return {
      items: before === undefined ? items : items.toReversed(),
      ...(await countEntities(em, Image, where)),
    };
  };

  /** The newest image, or null before the first. */
  const latest = async (): Promise<ImageRecord | null> => {
    const [newest] = await findRecords(
      orm.em.fork(),
      Image,
      {},
      { orderBy: { startMs: "desc", id: "desc" }, limit: 1 },
    );
    return newest ?? null;
  };

  /** How many images there are, about. */
  const count = async (): Promise<RowCount> => countEntities(orm.em.fork(), Image, {});

  /** The newest images of each of these sequences, at most `limit` of each. */
  const ofSequences = async (sequenceIds: readonly string[], limit: number): Promise<ImageRecord[]> => {
    const em = orm.em.fork();
    const ids = await em.execute<{ id: string }[]>(
      `select i.id from jsonb_array_elements_text(?::jsonb) as wanted (id)
       cross join lateral (
         select id from image where sequence_id = wanted.id order by start_at desc, id desc limit ?
       ) as i`,
      [JSON.stringify(sequenceIds), limit],
    );
    if (ids.length === 0) return [];
    return findRecords(
      em,
      Image,
      { id: { $in: ids.map(({ id }) => id) } },
      { orderBy: { startMs: "desc", id: "desc" } },
    );
  };

  return { upsert, store, one, ofExposure, list, latest, count, ofSequences };
}

/** A filter, and the rows on one side of the neighbour. The outer comparison is what an index can use. */
function within(where: Record<string, unknown>, { after, before }: CursorQuery): Record<string, unknown> {
  const [cursor, operator] = after === undefined ? ([before, "$gt"] as const) : ([after, "$lt"] as const);
  if (cursor === undefined) return where;
  const { atMs, id } = cursor;
  return {
    ...where,
    startMs: { [`${operator}e`]: atMs },
    $or: [{ startMs: { [operator]: atMs } }, { id: { [operator]: id } }],
  };
}

/** Id of an image: `R0012-1-vis-1-003-1` for frame 3 of plan `R0012-1-vis-1`, first attempt. */
export function imageId(key: ExposureKey): string {
  return `${key.planId}-${String(key.n).padStart(3, "0")}-${key.attempt}`;
}
