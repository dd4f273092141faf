import { defineEntity, p } from "@mikro-orm/core";
import { SEQUENCE_STATUSES, type SequenceConstraints } from "../../domain/requests/request.ts";
import type { Dither } from "../../domain/sequence/dither.ts";
import type { RecordOf } from "../record.ts";
import { exactSeconds, instant, real } from "./columns.ts";
import { Request } from "./request.ts";

/** One pointing. */
export const Sequence = defineEntity({
  name: "Sequence",
  tableName: "sequence",
  properties: {
    /** `R0012-1`; for alerts `swift-1016881-g1` with the generation. */
    id: p.text().primary(),
    requestId: () => p.manyToOne(Request).mapToPk().fieldName("request_id").deleteRule("cascade"),
    /** 1, 2 … within its request; for alerts the generation. */
    ordinal: p.integer(),
    generation: p.integer(),
    targetName: p.text(),
    /** ICRS. */
    raDeg: real(),
    decDeg: real(),
    windowStartMs: instant(),
    windowEndMs: instant(),
    preferredMs: instant().nullable(),
    durationS: exactSeconds(),
    overheadS: exactSeconds(),
    priority: p.integer(),
    constraints: p.json<SequenceConstraints>(),
    /** How many nights it may still move on when it was not done in its own. */
    carryOverNights: p.integer().default(0),
    /** Null: the telescope stays on the target. */
    dither: p.json<Dither>().nullable(),
    status: p.enum(SEQUENCE_STATUSES).index(),
    statusReason: p.text().nullable(),
    /** Attempts made so far; the next one is attempt + 1. */
    attempt: p.integer(),
    updatedWallMs: instant(),
  },
  uniques: [{ properties: ["requestId", "ordinal"] }],
  checks: [
    { name: "sequence_ra_check", expression: "ra_deg >= 0 and ra_deg < 360" },
    { name: "sequence_dec_check", expression: "dec_deg between -90 and 90" },
    { name: "sequence_window_check", expression: "window_start_at < window_end_at" },
    { name: "sequence_duration_check", expression: "duration_s > 0 and overhead_s >= 0" },
    {
      name: "sequence_numbers_check",
      expression: "priority >= 0 and attempt >= 0 and ordinal > 0 and generation >= 0",
    },
    { name: "sequence_carry_over_check", expression: "carry_over_nights >= 0" },
  ],
});

export type SequenceRecord = RecordOf<typeof Sequence>;
