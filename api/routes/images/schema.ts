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
export const ImageDetailSchema = Type.Object({ ...ImageFields, header: Json });
