import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiTokenRecord } from "../../../db/entities/api-token.ts";
import type { UserRecord } from "../../../db/entities/user.ts";
import { nameProblem, passwordProblem, type FieldProblem } from "../../../domain/people/account.ts";
import { deletedLetter, passwordChangedLetter } from "../../../domain/people/letters.ts";
import { webhookProblem, type NotificationEvent } from "../../../domain/people/notifications.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import { boundedProfile, type Profile } from "../../../domain/permissions/profiles.ts";
import { MS_PER_DAY, MS_PER_HOUR } from "../../../domain/units.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { hashPassword, isPassword } from "../../passwords.ts";
import { tokenHash } from "../../plugins/identity.ts";
import { Problem } from "../../problem.ts";
import { duration } from "../../words/time.ts";
import { userVersion } from "../users/desk.ts";
import { createAttempts } from "./attempts.ts";
import { mailTo, senderOf } from "./links.ts";
import { personOf } from "./person.ts";

const TOKEN_NAME_MAX = 100;
export const TOKEN_DAYS_MAX = 3_650;

/** What is wrong with what was entered, or what came of it. */
export type Entered<T = unknown> =
  | { readonly problems: readonly FieldProblem[] }
  | ({ readonly problems?: undefined } & T);

export type AccountDesk = ReturnType<typeof createAccountDesk>;

