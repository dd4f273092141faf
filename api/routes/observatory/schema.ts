import { Type } from "typebox";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const HoldSchema = Type.Object({
  kind: Type.String({ description: "operator, maintenance, weather, safety, guard or device:<id>" }),
  who: Type.String(),
  why: Type.String({ description: "A sentence with numbers" }),
  sinceMs: Type.Integer({ description: "Observatory time, Unix ms" }),
  sinceWallMs: Type.Integer(),
});

const VerdictSchema = Type.Object({
  safe: Nullable(Type.Boolean()),
  reasons: Type.Array(Type.String()),
});

export const CameraSchema = Type.Object({
  cameraId: Type.String(),
  planId: Type.String(),
  n: Type.Integer(),
  count: Type.Integer(),
  filter: Type.String(),
  exposureS: Type.Number(),
  phase: Type.String(),
  startMs: Nullable(Type.Integer()),
});

/** How far the recovery of a device has come. */
export const RecoverySchema = Type.Object({
  step: Type.Integer(),
  steps: Type.Integer(),
  doing: Type.String(),
  nextWallMs: Nullable(Type.Integer()),
  lastTrouble: Type.String(),
  without: Type.Boolean({ description: "The night goes on without it" }),
  calls: Type.Boolean({ description: "A human is asked for" }),
});

export const ObservatorySchema = Type.Object({
  mode: Type.String({ description: "MANUAL, CLOSED, PAUSED, RUNNING, WAITING, ENDED" }),
  paused: Type.Boolean(),
  phase: Type.String(),
  holds: Type.Array(HoldSchema),
  closedByHand: Type.Boolean(),
  safety: Type.Object({
    safe: Nullable(Type.Boolean({ description: "Interlock and weather together" })),
    interlock: VerdictSchema,
    weather: VerdictSchema,
    dome: Type.String(),
    guard: Nullable(Type.Object({ tripped: Type.Boolean(), silent: Type.Boolean(), why: Type.String() })),
  }),
  night: Nullable(
    Type.Object({
      date: Type.String(),
      run: Type.Integer(),
      phase: Type.String(),
      workflowId: Type.String(),
      waitingFor: Type.String(),
      waitsUntilMs: Nullable(Type.Integer()),
      framesStored: Type.Integer(),
      sequencesDone: Type.Integer(),
    }),
  ),
  lastNight: Nullable(
    Type.Object({
      date: Type.String(),
      run: Type.Integer(),
      outcome: Type.String(),
      wrongEnd: Type.Boolean(),
    }),
  ),
  tonight: Nullable(
    Type.Object({
      date: Type.String(),
      prepareMs: Nullable(Type.Integer()),
      sunsetMs: Nullable(Type.Integer()),
      duskMs: Nullable(Type.Integer()),
      dawnMs: Nullable(Type.Integer()),
      sunriseMs: Nullable(Type.Integer()),
      why: Type.String(),
    }),
  ),
  executing: Nullable(
    Type.Object({
      sequenceId: Type.String(),
      requestId: Type.String(),
      target: Type.String(),
      raDeg: Type.Number(),
      decDeg: Type.Number(),
      alertKey: Nullable(Type.String()),
      startedMs: Type.Integer(),
      cameras: Type.Array(CameraSchema),
    }),
  ),
  devices: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      type: Type.String(),
      state: Type.String({ description: "UNKNOWN, UP, DEGRADED, DISABLED" }),
      blocking: Type.Boolean(),
      detail: Type.String(),
      recovery: Nullable(RecoverySchema),
    }),
  ),
  pendingAlerts: Type.Array(
    Type.Object({
      alertKey: Type.String(),
      generation: Type.Integer(),
      rank: Type.Integer(),
      validUntilMs: Type.Integer(),
      reason: Type.String(),
    }),
  ),
  alertInProgress: Nullable(Type.String({ description: "Key of the alert that has the telescope" })),
});

/** Answer to a command that nobody confirmed in time. */
export const UnconfirmedSchema = Type.Object(
  {
    confirmed: Type.Literal(false),
    detail: Type.String(),
  },
  {
    description: "Nobody confirmed it within 2 s",
    examples: [
      {
        confirmed: false,
        detail:
          "Not confirmed: The control worker or Temporal did not answer within 2 s. It is applied when the control worker is back.",
      },
    ],
  },
);

export const PauseBodySchema = Type.Object(
  {
    when: Type.Union([Type.Literal("now"), Type.Literal("frameEnd")], {
      default: "now",
      description: "now: aborts exposures within 2 s; frameEnd: after the exposure that runs",
    }),
  },
  { additionalProperties: false, examples: [{ when: "frameEnd" }] },
);

export { Nullable };
