import type { Database } from "../db/orm.ts";
import type { NewMail } from "../db/repositories/mails.ts";
import {
  acceptedLetter,
  refusedLetter,
  voteLetter,
  waitingLetter,
  type Letter,
  type Sender,
} from "../domain/people/letters.ts";
import type { MembershipMode, MembershipOutcome, VoteCount } from "../domain/people/membership.ts";
import { profilesThatMay } from "../domain/permissions/permissions.ts";
import type { PersonProfile } from "../domain/permissions/profiles.ts";

export interface MembershipDeps {
  readonly database: Pick<Database, "accounts" | "applications" | "journal">;
  readonly sender: Sender;
  readonly wallMs: () => number;
  /** Observatory time now. */
  readonly nowMs: () => number;
}

export type MembershipActivities = ReturnType<typeof createMembershipActivities>;

/** Rows, mails and journal lines of applications for an account. Each may run twice. */
export function createMembershipActivities(deps: MembershipDeps) {
  const { database, sender, wallMs } = deps;

  async function countVotes({ userId }: { readonly userId: string }): Promise<VoteCount> {
    return database.applications.countVotes(userId);
  }

  /** Says who decides until when, and tells them by mail. */
  async function handMembership(to: {
    readonly userId: string;
    readonly mode: MembershipMode;
    readonly deadlineWallMs: number;
    readonly by: string;
  }): Promise<void> {
    const { userId, mode, deadlineWallMs, by } = to;
    const entry = await database.applications.one(userId);
    // Deleted meanwhile: nothing to hand on.
    if (entry === null) return;
    const { name } = entry.user;
    const until = `${new Date(deadlineWallMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
    const asked = await database.accounts.active(
      profilesThatMay(mode === "commission" ? "users.vote" : "users"),
    );
    const mails = asked.map((person) =>
      mailTo(
        person.mail,
        `membership/${userId}/${entry.application.askedWallMs}/${mode}/${person.id}`,
        mode === "commission"
          ? voteLetter(sender, person.name, name, until)
          : waitingLetter(sender, person.name, name, entry.application.motive),
      ),
    );
    await database.applications.hand(userId, { mode, deadlineWallMs }, mails, wallMs());
    await journal(
      `${userId}/${entry.application.askedWallMs}/${mode}`,
      userId,
      mode === "commission"
        ? `The commission of ${asked.length} is asked about account ${userId} by ${by}, until ${until}.`
        : `The vote on account ${userId} came to nothing (a tie, or nobody voted): an administrator decides.`,
    );
  }

  /** Stores what came of an application, mails it to who asked, and journals it. */
  async function settleMembership(decision: {
    readonly userId: string;
    readonly outcome: MembershipOutcome;
    readonly by: string;
    readonly reason: string;
    readonly profile: PersonProfile;
  }): Promise<void> {
    const { userId, outcome, by, reason } = decision;
    const entry = await database.applications.one(userId);
    if (entry === null) return;
    const key = `${userId}/${entry.application.askedWallMs}/settled`;
    await database.applications.settle(userId, { ...decision, wallMs: wallMs() }, (user) =>
      mailTo(
        user.mail,
        `membership/${key}`,
        outcome === "accepted"
          ? acceptedLetter(sender, user.name, reason)
          : refusedLetter(sender, user.name, reason),
      ),
    );
    const words = reason === "" ? "" : ` ${reason}`;
    await journal(key, userId, `Account ${userId} is ${outcome} by ${by}.${words}`);
  }

  async function journal(key: string, userId: string, text: string): Promise<void> {
    await database.journal.append({
      atWallMs: wallMs(),
      atMs: deps.nowMs(),
      level: "info",
      module: "users",
      text,
      userId,
      onceKey: `membership/${key}`,
    });
  }

  return { countVotes, handMembership, settleMembership };
}

function mailTo(to: string, key: string, { subject, text }: Letter): NewMail {
  return { to, key, subject, text };
}
