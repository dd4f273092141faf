import { Type } from "typebox";
import { Instant, Json, Nullable } from "../lists.ts";

const ImageFields = {
  id: Type.String(),
  exposureId: Type.String(),
  sequenceId: Type.String(),
  nightId: Nullable(Type.String({ description: "null: taken by hand while no night was open" })),
  cameraId: Type.String(),
  filter: Type.String(),
  exposureS: Type.Number(),
  startMs: Instant("Shutter opened, observatory time"),
  raDeg: Type.Number(),
  decDeg: Type.Number(),
  path: Type.String({ description: "Relative to VESPER_HOME" }),
  sha256: Type.String(),
  bytes: Type.Integer(),
  width: Type.Integer(),
  height: Type.Integer(),
  statistics: Json,
  storedWallMs: Instant(),
  fits: Type.String({ description: "Address of the file" }),
  png: Nullable(Type.String()),
};

export const ImageSchema = Type.Object(ImageFields);
export const ViewSchema = Type.Union([Type.Literal("raw"), Type.Literal("quicklook"), Type.Literal("final")]);
export const StretchSchema = Type.Union([Type.Literal("asinh"), Type.Literal("zscale")]);
export const ArchiveKindSchema = Type.Union(
  [
    Type.Literal("best"),
    Type.Literal("raw"),
    Type.Literal("quicklook"),
    Type.Literal("final"),
    Type.Literal("all"),
  ],
  { description: "best: final, else quick-look, else raw" },
);

const CalibratedSchema = Type.Object({
  kind: ViewSchema,
  sha256: Type.String(),
  bytes: Type.Integer(),
  calibrationStatus: Type.String({ description: "Applied: B bias, D dark, F flat" }),
  masters: Json,
  warnings: Type.Array(Type.String()),
  statistics: Json,
  madeMs: Instant("Observatory time"),
  fits: Type.String({ description: "Address of the file" }),
});

export const ImageDetailSchema = Type.Object({
  ...ImageFields,
  header: Json,
  calibrated: Type.Array(CalibratedSchema),
});
