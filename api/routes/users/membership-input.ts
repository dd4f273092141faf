import type { MembershipApplicationRecord } from "../../../db/entities/membership-application.ts";
import { LAPSE_MS } from "../../../domain/people/membership.ts";
import type { MembershipInput } from "../../../workflows/messages.ts";

/** What the workflow of an application starts with. */
export function membershipInput(
  siteId: string,
  { userId, mode, deadlineWallMs, askedWallMs }: MembershipApplicationRecord,
): MembershipInput {
  return { siteId, userId, mode, deadlineWallMs, lapseWallMs: askedWallMs + LAPSE_MS };
}
