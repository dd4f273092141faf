import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";

/** A scientific programme: what observing time is granted to. */
export const Programme = defineEntity({
  name: "Programme",
  tableName: "programme",
  properties: {
    /** Short readable code, e.g. `GRB-HOST`. */
    id: p.text().primary(),
    name: p.text(),
    kind: p.enum(["routine", "alert"]),
    /** Added to the priority of its sequences. */
    priority: p.integer(),
    description: p.text(),
    active: p.boolean(),
  },
  checks: [{ name: "programme_priority_check", expression: "priority >= 0" }],
});

export type ProgrammeRecord = RecordOf<typeof Programme>;
