import { defineEntity, p } from "@mikro-orm/core";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { User } from "./user.ts";

/** The vote of one member of the commission on one application; may be changed until the decision. */
export const MembershipVote = defineEntity({
  name: "MembershipVote",
  tableName: "membership_vote",
  properties: {
    userId: () => p.manyToOne(User).mapToPk().fieldName("user_id").primary().deleteRule("cascade"),
    voterId: () => p.manyToOne(User).mapToPk().fieldName("voter_id").primary().deleteRule("cascade"),
    accept: p.boolean(),
    reason: p.text(),
    atWallMs: instant(),
  },
});

export type MembershipVoteRecord = RecordOf<typeof MembershipVote>;
