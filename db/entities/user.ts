import { defineEntity, p } from "@mikro-orm/core";
import { PROFILES } from "../../domain/permissions/profiles.ts";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";

/** A person who may log in. `pending` waits for an administrator, `disabled` may not enter any more. */
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
    state: p.enum(["pending", "active", "disabled"]),
    createdWallMs: instant(),
    lastLoginWallMs: instant().nullable(),
  },
});

export type UserRecord = RecordOf<typeof User>;
