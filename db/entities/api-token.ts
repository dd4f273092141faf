import { defineEntity, p } from "@mikro-orm/core";
import { PROFILES } from "../../domain/permissions/profiles.ts";
import type { RecordOf } from "../record.ts";
import { instant, rowNumber } from "./columns.ts";
import { User } from "./user.ts";

/** A bearer token; only its SHA-256 is stored. */
export const ApiToken = defineEntity({
  name: "ApiToken",
  tableName: "api_token",
  properties: {
    id: rowNumber(),
    hash: p.text().unique(),
    name: p.text(),
    profile: p.enum(PROFILES),
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id").deleteRule("cascade").nullable().index(),
    createdWallMs: instant(),
    expiresWallMs: instant().nullable(),
    revokedWallMs: instant().nullable(),
    lastUsedWallMs: instant().nullable(),
  },
});

export type ApiTokenRecord = RecordOf<typeof ApiToken>;
