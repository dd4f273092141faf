import type { Database } from "../db/orm.ts";
import type { CalibrationFrameRecord } from "../db/entities/calibration-frame.ts";
import { createCameraActivities, type ExposureFetched } from "./camera.ts";
import type { CameraDeps, ExposureFacts, ExposureId, ExposureInput, ExposureStore } from "./exposure.ts";

/** A stored calibration frame also says its level, from which the exposure of the next flats follows. */
export type CalibrationFetched =
  | (Extract<ExposureFetched, { kind: "stored" }> & { readonly levelAdu: number | null })
  | Extract<ExposureFetched, { kind: "lost" }>;

export interface CalibrationFrameDeps extends Omit<CameraDeps, "exposures"> {
  readonly frames: Pick<Database["calibrations"], "startFrame" | "moveFrame" | "frame">;
}

export type CalibrationFrameActivities = ReturnType<typeof createCalibrationFrameActivities>;

/**
 * Bias, dark and flat frames: started, adopted, fetched and settled by the code that takes science frames, their account
 * kept in a table of their own.
 */
export function createCalibrationFrameActivities({ frames, ...deps }: CalibrationFrameDeps) {
  const camera = createCameraActivities({ ...deps, exposures: createFrameStore(frames, deps.clocks.wallMs) });

  async function fetchCalibrationFrame(input: ExposureInput): Promise<CalibrationFetched> {
    const fetched = await camera.fetchExposure(input);
    if (fetched.kind === "lost") return fetched;
    const level = (await frames.frame(keyOf(input)))?.statistics?.["median"];
    return { ...fetched, levelAdu: typeof level === "number" ? level : null };
  }

  return {
    startCalibrationFrame: camera.startExposure,
    fetchCalibrationFrame,
    settleCalibrationFrame: camera.settleAborted,
  };
}

/** The table of calibration frames as the code that takes exposures sees it. */
function createFrameStore(frames: CalibrationFrameDeps["frames"], wallMs: () => number): ExposureStore {
  return {
    async begin(input, cameraId, intendedStartMs) {
      const { calibration } = input;
      if (calibration === undefined) throw new Error(`${input.planId} is no group of calibration frames`);
      const row = await frames.startFrame({
        ...keyOf(input),
        ...calibration,
        instrumentId: input.instrumentId,
        cameraId,
        filter: input.filter,
        exposureS: input.exposureS,
        intendedStartMs: Math.round(intendedStartMs),
      });
      return factsOf(row);
    },

    async find(id) {
      const row = await frames.frame(keyOf(id));
      return row === null ? null : factsOf(row);
    },

    exposing: (id, startMs) =>
      frames.moveFrame(keyOf(id), { state: "exposing", startMs: Math.round(startMs) }),

    end: (id, end, reason) => frames.moveFrame(keyOf(id), { state: end, reason }),

    store: ({ imageId: _imageId, ...file }, { input, startMs }) =>
      frames.moveFrame(keyOf(input), {
        state: "stored",
        ...file,
        startMs: Math.round(startMs),
        storedWallMs: wallMs(),
      }),

    async imageOf(id) {
      const row = await frames.frame(keyOf(id));
      if (row === null || row.path === null || row.sha256 === null || row.bytes === null) return null;
      return { imageId: row.id, path: row.path, sha256: row.sha256, bytes: row.bytes };
    },
  };
}

function keyOf({ planId, n, attempt }: ExposureId) {
  return { groupId: planId, n, attempt };
}

function factsOf({ state, intendedStartMs, startMs, reason }: CalibrationFrameRecord): ExposureFacts {
  return { state, intendedStartMs, startMs, reason };
}
