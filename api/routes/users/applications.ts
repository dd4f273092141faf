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
import { personOf } from "../account/person.ts";
import { membershipInput } from "./membership-input.ts";
import { PersonProfileSchema, UserIdSchema, UserSchema } from "./schema.ts";
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

  const voteBody = Type.Object({
    vote: Type.Union([Type.Literal("for"), Type.Literal("against")]),
    reason: Line(REASON_MAX),
    ...Csrf,
  });
  app.post(
    "/applications/:id/vote",
    { config: { access: "users.vote" }, schema: { params: UserIdSchema, body: voteBody } },
    async (request, reply) => {
      const { userId: voterId } = personOf(request);
      const { id } = request.params;
      const stored = await database.applications.vote({
        userId: id,
        voterId,
        accept: request.body.vote === "for",
        reason: request.body.reason.trim(),
        atWallMs: nowWallMs(),
      });
      if (!stored) throw new Problem(409, "The commission is not asked about this account, or no more.");
      await audit(request, "membership.vote", id, { vote: request.body.vote });
      // Not told now, the vote is counted at the deadline.
      await membership.voted(id).catch((error: unknown) => {
        if (!(error instanceof NotAnsweringError)) throw error;
      });
      return reply.redirect("/applications", 303);
    },
  );

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
        body: Type.Object(decision),
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

  app.post(
    "/users/:id/ask-commission",
    {
      config: { access: "users" },
      schema: {
        params: UserIdSchema,
        body: Type.Object({ days: Type.Integer({ minimum: 1, maximum: VOTE_DAYS_MAX }), ...Csrf }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { application } = await waitingOne(id);
      const deadlineWallMs = nowWallMs() + request.body.days * MS_PER_DAY;
      const by = request.identity?.userId ?? request.identity?.name ?? "";
      const answer = await membership.askCommission(membershipInput(observatory.site.id, application), {
        deadlineWallMs,
        by,
      });
      if (answer.kind === "refused") throw new Problem(409, answer.reason);
      await audit(request, "membership.askCommission", id, { days: request.body.days });
      return reply.redirect(`/users/${id}`, 303);
    },
  );

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
