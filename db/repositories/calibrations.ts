import type { MikroORM } from "@mikro-orm/postgresql";
import type { UsedExposure, GroupResult } from "../../domain/imaging/calibration/calibration-night.ts";
import { Calibration, type CalibrationRecord } from "../entities/calibration.ts";
import {
  CalibrationFrame,
  type CalibrationFrameRecord,
  type FrameVerdictWord,
} from "../entities/calibration-frame.ts";
import { Image } from "../entities/image.ts";
import { Night } from "../entities/night.ts";
import { findPage, findRecord, findRecords } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";

/** Names one calibration frame: frame `n` (1-based) of a group, in an attempt. */
export interface CalibrationFrameKey {
  readonly groupId: string;
  readonly n: number;
  readonly attempt: number;
}

/** The verdict of the quality control on one frame. */
export interface JudgedFrame {
  readonly id: string;
  readonly verdict: FrameVerdictWord;
  readonly reasons: readonly string[];
  readonly levelAdu: number | null;
  readonly scatterAdu: number | null;
  readonly deviantFraction: number | null;
  readonly masterId: string | null;
}

export type CalibrationRepository = ReturnType<typeof createCalibrationRepository>;

/** Calibration runs and their frames. */
export function createCalibrationRepository(orm: MikroORM) {
  /** Opens the next run of a night's calibrations. Called twice with the same `openedBy` it is one run. */
  const open = async (calibration: {
    readonly site: string;
    readonly date: string;
    readonly openedBy: string;
    readonly startedBy: string;
    readonly startedMs: number;
    readonly startedWallMs: number;
  }): Promise<CalibrationRecord> =>
    orm.em.fork().transactional(async (em) => {
      const { site, date, openedBy, ...facts } = calibration;
      await em.execute("select pg_advisory_xact_lock(hashtext(?))", [`calibration ${site}`]);
      const known = await em.findOne(Calibration, { openedBy });
      if (known !== null) return recordOf(known);
      const [last] = await em.find(Calibration, { site, date }, { orderBy: { run: "desc" }, limit: 1 });
      const run = (last?.run ?? 0) + 1;
      const night = await em.findOne(Night, { id: `${site}/${date}` });
      const id = `${site}/${date}/${run}`;
      await em.insert(Calibration, {
        id,
        site,
        date,
        run,
        nightId: night?.id ?? null,
        openedBy,
        status: "open",
        endedMs: null,
        reason: null,
        groups: [],
        ...facts,
      });
      return recordOf(await em.findOneOrFail(Calibration, { id }));
    });

  /** Writes what has come of the groups so far. */
  const noteGroups = async (id: string, groups: readonly GroupResult[]): Promise<void> => {
    await orm.em.fork().nativeUpdate(Calibration, { id, status: "open" }, { groups });
  };

  /** Ends a run. Ended before, it is left as it is: false. */
  const end = async (end: {
    readonly id: string;
    readonly status: "ended" | "failed";
    readonly reason: string;
    readonly endedMs: number;
  }): Promise<boolean> => {
    const { id, ...change } = end;
    return (await orm.em.fork().nativeUpdate(Calibration, { id, status: "open" }, change)) === 1;
  };

  const one = async (id: string): Promise<CalibrationRecord | null> =>
    findRecord(orm.em.fork(), Calibration, { id });

  /** Runs, newest first. */
  const list = async (
    query: PageQuery & { readonly site?: string } = {},
  ): Promise<Page<CalibrationRecord>> => {
    return findPage(orm.em.fork(), Calibration, query.site === undefined ? {} : { site: query.site }, query, {
      date: "desc",
      run: "desc",
    });
  };

  /** What was exposed in a night: cameras, filters, exposure times of the stored frames. */
  const used = async (nightId: string): Promise<UsedExposure[]> => {
    const rows = await orm.em.fork().execute<{ camera_id: string; filter: string; exposure_s: string }[]>(
      `select distinct image.camera_id, image.filter, image.exposure_s
       from exposure join image on image.exposure_id = exposure.id
       where exposure.night_id = ? and exposure.state = 'stored'
       order by image.camera_id, image.filter, image.exposure_s`,
      [nightId],
    );
    return rows.map((row) => ({
      cameraId: row.camera_id,
      filter: row.filter,
      exposureS: Number(row.exposure_s),
    }));
  };

  /** Sequences of which frames were stored in a night, in order. */
  const sequencesOf = async (nightId: string): Promise<string[]> => {
    const rows = await orm.em
      .fork()
      .find(Image, { nightId }, { fields: ["sequenceId"], orderBy: { startMs: "asc" } });
    return [...new Set(rows.map((row) => row.sequenceId))];
  };

  /* ---- Frames ---- */

  /** Writes that a frame is starting, once: a row that is there already is left, and returned. */
  const startFrame = async (
    frame: CalibrationFrameKey & {
      readonly calibrationId: string;
      readonly kind: CalibrationFrameRecord["kind"];
      readonly instrumentId: string;
      readonly cameraId: string;
      readonly filter: string;
      readonly exposureS: number;
      readonly intendedStartMs: number;
    },
  ): Promise<CalibrationFrameRecord> => {
    const em = orm.em.fork();
    const id = calibrationFrameId(frame);
    await em.execute(
      `insert into calibration_frame (id, calibration_id, group_id, kind, instrument_id, camera_id, filter, exposure_s,
         n, attempt, state, intended_start_at, reasons)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'starting', ?, '[]') on conflict do nothing`,
      [
        id,
        frame.calibrationId,
        frame.groupId,
        frame.kind,
        frame.instrumentId,
        frame.cameraId,
        frame.filter,
        frame.exposureS,
        frame.n,
        frame.attempt,
        new Date(frame.intendedStartMs).toISOString(),
      ],
    );
    return recordOf(await em.findOneOrFail(CalibrationFrame, { id }));
  };

  /** Moves a frame that has not ended on; ended, it is left as it is. */
  const moveFrame = async (
    key: CalibrationFrameKey,
    change:
      | { readonly state: "exposing"; readonly startMs: number }
      | { readonly state: "aborted" | "lost"; readonly reason: string }
      | ({ readonly state: "stored" } & Pick<
          CalibrationFrameRecord,
          | "startMs"
          | "path"
          | "sha256"
          | "bytes"
          | "width"
          | "height"
          | "previewPath"
          | "header"
          | "statistics"
          | "storedWallMs"
        >),
  ): Promise<void> => {
    await orm.em
      .fork()
      .nativeUpdate(
        CalibrationFrame,
        { id: calibrationFrameId(key), state: { $in: ["starting", "exposing", "read"] } },
        change,
      );
  };

  const frame = async (key: CalibrationFrameKey): Promise<CalibrationFrameRecord | null> =>
    findRecord(orm.em.fork(), CalibrationFrame, { id: calibrationFrameId(key) });

  const frameById = async (id: string): Promise<CalibrationFrameRecord | null> =>
    findRecord(orm.em.fork(), CalibrationFrame, { id });

  /** The stored frames of a group, in order. */
  const framesOf = async (groupId: string): Promise<CalibrationFrameRecord[]> => {
    return findRecords(
      orm.em.fork(),
      CalibrationFrame,
      { groupId, state: "stored" },
      { orderBy: { n: "asc", attempt: "asc" } },
    );
  };

  /** Writes verdicts. Written again they are the same. */
  const judge = async (frames: readonly JudgedFrame[]): Promise<void> =>
    orm.em.fork().transactional(async (em) => {
      for (const { id, ...verdict } of frames) {
        await em.nativeUpdate(CalibrationFrame, { id, state: "stored" }, verdict);
      }
    });

  /** Frames of a run or all runs, newest first. */
  const frames = async (
    query: PageQuery & {
      readonly calibrationId?: string;
      readonly verdict?: FrameVerdictWord;
      readonly instrumentId?: string;
    } = {},
  ): Promise<Page<CalibrationFrameRecord>> => {
    const where: Record<string, string> = {};
    for (const key of ["calibrationId", "verdict", "instrumentId"] as const) {
      const value = query[key];
      if (value !== undefined) where[key] = value;
    }
    return findPage(orm.em.fork(), CalibrationFrame, where, query, { intendedStartMs: "desc", id: "desc" });
  };

  return {
    open,
    noteGroups,
    end,
    one,
    list,
    used,
    sequencesOf,
    startFrame,
    moveFrame,
    frame,
    frameById,
    framesOf,
    judge,
    frames,
  };
}

/** Id of a calibration frame: `groupId/n/attempt`. */
export function calibrationFrameId(key: CalibrationFrameKey): string {
  return `${key.groupId}/${key.n}/${key.attempt}`;
}
