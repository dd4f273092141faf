import { Type } from "typebox";
import type { FastifyRequest } from "fastify";
import type { Application } from "../../../db/repositories/applications.ts";
import { VOTE_DAYS_MAX } from "../../../domain/people/membership.ts";
import { may, profilesThatMay } from "../../../domain/permissions/permissions.ts";
import type { PersonProfile } from "../../../domain/permissions/profiles.ts";
import { MS_PER_DAY } from "../../../domain/units.ts";
import { NotAnsweringError } from "../../../adapters/temporal/not-answering.ts";
import { createAudit } from "../../audit.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { count } from "../../words/numbers.ts";
import { Csrf, Line } from "../forms.ts";
import { listOf, ListQuerySchema, partOf } from "../lists.ts";
import { BROWSER_ONLY, personOf } from "../account/person.ts";
import { membershipInput } from "./membership-input.ts";
import { ApplicationSchema, PersonProfileSchema, UserIdSchema, UserSchema } from "./schema.ts";
import { applicationCard } from "./view-model.ts";

const REASON_MAX = 1_000;

/** Applications for an account: see who waits, vote, decide. */
export function applicationRoutes({ app, deps, pages, identities }: ApiContext): void {
  const { database, nowWallMs, membership, observatory } = deps;
  const audit = createAudit(deps);

  app.get("/applications", { config: { access: "users.vote" } }, async (request, reply) => {
    const waiting = await database.applications.waiting();
    const names = await voterNames();
    const { identity } = request;
    const cards = waiting.map((entry) =>
      applicationCard(entry, names, identity?.userId ?? null, nowWallMs()),
    );
    return pages.send(request, reply, "users/applications", {
      title: "Applications",
      sentence:
        cards.length === 0
          ? "Nobody waits for an account."
          : `${count(cards.length, "person", "people")} ${cards.length === 1 ? "waits" : "wait"} for an account.`,
      cards: cards.map((card) => ({ ...card, mayDecide: mayDecide(request) })),
      profiles: profileChoices(),
      voteDaysMax: VOTE_DAYS_MAX,
    });
  });

  app.get(
    "/api/applications",
    {
      config: { access: "users.vote" },
      schema: {
        tags: ["users"],
        summary: "Who waits for an account, longest first, with the votes",
        querystring: ListQuerySchema,
        response: { 200: listOf(ApplicationSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => partOf((await database.applications.waiting()).map(applicationJson), request.query),
  );

  const made = Type.Union([Type.Literal("for"), Type.Literal("against")]);
  app.post(
    "/api/applications/:id/vote",
    {
      config: { access: "users.vote" },
      schema: {
        tags: ["users"],
        summary: "Vote on an application, or change the vote; 409 when the commission is not asked",
        description: BROWSER_ONLY,
        params: UserIdSchema,
        body: Type.Object(
          { vote: made, reason: Type.String({ maxLength: REASON_MAX, default: "" }) },
          {
            additionalProperties: false,
            examples: [{ vote: "for", reason: "known from the last campaign" }],
          },
        ),
        response: { 200: ApplicationSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await vote(request, id, request.body.vote, request.body.reason);
      const entry = await database.applications.one(id);
      if (entry === null) throw new Problem(404, `There is no application of a user ${id}.`);
      return applicationJson(entry);
    },
  );

  app.post(
    "/applications/:id/vote",
    {
      config: { access: "users.vote" },
      schema: { params: UserIdSchema, body: Type.Object({ vote: made, reason: Line(REASON_MAX), ...Csrf }) },
    },
    async (request, reply) => {
      await vote(request, request.params.id, request.body.vote, request.body.reason);
      return reply.redirect("/applications", 303);
    },
  );

  async function vote(
    request: FastifyRequest,
    id: string,
    made: "for" | "against",
    reason: string,
  ): Promise<void> {
    const { userId: voterId } = personOf(request);
    const stored = await database.applications.vote({
      userId: id,
      voterId,
      accept: made === "for",
      reason: reason.trim(),
      atWallMs: nowWallMs(),
    });
    if (!stored) throw new Problem(409, "The commission is not asked about this account, or no more.");
    await audit(request, "membership.vote", id, { vote: made });
    // Not told now, the vote is counted at the deadline.
    await membership.voted(id).catch((error: unknown) => {
      if (!(error instanceof NotAnsweringError)) throw error;
    });
  }

  const decision = {
    accept: Type.Boolean(),
    reason: Type.String({ maxLength: REASON_MAX, default: "", description: "Mailed to who asked" }),
    profile: Type.Optional(PersonProfileSchema),
  };
  app.post(
    "/api/users/:id/decision",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        summary: "Accept or refuse an application for an account",
        params: UserIdSchema,
        body: Type.Object(decision, {
          examples: [{ accept: true, reason: "Welcome", profile: "user" }],
        }),
        response: { 200: UserSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      await decide(request, request.params.id, request.body);
      return stored(request.params.id);
    },
  );

  app.post(
    "/users/:id/decision",
    {
      config: { access: "users" },
      schema: {
        params: UserIdSchema,
        body: Type.Object({
          decision: Type.Union([Type.Literal("accept"), Type.Literal("refuse")]),
          reason: Line(REASON_MAX),
          profile: Type.Optional(PersonProfileSchema),
          ...Csrf,
        }),
      },
    },
    async (request, reply) => {
      const { decision: made, reason, profile } = request.body;
      await decide(request, request.params.id, {
        accept: made === "accept",
        reason,
        ...(profile === undefined ? {} : { profile }),
      });
      return reply.redirect(`/users/${request.params.id}`, 303);
    },
  );

  const Days = Type.Integer({ minimum: 1, maximum: VOTE_DAYS_MAX });
  app.post(
    "/api/users/:id/ask-commission",
    {
      config: { access: "users" },
      schema: {
        tags: ["users"],
        summary: "Let the commission vote on an application, for some days",
        params: UserIdSchema,
        body: Type.Object({ days: Days }, { additionalProperties: false, examples: [{ days: 7 }] }),
        response: { 200: ApplicationSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await askCommission(request, id, request.body.days);
      const entry = await database.applications.one(id);
      if (entry === null) throw new Problem(404, `There is no application of a user ${id}.`);
      return applicationJson(entry);
    },
  );

  app.post(
    "/users/:id/ask-commission",
    {
      config: { access: "users" },
      schema: { params: UserIdSchema, body: Type.Object({ days: Days, ...Csrf }) },
    },
    async (request, reply) => {
      const { id } = request.params;
      await askCommission(request, id, request.body.days);
      return reply.redirect(`/users/${id}`, 303);
    },
  );

  async function askCommission(request: FastifyRequest, id: string, days: number): Promise<void> {
    const { application } = await waitingOne(id);
    const deadlineWallMs = nowWallMs() + days * MS_PER_DAY;
    const by = request.identity?.userId ?? request.identity?.name ?? "";
    const answer = await membership.askCommission(membershipInput(observatory.site.id, application), {
      deadlineWallMs,
      by,
    });
    if (answer.kind === "refused") throw new Problem(409, answer.reason);
    await audit(request, "membership.askCommission", id, { days });
  }

  async function decide(
    request: FastifyRequest,
    id: string,
    made: { readonly accept: boolean; readonly reason: string; readonly profile?: PersonProfile },
  ): Promise<void> {
    const { application } = await waitingOne(id);
    const by = request.identity?.userId ?? request.identity?.name ?? "";
    const { accept, profile = "user" } = made;
    const reason = made.reason.trim();
    const answer = await membership.decide(membershipInput(observatory.site.id, application), {
      accept,
      by,
      reason,
      profile,
    });
    if (answer.kind === "refused") throw new Problem(409, answer.reason);
    identities.forgetUser(id);
    await audit(request, accept ? "user.accept" : "user.refuse", id, { reason, profile });
  }

  async function waitingOne(id: string): Promise<Application> {
    const entry = await database.applications.one(id);
    if (entry === null) throw new Problem(404, `There is no application of a user ${id}.`);
    if (entry.application.outcome !== null || entry.user.state !== "pending")
      throw new Problem(409, "This application does not wait for a decision (any more).");
    return entry;
  }

  async function stored(id: string) {
    const user = await database.users.byId(id);
    if (user === null) throw new Problem(404, `There is no user ${id}.`);
    return user;
  }

  async function voterNames(): Promise<ReadonlyMap<string, string>> {
    const voters = await database.accounts.active(profilesThatMay("users.vote"));
    return new Map(voters.map(({ id, name }) => [id, name]));
  }
}

export function mayDecide(request: FastifyRequest): boolean {
  return request.identity !== null && may(request.identity.profile, "users");
}

/** Profiles a new account may get, the least one first. */
export function profileChoices() {
  return (["user", "expert", "operator", "admin"] as const).map((profile) => ({
    value: profile,
    chosen: profile === "user",
  }));
}

/** An application as programs see it. */
function applicationJson({ application, user, votes }: Application) {
  const { motive, mode, askedWallMs, deadlineWallMs, outcome, reason } = application;
  return {
    userId: user.id,
    name: user.name,
    mail: user.mail,
    motive,
    mode,
    askedWallMs,
    deadlineWallMs,
    outcome,
    reason,
    votes: votes.map((each) => ({
      voterId: each.voterId,
      accept: each.accept,
      reason: each.reason,
      atWallMs: each.atWallMs,
    })),
  };
}
