import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, real } from "./columns.ts";
import { Schedule } from "./schedule.ts";
import { Sequence } from "./sequence.ts";

export const SCHEDULED_STATUSES = [
  "planned",
  "executing",
  "done",
  "interrupted",
  "skipped",
  "refused",
] as const;
export type ScheduledStatus = (typeof SCHEDULED_STATUSES)[number];

/** What one schedule says of one sequence: when it is to be taken, or why it was refused. */
export const ScheduledSequence = defineEntity({
  name: "ScheduledSequence",
  tableName: "scheduled_sequence",
  properties: {
    scheduleId: () =>
      p.manyToOne(Schedule).mapToPk().fieldName("schedule_id").primary().deleteRule("cascade"),
    sequenceId: () =>
      p.manyToOne(Sequence).mapToPk().fieldName("sequence_id").deleteRule("no action").primary(),
    /** 1, 2 … in order of time; refused rows come after the planned ones. */
    order: p.integer(),
    /** Planned start and end; null when refused. */
    tspMs: instant().nullable(),
    tepMs: instant().nullable(),
    /** How far the start may move to the left and to the right, ms. */
    deltaTLMs: p.integer().fieldName("delta_tl_ms").nullable(),
    deltaTRMs: p.integer().fieldName("delta_tr_ms").nullable(),
    score: real().nullable(),
    status: p.enum(SCHEDULED_STATUSES),
    reasonCode: p.text().nullable(),
    reason: p.text().nullable(),
    numbers: p.json<Readonly<Record<string, unknown>>>().nullable(),
  },
  indexes: [{ properties: ["sequenceId", "scheduleId"] }],
  checks: [
    {
      name: "scheduled_sequence_times_check",
      expression: "(tsp_at is null) = (tep_at is null) and tsp_at < tep_at",
    },
    { name: "scheduled_sequence_reason_check", expression: "status <> 'refused' or reason is not null" },
    { name: "scheduled_sequence_planned_check", expression: "status = 'refused' or tsp_at is not null" },
    { name: "scheduled_sequence_delta_check", expression: "delta_tl_ms >= 0 and delta_tr_ms >= 0" },
  ],
});

export type ScheduledSequenceRecord = RecordOf<typeof ScheduledSequence>;
