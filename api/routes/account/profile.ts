import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UserRecord } from "../../../db/entities/user.ts";
import { PASSWORD_MIN, type FieldProblem } from "../../../domain/people/account.ts";
import { EVENT_WORDS, NOTIFICATION_EVENTS } from "../../../domain/people/notifications.ts";
import type { ApiContext } from "../../context.ts";
import { count } from "../../words/numbers.ts";
import { dateTime, fromNow } from "../../words/time.ts";
import { Csrf, formProblems, formTitle, Line } from "../forms.ts";
import { userVersion } from "../users/desk.ts";
import { accountApiRoutes } from "./api.ts";
import { createAccountDesk } from "./desk.ts";
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
  const { app, deps, pages } = context;
  const { database, nowWallMs } = deps;
  const desk = createAccountDesk(context);
  const page = { showProfile };

  accountApiRoutes(context, desk);
  tokenRoutes(context, desk, page);
  notificationRoutes(context, desk, page);

  app.get("/profile", { config: { access: "account" } }, async (request, reply) =>
    showProfile(request, reply),
  );

  app.post(
    "/profile",
    {
      config: { access: "account" },
      schema: {
        body: Type.Object({ name: Line(), version: Type.Optional(Type.String({ maxLength: 64 })), ...Csrf }),
      },
    },
    async (request, reply) => {
      const { name, version = null } = request.body;
      const { problems } = await desk.rename(request, name, version);
      return problems === undefined
        ? reply.redirect("/profile", 303)
        : showProfile(request, reply, { problems, name });
    },
  );

  app.post(
    "/profile/password",
    {
      config: { access: "account" },
      schema: { body: Type.Object({ current: Line(1_024), password: Line(1_024), ...Csrf }) },
    },
    async (request, reply) => {
      const { current, password } = request.body;
      const { problems } = await desk.changePassword(request, current, password);
      return showProfile(
        request,
        reply,
        problems === undefined
          ? { said: "Your password is changed, and every other session was signed out." }
          : { problems },
      );
    },
  );

  app.post("/profile/sign-out-everywhere", { config: { access: "account" } }, async (request, reply) => {
    const ended = await desk.endOtherSessions(request);
    return showProfile(request, reply, { said: `${count(ended, "other session")} signed out.` });
  });

  app.get("/profile/delete", { config: { access: "account" } }, async (request, reply) => {
    const { userId } = personOf(request);
    return deleteForm(request, reply, await desk.own(userId), []);
  });

  app.post(
    "/profile/delete",
    {
      config: { access: "account" },
      schema: { body: Type.Object({ deletePassword: Line(1_024), ...Csrf }) },
    },
    async (request, reply) => {
      const user = await desk.own(personOf(request).userId);
      const { problems } = await desk.remove(request, reply, request.body.deletePassword);
      if (problems !== undefined) return deleteForm(request, reply, user, problems);
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

  async function deleteForm(
    request: FastifyRequest,
    reply: FastifyReply,
    user: UserRecord,
    problems: readonly FieldProblem[],
  ): Promise<FastifyReply> {
    const { total } = await database.requests.total({ userId: user.id });
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
    const user = await desk.own(userId);
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
        account: { id: user.id, name: after.name ?? user.name, mail: user.mail, profile: user.profile },
        version: userVersion(user),
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
  /** As it was typed, when it was not saved. */
  readonly name?: string;
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
