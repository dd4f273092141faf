import path from "node:path";
import type { CalibrationFrameRecord } from "../db/entities/calibration-frame.ts";
import type { Database } from "../db/orm.ts";
import {
  calibrationRules,
  groupId,
  plannedGroups,
  type CalibrationRun,
  type GroupResult,
  type PlannedGroup,
} from "../domain/imaging/calibration/calibration-night.ts";
import { chooseMasters, type ChosenMasters } from "../domain/imaging/calibration/choose-masters.ts";
import { setupOfRecord } from "../domain/imaging/calibration/matching.ts";
import type { Observatory } from "../domain/observatory.ts";
import type { MasterJob, MasterResult } from "./image-job.ts";
import { createMasterCandidates, type MasterCandidate } from "./master-candidates.ts";

export interface CalibrationDeps {
  readonly database: Pick<Database, "calibrations" | "masters" | "journal">;
  /** VESPER_HOME, absolute. */
  readonly home: string;
  /** Runs a job in the thread for images. */
  readonly runJob: (job: MasterJob) => Promise<MasterResult>;
  readonly wallMs: () => number;
  /** Observatory time now. */
  readonly nowMs: () => number;
}

export type CalibrationActivities = ReturnType<typeof createCalibrationActivities>;

/** Rows of calibrations and masters. All idempotent by natural key. */
export function createCalibrationActivities(deps: CalibrationDeps) {
  const { database, home, wallMs, nowMs } = deps;
  const candidatesOf = createMasterCandidates(database.masters, home);

  /** Opens the next run of a night's calibrations; a retry finds the run that it opened. */
  async function openCalibration(opened: {
    readonly siteId: string;
    readonly date: string;
    readonly openedBy: string;
    readonly startedBy: string;
  }): Promise<CalibrationRun> {
    const { siteId, date, openedBy, startedBy } = opened;
    const row = await database.calibrations.open({
      site: siteId,
      date,
      openedBy,
      startedBy,
      startedMs: nowMs(),
      startedWallMs: wallMs(),
    });
    return { id: row.id, siteId, date, run: row.run };
  }

  /** What is to be taken: from what was exposed in the night. */
  async function planCalibration({
    observatory,
    run,
  }: {
    readonly observatory: Observatory;
    readonly run: CalibrationRun;
  }): Promise<{ readonly groups: readonly PlannedGroup[]; readonly sequenceIds: readonly string[] }> {
    const nightId = `${run.siteId}/${run.date}`;
    const [used, sequenceIds] = await Promise.all([
      database.calibrations.used(nightId),
      database.calibrations.sequencesOf(nightId),
    ]);
    return { groups: plannedGroups(observatory, used), sequenceIds };
  }

  /**
   * Judges the stored frames of a group, and makes a master of the good ones: file, row, verdicts of the frames. A group
   * that gives none says why, and which older master is used instead.
   */
  async function makeGroupMaster({
    observatory,
    run,
    group,
  }: {
    readonly observatory: Observatory;
    readonly run: CalibrationRun;
    readonly group: PlannedGroup;
  }): Promise<GroupResult> {
    const id = groupId(run, group);
    const frames = await database.calibrations.framesOf(id);
    const first = frames[0];
    if (first === undefined) {
      return resultOf(group, frames, { words: "no frame was taken", olderMasterId: await older(null) });
    }
    const masters = await mastersFor(observatory, run, first);
    const needed = masters.masters.filter(({ kind }) => NEEDED[group.kind].includes(kind));
    const fitsPath = path.posix.join("calibration", run.date, `master-${id}.fits`);
    const previewPath = path.posix.join("calibration", run.date, `master-${id}.png`);
    const { verdicts, master, reason } = await deps.runJob({
      kind: "master",
      files: frames.map((frame) => path.join(home, frame.path ?? "")),
      type: group.kind,
      masters: needed.map(({ file }) => file),
      notes: masters.warnings.filter((words) => needed.some((each) => words.includes(each.id))),
      fitsFile: path.join(home, fitsPath),
      previewFile: path.join(home, previewPath),
    });
    if (master !== null) {
      await database.masters.upsert({
        id,
        calibrationId: run.id,
        site: run.siteId,
        nightDate: run.date,
        kind: group.kind,
        instrumentId: group.instrumentId,
        cameraId: group.cameraId,
        filter: group.filter,
        exposureS: master.exposureS,
        ...master.setup,
        path: fitsPath,
        sha256: master.sha256,
        bytes: master.bytes,
        previewPath,
        grade: master.grade,
        framesUsed: master.framesUsed,
        framesTaken: frames.length,
        levelAdu: master.levelAdu,
        noiseAdu: master.noiseAdu,
        readNoiseE: master.readNoiseE,
        warnings: master.warnings,
        header: master.header,
        madeMs: nowMs(),
        storedWallMs: wallMs(),
      });
    }
    await database.calibrations.judge(
      frames.map((frame, k) => {
        const verdict = verdicts[k];
        const accepted = verdict?.accepted === true;
        return {
          id: frame.id,
          verdict: accepted ? ("accepted" as const) : ("rejected" as const),
          reasons: verdict?.reasons ?? [],
          levelAdu: finite(verdict?.levelAdu),
          scatterAdu: finite(verdict?.scatterAdu),
          deviantFraction: finite(verdict?.deviantFraction),
          masterId: accepted && master !== null ? id : null,
        };
      }),
    );
    for (const [k, verdict] of verdicts.entries()) {
      const frame = frames[k];
      if (frame === undefined || verdict.accepted) continue;
      await line(
        "warning",
        run,
        `Rejected ${frame.id}: ${verdict.reasons.join("; ")}.`,
        `rejected ${frame.id}`,
      );
    }
    const accepted = verdicts.filter((verdict) => verdict.accepted).length;
    if (master !== null) {
      return resultOf(group, frames, { accepted, masterId: id, words: master.warnings.join("; ") });
    }
    return resultOf(group, frames, { accepted, words: reason, olderMasterId: await older(first) });

    /** The master of an earlier night, or of an earlier run of this one, that stands in. */
    async function older(like: CalibrationFrameRecord | null): Promise<string | null> {
      const candidates = (await candidatesOf(observatory, run.siteId, group.instrumentId, run.date)).filter(
        ({ kind, calibrationId }) => kind === group.kind && calibrationId !== run.id,
      );
      const setup = like === null ? candidates[0]?.setup : setupOfFrame(like);
      if (setup === undefined) return null;
      const frame = { setup, exposureS: group.exposureS, filter: group.filter };
      const { maxAgeNights } = calibrationRules(observatory);
      return chooseMasters(frame, run.date, candidates, maxAgeNights).masters[0]?.id ?? null;
    }
  }

  /** A frame taken only to find the level of the lamp. */
  async function markTestFrame({ id }: { readonly id: string }): Promise<void> {
    const frame = await database.calibrations.frameById(id);
    const level = frame?.statistics?.["median"];
    await database.calibrations.judge([
      {
        id,
        verdict: "test",
        reasons: ["taken to find the level of the lamp"],
        levelAdu: finite(typeof level === "number" ? level : undefined),
        scatterAdu: null,
        deviantFraction: null,
        masterId: null,
      },
    ]);
  }

  async function noteGroups({
    run,
    groups,
  }: {
    readonly run: CalibrationRun;
    readonly groups: readonly GroupResult[];
  }): Promise<void> {
    await database.calibrations.noteGroups(run.id, groups);
  }

  async function endCalibration({
    run,
    status,
    reason,
  }: {
    readonly run: CalibrationRun;
    readonly status: "ended" | "failed";
    readonly reason: string;
  }): Promise<void> {
    const ended = await database.calibrations.end({ id: run.id, status, reason, endedMs: nowMs() });
    if (ended) {
      await line(
        status === "ended" ? "info" : "warning",
        run,
        `Calibration ended: ${reason}.`,
        `end ${run.id}`,
      );
    }
  }

  async function mastersFor(
    observatory: Observatory,
    run: CalibrationRun,
    frame: CalibrationFrameRecord,
  ): Promise<ChosenMasters<MasterCandidate>> {
    const { instrumentId, exposureS, filter } = frame;
    const candidates = await candidatesOf(observatory, run.siteId, instrumentId, run.date);
    const { maxAgeNights } = calibrationRules(observatory);
    return chooseMasters(
      { setup: setupOfFrame(frame), exposureS, filter },
      run.date,
      candidates,
      maxAgeNights,
    );
  }

  async function line(
    level: "info" | "warning",
    run: CalibrationRun,
    text: string,
    onceKey: string,
  ): Promise<void> {
    await database.journal.append({
      atWallMs: wallMs(),
      atMs: nowMs(),
      level,
      module: "calibration",
      text,
      nightId: `${run.siteId}/${run.date}`,
      onceKey,
    });
  }

  return {
    openCalibration,
    planCalibration,
    makeGroupMaster,
    markTestFrame,
    noteGroups,
    endCalibration,
  };
}

/** Masters that each kind needs, but for its own. */
const NEEDED: Readonly<Record<PlannedGroup["kind"], readonly string[]>> = {
  bias: [],
  dark: ["bias"],
  flat: ["bias", "dark"],
};

function resultOf(
  { key, kind, instrumentId, filter, exposureS }: PlannedGroup,
  frames: readonly CalibrationFrameRecord[],
  outcome: Pick<GroupResult, "words"> & Partial<Pick<GroupResult, "accepted" | "masterId" | "olderMasterId">>,
): GroupResult {
  return {
    key,
    kind,
    instrumentId,
    filter,
    exposureS: kind === "flat" ? (frames[0]?.exposureS ?? exposureS) : exposureS,
    taken: frames.length,
    accepted: 0,
    masterId: null,
    olderMasterId: null,
    ...outcome,
  };
}

function setupOfFrame({ header, width, height }: CalibrationFrameRecord) {
  return setupOfRecord(header ?? {}, [width ?? 0, height ?? 0]);
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
