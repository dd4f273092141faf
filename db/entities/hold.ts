import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";

/** A reason not to observe, from when it came until it was lifted. */
export const Hold = defineEntity({
  name: "Hold",
  tableName: "hold",
  properties: {
    id: rowNumber(),
    site: p.text(),
    /** operator, maintenance, weather, safety, guard or `device:<id>`. */
    kind: p.text(),
    who: p.text(),
    why: p.text(),
    sinceMs: instant(),
    sinceWallMs: instant(),
    liftedMs: instant().nullable(),
    liftedWallMs: instant().nullable(),
    liftedBy: p.text().nullable(),
  },
  uniques: [{ properties: ["site", "kind", "sinceMs"] }],
  checks: [
    {
      name: "hold_kind_check",
      expression: "kind in ('operator', 'maintenance', 'weather', 'safety', 'guard') or kind like 'device:%'",
    },
    { name: "hold_lifted_check", expression: "(lifted_wall_at is null) = (lifted_by is null)" },
    { name: "hold_lifted_at_check", expression: "(lifted_at is null) = (lifted_wall_at is null)" },
  ],
});

export type HoldRecord = RecordOf<typeof Hold>;
