import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { User } from "./user.ts";

/** A link sent by mail: proves the address, or lets a new password be set. Good once, until it expires. */
export const AccountLink = defineEntity({
  name: "AccountLink",
  tableName: "account_link",
  properties: {
    /** SHA-256 of the token in the link, hex; the token itself is in the mail only. */
    hash: p.text().primary(),
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id").deleteRule("cascade").index(),
    purpose: p.enum(["confirm", "recover"]),
    createdWallMs: instant(),
    expiresWallMs: instant(),
    usedWallMs: instant().nullable(),
  },
});

export type AccountLinkRecord = RecordOf<typeof AccountLink>;
