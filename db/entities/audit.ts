import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";

/** Who did what by hand. Ids are no foreign keys: the trace outlives what it speaks of. */
export const Audit = defineEntity({
  name: "Audit",
  tableName: "audit",
  properties: {
    id: rowNumber(),
    atWallMs: instant().index(),
    userId: p.text().nullable(),
    /** e.g. `observatory.pause`, `user.create`, `login.failed`. */
    action: p.text(),
    subject: p.text().nullable(),
    address: p.text().nullable(),
    details: p.json<Readonly<Record<string, unknown>>>(),
  },
  indexes: [{ properties: ["userId", "id"] }, { properties: ["subject", "id"] }],
});

export type AuditRecord = RecordOf<typeof Audit>;
