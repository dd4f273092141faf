import { Type } from "typebox";
import { ACCOUNT_STATES } from "../../../domain/people/account.ts";
import { PROFILES_OF_PEOPLE } from "../../../domain/permissions/profiles.ts";
import { Instant, Nullable } from "../lists.ts";

export const UserIdSchema = Type.Object({ id: Type.String({ pattern: "^U[0-9]{1,9}$", maxLength: 10 }) });
export const PersonProfileSchema = Type.Union(PROFILES_OF_PEOPLE.map((profile) => Type.Literal(profile)));
export const AccountStateSchema = Type.Union(ACCOUNT_STATES.map((state) => Type.Literal(state)));

/** A user without the password. */
export const UserSchema = Type.Object({
  id: Type.String(),
  mail: Type.String(),
  name: Type.String(),
  profile: Type.String(),
  state: Type.String(),
  createdWallMs: Instant(),
  lastLoginWallMs: Nullable(Instant()),
});

/** Who asks for an account, and how it stands. */
export const ApplicationSchema = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  mail: Type.String(),
  motive: Type.String({ description: "In the person's own words" }),
  mode: Type.String({ description: "administrator or commission: who decides" }),
  askedWallMs: Instant(),
  deadlineWallMs: Instant(),
  outcome: Nullable(Type.String({ description: "null: it waits" })),
  reason: Type.String(),
  votes: Type.Array(
    Type.Object({
      voterId: Type.String(),
      accept: Type.Boolean(),
      reason: Type.String(),
      atWallMs: Instant(),
    }),
  ),
});
