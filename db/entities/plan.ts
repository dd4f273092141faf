import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { Album } from "./album.ts";
import { exactSeconds } from "./columns.ts";

/** Frames of one filter and exposure time. */
export const Plan = defineEntity({
  name: "Plan",
  tableName: "plan",
  properties: {
    /** `R0012-1-vis-1`. */
    id: p.text().primary(),
    albumId: () => p.manyToOne(Album).mapToPk().fieldName("album_id").deleteRule("cascade"),
    ordinal: p.integer(),
    filter: p.text(),
    exposureS: exactSeconds(),
    count: p.integer(),
  },
  uniques: [{ properties: ["albumId", "ordinal"] }],
  checks: [{ name: "plan_numbers_check", expression: "exposure_s > 0 and count > 0 and ordinal > 0" }],
});

export type PlanRecord = RecordOf<typeof Plan>;
