import type { MikroORM } from "@mikro-orm/postgresql";
import { Exposure } from "../entities/exposure.ts";
import { Image, type ImageRecord } from "../entities/image.ts";
import { type Page, pageBounds, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";
import type { ExposureKey } from "./exposures.ts";

export interface ImageQuery extends PageQuery {
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

  const one = async (id: string): Promise<ImageRecord | null> => {
    const row = await orm.em.fork().findOne(Image, { id });
    return row === null ? null : recordOf(row);
  };

  const ofExposure = async (exposureId: string): Promise<ImageRecord | null> => {
    const row = await orm.em.fork().findOne(Image, { exposureId });
    return row === null ? null : recordOf(row);
  };

  /** Images, newest first. */
  const list = async (query: ImageQuery = {}): Promise<Page<ImageRecord>> => {
    const where: Record<string, string> = {};
    for (const key of ["nightId", "sequenceId", "cameraId", "filter"] as const) {
      const value = query[key];
      if (value !== undefined) where[key] = value;
    }
    const [rows, total] = await orm.em
      .fork()
      .findAndCount(Image, where, { ...pageBounds(query), orderBy: { startMs: "desc", id: "desc" } });
    return { items: rows.map((row) => recordOf(row)), total };
  };

  return { upsert, store, one, ofExposure, list };
}

/** Id of an image: `R0012-1-vis-1-003-1` for frame 3 of plan `R0012-1-vis-1`, first attempt. */
export function imageId(key: ExposureKey): string {
  return `${key.planId}-${String(key.n).padStart(3, "0")}-${key.attempt}`;
}
