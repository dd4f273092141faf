import { defineEntity, p } from "@mikro-orm/core";
import { CALIBRATION_KINDS } from "../../domain/imaging/calibration/calibration-night.ts";
import type { RecordOf } from "../record.ts";
import { Calibration } from "./calibration.ts";
import { exactSeconds, instant, real, STAYS_IN_HOME } from "./columns.ts";
import { EXPOSURE_STATES } from "./exposure.ts";
import { Master } from "./master.ts";

/** accepted and rejected by the quality control; test: taken to find the lamp's level, used for nothing else. */
export const FRAME_VERDICTS = ["accepted", "rejected", "test"] as const;
export type FrameVerdictWord = (typeof FRAME_VERDICTS)[number];

/** One bias, dark or flat frame, from its start to its verdict. */
export const CalibrationFrame = defineEntity({
  name: "CalibrationFrame",
  tableName: "calibration_frame",
  properties: {
    /** `{group}/{n}/{attempt}`, the group being `{date}-{run}-{instrument}-{kind}…`. */
    id: p.text().primary(),
    calibrationId: () =>
      p.manyToOne(Calibration).mapToPk().fieldName("calibration_id").deleteRule("cascade").index(),
    groupId: p.text().index(),
    kind: p.enum(CALIBRATION_KINDS),
    instrumentId: p.text(),
    cameraId: p.text(),
    /** "" but for flats. */
    filter: p.text(),
    exposureS: exactSeconds(),
    n: p.integer(),
    attempt: p.integer(),
    state: p.enum(EXPOSURE_STATES),
    /** Written once, never changed. */
    intendedStartMs: instant(),
    startMs: instant().nullable(),
    /** Why it was given up. */
    reason: p.text().nullable(),
    /** Relative to VESPER_HOME; null until it is stored. */
    path: p.text().nullable().unique(),
    sha256: p.text().nullable(),
    bytes: p.bigint("number").nullable(),
    width: p.integer().nullable(),
    height: p.integer().nullable(),
    previewPath: p.text().nullable(),
    header: p.json<Readonly<Record<string, unknown>>>().nullable(),
    statistics: p.json<Readonly<Record<string, unknown>>>().nullable(),
    storedWallMs: instant().nullable(),
    verdict: p.enum(FRAME_VERDICTS).nullable(),
    /** Why it was rejected, in words with the numbers that decided. */
    reasons: p.json<readonly string[]>(),
    levelAdu: real().nullable(),
    scatterAdu: real().nullable(),
    deviantFraction: real().nullable(),
    masterId: () => p.manyToOne(Master).mapToPk().fieldName("master_id").deleteRule("set null").nullable(),
  },
  indexes: [{ properties: ["verdict", "intendedStartMs", "id"] }, { properties: ["intendedStartMs", "id"] }],
  uniques: [{ properties: ["groupId", "n", "attempt"] }],
  checks: [
    { name: "calibration_frame_numbers_check", expression: "n > 0 and attempt > 0 and exposure_s >= 0" },
    { name: "calibration_frame_stored_check", expression: "(state = 'stored') = (path is not null)" },
    { name: "calibration_frame_sha256_check", expression: "sha256 ~ '^[0-9a-f]{64}$'" },
    {
      name: "calibration_frame_judged_check",
      expression: "verdict is null or (state = 'stored' and (verdict = 'accepted' or master_id is null))",
    },
    { name: "calibration_frame_path_check", expression: STAYS_IN_HOME },
    {
      name: "calibration_frame_whole_check",
      expression: "state <> 'stored' or (sha256 is not null and bytes > 0 and width > 0 and height > 0)",
    },
    { name: "calibration_frame_rejected_check", expression: "verdict <> 'rejected' or reasons <> '[]'" },
  ],
});

export type CalibrationFrameRecord = RecordOf<typeof CalibrationFrame>;
