import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, real, rowNumber } from "./columns.ts";
import { Night } from "./night.ts";

/** One planning, kept with its whole problem, so that it can be planned again and compared. */
export const Schedule = defineEntity({
  name: "Schedule",
  tableName: "schedule",
  properties: {
    id: rowNumber(),
    nightId: () => p.manyToOne(Night).mapToPk().fieldName("night_id").index(),
    madeMs: instant(),
    madeWallMs: instant(),
    /** Why it was made: first of the night, re-plan after rain … */
    reason: p.text(),
    problem: p.json<unknown>(),
    seed: p.bigint("number"),
    iterations: p.integer(),
    objective: real(),
    policy: p.text(),
  },
  checks: [{ name: "schedule_iterations_check", expression: "iterations >= 0" }],
});

export type ScheduleRecord = RecordOf<typeof Schedule>;
