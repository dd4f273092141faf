import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

/** Who may move the hardware of a site: the holder with the highest generation. */
export const Lease = defineEntity({
  name: "Lease",
  tableName: "lease",
  properties: {
    site: p.text().primary(),
    /** Workflow id; null when nobody holds it. */
    holder: p.text().nullable(),
    generation: p.integer(),
    writtenWallMs: instant(),
  },
  checks: [
    { name: "lease_generation_check", expression: "generation >= 0" },
    { name: "lease_holder_check", expression: "holder <> ''" },
  ],
});

export type LeaseRecord = RecordOf<typeof Lease>;
