import { Type } from "typebox";
import { Instant, Json, Nullable } from "../lists.ts";

export const KindSchema = Type.Union([Type.Literal("bias"), Type.Literal("dark"), Type.Literal("flat")]);

export const CalibrationSchema = Type.Object({
  id: Type.String(),
  date: Type.String({ description: "Night, yyyy-mm-dd of local noon" }),
  run: Type.Integer(),
  startedBy: Type.String(),
  status: Type.String({ description: "open, ended, failed" }),
  startedMs: Instant("Observatory time"),
  endedMs: Nullable(Type.Integer()),
  reason: Nullable(Type.String()),
  groups: Json,
});

export const MasterSchema = Type.Object({
  id: Type.String(),
  calibrationId: Type.String(),
  nightDate: Type.String(),
  kind: KindSchema,
  instrumentId: Type.String(),
  cameraId: Type.String(),
  filter: Type.String(),
  exposureS: Type.Number(),
  grade: Type.String({ description: "good: 5 frames or more, degraded: 3 or 4" }),
  framesUsed: Type.Integer(),
  framesTaken: Type.Integer(),
  levelAdu: Type.Number(),
  noiseAdu: Type.Number(),
  readNoiseE: Nullable(Type.Number()),
  warnings: Type.Array(Type.String()),
  sha256: Type.String(),
  bytes: Type.Integer(),
  madeMs: Instant("Observatory time"),
  fits: Type.String({ description: "Address of the file" }),
});

export const CalibrationFrameSchema = Type.Object({
  id: Type.String(),
  calibrationId: Type.String(),
  groupId: Type.String(),
  kind: KindSchema,
  instrumentId: Type.String(),
  filter: Type.String(),
  exposureS: Type.Number(),
  state: Type.String(),
  verdict: Nullable(Type.String({ description: "accepted, rejected, test" })),
  reasons: Type.Array(Type.String()),
  levelAdu: Nullable(Type.Number()),
  scatterAdu: Nullable(Type.Number()),
  deviantFraction: Nullable(Type.Number()),
  startMs: Nullable(Type.Integer()),
});

export const MasterDetailSchema = Type.Object({
  ...MasterSchema.properties,
  header: Json,
  frames: Type.Array(CalibrationFrameSchema),
});