/** What people do with their own account, for the profile page and the API alike; each step is written down. */
export function createAccountDesk({ deps, identities }: Pick<ApiContext, "deps" | "identities">) {
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);
  const sender = senderOf(deps);
  // A browser left open must not become a place to guess the password at.
  const guesses = createAttempts(deps, "password guess", 10, MS_PER_HOUR);

  async function own(userId: string): Promise<UserRecord> {
    const user = await database.users.byId(userId);
    if (user === null) throw new Problem(404, "There is no such account any more.");
    return user;
  }

  /** @param version of the account that was edited; null: whatever it is */
  async function rename(request: FastifyRequest, typed: string, version: string | null): Promise<Entered> {
    const { userId } = personOf(request);
    const name = typed.trim();
    const words = nameProblem(name);
    if (words !== null) return { problems: [{ field: "name", words }] };
    const before = await database.accounts.change(
      userId,
      { name },
      (present) => version === null || version === userVersion(present),
    );
    if (before === "changed") {
      const present = await own(userId);
      return {
        problems: [
          {
            field: "name",
            words: `Name: your account was changed meanwhile, its name is "${present.name}" now. Nothing was saved; saving again replaces it.`,
          },
        ],
      };
    }
    if (typeof before === "string") throw new Problem(404, "There is no such account any more.");
    await audit(request, "account.name", userId, { from: before.name, to: name });
    return {};
  }

  async function changePassword(
    request: FastifyRequest,
    current: string,
    password: string,
  ): Promise<Entered> {
    const { userId, sessionId } = personOf(request);
    const user = await own(userId);
    const problems: FieldProblem[] = [];
    const wrongCurrent = await wrongPassword(user, current, "Present password");
    if (wrongCurrent !== null) problems.push({ field: "current", words: wrongCurrent });
    const weak = passwordProblem(password, [user.name, user.mail, user.mail.split("@")[0] ?? ""]);
    if (weak !== null) problems.push({ field: "password", words: weak });
    if (problems.length > 0) return { problems };
    const wallMs = nowWallMs();
    await database.accounts.changePassword(
      userId,
      await hashPassword(password),
      sessionId,
      mailTo(user.mail, `password/${userId}/${wallMs}`, passwordChangedLetter(sender, user.name)),
      wallMs,
    );
    identities.forgetUser(userId);
    await audit(request, "password.change", userId);
    return {};
  }

  /** Signs out every other browser. @returns how many */
  async function endOtherSessions(request: FastifyRequest): Promise<number> {
    const { userId, sessionId } = personOf(request);
    const ended = await database.sessions.removeOfUser(userId, sessionId);
    identities.forgetUser(userId);
    await audit(request, "session.endOthers", userId, { ended });
    return ended;
  }

  /** Deletes the account and signs out. @throws Problem 409 for the last administrator */
  async function remove(request: FastifyRequest, reply: FastifyReply, password: string): Promise<Entered> {
    const { userId } = personOf(request);
    const user = await own(userId);
    const words = await wrongPassword(user, password, "Password");
    if (words !== null) return { problems: [{ field: "deletePassword", words }] };
    const removed = await database.accounts.remove(
      userId,
      ({ id, mail, name }) => mailTo(mail, `deleted/${id}`, deletedLetter(sender, name)),
      nowWallMs(),
    );
    if (removed === "lastAdministrator")
      throw new Problem(
        409,
        "You are the last active administrator: nobody could let anybody in. Make another one first.",
      );
    identities.forgetUser(userId);
    await identities.signOut(request, reply);
    await database.accounts.forget(user.mail, userId);
    await audit(request, "account.delete", userId);
    return {};
  }

  /** A new token, which is known to nobody afterwards but who asked. @throws Problem 403 for more than one may */
  async function makeToken(
    request: FastifyRequest,
    entry: { readonly name: string; readonly days: number; readonly profile: Profile },
  ): Promise<Entered<{ readonly token: string; readonly stored: ApiTokenRecord }>> {
    const { userId } = personOf(request);
    const { days, profile } = entry;
    const name = entry.name.trim();
    const problems: FieldProblem[] = [];
    if (name === "" || name.length > TOKEN_NAME_MAX)
      problems.push({
        field: "tokenName",
        words: `Token: give it a name of 1 to ${TOKEN_NAME_MAX} characters.`,
      });
    if (!Number.isInteger(days) || days < 1 || days > TOKEN_DAYS_MAX)
      problems.push({
        field: "tokenDays",
        words: `Days: "${days}" is not a whole number from 1 to ${TOKEN_DAYS_MAX}.`,
      });
    if (problems.length > 0) return { problems };
    const mine: Profile = request.identity?.profile ?? "user";
    if (profile === "feed" ? !may(mine, "tokens") : boundedProfile(profile, mine) !== profile)
      throw new Problem(403, `A token cannot do more than you may: your profile is ${mine}.`);
    const token = `vesper_${randomBytes(32).toString("base64url")}`;
    const wallMs = nowWallMs();
    const stored = await database.tokens.create({
      hash: tokenHash(token),
      name,
      profile,
      userId,
      createdWallMs: wallMs,
      expiresWallMs: wallMs + days * MS_PER_DAY,
    });
    await audit(request, "token.create", String(stored.id), { name, profile, days });
    return { token, stored };
  }

  /** @throws Problem 404 for a token that is not valid, or another's: not even whether there is one is told */
  async function revokeToken(request: FastifyRequest, id: number): Promise<void> {
    const { userId } = personOf(request);
    const mine = (await database.tokens.list(userId)).some((token) => token.id === id);
    if (!mine || !(await database.tokens.revoke(id, nowWallMs())))
      throw new Problem(404, `You have no token ${id} that is valid.`);
    await audit(request, "token.revoke", String(id));
  }

  /** What to be told, and how. @returns the secret of a new receiver, which is shown this once */
  async function chooseNotifications(
    request: FastifyRequest,
    entry: {
      readonly mailEvents: readonly NotificationEvent[];
      readonly webhookEvents: readonly NotificationEvent[];
      readonly webhookUrl: string;
    },
  ): Promise<Entered<{ readonly newSecret: string | null }>> {
    const { userId } = personOf(request);
    const { mailEvents, webhookEvents } = entry;
    const webhookUrl = entry.webhookUrl.trim();
    const words =
      webhookUrl === ""
        ? webhookEvents.length > 0
          ? "Webhook address: enter where to post what you chose."
          : null
        : webhookProblem(webhookUrl);
    if (words !== null) return { problems: [{ field: "webhookUrl", words }] };
    const before = await database.notifications.settingsOf(userId);
    const isNew = webhookUrl !== "" && before?.webhookUrl !== webhookUrl;
    // A new receiver gets a secret of its own.
    const secret = isNew
      ? `whsec_${randomBytes(24).toString("base64")}`
      : webhookUrl === ""
        ? null
        : (before?.webhookSecret ?? null);
    await database.notifications.choose({
      userId,
      mailEvents: [...mailEvents],
      webhookEvents: [...webhookEvents],
      webhookUrl: webhookUrl === "" ? null : webhookUrl,
      webhookSecret: secret,
      sinceWallMs: nowWallMs(),
    });
    await audit(request, "notifications.choose", userId, { mailEvents, webhookEvents });
    return { newSecret: isNew ? secret : null };
  }

  async function wrongPassword(user: UserRecord, password: string, field: string): Promise<string | null> {
    const waitMs = await guesses.waitMs(user.id);
    if (waitMs > 0) return `${field}: too many attempts. Try again in ${duration(waitMs)}.`;
    if (await isPassword(password, user.passwordHash)) return null;
    await guesses.add(user.id);
    return `${field}: it is not the one of this account.`;
  }

  return {
    own,
    rename,
    changePassword,
    endOtherSessions,
    remove,
    makeToken,
    revokeToken,
    chooseNotifications,
  };
}
