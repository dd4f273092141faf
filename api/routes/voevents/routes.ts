import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { MAX_XML_BYTES } from "../../../domain/alerts/guard.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { ApiContext, App } from "../../context.ts";
import { createSignatureCheck } from "../../plugins/signature.ts";
import { Problem, problems } from "../../problem.ts";
import { TakenSchema } from "./schema.ts";
import { takenJson } from "./taken.ts";

/**
 * The webhook of the alert networks. The body is one VOEvent, taken as bytes: it is signed as bytes, and nothing of it
 * is parsed before its size is known.
 */
export async function voeventRoutes({ app, deps, identities }: ApiContext): Promise<void> {
  const signature = createSignatureCheck(
    deps.settings.webhookSecret,
    "No webhook secret is set (VESPER_WEBHOOK_SECRET): signed notices are not taken.",
  );

  await app.register(async (scope) => {
    const typed = scope as App;
    typed.removeAllContentTypeParsers();
    typed.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    typed.post(
      "/api/voevents",
      {
        config: { access: "signed", repeatable: true },
        bodyLimit: MAX_XML_BYTES,
        schema: {
          tags: ["alerts"],
          summary: "Take one VOEvent: by Standard Webhooks signature, or a token of profile feed or admin",
          description: `Body: the XML, at most ${MAX_XML_BYTES} bytes. Answered once it is stored durably.`,
          consumes: ["application/xml", "text/xml"],
          body: Type.Unknown({
            examples: [
              '<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" version="2.0" role="test" ivorn="ivo://example.org/vesper#1"></voe:VOEvent>',
            ],
          }),
          response: { 202: TakenSchema, ...problems(400, 401, 403, 413, 503) },
        },
      },
      async (request, reply) => {
        const receivedWallMs = deps.nowWallMs();
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        await authorise(request, body);
        if (!startsLikeXml(body)) throw new Problem(400, "The body is not XML: it does not begin with <.");
        return reply.status(202).send(takenJson(await deps.intake.take(body, "webhook", receivedWallMs)));
      },
    );
  });

  async function authorise(request: FastifyRequest, body: Buffer): Promise<void> {
    if (signature.isSigned(request)) {
      signature.verify(request, body);
      return;
    }
    request.identity = await identities.identify(request);
    const { identity } = request;
    if (identity === null) {
      throw new Problem(
        401,
        "Sign the notice (Standard Webhooks), or send a token of profile feed or admin.",
        {
          "www-authenticate": 'Bearer realm="vesper"',
        },
      );
    }
    if (!may(identity.profile, "notices.post")) {
      throw new Problem(
        403,
        `Notices are posted by signature, or by a feed or admin; this is a ${identity.profile}.`,
      );
    }
    if (identity.how === "session" && !identities.hasCsrfToken(request)) {
      throw new Problem(403, "A write by cookie needs the header x-csrf-token.");
    }
  }
}

/** The intake takes JSON notices too, of other doors; this one is for VOEvent packets. */
function startsLikeXml(body: Buffer): boolean {
  return /^\uFEFF?\s*</.test(body.subarray(0, 1_024).toString("utf8"));
}
