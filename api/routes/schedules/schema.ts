import { Type } from "typebox";
import { Instant, Json, Nullable } from "../lists.ts";

export const ScheduleSummarySchema = Type.Object({
  id: Type.Integer(),
  nightId: Type.String({ description: "site/yyyy-mm-dd" }),
  madeMs: Instant("Observatory time"),
  madeWallMs: Instant("Wall time"),
  reason: Type.String({ description: "Why it was made" }),
  seed: Type.Integer(),
  iterations: Type.Integer(),
  objective: Type.Number(),
  policy: Type.String(),
  planned: Type.Integer(),
  refused: Type.Integer(),
});

export const ScheduledRowSchema = Type.Object({
  sequenceId: Type.String(),
  requestId: Type.String(),
  requestName: Type.String(),
  alertKey: Nullable(Type.String()),
  target: Type.String(),
  raDeg: Type.Number(),
  decDeg: Type.Number(),
  order: Type.Integer(),
  tspMs: Nullable(Instant("Planned start, observatory time")),
  tepMs: Nullable(Instant("Planned end, observatory time")),
  deltaTLMs: Nullable(Type.Integer({ description: "How much earlier it may start, ms" })),
  deltaTRMs: Nullable(Type.Integer({ description: "How much later it may start, ms" })),
  priority: Type.Integer(),
  score: Nullable(Type.Number()),
  status: Type.String({ description: "planned, executing, done, interrupted, skipped, refused" }),
  reasonCode: Nullable(Type.String()),
  reason: Nullable(Type.String({ description: "In words, with the numbers that decided" })),
  numbers: Nullable(Type.Record(Type.String(), Json)),
});

export const ScheduleSchema = Type.Object({
  ...ScheduleSummarySchema.properties,
  items: Type.Array(ScheduledRowSchema, {
    description: "Planned rows in order of time, then the refused ones",
  }),
  total: Type.Integer(),
});
