import { Type } from "typebox";
import { ALERT_STAGES } from "../../../db/entities/alert.ts";
import { Instant, Json, Nullable } from "../lists.ts";
import { ImageSchema } from "../images/schema.ts";

export const StagesSchema = Type.Object(
  Object.fromEntries(ALERT_STAGES.map((stage) => [stage, Type.Optional(Instant())])),
  { description: "From the burst to its first image: wall clock, Unix ms; a stage not reached is absent" },
);

export const AlertSchema = Type.Object({
  id: Type.String(),
  key: Type.String(),
  stream: Type.String(),
  status: Type.String(),
  decision: Type.String(),
  slew: Type.Boolean(),
  rule: Type.String(),
  reason: Type.String(),
  rank: Type.Integer(),
  t0Ms: Nullable(Instant("Observatory time")),
  raDeg: Nullable(Type.Number()),
  decDeg: Nullable(Type.Number()),
  errorDeg: Nullable(Type.Number()),
  generation: Type.Integer(),
  workflowId: Type.String(),
  closed: Type.Boolean(),
  stages: StagesSchema,
  createdWallMs: Instant(),
  updatedWallMs: Instant(),
});

export const AlertDetailSchema = Type.Object({
  ...AlertSchema.properties,
  notices: Type.Array(
    Type.Object({
      id: Type.Integer(),
      ivorn: Type.String(),
      door: Type.String(),
      receivedWallMs: Instant(),
      deliveredWallMs: Nullable(Instant()),
      decision: Type.String(),
      reason: Type.String(),
      parsed: Json,
    }),
  ),
  requestId: Nullable(Type.String()),
  sequences: Type.Array(
    Type.Object({
      id: Type.String(),
      generation: Type.Integer(),
      status: Type.String(),
      statusReason: Nullable(Type.String()),
    }),
  ),
  images: Type.Array(ImageSchema),
});
