import { type EntityManager, LockMode, type MikroORM } from "@mikro-orm/postgresql";
import { mailOf } from "../../domain/people/account.ts";
import { LAPSE_MS } from "../../domain/people/membership.ts";
import { AccountLink } from "../entities/account-link.ts";
import { MembershipApplication } from "../entities/membership-application.ts";
import { Session } from "../entities/session.ts";
import { User, type UserRecord } from "../entities/user.ts";
import { findRecords } from "../find-records.ts";
import { recordOf } from "../record.ts";
import { enqueueMails, type NewMail } from "./mails.ts";

export interface SignUp {
  readonly mail: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly motive: string;
  readonly wallMs: number;
  readonly link: NewLink;
}

/** A link that is sent by mail. */
export interface NewLink {
  /** SHA-256 of its token, hex. */
  readonly hash: string;
  readonly expiresWallMs: number;
}

export type AccountRepository = ReturnType<typeof createAccountRepository>;

/** What happens to accounts between sign-up and deletion; each step with its mails in one transaction. */
export function createAccountRepository(orm: MikroORM) {
  /**
   * Stores a sign-up and the mail with its link. An account that is known and not refused stays as it is: its owner gets
   * `knownMail` instead. One that was never confirmed, or was refused, is entered anew, and links sent before
   * are void.
   */
  const signUp = async (
    entry: SignUp,
    mails: { readonly confirm: NewMail; readonly known: (user: UserRecord) => NewMail },
  ): Promise<"new" | "known"> =>
    orm.em.fork().transactional(async (em) => {
      const { wallMs, name, passwordHash } = entry;
      const mail = mailOf(entry.mail);
      await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`account ${mail}`]);
      const present = await em.findOne(User, { mail });
      if (present !== null && present.state !== "unconfirmed" && present.state !== "refused") {
        await enqueueMails(em, [mails.known(recordOf(present))], wallMs);
        return "known";
      }
      const id = present?.id ?? (await nextUserId(em));
      const columns = { name, passwordHash, profile: "user", state: "unconfirmed" } as const;
      if (present === null) {
        await em.insert(User, { id, mail, ...columns, createdWallMs: wallMs, lastLoginWallMs: null });
      } else {
        await em.nativeUpdate(User, { id }, columns);
      }
      await em.upsert(MembershipApplication, {
        userId: id,
        motive: entry.motive,
        askedWallMs: wallMs,
        mode: "administrator",
        deadlineWallMs: wallMs + LAPSE_MS,
        outcome: null,
        decidedBy: null,
        decidedWallMs: null,
        reason: "",
      });
      await em.nativeDelete(AccountLink, { userId: id });
      await insertLink(em, id, "confirm", entry.link, wallMs);
      await enqueueMails(em, [mails.confirm], wallMs);
      return "new";
    });

  /** Whose link it is, if it may still be used at `wallMs`. */
  const ofLink = async (
    hash: string,
    purpose: "confirm" | "recover",
    wallMs: number,
  ): Promise<UserRecord | null> => {
    const em = orm.em.fork();
    const link = await em.findOne(AccountLink, {
      hash,
      purpose,
      usedWallMs: null,
      expiresWallMs: { $gt: wallMs },
    });
    if (link === null) return null;
    const user = await em.findOne(User, { id: link.userId });
    return user === null ? null : recordOf(user);
  };

  /**
   * The mail address is proven: the account waits for a decision from now on.
   * @param mails to those who decide
   * @returns false when the link is used, void or expired
   */
  const confirm = async (
    hash: string,
    wallMs: number,
    decision: { readonly mode: "administrator" | "commission"; readonly deadlineWallMs: number },
    mails: readonly NewMail[],
  ): Promise<boolean> =>
    orm.em.fork().transactional(async (em) => {
      const userId = await useLink(em, hash, "confirm", wallMs);
      if (userId === null) return false;
      const moved = await em.nativeUpdate(User, { id: userId, state: "unconfirmed" }, { state: "pending" });
      if (moved !== 1) return false;
      await em.nativeUpdate(MembershipApplication, { userId }, { askedWallMs: wallMs, ...decision });
      await enqueueMails(em, mails, wallMs);
      return true;
    });

  /** A link to set a new password, with its mail; links sent before are void. */
  const startRecovery = async (
    userId: string,
    link: NewLink,
    mail: NewMail,
    wallMs: number,
  ): Promise<void> => {
    await orm.em.fork().transactional(async (em) => {
      await em.nativeDelete(AccountLink, { userId, purpose: "recover" });
      await insertLink(em, userId, "recover", link, wallMs);
      await enqueueMails(em, [mail], wallMs);
    });
  };

  /**
   * Sets a new password by a link of a mail, signs out everywhere. @returns whose, or null when the link is used, void
   * or expired
   */
  const recover = async (
    hash: string,
    passwordHash: string,
    wallMs: number,
    mail: (user: UserRecord) => NewMail,
  ): Promise<string | null> =>
    orm.em.fork().transactional(async (em) => {
      const userId = await useLink(em, hash, "recover", wallMs);
      if (userId === null) return null;
      const user = await em.findOneOrFail(User, { id: userId });
      await em.nativeUpdate(User, { id: userId }, { passwordHash });
      await em.nativeDelete(Session, { userId });
      await enqueueMails(em, [mail(recordOf(user))], wallMs);
      return userId;
    });

  /** Sets a new password, signs out every session but one. */
  const changePassword = async (
    userId: string,
    passwordHash: string,
    exceptSessionId: string,
    mail: NewMail,
    wallMs: number,
  ): Promise<void> => {
    await orm.em.fork().transactional(async (em) => {
      await em.nativeUpdate(User, { id: userId }, { passwordHash });
      await em.nativeDelete(Session, { userId, id: { $ne: exceptSessionId } });
      await em.nativeDelete(AccountLink, { userId, purpose: "recover" });
      await enqueueMails(em, [mail], wallMs);
    });
  };

  /**
   * Changes profile or state of an account, unless that leaves no active administrator. Whoever may not enter any more
   * is signed out at once.
   * @param isCurrent whether the account is still the one that the change was made from
   * @returns the record before, or why not
   */
  const change = async (
    userId: string,
    to: Partial<Pick<UserRecord, "profile" | "state" | "name">>,
    isCurrent: (before: UserRecord) => boolean = () => true,
  ): Promise<UserRecord | "missing" | "lastAdministrator" | "changed"> =>
    orm.em.fork().transactional(async (em) => {
      await lockAdministrators(em);
      const row = await em.findOne(
        User,
        { id: userId },
        { disableIdentityMap: true, lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (row === null || row.state === "deleted") return "missing";
      const before = recordOf(row);
      if (!isCurrent(before)) return "changed";
      const staysAdministrator =
        (to.profile ?? before.profile) === "admin" && (to.state ?? before.state) === "active";
      if (!staysAdministrator && (await isLastAdministrator(em, before))) return "lastAdministrator";
      await em.nativeUpdate(User, { id: userId }, to);
      if (to.state !== undefined && to.state !== "active") await em.nativeDelete(Session, { userId });
      return before;
    });

  /**
   * Deletes an account: name, mail address, password, sessions, tokens, links, memberships, settings, application and
   * votes go; the row stays under its number, for the requests that stay with their programme.
   */
  const remove = async (
    userId: string,
    mail: (user: UserRecord) => NewMail,
    wallMs: number,
  ): Promise<UserRecord | "missing" | "lastAdministrator"> =>
    orm.em.fork().transactional(async (em) => {
      await lockAdministrators(em);
      const row = await em.findOne(User, { id: userId }, { disableIdentityMap: true });
      if (row === null || row.state === "deleted") return "missing";
      const before = recordOf(row);
      if (await isLastAdministrator(em, before)) return "lastAdministrator";
      for (const table of PERSONAL_TABLES)
        await em.execute(`delete from "${table}" where user_id = ?`, [userId]);
      await em.execute("delete from membership_vote where voter_id = ?", [userId]);
      await em.execute("update audit set address = null where user_id = ?", [userId]);
      await em.execute("delete from sign_in_failure where mail = ?", [before.mail]);
      await renameActor(em, before.mail, userId);
      await em.execute("delete from outbox where topic = 'mail' and destination = ?", [before.mail]);
      await em.nativeUpdate(
        User,
        { id: userId },
        {
          mail: `${userId.toLowerCase()}@deleted.invalid`,
          name: `former user ${userId}`,
          passwordHash: "",
          state: "deleted",
          profile: "user",
          lastLoginWallMs: null,
        },
      );
      await enqueueMails(em, [mail(before)], wallMs);
      return before;
    });

  /**
   * Puts the number in place of a mail address in journal and audit, a stretch at a time: they have many lines.
   * Run after `remove`.
   */
  const forget = async (mail: string, userId: string): Promise<void> => {
    for (const [table, column, cast] of [
      ["journal_entry", "text", ""],
      ["audit", "details", "::jsonb"],
    ] as const) {
      const em = orm.em.fork();
      const [row] = await em.execute<{ last: number }[]>(
        `select coalesce(max(id), 0)::int as last from "${table}"`,
      );
      const last = row?.last ?? 0;
      for (let from = 0; from <= last; from += FORGET_STRETCH) {
        await em.execute(
          `update "${table}" set "${column}" = replace("${column}"::text, ?, ?)${cast}
           where id > ? and id <= ? and "${column}"::text like ?`,
          [mail, userId, from, from + FORGET_STRETCH, `%${mail.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`],
        );
      }
    }
  };

  /** Active people who may be asked to decide, by profile. */
  const active = async (profiles: readonly UserRecord["profile"][]): Promise<UserRecord[]> => {
    return findRecords(
      orm.em.fork(),
      User,
      { state: "active", profile: { $in: [...profiles] } },
      { orderBy: { id: "asc" } },
    );
  };

  /** Removes links that nobody can use any more. */
  const removeExpiredLinks = async (wallMs: number): Promise<number> =>
    orm.em.fork().nativeDelete(AccountLink, { expiresWallMs: { $lte: wallMs } });

  return {
    signUp,
    ofLink,
    confirm,
    startRecovery,
    recover,
    changePassword,
    change,
    remove,
    forget,
    active,
    removeExpiredLinks,
  };
}

/** Tables whose rows of a person are nobody else's business. */
const PERSONAL_TABLES = [
  "session",
  "api_token",
  "account_link",
  "membership",
  "notification_settings",
  "seen_page",
  "membership_application",
  "membership_vote",
  "request_draft",
] as const;

/** Columns such as `who` and `acknowledged_by` name a person by mail address: there stands the number from now on. */
async function renameActor(em: EntityManager, mail: string, userId: string): Promise<void> {
  const columns = await em.execute<{ table: string; column: string }[]>(
    `select table_name as "table", column_name as "column" from information_schema.columns
     where table_schema = 'public' and data_type = 'text' and column_name ~ '(^|_)(by|who)$'`,
  );
  for (const { table, column } of columns)
    await em.execute(`update "${table}" set "${column}" = ? where "${column}" = ?`, [userId, mail]);
}

/** Lines that one statement looks through. */
const FORGET_STRETCH = 50_000;

async function nextUserId(em: EntityManager): Promise<string> {
  const [row] = await em.execute<{ id: string }[]>(
    "select 'U' || lpad(nextval('user_number')::text, 4, '0') as id",
  );
  if (row === undefined) throw new Error("the sequence of user numbers gave none");
  return row.id;
}

async function insertLink(
  em: EntityManager,
  userId: string,
  purpose: "confirm" | "recover",
  link: NewLink,
  wallMs: number,
): Promise<void> {
  await em.insert(AccountLink, { ...link, userId, purpose, createdWallMs: wallMs, usedWallMs: null });
}

/** Uses up a link; null when it cannot be used. The row is locked: used twice at once, one of them gets null. */
async function useLink(
  em: EntityManager,
  hash: string,
  purpose: "confirm" | "recover",
  wallMs: number,
): Promise<string | null> {
  const link = await em.findOne(
    AccountLink,
    { hash, purpose, usedWallMs: null, expiresWallMs: { $gt: wallMs } },
    { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
  );
  if (link === null) return null;
  await em.nativeUpdate(AccountLink, { hash }, { usedWallMs: wallMs });
  return link.userId;
}

/** Two administrators who demote each other at once would leave none. */
async function lockAdministrators(em: EntityManager): Promise<void> {
  await em.execute("select pg_advisory_xact_lock(hashtext('vesper administrators'))");
}

async function isLastAdministrator(em: EntityManager, user: UserRecord): Promise<boolean> {
  if (user.profile !== "admin" || user.state !== "active") return false;
  return (await em.count(User, { profile: "admin", state: "active" })) === 1;
}
