import { defineEntity, p } from "@mikro-orm/core";
import { QUOTA_KINDS } from "../../domain/quota/ledger.ts";
import type { RecordOf } from "../record.ts";
import { exactSeconds, instant, rowNumber } from "./columns.ts";
import { Programme } from "./programme.ts";
import { Sequence } from "./sequence.ts";

/** One line of the quota ledger. Lines are added, never changed: a trigger refuses update and delete. */
export const QuotaEntry = defineEntity({
  name: "QuotaEntry",
  tableName: "quota_entry",
  properties: {
    id: rowNumber(),
    programmeId: () => p.manyToOne(Programme).mapToPk().fieldName("programme_id"),
    sequenceId: () =>
      p.manyToOne(Sequence).mapToPk().fieldName("sequence_id").deleteRule("no action").nullable(),
    attempt: p.integer().nullable(),
    kind: p.enum(QUOTA_KINDS),
    seconds: exactSeconds(),
    /** Name of a grant, so that the same grant is not given twice. */
    grantName: p.text().nullable(),
    atMs: instant(),
    atWallMs: instant(),
    note: p.text(),
  },
  indexes: [{ properties: ["programmeId", "id"] }],
  uniques: [
    { name: "quota_entry_once_unique", properties: ["sequenceId", "attempt", "kind"] },
    { name: "quota_entry_grant_unique", properties: ["programmeId", "grantName"] },
  ],
  checks: [
    { name: "quota_entry_seconds_check", expression: "seconds >= 0" },
    {
      name: "quota_entry_subject_check",
      expression:
        "(kind = 'granted') = (sequence_id is null) and (sequence_id is null) = (attempt is null) and (kind = 'granted') = (grant_name is not null)",
    },
    { name: "quota_entry_attempt_check", expression: "attempt > 0" },
  ],
});

export type QuotaEntryRecord = RecordOf<typeof QuotaEntry>;
