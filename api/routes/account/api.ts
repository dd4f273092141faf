import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { SessionRecord } from "../../../db/entities/session.ts";
import type { UserRecord } from "../../../db/entities/user.ts";
import { PASSWORD_MIN, type FieldProblem } from "../../../domain/people/account.ts";
import { NOTIFICATION_EVENTS, type NotificationEvent } from "../../../domain/people/notifications.ts";
import { PROFILES } from "../../../domain/permissions/profiles.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { etagOf, IfMatchSchema, requireMatch } from "../../versions.ts";
import { Instant, listOf, ListQuerySchema, Nullable, partOf } from "../lists.ts";
import { userVersion } from "../users/desk.ts";
import { UserSchema } from "../users/schema.ts";
import { TOKEN_DAYS_MAX, type AccountDesk } from "./desk.ts";
import { BROWSER_ONLY, personOf } from "./person.ts";

const only = { additionalProperties: false };

const ProfileSchema = Type.Object({
  ...UserSchema.properties,
  programmes: Type.Array(
    Type.Object({ programmeId: Type.String(), role: Type.String({ description: "pi or member" }) }),
  ),
});

const SessionSchema = Type.Object({
  own: Type.Boolean({ description: "The session that asks" }),
  address: Nullable(Type.String()),
  userAgent: Nullable(Type.String()),
  createdWallMs: Instant(),
  seenWallMs: Instant(),
  expiresWallMs: Instant(),
});

const TokenSchema = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  profile: Type.String(),
  createdWallMs: Instant(),
  expiresWallMs: Nullable(Instant()),
  revokedWallMs: Nullable(Instant()),
  lastUsedWallMs: Nullable(Instant()),
});

const Event = Type.Unsafe<NotificationEvent>(
  Type.Union(NOTIFICATION_EVENTS.map((event) => Type.Literal(event))),
);
const SettingsFields = {
  mailEvents: Type.Array(Event, { description: "Told by mail", maxItems: 20 }),
  webhookEvents: Type.Array(Event, { description: "Posted to the webhook", maxItems: 20 }),
};
const SettingsSchema = Type.Object({
  ...SettingsFields,
  webhookUrl: Nullable(Type.String()),
  newSecret: Type.Optional(
    Type.String({ description: "Of a new receiver, shown this once: posts are signed with it" }),
  ),
});

