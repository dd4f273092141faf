import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
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
  },
  uniques: [{ properties: ["sequenceId", "instrumentId"] }],
});

export type AlbumRecord = RecordOf<typeof Album>;
