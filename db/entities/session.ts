import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { User } from "./user.ts";

/** A logged-in browser. The cookie holds the token; the row holds its SHA-256 only. */
export const Session = defineEntity({
  name: "Session",
  tableName: "session",
  properties: {
    /** SHA-256 of the cookie's token, hex. */
    id: p.text().primary(),
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id").deleteRule("cascade").index(),
    csrf: p.text(),
    address: p.text().nullable(),
    userAgent: p.text().nullable(),
    createdWallMs: instant(),
    seenWallMs: instant(),
    expiresWallMs: instant(),
  },
});

export type SessionRecord = RecordOf<typeof Session>;
