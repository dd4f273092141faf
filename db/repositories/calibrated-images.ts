import type { MikroORM } from "@mikro-orm/postgresql";
import {
  CalibratedImage,
  type CalibratedImageRecord,
  type CalibratedKind,
} from "../entities/calibrated-image.ts";
import { findRecord, findRecords } from "../find-records.ts";

export type CalibratedImageRepository = ReturnType<typeof createCalibratedImageRepository>;

/** Science frames with the masters applied: at most one quick-look and one final one of each raw frame. */
export function createCalibratedImageRepository(orm: MikroORM) {
  /** Stores one; made again, the last one counts. */
  const upsert = async (image: CalibratedImageRecord): Promise<void> => {
    await orm.em.fork().upsert(CalibratedImage, { ...image });
  };

  const one = async (id: string): Promise<CalibratedImageRecord | null> =>
    findRecord(orm.em.fork(), CalibratedImage, { id });

  /** Those of some raw images, by image id. */
  const ofImages = async (imageIds: readonly string[]): Promise<Map<string, CalibratedImageRecord[]>> => {
    const found = new Map<string, CalibratedImageRecord[]>();
    if (imageIds.length === 0) return found;
    const records = await findRecords(
      orm.em.fork(),
      CalibratedImage,
      { imageId: { $in: [...imageIds] } },
      { orderBy: { id: "asc" } },
    );
    for (const record of records) {
      found.set(record.imageId, [...(found.get(record.imageId) ?? []), record]);
    }
    return found;
  };

  /**
   * Ids of the raw images of a sequence that have none of that kind yet, in order of exposure.
   * A final one also stands for the quick-look.
   * @param nightId only those of that night; null: of any
   */
  const missing = async (
    sequenceId: string,
    kind: CalibratedKind,
    nightId: string | null,
    limit: number,
  ): Promise<string[]> => {
    const kinds = kind === "quicklook" ? ["quicklook", "final"] : ["final"];
    const rows = await orm.em.fork().execute<{ id: string }[]>(
      `select image.id from image
       where image.sequence_id = ? and (?::text is null or image.night_id = ?)
         and not exists (select 1 from calibrated_image c where c.image_id = image.id and c.kind in (${kinds.map(() => "?").join(", ")}))
       order by image.start_at, image.id limit ?`,
      [sequenceId, nightId, nightId, ...kinds, limit],
    );
    return rows.map((row) => row.id);
  };

  return { upsert, one, ofImages, missing };
}

/** Id of a calibrated image: `{image}-{kind}`. */
export function calibratedImageId(imageId: string, kind: CalibratedKind): string {
  return `${imageId}-${kind}`;
}
