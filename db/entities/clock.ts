import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, real } from "./columns.ts";

/** The observatory clock: one row. See domain/clock.ts. */
export const Clock = defineEntity({
  name: "Clock",
  tableName: "clock",
  properties: {
    id: p.integer().primary().autoincrement(false),
    startMs: instant(),
    anchorMs: instant(),
    rate: real(),
    epoch: p.integer(),
    lastTickMs: instant(),
    lastTickWallMs: instant(),
  },
  checks: [
    { name: "clock_one_row_check", expression: "id = 1" },
    { name: "clock_rate_check", expression: "rate > 0" },
    { name: "clock_epoch_check", expression: "epoch >= 0" },
  ],
});

export type ClockRecord = RecordOf<typeof Clock>;
