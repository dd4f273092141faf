import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { Alert } from "./alert.ts";
import { instant, rowNumber } from "./columns.ts";

/** One message about an event, as it came. An ivorn may be used twice for different content, so both make the key. */
export const Notice = defineEntity({
  name: "Notice",
  tableName: "notice",
  properties: {
    id: rowNumber(),
    site: p.text(),
    ivorn: p.text(),
    /** SHA-256 of the bytes, hex. */
    digest: p.text(),
    raw: p.blob(),
    /** The way it came in: webhook, simulate, kafka, vtp … */
    door: p.text(),
    /** Observatory time of arrival. */
    receivedMs: instant(),
    receivedWallMs: instant(),
    parsed: p.json<Readonly<Record<string, unknown>>>(),
    alertKey: () =>
      p.manyToOne(Alert).mapToPk().fieldName("alert_key").deleteRule("no action").nullable().index(),
    /** Whether a workflow is to hear of it; false for what joins no event, a closed one, or came before. */
    needsDelivery: p.boolean(),
    /** When Temporal acknowledged it; null while `needsDelivery`: to be sent again. */
    deliveredWallMs: instant().nullable(),
    decision: p.text(),
    reason: p.text(),
  },
  uniques: [{ name: "notice_ivorn_digest_unique", properties: ["ivorn", "digest"] }],
  checks: [{ name: "notice_delivery_check", expression: "not needs_delivery or alert_key is not null" }],
});

export type NoticeRecord = RecordOf<typeof Notice>;
