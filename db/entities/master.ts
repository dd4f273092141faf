import { defineEntity, p } from "@mikro-orm/core";
import { CALIBRATION_KINDS } from "../../domain/imaging/calibration/calibration-night.ts";
import type { RecordOf } from "../record.ts";
import { Calibration } from "./calibration.ts";
import { exactSeconds, instant, real, STAYS_IN_HOME } from "./columns.ts";

export const MASTER_GRADES = ["good", "degraded"] as const;

/** A master frame: what calibrates the frames of its detector set-up, exposure time (darks) and filter (flats). */
export const Master = defineEntity({
  name: "Master",
  tableName: "master",
  properties: {
    /** `{date}-{run}-{instrument}-{group}`, e.g. `2026-11-20-1-vis-dark-120s`. */
    id: p.text().primary(),
    calibrationId: () => p.manyToOne(Calibration).mapToPk().fieldName("calibration_id").index(),
    site: p.text(),
    /** yyyy-mm-dd of the local noon before the night it is of. */
    nightDate: p.text(),
    kind: p.enum(CALIBRATION_KINDS),
    instrumentId: p.text(),
    cameraId: p.text(),
    /** "" but for flats. */
    filter: p.text(),
    exposureS: exactSeconds(),
    /** Detector set-up, as the headers say it. */
    camera: p.text(),
    binning: p.text(),
    readoutMode: p.text(),
    size: p.text(),
    temperatureC: real().nullable(),
    /** Relative to VESPER_HOME. */
    path: p.text().unique(),
    sha256: p.text(),
    bytes: p.bigint("number"),
    previewPath: p.text().nullable(),
    grade: p.enum(MASTER_GRADES),
    framesUsed: p.integer(),
    framesTaken: p.integer(),
    levelAdu: real(),
    noiseAdu: real(),
    /** Measured from pairs of bias frames. */
    readNoiseE: real().nullable(),
    warnings: p.json<readonly string[]>(),
    header: p.json<Readonly<Record<string, unknown>>>(),
    madeMs: instant(),
    storedWallMs: instant(),
  },
  indexes: [
    { properties: ["site", "instrumentId", "kind", "nightDate"] },
    { properties: ["site", "nightDate", "madeMs", "id"] },
  ],
  checks: [
    {
      name: "master_numbers_check",
      expression: "frames_used > 0 and frames_taken >= frames_used and bytes > 0",
    },
    { name: "master_sha256_check", expression: "sha256 ~ '^[0-9a-f]{64}$'" },
    { name: "master_filter_check", expression: "(kind = 'flat') = (filter <> '')" },
    { name: "master_dark_check", expression: "kind <> 'dark' or exposure_s > 0" },
    { name: "master_path_check", expression: STAYS_IN_HOME },
    {
      name: "master_grade_frames_check",
      expression: "frames_used >= case grade when 'good' then 5 else 3 end",
    },
  ],
});

export type MasterRecord = RecordOf<typeof Master>;
