import path from "node:path";
import { heartbeat } from "@temporalio/activity";
import { ApplicationFailure } from "@temporalio/common";
import type { CalibratedKind } from "../db/entities/calibrated-image.ts";
import type { Database } from "../db/orm.ts";
import { calibratedImageId } from "../db/repositories/calibrated-images.ts";
import { calibrationRules } from "../domain/imaging/calibration/calibration-night.ts";
import { chooseMasters } from "../domain/imaging/calibration/choose-masters.ts";
import { setupOfRecord } from "../domain/imaging/calibration/matching.ts";
import type { Observatory } from "../domain/observatory.ts";
import type { CalibrateJob, CalibrateResult } from "./image-job.ts";
import { UNUSABLE } from "./image-workshop.ts";
import { createMasterCandidates } from "./master-candidates.ts";

export interface ReductionDeps {
  readonly database: Pick<Database, "masters" | "calibratedImages" | "images" | "journal">;
  /** VESPER_HOME, absolute. */
  readonly home: string;
  /** Runs a job in the thread for images. */
  readonly runJob: (job: CalibrateJob) => Promise<CalibrateResult>;
  readonly wallMs: () => number;
  /** Observatory time now. */
  readonly nowMs: () => number;
}

/** What a batch of science frames came to. */
export interface Reduced {
  readonly done: number;
  /** Frames that could not be calibrated, with the reason. */
  readonly failed: readonly { readonly imageId: string; readonly reason: string }[];
  /** Whether the sequence has more that wait. */
  readonly more: boolean;
}

export type ReductionActivities = ReturnType<typeof createReductionActivities>;

/** Science frames with masters applied: file, preview and row. Run twice it is once. */
export function createReductionActivities(deps: ReductionDeps) {
  const { database, home, wallMs, nowMs } = deps;
  const candidatesOf = createMasterCandidates(database.masters, home);

  /**
   * Calibrates frames of a sequence that wait for it: quick-looks with the newest masters there are, final ones with those
   * of their own night where there are some. A frame that cannot be calibrated does not stop the others.
   */
  async function reduceFrames({
    observatory,
    sequenceId,
    nightId,
    kind,
    count,
    except,
  }: {
    readonly observatory: Observatory;
    readonly sequenceId: string;
    readonly nightId: string | null;
    readonly kind: CalibratedKind;
    readonly count: number;
    /** Frames that failed before, and are not tried again. */
    readonly except: readonly string[];
  }): Promise<Reduced> {
    const waiting = await database.calibratedImages.missing(
      sequenceId,
      kind,
      nightId,
      count + except.length + 1,
    );
    const mine = waiting.filter((id) => !except.includes(id));
    const failed: { imageId: string; reason: string }[] = [];
    let done = 0;
    for (const imageId of mine.slice(0, count)) {
      heartbeat(imageId);
      try {
        await reduceFrame(observatory, imageId, kind);
        done += 1;
      } catch (error) {
        if (!(error instanceof ApplicationFailure) || error.type !== UNUSABLE) throw error;
        failed.push({ imageId, reason: error.message });
        await database.journal.append({
          atWallMs: wallMs(),
          atMs: nowMs(),
          level: "warning",
          module: "images",
          text: `${imageId} could not be calibrated: ${error.message}`,
          sequenceId,
          onceKey: `${kind} ${imageId}`,
        });
      }
    }
    return { done, failed, more: mine.length > count };
  }

  async function reduceFrame(observatory: Observatory, imageId: string, kind: CalibratedKind): Promise<void> {
    const image = await database.images.one(imageId);
    if (image === null || image.nightId === null) return;
    const nightDate = image.nightId.slice(image.nightId.lastIndexOf("/") + 1);
    const siteId = image.nightId.slice(0, image.nightId.lastIndexOf("/"));
    const instrument = observatory.instruments.find(({ cameraId }) => cameraId === image.cameraId);
    const instrumentId = instrument?.id ?? "";
    const candidates = await candidatesOf(observatory, siteId, instrumentId, nightDate);
    const frame = {
      setup: setupOfRecord(image.header, [image.width, image.height]),
      exposureS: image.exposureS,
      filter: image.filter,
    };
    const { maxAgeNights } = calibrationRules(observatory);
    const chosen = chooseMasters(frame, nightDate, candidates, maxAgeNights);
    const id = calibratedImageId(image.id, kind);
    const fitsPath = path.posix.join("calibrated", nightDate, `${id}.fits`);
    const previewPath = path.posix.join("calibrated", nightDate, `${id}.png`);
    const result = await deps.runJob({
      kind: "calibrate",
      rawFile: path.join(home, image.path),
      rawSha256: image.sha256,
      masters: chosen.masters.map(({ file }) => file),
      notes: chosen.warnings,
      calKind: kind === "final" ? "FINAL" : "QUICKLOOK",
      fitsFile: path.join(home, fitsPath),
      previewFile: path.join(home, previewPath),
    });
    await database.calibratedImages.upsert({
      id,
      imageId: image.id,
      kind,
      path: fitsPath,
      sha256: result.sha256,
      bytes: result.bytes,
      previewPath,
      calibrationStatus: result.status,
      masters: chosen.used,
      warnings: result.warnings,
      header: result.header,
      statistics: result.statistics,
      madeMs: nowMs(),
      storedWallMs: wallMs(),
    });
  }

  return { reduceFrames };
}
