/** Rules of who is let in: by an administrator, or by a vote of the commission until a deadline. All times are wall time. */

export const MEMBERSHIP_MODES = ["administrator", "commission"] as const;
export type MembershipMode = (typeof MEMBERSHIP_MODES)[number];

/** `lapsed`: nobody decided in time. */
export const MEMBERSHIP_OUTCOMES = ["accepted", "refused", "lapsed"] as const;
export type MembershipOutcome = (typeof MEMBERSHIP_OUTCOMES)[number];

/** An application that nobody decides lapses after this, wall ms: a wait without end helps nobody. */
export const LAPSE_MS = 90 * 86_400_000;
/** Longest time a vote may take, days. */
export const VOTE_DAYS_MAX = 60;

export interface VoteCount {
  readonly yes: number;
  readonly no: number;
  /** Members of the commission now, voted or not. */
  readonly commission: number;
}

/**
 * What a vote comes to. Before the deadline only what no further vote can turn (more than half of the commission) counts; at the
 * deadline the majority of the votes given does. `undecided` at the deadline: nobody voted, or a tie; the
 * application goes back to the administrators.
 */
export function voteOutcome(
  count: VoteCount,
  deadlinePassed: boolean,
): "accepted" | "refused" | "open" | "undecided" {
  const { yes, no, commission } = count;
  if (yes * 2 > commission) return "accepted";
  if (no * 2 > commission) return "refused";
  if (!deadlinePassed) return "open";
  if (yes === no) return "undecided";
  return yes > no ? "accepted" : "refused";
}

/** `3 for, 1 against, of 5`. */
export function countWords({ yes, no, commission }: VoteCount): string {
  return `${yes} for, ${no} against, of ${commission}`;
}
