import { Type } from "typebox";
import type { FastifyReply } from "fastify";
import type { UserRecord } from "../../../db/entities/user.ts";
import { profilesThatMay, may, PERMISSIONS } from "../../../domain/permissions/permissions.ts";
import { PROFILES_OF_PEOPLE } from "../../../domain/permissions/profiles.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { count } from "../../words/numbers.ts";
import { dateTime, dateTimeMs, fromNow } from "../../words/time.ts";
import { etagOf, IfMatchSchema, requireMatch } from "../../versions.ts";
import { Csrf, Line } from "../forms.ts";
import { given, listOf, ListQuerySchema, PageNumber, pager, partOf } from "../lists.ts";
import { applicationRoutes, profileChoices } from "./applications.ts";
import { createUserDesk, userVersion } from "./desk.ts";
import { mailRoutes } from "./mails.ts";
import { PERMISSION_WORDS } from "./permission-words.ts";
import { AccountStateSchema, PersonProfileSchema, UserIdSchema, UserSchema } from "./schema.ts";
import { applicationCard, stateMark, usersModel } from "./view-model.ts";

const ON_PAGE = 50;
const REASON_MAX = 1_000;

/** Users for administrators: list, one, profile and state, delete; applications and mails. */
export function userRoutes(context: ApiContext): void {
  const { app, deps, pages } = context;
  const { database, nowWallMs } = deps;
  const desk = createUserDesk(context);
  applicationRoutes(context);
  mailRoutes(context);

  const filterFields = {
    text: Type.Optional(Type.String({ maxLength: 200 })),
    profile: Type.Optional(Type.Union([PersonProfileSchema, Type.Literal("")])),
    state: Type.Optional(Type.Union([AccountStateSchema, Type.Literal("")])),
  };

  app.get(
    "/api/users",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        summary: "Users by mail address",
        querystring: Type.Object({ ...ListQuerySchema.properties, ...filterFields }),
        response: { 200: listOf(UserSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await database.users.list(cleaned(request.query));
      return { items: [...items], ...total };
    },
  );

  app.get(
    "/api/users/:id",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        summary: "One user",
        params: UserIdSchema,
        response: { 200: UserSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request, reply) => sendUser(reply, await desk.found(request.params.id)),
  );

  app.patch(
    "/api/users/:id",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        summary: "Change profile, or disable and enable",
        params: UserIdSchema,
        headers: IfMatchSchema,
        body: Type.Object(
          {
            profile: Type.Optional(PersonProfileSchema),
            state: Type.Optional(Type.Union([Type.Literal("active"), Type.Literal("disabled")])),
          },
          { additionalProperties: false, minProperties: 1, examples: [{ profile: "expert" }] },
        ),
        response: { 200: UserSchema, ...problems(400, 401, 403, 404, 409, 412, 428, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const version = userVersion(await desk.found(id));
      requireMatch(request, version, `user ${id}`);
      return sendUser(reply, await desk.change(request, id, request.body, version));
    },
  );

  app.delete(
    "/api/users/:id",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        summary: "Delete an account",
        description:
          "Name, mail address, password, sessions, tokens, memberships and drafts go; requests and images stay with their programme, under the number. The body repeats the mail address and says why.",
        params: UserIdSchema,
        headers: IfMatchSchema,
        body: Type.Object(
          { mail: Type.String({ maxLength: 254 }), reason: Type.String({ maxLength: REASON_MAX }) },
          { additionalProperties: false, examples: [{ mail: "lea@example.org", reason: "asked for it" }] },
        ),
        response: { 204: Type.Null(), ...problems(400, 401, 403, 404, 409, 412, 428, 503) },
      },
    },
    async (request, reply) => {
      const user = await desk.found(request.params.id);
      requireMatch(request, userVersion(user), `user ${user.id}`);
      const wrong = deletionProblem(user, request.body);
      if (wrong !== null) throw new Problem(400, wrong);
      await desk.remove(request, user, request.body.reason.trim());
      return reply.status(204).send(null);
    },
  );

  app.get(
    "/users",
    {
      config: { access: "users" },
      schema: { querystring: Type.Object({ ...filterFields, page: PageNumber }) },
    },
    async (request, reply) => {
      const { text = "", profile = "", state = "", page = 1 } = request.query;
      const filters = { text, profile, state };
      const { items, ...total } = await database.users.list({
        limit: ON_PAGE,
        offset: (page - 1) * ON_PAGE,
        ...cleaned(filters),
      });
      const waiting = await database.applications.waiting();
      const lines = pager("/users", filters, page, ON_PAGE, total, "user");
      return pages.send(
        request,
        reply,
        "users/list",
        usersModel(items, filters, lines, waiting.length, nowWallMs()),
      );
    },
  );

  app.get(
    "/users/:id",
    { config: { access: "users" }, schema: { params: UserIdSchema } },
    async (request, reply) => {
      const user = await desk.found(request.params.id);
      const [application, memberships, tokens, sessions, audits, requests] = await Promise.all([
        database.applications.one(user.id),
        database.programmes.membershipsOf(user.id),
        database.tokens.list(user.id),
        database.sessions.ofUser(user.id, nowWallMs()),
        database.audits.list({ userId: user.id, limit: 20 }),
        database.requests.total({ userId: user.id }),
      ]);
      const names = new Map(
        (await database.accounts.active(profilesThatMay("users.vote"))).map(({ id, name }) => [id, name]),
      );
      const card = application === null ? null : applicationCard(application, names, null, nowWallMs());
      return pages.send(request, reply, "users/show", {
        title: user.name,
        sentence: `${user.profile}, ${stateMark(user.state).word}.`,
        user: { id: user.id, mail: user.mail, name: user.name, profile: user.profile },
        version: userVersion(user),
        mark: stateMark(user.state),
        created: dateTime(user.createdWallMs),
        seen: user.lastLoginWallMs === null ? "never" : fromNow(user.lastLoginWallMs, nowWallMs()),
        card,
        decided:
          application === null || application.application.outcome === null
            ? ""
            : `${application.application.outcome} by ${application.application.decidedBy ?? ""}, ${dateTime(application.application.decidedWallMs)} UTC. ${application.application.reason}`,
        waits: card?.open ?? false,
        profiles: PROFILES_OF_PEOPLE.map((profile) => ({ value: profile, chosen: profile === user.profile })),
        newProfiles: profileChoices(),
        isActive: user.state === "active",
        canEnable: user.state === "disabled" || user.state === "refused",
        exists: user.state !== "deleted",
        memberships: memberships.map(({ programmeId, role }) => ({
          href: `/programmes/${encodeURIComponent(programmeId)}`,
          name: programmeId,
          role,
        })),
        facts: `${count(sessions.length, "session")}, ${count(tokens.filter((token) => token.revokedWallMs === null).length, "API token")}, ${count(requests.total, "request")}`,
        audits: audits.items.map((line) => ({
          at: dateTimeMs(line.atWallMs),
          action: line.action,
          subject: line.subject ?? "",
          details: JSON.stringify(line.details),
        })),
      });
    },
  );

  app.post(
    "/users/:id",
    {
      config: { access: "users" },
      schema: {
        params: UserIdSchema,
        body: Type.Object({
          profile: Type.Optional(PersonProfileSchema),
          state: Type.Optional(Type.Union([Type.Literal("active"), Type.Literal("disabled")])),
          version: Type.Optional(Type.String({ maxLength: 64 })),
          ...Csrf,
        }),
      },
    },
    async (request, reply) => {
      const { profile, state, version = null } = request.body;
      const to = {
        ...(profile === undefined ? {} : { profile }),
        ...(state === undefined ? {} : { state }),
      };
      await desk.change(request, request.params.id, to, version);
      return reply.redirect(`/users/${request.params.id}`, 303);
    },
  );

  app.get(
    "/users/:id/delete",
    { config: { access: "users" }, schema: { params: UserIdSchema } },
    async (request, reply) => {
      const user = await desk.found(request.params.id);
      const { total } = await database.requests.total({ userId: user.id });
      return pages.send(request, reply, "users/delete", {
        title: `Delete the account of ${user.name}?`,
        sentence: "",
        user: { id: user.id, name: user.name, mail: user.mail },
        requests: count(total, "request"),
        error: "",
      });
    },
  );

  app.post(
    "/users/:id/delete",
    {
      config: { access: "users" },
      schema: {
        params: UserIdSchema,
        body: Type.Object({ mail: Line(), reason: Line(REASON_MAX), ...Csrf }),
      },
    },
    async (request, reply) => {
      const user = await desk.found(request.params.id);
      const wrong = deletionProblem(user, request.body);
      if (wrong !== null) {
        const { total } = await database.requests.total({ userId: user.id });
        const model = {
          title: `Error: delete the account of ${user.name}?`,
          sentence: "",
          user: { id: user.id, name: user.name, mail: user.mail },
          requests: count(total, "request"),
          error: wrong,
        };
        return pages.send(request, reply, "users/delete", model, 400);
      }
      await desk.remove(request, user, request.body.reason.trim());
      return reply.redirect("/users", 303);
    },
  );

  app.get(
    "/api/permissions",
    {
      config: { access: "read" },
      schema: {
        tags: ["users"],
        summary: "Who may do what: the rules that every page and every program is held to",
        querystring: ListQuerySchema,
        response: {
          200: listOf(Type.Object({ permission: Type.String(), profiles: Type.Array(Type.String()) })),
          ...problems(400, 401, 403),
        },
      },
    },
    async (request) =>
      partOf(
        PERMISSIONS.map((permission) => ({ permission, profiles: [...profilesThatMay(permission)] })),
        request.query,
      ),
  );

  app.get("/profiles", { config: { access: "read" } }, async (request, reply) =>
    pages.send(request, reply, "users/profiles", {
      title: "Profiles",
      sentence: "Who may do what: the rules that every page and every program is held to.",
      columns: PROFILES_OF_PEOPLE,
      rows: PERMISSIONS.map((permission) => ({
        permission,
        words: PERMISSION_WORDS[permission],
        cells: PROFILES_OF_PEOPLE.map((profile) => ({
          profile,
          word: may(profile, permission) ? "yes" : "no",
        })),
      })),
    }),
  );
}

function sendUser(reply: FastifyReply, user: UserRecord): FastifyReply {
  const { passwordHash: _passwordHash, ...shown } = user;
  return reply.header("etag", etagOf(userVersion(user))).send(shown);
}

/** Deleting takes the mail address once more and a reason. */
function deletionProblem(
  user: UserRecord,
  { mail, reason }: { readonly mail: string; readonly reason: string },
): string | null {
  if (mail.trim().toLowerCase() === user.mail && reason.trim() !== "") return null;
  return `Nothing was deleted: type the mail address ${user.mail} and a reason.`;
}

function cleaned<
  T extends { text?: string | undefined; profile?: string | undefined; state?: string | undefined },
>(query: T) {
  const { text, profile, state, ...rest } = query;
  return {
    ...rest,
    ...(given(text) === undefined ? {} : { text: given(text) ?? "" }),
    ...(given(profile) === undefined ? {} : { profile: profile as UserRecord["profile"] }),
    ...(given(state) === undefined ? {} : { state: state as UserRecord["state"] }),
  };
}
