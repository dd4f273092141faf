import { Type } from "typebox";
import type { FastifyRequest } from "fastify";
import type { UserRecord } from "../../../db/entities/user.ts";
import { deletedLetter } from "../../../domain/people/letters.ts";
import { profilesThatMay, may, PERMISSIONS } from "../../../domain/permissions/permissions.ts";
import { PROFILES_OF_PEOPLE } from "../../../domain/permissions/profiles.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { count } from "../../words/numbers.ts";
import { dateTime, dateTimeMs, fromNow } from "../../words/time.ts";
import { Csrf, Line } from "../forms.ts";
import { given, listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { mailTo, senderOf } from "../account/links.ts";
import { applicationRoutes, profileChoices } from "./applications.ts";
import { mailRoutes } from "./mails.ts";
import { PERMISSION_WORDS } from "./permission-words.ts";
import { AccountStateSchema, PersonProfileSchema, UserIdSchema, UserSchema } from "./schema.ts";
import { applicationCard, stateMark, usersModel } from "./view-model.ts";

const ON_PAGE = 50;

/** Users for administrators: list, one, profile and state, delete; applications and mails. */
export function userRoutes(context: ApiContext): void {
  const { app, deps, pages, identities } = context;
  const { database, nowWallMs } = deps;
  const audit = createAudit(deps);
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
      const { items, total } = await database.users.list(cleaned(request.query));
      return { items: [...items], total };
    },
  );

  app.get(
    "/api/users/:id",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        params: UserIdSchema,
        response: { 200: UserSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => found(request.params.id),
  );

  app.patch(
    "/api/users/:id",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        summary: "Change profile, or disable and enable",
        params: UserIdSchema,
        body: Type.Object(
          {
            profile: Type.Optional(PersonProfileSchema),
            state: Type.Optional(Type.Union([Type.Literal("active"), Type.Literal("disabled")])),
          },
          { additionalProperties: false },
        ),
        response: { 200: UserSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      await change(request, request.params.id, request.body);
      return found(request.params.id);
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
      const { items, total } = await database.users.list({
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
      const user = await found(request.params.id);
      const [application, memberships, tokens, sessions, audits, requests] = await Promise.all([
        database.applications.one(user.id),
        database.programmes.membershipsOf(user.id),
        database.tokens.list(user.id),
        database.sessions.ofUser(user.id, nowWallMs()),
        database.audits.list({ userId: user.id, limit: 20 }),
        database.requests.list({ userId: user.id, limit: 1 }),
      ]);
      const names = new Map(
        (await database.accounts.active(profilesThatMay("users.vote"))).map(({ id, name }) => [id, name]),
      );
      const card = application === null ? null : applicationCard(application, names, null, nowWallMs());
      return pages.send(request, reply, "users/show", {
        title: user.name,
        sentence: `${user.profile}, ${stateMark(user.state).word}.`,
        user: { id: user.id, mail: user.mail, name: user.name, profile: user.profile },
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
          ...Csrf,
        }),
      },
    },
    async (request, reply) => {
      const { profile, state } = request.body;
      await change(request, request.params.id, {
        ...(profile === undefined ? {} : { profile }),
        ...(state === undefined ? {} : { state }),
      });
      return reply.redirect(`/users/${request.params.id}`, 303);
    },
  );

  app.get(
    "/users/:id/delete",
    { config: { access: "users" }, schema: { params: UserIdSchema } },
    async (request, reply) => {
      const user = await found(request.params.id);
      const { total } = await database.requests.list({ userId: user.id, limit: 1 });
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
        body: Type.Object({ mail: Line(), reason: Line(1_000), ...Csrf }),
      },
    },
    async (request, reply) => {
      const user = await found(request.params.id);
      if (request.body.mail.trim().toLowerCase() !== user.mail || request.body.reason.trim() === "") {
        const { total } = await database.requests.list({ userId: user.id, limit: 1 });
        const model = {
          title: `Error: delete the account of ${user.name}?`,
          sentence: "",
          user: { id: user.id, name: user.name, mail: user.mail },
          requests: count(total, "request"),
          error: `Nothing was deleted: type the mail address ${user.mail} and a reason.`,
        };
        return pages.send(request, reply, "users/delete", model, 400);
      }
      const sender = senderOf(deps);
      const removed = await database.accounts.remove(
        user.id,
        ({ id, mail, name }) => mailTo(mail, `deleted/${id}`, deletedLetter(sender, name)),
        nowWallMs(),
      );
      refuseUnlessDone(removed, user.id);
      identities.forgetUser(user.id);
      await deps.membership.forget(user.id).catch((error: unknown) => {
        app.log.warn({ err: error }, "a membership workflow of a deleted account lapses by itself");
      });
      await database.accounts.forget(user.mail, user.id);
      await audit(request, "user.delete", user.id, { reason: request.body.reason.trim() });
      return reply.redirect("/users", 303);
    },
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

  async function change(
    request: FastifyRequest,
    id: string,
    to: Partial<Pick<UserRecord, "profile" | "state">>,
  ): Promise<void> {
    const user = await found(id);
    if (
      to.state === "active" &&
      user.state !== "disabled" &&
      user.state !== "refused" &&
      user.state !== "active"
    )
      throw new Problem(409, "This account is not disabled: it waits for its mail address or a decision.");
    const before = await database.accounts.change(id, to);
    refuseUnlessDone(before, id);
    identities.forgetUser(id);
    await audit(request, "user.change", id, {
      from: { profile: user.profile, state: user.state },
      to,
    });
  }

  function refuseUnlessDone(result: UserRecord | "missing" | "lastAdministrator", id: string): void {
    if (result === "missing") throw new Problem(404, `There is no user ${id}.`);
    if (result === "lastAdministrator")
      throw new Problem(
        409,
        "This is the last active administrator: nobody could let anybody in. Make another one first.",
      );
  }

  async function found(id: string): Promise<UserRecord> {
    const user = await database.users.byId(id);
    if (user === null) throw new Problem(404, `There is no user ${id}.`);
    return user;
  }
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
