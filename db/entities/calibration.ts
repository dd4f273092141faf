import { defineEntity, p } from "@mikro-orm/core";
import type { GroupResult } from "../../domain/imaging/calibration/calibration-night.ts";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { Night } from "./night.ts";

export const CALIBRATION_STATUSES = ["open", "ended", "failed"] as const;
export type CalibrationStatus = (typeof CALIBRATION_STATUSES)[number];

/** One run of the calibrations of a night: at its end, or by an operator's wish in the day. */
export const Calibration = defineEntity({
  name: "Calibration",
  tableName: "calibration",
  properties: {
    /** `{site}/{yyyy-mm-dd}/{run}`. */
    id: p.text().primary(),
    site: p.text(),
    date: p.text(),
    run: p.integer(),
    /** The night that it calibrates; null when there was none on that date. */
    nightId: () => p.manyToOne(Night).mapToPk().fieldName("night_id").deleteRule("no action").nullable(),
    /** What opened it: opened twice by the same, it is one run. */
    openedBy: p.text().unique(),
    startedBy: p.text(),
    status: p.enum(CALIBRATION_STATUSES),
    startedMs: instant(),
    startedWallMs: instant(),
    endedMs: instant().nullable(),
    /** How it ended, in words. */
    reason: p.text().nullable(),
    /** What came of each group of frames. */
    groups: p.json<readonly GroupResult[]>(),
  },
  uniques: [{ properties: ["site", "date", "run"] }],
  checks: [
    { name: "calibration_date_check", expression: "date ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'" },
    { name: "calibration_run_check", expression: "run > 0" },
    { name: "calibration_end_check", expression: "(status = 'open') = (ended_at is null)" },
    { name: "calibration_failed_check", expression: "status <> 'failed' or reason is not null" },
  ],
});

export type CalibrationRecord = RecordOf<typeof Calibration>;
