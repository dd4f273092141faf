import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { Sequence } from "./sequence.ts";

/** One instrument's share of a sequence. */
export const Album = defineEntity({
  name: "Album",
  tableName: "album",
  properties: {
    /** `R0012-1-vis`. */
    id: p.text().primary(),
    sequenceId: () => p.manyToOne(Sequence).mapToPk().fieldName("sequence_id").deleteRule("cascade"),
    instrumentId: p.text(),
    /** Why the rest of it is not taken, though the sequence went on without it; null when nothing was left out. */
    skippedReason: p.text().nullable(),
    skippedMs: instant().nullable(),
  },
  uniques: [{ properties: ["sequenceId", "instrumentId"] }],
  checks: [{ name: "album_skipped_check", expression: "(skipped_reason is null) = (skipped_at is null)" }],
});

export type AlbumRecord = RecordOf<typeof Album>;
