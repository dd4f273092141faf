import type { MikroORM } from "@mikro-orm/postgresql";
import { Exposure, type ExposureRecord, type ExposureState } from "../entities/exposure.ts";
import { findRecord, findRecords } from "../find-records.ts";
import { recordOf } from "../record.ts";

/** Names one exposure: frame `n` (1-based) of a plan, in an attempt (1-based). */
export interface ExposureKey {
  readonly planId: string;
  readonly n: number;
  readonly attempt: number;
}

/** States an exposure may come from. A stored frame stays stored, an aborted or lost one is taken again as the next attempt. */
const BEFORE: Readonly<Record<ExposureState, readonly ExposureState[]>> = {
  planned: [],
  starting: ["planned"],
  exposing: ["starting"],
  read: ["starting", "exposing"],
  stored: ["starting", "exposing", "read"],
  aborted: ["planned", "starting", "exposing"],
  lost: ["planned", "starting", "exposing", "read"],
};

export type ExposureRepository = ReturnType<typeof createExposureRepository>;

export function createExposureRepository(orm: MikroORM) {
  const one = async (key: ExposureKey): Promise<ExposureRecord | null> =>
    findRecord(orm.em.fork(), Exposure, { id: exposureId(key) });

  /**
   * Writes that an exposure is starting, with its intended start, once. Called again, by a retry or another worker, it
   * changes nothing: the row returned is the one that was stored first, and its intended start is the one to compare
   * the camera with.
   */
  const start = async (
    exposure: ExposureKey & {
      readonly cameraId: string;
      readonly nightId: string | null;
      readonly intendedStartMs: number;
    },
  ): Promise<ExposureRecord> => {
    const em = orm.em.fork();
    const id = exposureId(exposure);
    const { planId, n, attempt, cameraId, nightId, intendedStartMs } = exposure;
    await em.execute(
      `insert into exposure (id, plan_id, n, attempt, state, camera_id, night_id, intended_start_at)
       values (?, ?, ?, ?, 'starting', ?, ?, ?)
       on conflict (plan_id, n, attempt) do update
         set state = 'starting', camera_id = excluded.camera_id, night_id = excluded.night_id,
             intended_start_at = excluded.intended_start_at
         where exposure.state = 'planned'`,
      [id, planId, n, attempt, cameraId, nightId, new Date(intendedStartMs).toISOString()],
    );
    return recordOf(await em.findOneOrFail(Exposure, { id }));
  };

  /**
   * Moves an exposure on, only from a state it may come from. Returns the row as it is afterwards and whether this call
   * moved it; moved before, or ended otherwise, it is left as it is.
   */
  const move = async (
    key: ExposureKey,
    state: Exclude<ExposureState, "planned" | "starting">,
    facts: { readonly startMs?: number; readonly endMs?: number; readonly reason?: string } = {},
  ): Promise<{ exposure: ExposureRecord; moved: boolean }> => {
    const em = orm.em.fork();
    const id = exposureId(key);
    const moved = await em.nativeUpdate(
      Exposure,
      { id, state: { $in: [...BEFORE[state]] } },
      { state, ...facts },
    );
    return { exposure: recordOf(await em.findOneOrFail(Exposure, { id })), moved: moved === 1 };
  };

  /** Numbers of the frames of a plan that are stored, ascending. */
  const storedFrames = async (planId: string): Promise<number[]> => {
    const rows = await orm.em.fork().find(Exposure, { planId, state: "stored" }, { orderBy: { n: "asc" } });
    return rows.map((row) => row.n);
  };

  /** The attempt in which a frame is to be taken next: 1, or one more than the last that is aborted, lost or unfinished. */
  const nextAttempt = async (planId: string, n: number): Promise<number> => {
    const [last] = await orm.em
      .fork()
      .find(Exposure, { planId, n }, { orderBy: { attempt: "desc" }, limit: 1 });
    return (last?.attempt ?? 0) + 1;
  };

  /** Exposures that have begun and not ended, oldest first: what an abort must account for. */
  const unfinished = async (cameraId?: string): Promise<ExposureRecord[]> => {
    return findRecords(
      orm.em.fork(),
      Exposure,
      { state: { $in: ["starting", "exposing", "read"] }, ...(cameraId === undefined ? {} : { cameraId }) },
      { orderBy: { intendedStartMs: "asc" } },
    );
  };

  /** Exposures of one night, in order of their start. */
  const ofNight = async (nightId: string): Promise<ExposureRecord[]> => {
    return findRecords(
      orm.em.fork(),
      Exposure,
      { nightId },
      { orderBy: { intendedStartMs: "asc", id: "asc" } },
    );
  };

  return { one, start, move, storedFrames, nextAttempt, unfinished, ofNight };
}

/** Id of an exposure: `planId/n/attempt`. */
export function exposureId(key: ExposureKey): string {
  return `${key.planId}/${key.n}/${key.attempt}`;
}
