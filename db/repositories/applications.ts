import { type EntityManager, type MikroORM } from "@mikro-orm/postgresql";
import type { MembershipOutcome, VoteCount } from "../../domain/people/membership.ts";
import { profilesThatMay } from "../../domain/permissions/permissions.ts";
import {
  MembershipApplication,
  type MembershipApplicationRecord,
} from "../entities/membership-application.ts";
import { MembershipVote, type MembershipVoteRecord } from "../entities/membership-vote.ts";
import { User, type UserRecord } from "../entities/user.ts";
import { recordOf } from "../record.ts";
import { enqueueMails, type NewMail } from "./mails.ts";

/** An application with who asks and the votes on it. */
export interface Application {
  readonly application: MembershipApplicationRecord;
  readonly user: UserRecord;
  readonly votes: readonly MembershipVoteRecord[];
}

export type ApplicationRepository = ReturnType<typeof createApplicationRepository>;

export function createApplicationRepository(orm: MikroORM) {
  const one = async (userId: string): Promise<Application | null> => {
    const em = orm.em.fork();
    const application = await em.findOne(MembershipApplication, { userId });
    const user = await em.findOne(User, { id: userId });
    if (application === null || user === null) return null;
    const votes = await em.find(MembershipVote, { userId }, { orderBy: { atWallMs: "asc" } });
    return {
      application: recordOf(application),
      user: recordOf(user),
      votes: votes.map((vote) => recordOf(vote)),
    };
  };

  /** Applications that wait for a decision, longest waiting first; at most 200. */
  const waiting = async (): Promise<Application[]> => {
    const em = orm.em.fork();
    const users = await em.find(User, { state: "pending" }, { orderBy: { id: "asc" }, limit: 200 });
    const ids = users.map(({ id }) => id);
    const applications = await em.find(
      MembershipApplication,
      { userId: { $in: ids }, outcome: null },
      { orderBy: { askedWallMs: "asc" } },
    );
    const votes = await em.find(MembershipVote, { userId: { $in: ids } }, { orderBy: { atWallMs: "asc" } });
    return applications.flatMap((application) => {
      const user = users.find(({ id }) => id === application.userId);
      if (user === undefined) return [];
      return [
        {
          application: recordOf(application),
          user: recordOf(user),
          votes: votes.filter(({ userId }) => userId === user.id).map((vote) => recordOf(vote)),
        },
      ];
    });
  };

  /** Stores or changes a vote while the application is open. @returns whether it is */
  const vote = async (entry: MembershipVoteRecord): Promise<boolean> =>
    orm.em.fork().transactional(async (em) => {
      const open = await em.count(MembershipApplication, {
        userId: entry.userId,
        outcome: null,
        mode: "commission",
      });
      if (open === 0) return false;
      await em.upsert(MembershipVote, { ...entry });
      return true;
    });

  /** Votes of those who are of the commission now. */
  const countVotes = async (userId: string): Promise<VoteCount> => {
    const profiles = [...profilesThatMay("users.vote")];
    const marks = profiles.map(() => "?").join(", ");
    const [row] = await orm.em.fork().execute<VoteCount[]>(
      `select count(*) filter (where v.accept)::int as yes, count(*) filter (where not v.accept)::int as no,
              count(*)::int as commission
       from "user" u left join membership_vote v on v.voter_id = u.id and v.user_id = ?
       where u.state = 'active' and u.profile in (${marks})`,
      [userId, ...profiles],
    );
    return row ?? { yes: 0, no: 0, commission: 0 };
  };

  /** Says who decides until when, while nobody has decided. Tells those in `mails`. */
  const hand = async (
    userId: string,
    to: Pick<MembershipApplicationRecord, "mode" | "deadlineWallMs">,
    mails: readonly NewMail[],
    wallMs: number,
  ): Promise<void> => {
    await orm.em.fork().transactional(async (em) => {
      const { mode, deadlineWallMs } = to;
      await em.nativeUpdate(MembershipApplication, { userId, outcome: null }, { mode, deadlineWallMs });
      await enqueueMails(em, mails, wallMs);
    });
  };

  /**
   * Settles an application once; the account becomes active or refused in the same transaction.
   * @returns false when it was settled before, or is gone
   */
  const settle = async (
    userId: string,
    decision: {
      readonly outcome: MembershipOutcome;
      readonly by: string;
      readonly reason: string;
      readonly profile: UserRecord["profile"];
      readonly wallMs: number;
    },
    mail: (user: UserRecord) => NewMail,
  ): Promise<boolean> =>
    orm.em.fork().transactional(async (em: EntityManager) => {
      const { outcome, by, reason, profile, wallMs } = decision;
      const settled = await em.nativeUpdate(
        MembershipApplication,
        { userId, outcome: null },
        { outcome, decidedBy: by, decidedWallMs: wallMs, reason },
      );
      if (settled !== 1) return false;
      const accepted = outcome === "accepted";
      await em.nativeUpdate(
        User,
        { id: userId, state: "pending" },
        accepted ? { state: "active", profile } : { state: "refused" },
      );
      const user = await em.findOneOrFail(User, { id: userId });
      await enqueueMails(em, [mail(recordOf(user))], wallMs);
      return true;
    });

  return { one, waiting, vote, countVotes, hand, settle };
}
