import { allHandlersFinished, condition, setCurrentDetails, setHandler } from "@temporalio/workflow";
import {
  countWords,
  VOTE_DAYS_MAX,
  voteOutcome,
  type MembershipOutcome,
} from "../domain/people/membership.ts";
import { MS_PER_DAY } from "../domain/units.ts";
import {
  askCommissionUpdate,
  decideMembershipUpdate,
  votedSignal,
  type MembershipDecision,
  type MembershipInput,
} from "./messages.ts";
import { membershipActivities } from "./proxies.ts";
import { takeUpdate } from "./updates.ts";

/** Who decided when no administrator did. */
const COMMISSION = "commission";
const NOBODY = "nobody";

/**
 * One application for an account: waits for an administrator, or for the commission until the deadline of its vote. A
 * vote that comes to nothing goes back to the administrators; what nobody decides lapses. Wall time throughout.
 */
export async function membership(input: MembershipInput): Promise<{ outcome: MembershipOutcome }> {
  const { siteId, userId, lapseWallMs } = input;
  const records = membershipActivities(siteId);
  let { mode, deadlineWallMs } = input;
  let decision: MembershipDecision | null = null;
  const settled: { outcome: MembershipOutcome | null } = { outcome: null };
  let askNow: { readonly deadlineWallMs: number; readonly by: string } | null = null;
  let voted = false;

  const whyDecided = (): string | null =>
    decision === null && settled.outcome === null ? null : "This application is decided already.";
  setHandler(votedSignal, () => {
    voted = true;
  });
  takeUpdate(
    decideMembershipUpdate,
    async (made) => {
      decision ??= made;
      await condition(() => settled.outcome !== null);
      return settled.outcome ?? "lapsed";
    },
    whyDecided,
  );
  takeUpdate(
    askCommissionUpdate,
    async (asked) => {
      askNow = asked;
      await condition(() => mode === "commission" || settled.outcome !== null);
      return mode;
    },
    ({ deadlineWallMs: until }) => {
      const decided = whyDecided();
      if (decided !== null) return decided;
      if (mode === "commission" || askNow !== null) return "The commission is asked already.";
      return until <= Date.now() || until > Date.now() + (VOTE_DAYS_MAX + 1) * MS_PER_DAY
        ? `The deadline of the vote must be 1 to ${VOTE_DAYS_MAX} days from now.`
        : null;
    },
  );

  const settle = async (as: MembershipOutcome, by: string, reason: string): Promise<void> => {
    const profile = decision?.profile ?? "user";
    await records.settleMembership({ userId, outcome: as, by, reason, profile });
    settled.outcome = as;
  };

  while (settled.outcome === null) {
    const untilWallMs = mode === "commission" ? deadlineWallMs : lapseWallMs;
    setCurrentDetails(`Waits for the ${mode} until ${new Date(untilWallMs).toISOString()}`);
    const inTime = await condition(
      () => decision !== null || askNow !== null || (voted && mode === "commission"),
      Math.max(1, untilWallMs - Date.now()),
    );
    // Handlers have written to these while this function waited, which the compiler cannot see.
    const made = decision as MembershipDecision | null;
    const asked = askNow as { readonly deadlineWallMs: number; readonly by: string } | null;
    if (made !== null) {
      await settle(made.accept ? "accepted" : "refused", made.by, made.reason);
    } else if (asked !== null) {
      await records.handMembership({ userId, mode: "commission", ...asked });
      ({ deadlineWallMs } = asked);
      mode = "commission";
      askNow = null;
    } else if (mode === "commission") {
      voted = false;
      const count = await records.countVotes({ userId });
      if (decision !== null) continue;
      const result = voteOutcome(count, !inTime);
      if (result === "accepted" || result === "refused") {
        await settle(result, COMMISSION, `The commission voted: ${countWords(count)}.`);
      } else if (result === "undecided") {
        await records.handMembership({
          userId,
          mode: "administrator",
          deadlineWallMs: lapseWallMs,
          by: COMMISSION,
        });
        mode = "administrator";
      }
    } else {
      await settle("lapsed", NOBODY, "Nobody decided in time. You may sign up again.");
    }
  }
  await condition(allHandlersFinished);
  return { outcome: settled.outcome };
}
