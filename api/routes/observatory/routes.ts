import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { observatoryView } from "../../situation/observatory-view.ts";
import { order } from "./commands.ts";
import type { CommandName } from "./commands.ts";
import { ObservatorySchema, PauseBodySchema, UnconfirmedSchema } from "./schema.ts";

const commandResponses = {
  200: ObservatorySchema,
  202: UnconfirmedSchema,
  ...problems(401, 403, 409, 503),
};

/** The state of the observatory, and what a person may order it. */
export function observatoryRoutes(context: ApiContext): void {
  const { app, deps, stateReader } = context;

  app.get(
    "/api/observatory",
    {
      config: { access: "read" },
      schema: {
        tags: ["observatory"],
        summary:
          "What the observatory does now; 503 when the control worker or Temporal does not answer within 2 s",
        response: { 200: ObservatorySchema, ...problems(401, 403, 503) },
      },
    },
    async () => observatoryView(await stateReader.read(), deps.observatory),
  );

  app.post(
    "/api/observatory/pause",
    {
      config: { access: "night.control" },
      schema: {
        tags: ["observatory"],
        summary: "Stop observing, close nothing",
        body: PauseBodySchema,
        response: commandResponses,
      },
      // Pressed without saying when: now.
      preValidation: async (request) => {
        request.body ??= { when: "now" };
      },
    },
    async (request, reply) =>
      answer(request, reply, request.body.when === "frameEnd" ? "pauseFrameEnd" : "pauseNow"),
  );

  const commands: readonly [url: string, command: CommandName, summary: string][] = [
    ["/api/observatory/resume", "resume", "Lift the operator and maintenance holds, no others"],
    ["/api/observatory/close", "close", "Abort exposures and close the dome; always allowed"],
    ["/api/nights/start", "startNight", "Start the night, or prepare it from 60 min before sunset"],
    ["/api/nights/current/end", "endNight", "Hold, close, park and end the night"],
  ];
  for (const [url, command, summary] of commands) {
    app.post(
      url,
      {
        config: { access: "night.control" },
        schema: { tags: ["observatory"], summary, response: commandResponses },
      },
      async (request, reply) => answer(request, reply, command),
    );
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    command: CommandName,
  ): Promise<FastifyReply> {
    const { identity } = request;
    if (identity === null) throw new Problem(401, "Sign in first.");
    const outcome = await order(context, command, identity, request.ip);
    if (outcome.kind === "applied") return reply.send(observatoryView(outcome.state, deps.observatory));
    if (outcome.kind === "refused") throw new Problem(409, outcome.reason);
    return reply.status(202).send({ confirmed: false, detail: unconfirmedWords(outcome.reason) });
  }
}

/** What a person is told of a command that nobody confirmed. */
export function unconfirmedWords(reason: string): string {
  return `Not confirmed: ${reason} It is applied when the control worker is back.`;
}
