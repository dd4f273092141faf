import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";

/** What is sent out. The part before the dot says to whom: IC, FSC, or a person by mail or at their webhook. */
export const OUTBOX_TOPICS = [
  "ic.schedule",
  "ic.versions",
  "ic.status",
  "ic.master",
  "fsc.report",
  "mail",
  "webhook",
] as const;
export type OutboxTopic = (typeof OUTBOX_TOPICS)[number];

/** `waiting`: to be sent, now or later; `failed`: refused for good, until a person has it sent again. */
export const OUTBOX_STATES = ["waiting", "delivered", "failed"] as const;
export type OutboxState = (typeof OUTBOX_STATES)[number];

/** One message to somebody outside, written in the transaction of what it tells of. */
export const OutboxMessage = defineEntity({
  name: "OutboxMessage",
  tableName: "outbox",
  properties: {
    id: rowNumber(),
    topic: p.enum(OUTBOX_TOPICS),
    /** `ic`, `fsc`, the mail address, or the webhook's. Order is kept per topic and destination. */
    destination: p.text(),
    /** Idempotency key: enqueued twice under one topic, it is one message. */
    key: p.text(),
    payload: p.json<Readonly<Record<string, unknown>>>(),
    createdWallMs: instant(),
    state: p.enum(OUTBOX_STATES),
    attempts: p.integer(),
    nextAttemptWallMs: instant(),
    /** Until then one deliverer has it in hand; past it, that deliverer is taken for dead. */
    claimedUntilWallMs: instant().nullable(),
    lastAttemptWallMs: instant().nullable(),
    deliveredWallMs: instant().nullable(),
    lastProblem: p.text().nullable(),
  },
  uniques: [{ name: "outbox_topic_key_unique", properties: ["topic", "key"] }],
  checks: [
    { name: "outbox_key_check", expression: "key <> '' and destination <> ''" },
    { name: "outbox_attempts_check", expression: "attempts >= 0" },
    {
      name: "outbox_delivered_check",
      expression: "(state = 'delivered') = (delivered_wall_at is not null)",
    },
    { name: "outbox_failed_check", expression: "state <> 'failed' or last_problem is not null" },
  ],
});

export type OutboxRecord = RecordOf<typeof OutboxMessage>;
