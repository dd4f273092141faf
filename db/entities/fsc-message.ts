import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

/** A message from the French Science Center, as it came, once by its id. */
export const FscMessage = defineEntity({
  name: "FscMessage",
  tableName: "fsc_message",
  properties: {
    /** The sender's `webhook-id`. */
    id: p.text().primary(),
    /** What it asks for, e.g. `strategy.update`. */
    type: p.text(),
    /** When the sender says it was written. */
    sentWallMs: instant(),
    /** Observatory time of arrival. */
    receivedMs: instant(),
    receivedWallMs: instant().index(),
    /** SHA-256 of the bytes, hex: the same id with other bytes is refused. */
    digest: p.text(),
    payload: p.json<Readonly<Record<string, unknown>>>(),
  },
  checks: [
    { name: "fsc_message_id_check", expression: "id <> '' and type <> ''" },
    { name: "fsc_message_digest_check", expression: "digest ~ '^[0-9a-f]{64}$'" },
  ],
});

export type FscMessageRecord = RecordOf<typeof FscMessage>;
