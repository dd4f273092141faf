import { Type } from "typebox";
import { Instant, Nullable } from "../lists.ts";

const Target = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 60 }),
    raDeg: Type.Number({ minimum: 0, exclusiveMaximum: 360, description: "ICRS" }),
    decDeg: Type.Number({ minimum: -90, maximum: 90, description: "ICRS" }),
  },
  { additionalProperties: false },
);
const only = { additionalProperties: false };
const Id = Type.String({ minLength: 1, maxLength: 40 });

/**
 * One operation by hand, as programs order it. Closed objects would not do: the validator takes away what the first kind
 * does not know before it tries the next.
 */
export const OperationSchema = Type.Union(
  [
    Type.Object({ kind: Type.Literal("slew"), target: Target }),
    Type.Object({ kind: Type.Literal("park") }),
    Type.Object({ kind: Type.Literal("unpark") }),
    Type.Object({ kind: Type.Literal("tracking"), on: Type.Boolean() }),
    Type.Object({ kind: Type.Literal("openDome") }),
    Type.Object({ kind: Type.Literal("cover"), open: Type.Boolean() }),
    Type.Object({ kind: Type.Literal("filter"), instrumentId: Id, filter: Type.String({ maxLength: 20 }) }),
    Type.Object({ kind: Type.Literal("focus"), positionSteps: Type.Integer({ minimum: 0 }) }),
    Type.Object({
      kind: Type.Literal("expose"),
      instrumentId: Id,
      filter: Type.String({ minLength: 1, maxLength: 20 }),
      exposureS: Type.Number({ minimum: 0 }),
      light: Type.Boolean({ description: "false: a dark" }),
    }),
    Type.Object({ kind: Type.Literal("cool"), instrumentId: Id, setPointC: Type.Number() }),
    Type.Object({ kind: Type.Literal("warm"), instrumentId: Id }),
  ],
  { examples: [{ kind: "slew", target: { name: "M 51", raDeg: 202.47, decDeg: 47.2 } }] },
);

export const TakeSchema = Type.Object(
  { reason: Type.String({ minLength: 3, maxLength: 200 }) },
  { ...only, examples: [{ reason: "cleaning the corrector" }] },
);

const RunSchema = Type.Object({
  id: Type.String(),
  deviceId: Type.String(),
  operation: Type.Object({ kind: Type.String() }, { additionalProperties: true }),
  by: Type.String(),
  startedMs: Instant("Observatory time"),
  endedMs: Nullable(Instant("Observatory time")),
  state: Type.String({ description: "running, done, failed, stopped" }),
  result: Type.String(),
  imageId: Nullable(Type.String()),
});

/** What is done by hand, and by whom. */
export const ManualSchema = Type.Object({
  holder: Nullable(Type.String({ description: "Who has the maintenance hold" })),
  why: Type.String(),
  sinceMs: Nullable(Instant("Observatory time")),
  runs: Type.Array(RunSchema),
  closingAnnounced: Nullable(Type.Object({ why: Type.String(), closesAtWallMs: Instant() })),
});
