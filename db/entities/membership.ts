import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { Programme } from "./programme.ts";
import { User } from "./user.ts";

/** Who may ask for time of a programme. */
export const Membership = defineEntity({
  name: "Membership",
  tableName: "membership",
  properties: {
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id").primary().deleteRule("cascade"),
    programmeId: () =>
      p.manyToOne(Programme).mapToPk().fieldName("programme_id").primary().deleteRule("cascade"),
    role: p.enum(["pi", "member"]),
  },
});

export type MembershipRecord = RecordOf<typeof Membership>;