/** The own account for programs: what the profile page shows and does. Changes are for signed-in browsers. */
export function accountApiRoutes({ app, deps }: ApiContext, desk: AccountDesk): void {
  const { database, nowWallMs } = deps;
  const access = { access: "account" } as const;
  const tags = ["account"];

  app.get(
    "/api/profile",
    {
      config: access,
      schema: {
        tags,
        summary: "Who asks: the own account and its programmes",
        response: { 200: ProfileSchema, ...problems(401, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      const user = await desk.own(ownerOf(request));
      void reply.header("etag", etagOf(userVersion(user)));
      return profileJson(user);
    },
  );

  app.patch(
    "/api/profile",
    {
      config: access,
      schema: {
        tags,
        summary: "Change the own name",
        description: BROWSER_ONLY,
        headers: IfMatchSchema,
        body: Type.Object(
          { name: Type.String({ maxLength: 500 }) },
          { ...only, examples: [{ name: "Maria Mitchell" }] },
        ),
        response: { 200: ProfileSchema, ...problems(400, 401, 403, 409, 412, 428, 503) },
      },
    },
    async (request, reply) => {
      const { userId } = personOf(request);
      const version = userVersion(await desk.own(userId));
      requireMatch(request, version, "your account");
      refuseWrong(await desk.rename(request, request.body.name, version));
      const user = await desk.own(userId);
      void reply.header("etag", etagOf(userVersion(user)));
      return profileJson(user);
    },
  );

  app.post(
    "/api/profile/password",
    {
      config: access,
      schema: {
        tags,
        summary: "Change the own password; every other session is signed out",
        description: BROWSER_ONLY,
        body: Type.Object(
          {
            current: Type.String({ maxLength: 1_024 }),
            password: Type.String({ maxLength: 1_024, description: `At least ${PASSWORD_MIN} characters` }),
          },
          { ...only, examples: [{ current: "the present one", password: "a long new sentence" }] },
        ),
        response: { 204: Type.Null(), ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      const { current, password } = request.body;
      refuseWrong(await desk.changePassword(request, current, password));
      return reply.status(204).send(null);
    },
  );

  app.post(
    "/api/profile/delete",
    {
      config: access,
      schema: {
        tags,
        summary: "Delete the own account; requests and images stay with their programme, without the name",
        description: BROWSER_ONLY,
        body: Type.Object(
          { password: Type.String({ maxLength: 1_024 }) },
          { ...only, examples: [{ password: "the present one" }] },
        ),
        response: { 204: Type.Null(), ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      refuseWrong(await desk.remove(request, reply, request.body.password));
      return reply.status(204).send(null);
    },
  );

  app.get(
    "/api/sessions",
    {
      config: access,
      schema: {
        tags,
        summary: "Browsers that are signed in to the own account, last used first",
        querystring: ListQuerySchema,
        response: { 200: listOf(SessionSchema), ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request) => {
      const sessions = await database.sessions.ofUser(ownerOf(request), nowWallMs());
      return partOf(
        sessions.map((session) => sessionJson(session, request.identity?.sessionId ?? null)),
        request.query,
      );
    },
  );

  app.delete(
    "/api/sessions",
    {
      config: access,
      schema: {
        tags,
        summary: "Sign out every other browser",
        description: BROWSER_ONLY,
        response: {
          200: Type.Object({ ended: Type.Integer({ description: "Sessions that were signed out" }) }),
          ...problems(401, 403, 409, 503),
        },
      },
    },
    async (request) => ({ ended: await desk.endOtherSessions(request) }),
  );

  app.get(
    "/api/tokens",
    {
      config: access,
      schema: {
        tags,
        summary: "Own API tokens, newest first; only their hashes are stored",
        querystring: ListQuerySchema,
        response: { 200: listOf(TokenSchema), ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request) => {
      const tokens = await database.tokens.list(ownerOf(request));
      return partOf(
        tokens.map(({ hash: _hash, ...token }) => token),
        request.query,
      );
    },
  );

  app.post(
    "/api/tokens",
    {
      config: access,
      schema: {
        tags,
        summary: "Make an API token; it is shown this once",
        description: BROWSER_ONLY,
        body: Type.Object(
          {
            name: Type.String({ maxLength: 500, description: "What uses it" }),
            days: Type.Integer({ minimum: 1, maximum: TOKEN_DAYS_MAX, default: 365 }),
            profile: Type.Union(
              PROFILES.map((profile) => Type.Literal(profile)),
              { description: "It may do what this profile may, and never more than its owner" },
            ),
          },
          { ...only, examples: [{ name: "my plotting script", days: 90, profile: "user" }] },
        ),
        response: {
          201: Type.Object({ ...TokenSchema.properties, token: Type.String() }),
          ...problems(400, 401, 403, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const made = await desk.makeToken(request, request.body);
      if (made.problems !== undefined) throw wrongProblem(made.problems);
      const { hash: _hash, ...token } = made.stored;
      void reply.status(201);
      return { ...token, token: made.token };
    },
  );

  app.delete(
    "/api/tokens/:id",
    {
      config: access,
      schema: {
        tags,
        summary: "Revoke an own API token",
        description: BROWSER_ONLY,
        params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }),
        response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      await desk.revokeToken(request, request.params.id);
      return reply.status(204).send(null);
    },
  );

  app.get(
    "/api/notifications",
    {
      config: access,
      schema: {
        tags,
        summary: "What the owner chose to be told, and how",
        response: { 200: SettingsSchema, ...problems(401, 403, 409, 503) },
      },
    },
    async (request) => settingsOf(ownerOf(request)),
  );

  app.put(
    "/api/notifications",
    {
      config: access,
      schema: {
        tags,
        summary: "Choose what to be told, by mail and by a webhook of one's own",
        description: BROWSER_ONLY,
        body: Type.Object(
          { ...SettingsFields, webhookUrl: Type.String({ maxLength: 1_000, default: "" }) },
          {
            ...only,
            examples: [{ mailEvents: ["request.observed", "alarm"], webhookEvents: [], webhookUrl: "" }],
          },
        ),
        response: { 200: SettingsSchema, ...problems(400, 401, 403, 409, 503) },
      },
    },
    async (request) => {
      const { webhookUrl } = request.body;
      const chosen = await desk.chooseNotifications(request, {
        mailEvents: unique(request.body.mailEvents),
        webhookEvents: unique(request.body.webhookEvents),
        webhookUrl,
      });
      if (chosen.problems !== undefined) throw wrongProblem(chosen.problems);
      const settings = await settingsOf(personOf(request).userId);
      return chosen.newSecret === null ? settings : { ...settings, newSecret: chosen.newSecret };
    },
  );

  async function profileJson({ passwordHash: _passwordHash, ...user }: UserRecord) {
    const memberships = await database.programmes.membershipsOf(user.id);
    return { ...user, programmes: memberships.map(({ programmeId, role }) => ({ programmeId, role })) };
  }

  async function settingsOf(userId: string) {
    const settings = await database.notifications.settingsOf(userId);
    return {
      mailEvents: eventsOf(settings?.mailEvents),
      webhookEvents: eventsOf(settings?.webhookEvents),
      webhookUrl: settings?.webhookUrl ?? null,
    };
  }
}

/** Whose account it is, by browser or token. @throws Problem 409 for a token of nobody */
function ownerOf({ identity }: FastifyRequest): string {
  const userId = identity?.userId ?? null;
  if (userId === null) throw new Problem(409, "This token belongs to no person, who would have an account.");
  return userId;
}

function sessionJson(session: SessionRecord, askingId: string | null) {
  const { address, userAgent, createdWallMs, seenWallMs, expiresWallMs } = session;
  return { own: session.id === askingId, address, userAgent, createdWallMs, seenWallMs, expiresWallMs };
}

function refuseWrong(entered: { readonly problems?: readonly FieldProblem[] | undefined }): void {
  if (entered.problems !== undefined) throw wrongProblem(entered.problems);
}

function wrongProblem(wrong: readonly FieldProblem[]): Problem {
  return new Problem(400, wrong.map(({ words }) => words).join(" "));
}

function eventsOf(stored: readonly string[] | undefined): NotificationEvent[] {
  return NOTIFICATION_EVENTS.filter((event) => stored?.includes(event) === true);
}

function unique(events: readonly NotificationEvent[]): NotificationEvent[] {
  return NOTIFICATION_EVENTS.filter((event) => events.includes(event));
}
