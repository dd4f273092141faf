import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { Night } from "./night.ts";
import { Plan } from "./plan.ts";

export const EXPOSURE_STATES = [
  "planned",
  "starting",
  "exposing",
  "read",
  "stored",
  "aborted",
  "lost",
] as const;
export type ExposureState = (typeof EXPOSURE_STATES)[number];

/** One planned frame of a plan, in one attempt. `intendedStartMs` is written once and never changed. */
export const Exposure = defineEntity({
  name: "Exposure",
  tableName: "exposure",
  properties: {
    /** `planId/n/attempt`. */
    id: p.text().primary(),
    planId: () => p.manyToOne(Plan).mapToPk().fieldName("plan_id").deleteRule("cascade"),
    /** 1 … count. */
    n: p.integer(),
    attempt: p.integer(),
    state: p.enum(EXPOSURE_STATES),
    cameraId: p.text(),
    nightId: () =>
      p.manyToOne(Night).mapToPk().fieldName("night_id").deleteRule("no action").nullable().index(),
    intendedStartMs: instant().nullable(),
    /** As the camera says it. */
    startMs: instant().nullable(),
    endMs: instant().nullable(),
    reason: p.text().nullable(),
  },
  indexes: [{ properties: ["state"] }],
  uniques: [{ properties: ["planId", "n", "attempt"] }],
  checks: [
    { name: "exposure_numbers_check", expression: "n > 0 and attempt > 0" },
    { name: "exposure_started_check", expression: "state = 'planned' or intended_start_at is not null" },
  ],
});

export type ExposureRecord = RecordOf<typeof Exposure>;
