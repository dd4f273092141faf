import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UserRecord } from "../../../db/entities/user.ts";
import {
  nameProblem,
  PASSWORD_MIN,
  passwordProblem,
  type FieldProblem,
} from "../../../domain/people/account.ts";
import { deletedLetter, passwordChangedLetter } from "../../../domain/people/letters.ts";
import { EVENT_WORDS, NOTIFICATION_EVENTS } from "../../../domain/people/notifications.ts";
import { MS_PER_HOUR } from "../../../domain/units.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { hashPassword, isPassword } from "../../passwords.ts";
import { Problem } from "../../problem.ts";
import { count } from "../../words/numbers.ts";
import { dateTime, duration, fromNow } from "../../words/time.ts";
import { Csrf, formProblems, formTitle, Line } from "../forms.ts";
import { createAttempts } from "./attempts.ts";
import { mailTo, senderOf } from "./links.ts";
import { notificationRoutes } from "./notifications.ts";
import { personOf } from "./person.ts";
import { tokenRoutes } from "./tokens.ts";

const FIELDS = [
  "name",
  "current",
  "password",
  "tokenName",
  "tokenDays",
  "webhookUrl",
  "deletePassword",
] as const;

/** The own account: name, password, sessions, tokens, notifications, and its end. */
export function profileRoutes(context: ApiContext): void {
  const { app, deps, pages, identities } = context;
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);
  const sender = senderOf(deps);
  // A browser left open must not become a place to guess the password at.
  const guesses = createAttempts(deps, "password guess", 10, MS_PER_HOUR);

  tokenRoutes(context, { showProfile });
  notificationRoutes(context, { showProfile });

  app.get("/profile", { config: { access: "account" } }, async (request, reply) =>
    showProfile(request, reply),
  );

  app.post(
    "/profile",
    { config: { access: "account" }, schema: { body: Type.Object({ name: Line(), ...Csrf }) } },
    async (request, reply) => {
      const { userId } = personOf(request);
      const name = request.body.name.trim();
      const words = nameProblem(name);
      if (words !== null) return showProfile(request, reply, { problems: [{ field: "name", words }] });
      const before = await database.accounts.change(userId, { name });
      if (typeof before === "string") throw new Problem(404, "There is no such account any more.");
      await audit(request, "account.name", userId, { from: before.name, to: name });
      return reply.redirect("/profile", 303);
    },
  );

  app.post(
    "/profile/password",
    {
      config: { access: "account" },
      schema: { body: Type.Object({ current: Line(1_024), password: Line(1_024), ...Csrf }) },
    },
    async (request, reply) => {
      const { userId, sessionId } = personOf(request);
      const user = await own(userId);
      const { current, password } = request.body;
      const problems: FieldProblem[] = [];
      const wrongCurrent = await wrongPassword(user, current, "Present password");
      if (wrongCurrent !== null) problems.push({ field: "current", words: wrongCurrent });
      const weak = passwordProblem(password, [user.name, user.mail, user.mail.split("@")[0] ?? ""]);
      if (weak !== null) problems.push({ field: "password", words: weak });
      if (problems.length > 0) return showProfile(request, reply, { problems });
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
      return showProfile(request, reply, {
        said: "Your password is changed, and every other session was signed out.",
      });
    },
  );

  app.post("/profile/sign-out-everywhere", { config: { access: "account" } }, async (request, reply) => {
    const { userId, sessionId } = personOf(request);
    const ended = await database.sessions.removeOfUser(userId, sessionId);
    identities.forgetUser(userId);
    await audit(request, "session.endOthers", userId, { ended });
    return showProfile(request, reply, { said: `${count(ended, "other session")} signed out.` });
  });

  app.get("/profile/delete", { config: { access: "account" } }, async (request, reply) => {
    const { userId } = personOf(request);
    return deleteForm(request, reply, await own(userId), []);
  });

  app.post(
    "/profile/delete",
    {
      config: { access: "account" },
      schema: { body: Type.Object({ deletePassword: Line(1_024), ...Csrf }) },
    },
    async (request, reply) => {
      const { userId } = personOf(request);
      const user = await own(userId);
      const wrong = await wrongPassword(user, request.body.deletePassword, "Password");
      if (wrong !== null)
        return deleteForm(request, reply, user, [{ field: "deletePassword", words: wrong }]);
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
      return pages.send(request, reply, "account/said", {
        title: "Your account is deleted",
        sentence: "",
        words: [
          "What was yours alone is gone. Requests and images stay with their programme, without your name.",
        ],
        link: { href: "/sign-in", label: "To the sign-in page" },
      });
    },
  );

  async function wrongPassword(user: UserRecord, password: string, field: string): Promise<string | null> {
    const waitMs = await guesses.waitMs(user.id);
    if (waitMs > 0) return `${field}: too many attempts. Try again in ${duration(waitMs)}.`;
    if (await isPassword(password, user.passwordHash)) return null;
    await guesses.add(user.id);
    return `${field}: it is not the one of this account.`;
  }

  async function own(userId: string): Promise<UserRecord> {
    const user = await database.users.byId(userId);
    if (user === null) throw new Problem(404, "There is no such account any more.");
    return user;
  }

  async function deleteForm(
    request: FastifyRequest,
    reply: FastifyReply,
    user: UserRecord,
    problems: readonly FieldProblem[],
  ): Promise<FastifyReply> {
    const { total } = await database.requests.list({ userId: user.id, limit: 1 });
    return pages.send(
      request,
      reply,
      "account/delete",
      {
        title: formTitle("Delete your account?", problems),
        sentence: "",
        mail: user.mail,
        id: user.id,
        requests: count(total, "request"),
        ...formProblems(problems, ["deletePassword"]),
      },
      problems.length > 0 ? 400 : 200,
    );
  }

  /** The page; after a form with what came of it. */
  async function showProfile(
    request: FastifyRequest,
    reply: FastifyReply,
    after: ProfileAfter = {},
  ): Promise<FastifyReply> {
    const { userId, sessionId } = personOf(request);
    const user = await own(userId);
    const wallMs = nowWallMs();
    const [sessions, tokens, memberships, settings] = await Promise.all([
      database.sessions.ofUser(userId, wallMs),
      database.tokens.list(userId),
      database.programmes.membershipsOf(userId),
      database.notifications.settingsOf(userId),
    ]);
    const problems = after.problems ?? [];
    const valid = tokens.filter(
      ({ revokedWallMs, expiresWallMs }) =>
        revokedWallMs === null && (expiresWallMs === null || expiresWallMs > wallMs),
    );
    return pages.send(
      request,
      reply,
      "account/profile",
      {
        title: formTitle("Profile", problems),
        sentence: `${user.mail}, ${user.profile}.`,
        said: after.said ?? "",
        newToken: after.newToken ?? "",
        newSecret: after.newSecret ?? "",
        account: { id: user.id, name: user.name, mail: user.mail, profile: user.profile },
        passwordMin: PASSWORD_MIN,
        memberships: memberships.map(({ programmeId, role }) => ({
          href: `/programmes/${encodeURIComponent(programmeId)}`,
          name: programmeId,
          role,
        })),
        sessions: sessions.map((session) => ({
          own: session.id === sessionId,
          address: session.address ?? "",
          browser: session.userAgent ?? "",
          since: `${dateTime(session.createdWallMs)} UTC`,
          seen: fromNow(session.seenWallMs, wallMs),
        })),
        tokens: valid.map((token) => ({
          id: token.id,
          name: token.name,
          profile: token.profile,
          created: dateTime(token.createdWallMs),
          expires: token.expiresWallMs === null ? "never" : dateTime(token.expiresWallMs),
          used: token.lastUsedWallMs === null ? "never" : fromNow(token.lastUsedWallMs, wallMs),
        })),
        events: NOTIFICATION_EVENTS.map((event) => ({
          event,
          words: EVENT_WORDS[event],
          mail: settings?.mailEvents.includes(event) ?? false,
          webhook: settings?.webhookEvents.includes(event) ?? false,
        })),
        webhookUrl: after.webhookUrl ?? settings?.webhookUrl ?? "",
        ...formProblems(problems, FIELDS),
      },
      after.status ?? (problems.length > 0 ? 400 : 200),
    );
  }
}

/** What a form of the profile page came to. */
export interface ProfileAfter {
  readonly problems?: readonly FieldProblem[];
  readonly said?: string;
  /** Shown this once. */
  readonly newToken?: string;
  readonly newSecret?: string;
  readonly webhookUrl?: string;
  readonly status?: number;
}

/** Draws the profile page again after a form of it. */
export interface ProfilePage {
  showProfile(request: FastifyRequest, reply: FastifyReply, after?: ProfileAfter): Promise<FastifyReply>;
}
