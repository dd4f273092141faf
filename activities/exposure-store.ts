import type { Database } from "../db/orm.ts";
import { exposureId } from "../db/repositories/exposures.ts";
import type { ExposureRecord } from "../db/entities/exposure.ts";
import { MS_PER_SECOND } from "../domain/units.ts";
import type { ExposureFacts, ExposureStore, StoredImage } from "./exposure.ts";

/** The account of exposures and images in the database. */
export function createExposureStore(
  { exposures, images }: Pick<Database, "exposures" | "images">,
  wallMs: () => number,
): ExposureStore {
  async function imageOf(id: Parameters<ExposureStore["imageOf"]>[0]): Promise<StoredImage | null> {
    const image = await images.ofExposure(exposureId(id));
    if (image === null) return null;
    // Killed between the two writes of `store`: the second is made up for.
    await exposures.move(id, "stored");
    return { imageId: image.id, path: image.path, sha256: image.sha256, bytes: image.bytes };
  }

  return {
    imageOf,

    async begin(input, cameraId, intendedStartMs) {
      const { planId, n, attempt, nightId } = input;
      return factsOf(await exposures.start({ planId, n, attempt, nightId, cameraId, intendedStartMs }));
    },

    async find(id) {
      const row = await exposures.one(id);
      return row === null ? null : factsOf(row);
    },

    async exposing(id, startMs) {
      await exposures.move(id, "exposing", { startMs: Math.round(startMs) });
    },

    async end(id, end, reason) {
      await exposures.move(id, end, { reason });
    },

    async store(frame, { input, instrument, startMs, pointing, filter }) {
      const { imageId, ...file } = frame;
      await images.upsert({
        id: imageId,
        exposureId: exposureId(input),
        sequenceId: input.sequenceId,
        nightId: input.nightId,
        cameraId: instrument.cameraId,
        filter: filter.name,
        exposureS: input.exposureS,
        startMs: Math.round(startMs),
        raDeg: pointing.raDeg,
        decDeg: pointing.decDeg,
        ...file,
        storedWallMs: wallMs(),
      });
      await exposures.move(input, "stored", {
        endMs: Math.round(startMs + input.exposureS * MS_PER_SECOND),
      });
    },
  };
}

function factsOf(row: ExposureRecord): ExposureFacts {
  const { state, intendedStartMs, startMs, reason } = row;
  if (intendedStartMs === null) {
    throw new Error(`exposure ${row.id} is ${state} without an intended start: the row breaks a check`);
  }
  return { state, intendedStartMs, startMs, reason };
}
