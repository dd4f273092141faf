import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { may } from "../../../domain/permissions/permissions.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { Instant, Json, listOf, ListQuerySchema, Nullable } from "../lists.ts";
import { order } from "../observatory/commands.ts";
import type { CommandName } from "../observatory/commands.ts";
import { unconfirmedWords } from "../observatory/routes.ts";
import { confirmation, nightModel } from "./view-model.ts";
import type { Said } from "./view-model.ts";

const NIGHTS_SHOWN = 10;
const NightSchema = Type.Object({
  id: Type.String(),
  site: Type.String(),
  date: Type.String({ description: "yyyy-mm-dd of local noon" }),
  run: Type.Integer({ description: "More than 1: started again after a wrong end" }),
  phase: Type.String(),
  status: Type.String({ description: "open or ended" }),
  startedMs: Instant("Observatory time"),
  startedWallMs: Instant(),
  endedMs: Nullable(Instant("Observatory time")),
  almanac: Json,
  endReason: Nullable(Type.String()),
});

const StoredHoldSchema = Type.Object({
  id: Type.Integer(),
  site: Type.String(),
  kind: Type.String({ description: "operator, maintenance, weather, safety, guard or device:<id>" }),
  who: Type.String(),
  why: Type.String(),
  sinceMs: Instant("Observatory time"),
  sinceWallMs: Instant(),
  liftedMs: Nullable(Instant("Observatory time")),
  liftedWallMs: Nullable(Instant()),
  liftedBy: Nullable(Type.String()),
});

const CsrfSchema = Type.Object({ _csrf: Type.String() });

/** The Night page and its buttons. */
export function nightRoutes(context: ApiContext): void {
  const { app, deps, pages, situation, lateCommands } = context;

  app.get(
    "/api/nights",
    {
      config: { access: "read" },
      schema: {
        tags: ["observatory"],
        summary: "Nights, newest first",
        querystring: ListQuerySchema,
        response: { 200: listOf(NightSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await deps.database.nights.list({
        ...request.query,
        site: deps.observatory.site.id,
      });
      return { items: items.map(({ openedBy: _openedBy, ...night }) => night), ...total };
    },
  );

  app.get(
    "/api/holds",
    {
      config: { access: "read" },
      schema: {
        tags: ["observatory"],
        summary: "Reasons not to observe, with who and why, newest first; `liftedMs` null: it holds now",
        querystring: ListQuerySchema,
        response: { 200: listOf(StoredHoldSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await deps.database.holds.list({
        ...request.query,
        site: deps.observatory.site.id,
      });
      return { items: [...items], ...total };
    },
  );

  app.get("/night", { config: { access: "read" } }, async (request, reply) =>
    show(request, reply, null, 200),
  );

  app.post(
    "/night/pause",
    {
      config: { access: "night.control" },
      schema: {
        body: Type.Object({
          _csrf: Type.String(),
          when: Type.Union([Type.Literal("now"), Type.Literal("frameEnd")]),
        }),
      },
    },
    async (request, reply) =>
      press(request, reply, request.body.when === "now" ? "pauseNow" : "pauseFrameEnd"),
  );

  const buttons: readonly [path: string, command: CommandName][] = [
    ["/night/resume", "resume"],
    ["/night/close", "close"],
    ["/night/start", "startNight"],
    ["/night/end", "endNight"],
  ];
  for (const [path, command] of buttons) {
    app.post(
      path,
      { config: { access: "night.control" }, schema: { body: CsrfSchema } },
      async (request, reply) => press(request, reply, command),
    );
  }

  for (const [path, command] of [
    ["/night/resume", "resume"],
    ["/night/end", "endNight"],
  ] as const) {
    app.get(path, { config: { access: "night.control" } }, async (request, reply) => {
      const question = confirmation(command, await situation(), nowMs());
      const model = { ...question, sentence: "", csrf: context.identities.csrfToken(request, reply) };
      if (request.headers["x-dialog"] === "1") return pages.fragment(reply, "confirm", model);
      return pages.send(request, reply, "confirm", model);
    });
  }

  async function press(
    request: FastifyRequest,
    reply: FastifyReply,
    command: CommandName,
  ): Promise<FastifyReply> {
    const { identity } = request;
    if (identity === null) throw new Problem(401, "Sign in first.");
    const outcome = await order(context, command, identity, request.ip);
    if (outcome.kind === "applied") return reply.redirect("/night", 303);
    if (outcome.kind === "refused") {
      return show(request, reply, { command, words: outcome.reason, done: false }, 409);
    }
    return show(request, reply, { command, words: unconfirmedWords(outcome.reason), done: false }, 202);
  }

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    said: Said | null,
    status: number,
  ): Promise<FastifyReply> {
    const [now, late, nights] = await Promise.all([
      situation(),
      lateCommands(),
      deps.database.nights.list({ site: deps.observatory.site.id, limit: NIGHTS_SHOWN }),
    ]);
    const facts = {
      situation: now,
      nights: nights.items,
      late,
      said,
      mayControl: request.identity !== null && may(request.identity.profile, "night.control"),
    };
    return pages.send(
      request,
      reply,
      "night/show",
      nightModel(facts, deps.observatory, deps.settings, nowMs()),
      status,
    );
  }

  function nowMs(): number {
    return observatoryMs(deps.clock(), deps.nowWallMs());
  }
}
