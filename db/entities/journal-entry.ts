import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";

export const JOURNAL_LEVELS = ["debug", "info", "warning", "error", "alarm"] as const;
export type JournalLevel = (typeof JOURNAL_LEVELS)[number];

/**
 * One line of the journal. The ids of what it speaks of are no foreign keys on purpose:
 * a line must be written even when the thing was not stored, or is gone.
 */
export const JournalEntry = defineEntity({
  name: "JournalEntry",
  tableName: "journal_entry",
  properties: {
    id: rowNumber(),
    atWallMs: instant(),
    atMs: instant(),
    level: p.enum(JOURNAL_LEVELS),
    module: p.text(),
    text: p.text(),
    nightId: p.text().nullable(),
    sequenceId: p.text().nullable().index(),
    alertKey: p.text().nullable().index(),
    deviceId: p.text().nullable(),
    userId: p.text().nullable(),
    /** Written twice with the same key, it is one line: activities may run twice. */
    onceKey: p.text().nullable().unique(),
  },
  indexes: [
    { properties: ["nightId", "id"] },
    { properties: ["module", "id"] },
    { properties: ["level", "id"] },
  ],
});

export type JournalEntryRecord = RecordOf<typeof JournalEntry>;
