import { Type } from "typebox";
import { OUTBOX_STATES, OUTBOX_TOPICS } from "../../../db/entities/outbox-message.ts";
import { Instant, listOf, Nullable } from "../lists.ts";

export const StateSchema = Type.Union(OUTBOX_STATES.map((state) => Type.Literal(state)));
export const TopicSchema = Type.Union(OUTBOX_TOPICS.map((topic) => Type.Literal(topic)));

export const OutboxMessageSchema = Type.Object({
  id: Type.Integer(),
  topic: Type.String(),
  destination: Nullable(Type.String({ description: "ic, fsc; mail addresses are shown to admins only" })),
  key: Type.String({ description: "Idempotency key, unique per topic" }),
  state: Type.String({ description: OUTBOX_STATES.join(", ") }),
  attempts: Type.Integer(),
  createdWallMs: Instant("Wall time"),
  nextAttemptWallMs: Nullable(Instant("Wall time; null when none comes by itself")),
  lastAttemptWallMs: Nullable(Instant("Wall time")),
  deliveredWallMs: Nullable(Instant("Wall time")),
  lastProblem: Nullable(Type.String()),
});

export const OutboxDetailSchema = Type.Object({
  ...OutboxMessageSchema.properties,
  payload: Type.Unknown({ description: "What is told; null for mail, which is for its reader alone" }),
});

export const OutboxListSchema = Type.Object({
  ...listOf(OutboxMessageSchema).properties,
  lanes: Type.Array(
    Type.Object({
      topic: Type.String(),
      destination: Nullable(Type.String()),
      waiting: Type.Integer(),
      failed: Type.Integer(),
      oldestWaitingWallMs: Nullable(Instant("Wall time")),
    }),
    { description: "What waits or failed, by topic and destination" },
  ),
});
