import { Type } from "typebox";
import { Instant, Nullable } from "../lists.ts";

export const AlarmSchema = Type.Object({
  id: Type.Integer(),
  key: Type.String({ description: "What is wrong, e.g. device:camera-vis" }),
  level: Type.String({ description: "CRITICAL, HIGH, LOW" }),
  text: Type.String(),
  guidance: Type.String({ description: "What to look at and what to do" }),
  page: Type.String(),
  hiddenBy: Nullable(Type.String({ description: "Key of the alarm that is its cause" })),
  raisedMs: Instant("Observatory time"),
  raisedWallMs: Instant(),
  times: Type.Integer({ description: "How often it was raised while nobody acknowledged it" }),
  returnedWallMs: Nullable(Instant("When its cause went away")),
  latched: Type.Boolean({ description: "Stays on the list until acknowledged" }),
  acknowledgedWallMs: Nullable(Instant()),
  acknowledgedBy: Nullable(Type.String()),
  note: Nullable(Type.String()),
  closedWallMs: Nullable(Instant("When it left the list")),
});

export const AcknowledgeBodySchema = Type.Object(
  { note: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false, examples: [{ note: "on my way" }] },
);
