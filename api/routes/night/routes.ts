import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { may } from "../../../domain/permissions/permissions.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import type { ApiContext } from "../../context.ts";
import { Problem } from "../../problem.ts";
import { order } from "../observatory/commands.ts";
import type { CommandName } from "../observatory/commands.ts";
import { unconfirmedWords } from "../observatory/routes.ts";
import { confirmation, nightModel } from "./view-model.ts";
import type { Said } from "./view-model.ts";

const NIGHTS_SHOWN = 10;
const CsrfSchema = Type.Object({ _csrf: Type.String() });

/** The Night page and its buttons. */
export function nightRoutes(context: ApiContext): void {
  const { app, deps, pages, situation, lateCommands } = context;

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
