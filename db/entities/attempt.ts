import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";

/** Something that may be done only so often: a password guessed, a mail asked for. Kept while it counts. */
export const Attempt = defineEntity({
  name: "Attempt",
  tableName: "attempt",
  indexes: [{ name: "attempt_kind_key_index", properties: ["kind", "key"] }],
  properties: {
    id: rowNumber(),
    /** What is counted. */
    kind: p.text(),
    /** Of whom: an address, a user. */
    key: p.text(),
    /** Until when it counts. */
    untilWallMs: instant().index(),
  },
});

export type AttemptRecord = RecordOf<typeof Attempt>;
