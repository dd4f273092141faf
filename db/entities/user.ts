import { defineEntity, p } from "@mikro-orm/core";
import { ACCOUNT_STATES } from "../../domain/people/account.ts";
import { PROFILES } from "../../domain/permissions/profiles.ts";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

/** A person with an account; domain/people/account.ts says what the states mean. */
export const User = defineEntity({
  name: "User",
  tableName: "user",
  properties: {
    /** `U0001`, from a database sequence. */
    id: p.text().primary(),
    /** Lower case. */
    mail: p.text().unique(),
    name: p.text(),
    profile: p.enum(PROFILES),
    passwordHash: p.text(),
    state: p.enum(ACCOUNT_STATES),
    createdWallMs: instant(),
    lastLoginWallMs: instant().nullable(),
  },
});

export type UserRecord = RecordOf<typeof User>;
