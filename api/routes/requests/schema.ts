import { Type } from "typebox";
import { Instant, Json, Nullable } from "../lists.ts";

export const SequenceSchema = Type.Object({
  id: Type.String(),
  requestId: Type.String(),
  ordinal: Type.Integer(),
  generation: Type.Integer(),
  targetName: Type.String(),
  raDeg: Type.Number(),
  decDeg: Type.Number(),
  windowStartMs: Instant(),
  windowEndMs: Instant(),
  preferredMs: Nullable(Instant()),
  durationS: Type.Number(),
  overheadS: Type.Number(),
  priority: Type.Integer(),
  constraints: Json,
  status: Type.String(),
  statusReason: Nullable(Type.String()),
  attempt: Type.Integer(),
  updatedWallMs: Instant(),
});

const RequestFields = {
  id: Type.String(),
  kind: Type.String({ description: "routine or alert" }),
  name: Type.String(),
  comment: Type.String(),
  status: Type.String(),
  programmeId: Type.String(),
  userId: Nullable(Type.String()),
  alertKey: Nullable(Type.String()),
  createdWallMs: Instant(),
  submittedWallMs: Nullable(Instant()),
};

export const RequestSchema = Type.Object({ ...RequestFields, sequences: Type.Array(SequenceSchema) });

export const RequestDetailSchema = Type.Object({
  ...RequestFields,
  sequences: Type.Array(
    Type.Object({
      ...SequenceSchema.properties,
      albums: Type.Array(
        Type.Object({
          id: Type.String(),
          instrumentId: Type.String(),
          plans: Type.Array(
            Type.Object({
              id: Type.String(),
              filter: Type.String(),
              exposureS: Type.Number(),
              count: Type.Integer(),
              storedFrames: Type.Array(Type.Integer()),
              remainingFrames: Type.Array(Type.Integer()),
            }),
          ),
        }),
      ),
    }),
  ),
});
