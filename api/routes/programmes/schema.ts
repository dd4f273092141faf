import { Type } from "typebox";
import { Instant, Nullable } from "../lists.ts";

export const ProgrammeIdSchema = Type.Object({ id: Type.String({ maxLength: 31 }) });

export const ProgrammeMemberSchema = Type.Object({
  ...ProgrammeIdSchema.properties,
  userId: Type.String({ pattern: "^U[0-9]{1,9}$", maxLength: 10 }),
});

const Balance = Type.Object(
  { grantedS: Type.Number(), openS: Type.Number(), spentS: Type.Number(), availableS: Type.Number() },
  { description: "Seconds: granted, reserved and not settled, spent, still to be reserved" },
);

export const ProgrammeSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.String(),
  priority: Type.Integer(),
  description: Type.String(),
  active: Type.Boolean(),
  balance: Balance,
});

export const ProgrammeDetailSchema = Type.Object({
  ...ProgrammeSchema.properties,
  members: Type.Array(
    Type.Object({
      userId: Type.String(),
      name: Type.String(),
      role: Type.String({ description: "pi or member" }),
      maySubmit: Type.Boolean(),
    }),
  ),
});

export const LedgerLineSchema = Type.Object({
  id: Type.Integer(),
  sequenceId: Nullable(Type.String()),
  attempt: Nullable(Type.Integer()),
  kind: Type.String({ description: "granted, reserved, spent or returned" }),
  seconds: Type.Number(),
  grantName: Nullable(Type.String()),
  atMs: Instant("Observatory time"),
  note: Type.String(),
  leftAfterS: Type.Number({ description: "Time left to be reserved after this line" }),
});

export const ProgrammeEntrySchema = Type.Object(
  {
    name: Type.String({ maxLength: 500 }),
    kind: Type.Union([Type.Literal("routine"), Type.Literal("alert")]),
    priority: Type.Integer(),
    description: Type.String({ maxLength: 5_000, default: "" }),
    active: Type.Boolean({ default: true }),
  },
  {
    additionalProperties: false,
    examples: [
      { name: "Nearby galaxies", kind: "routine", priority: 10, description: "Imaging", active: true },
    ],
  },
);

export const GrantSchema = Type.Object(
  {
    grantName: Type.String({ maxLength: 200, description: "The same name again changes nothing" }),
    hours: Type.Number(),
    note: Type.String({ maxLength: 500, default: "" }),
  },
  { additionalProperties: false, examples: [{ grantName: "2027A", hours: 12.5, note: "first half" }] },
);
