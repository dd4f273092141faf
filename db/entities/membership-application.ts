import { defineEntity, p } from "@mikro-orm/core";
import { MEMBERSHIP_MODES, MEMBERSHIP_OUTCOMES } from "../../domain/people/membership.ts";
import type { RecordOf } from "../record.ts";
import { instant } from "./columns.ts";
import { User } from "./user.ts";

/** Why somebody asks for an account, who decides until when, and what came of it. */
export const MembershipApplication = defineEntity({
  name: "MembershipApplication",
  tableName: "membership_application",
  properties: {
    userId: () => p.oneToOne(User).mapToPk().fieldName("user_id").primary().owner().deleteRule("cascade"),
    /** In the person's own words. */
    motive: p.text(),
    askedWallMs: instant(),
    mode: p.enum(MEMBERSHIP_MODES),
    /** Until then the commission may vote, or an administrator decide. */
    deadlineWallMs: instant(),
    outcome: p.enum(MEMBERSHIP_OUTCOMES).nullable(),
    /** Mail address of who decided, or `commission`. */
    decidedBy: p.text().nullable(),
    decidedWallMs: instant().nullable(),
    reason: p.text(),
  },
  checks: [
    {
      name: "membership_application_decided_check",
      expression: "(outcome is null) = (decided_wall_at is null)",
    },
  ],
});

export type MembershipApplicationRecord = RecordOf<typeof MembershipApplication>;
