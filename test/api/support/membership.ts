import { createMembershipActivities } from "../../../activities/membership.ts";
import type { MembershipGateway } from "../../../adapters/temporal/membership.ts";
import type { Database } from "../../../db/orm.ts";

/** The gateway without Temporal: the same activities, called at once. */
export function fakeMembership(database: Database, wallMs: () => number): MembershipGateway {
  const records = createMembershipActivities({
    database,
    sender: { siteName: "COLIBRI", address: "http://127.0.0.1:3000" },
    wallMs,
    nowMs: wallMs,
  });
  return {
    start: async () => undefined,
    decide: async ({ userId }, { accept, by, reason, profile }) => {
      await records.settleMembership({
        userId,
        outcome: accept ? "accepted" : "refused",
        by,
        reason,
        profile,
      });
      return { kind: "done" };
    },
    askCommission: async ({ userId }, { deadlineWallMs, by }) => {
      await records.handMembership({ userId, mode: "commission", deadlineWallMs, by });
      return { kind: "done" };
    },
    voted: async () => undefined,
    forget: async () => undefined,
  };
}
