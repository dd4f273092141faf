import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { FscMessageRecord } from "../../../db/entities/fsc-message.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { ApiContext, App } from "../../context.ts";
import { createSignatureCheck } from "../../plugins/signature.ts";
import { Problem, problems } from "../../problem.ts";
import { listOf, ListQuerySchema } from "../lists.ts";
import { readFscMessage } from "./read-message.ts";
import { FscMessageSchema, FscTakenSchema } from "./schema.ts";

const LARGEST_BODY_BYTES = 64 * 1024;
const LONGEST_ID = 200;

/** Messages of the French Science Center: taken by signature, stored once by their id, shown. */
export async function fscRoutes({ app, deps, identities }: ApiContext): Promise<void> {
  const { fscMessages, journal } = deps.database;
  const signature = createSignatureCheck(
    deps.settings.fscWebhookSecret,
    "No secret of FSC is set (VESPER_FSC_WEBHOOK_SECRET): its messages are not taken.",
  );

  app.get(
    "/api/fsc/messages",
    {
      config: { access: "read" },
      schema: {
        tags: ["partners"],
        summary: "Messages from FSC, newest first",
        querystring: ListQuerySchema,
        response: { 200: listOf(FscMessageSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await fscMessages.list(request.query);
      return {
        items: items.map(({ id, type, sentWallMs, receivedWallMs, receivedMs, payload }) => ({
          id,
          type,
          sentWallMs,
          receivedWallMs,
          receivedMs,
          data: payload["data"],
        })),
        ...total,
      };
    },
  );

  await app.register(async (scope) => {
    const typed = scope as App;
    typed.removeAllContentTypeParsers();
    // As bytes: they are signed as bytes, and nothing is parsed before its size and signature are known.
    typed.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    typed.post(
      "/api/fsc/messages",
      {
        config: { access: "signed", repeatable: true },
        bodyLimit: LARGEST_BODY_BYTES,
        schema: {
          tags: ["partners"],
          summary: "Take one message of FSC: by Standard Webhooks signature, or a token of profile admin",
          description: `Body: JSON {type, timestamp, data}, at most ${LARGEST_BODY_BYTES} bytes. It is stored once by its webhook-id and shown.`,
          consumes: ["application/json"],
          body: Type.Unknown({
            examples: [
              {
                type: "strategy.default",
                timestamp: "2026-11-20T23:30:00Z",
                data: { strategyId: "wide-field", reason: "a campaign of two weeks" },
              },
            ],
          }),
          response: { 202: FscTakenSchema, ...problems(400, 401, 403, 409, 413, 503) },
        },
      },
      async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        await authorise(request, body);
        return reply.status(202).send(await take(idOf(request), body));
      },
    );
  });

  async function authorise(request: FastifyRequest, body: Buffer): Promise<void> {
    if (request.headers["webhook-signature"] !== undefined) {
      signature.verify(request, body);
      return;
    }
    request.identity = await identities.identify(request);
    const { identity } = request;
    if (identity === null) {
      throw new Problem(401, "Sign the message (Standard Webhooks), or send a token of profile admin.", {
        "www-authenticate": 'Bearer realm="vesper"',
      });
    }
    if (!may(identity.profile, "fsc.post")) {
      throw new Problem(
        403,
        `Messages of FSC are posted by signature, or by an admin; this is a ${identity.profile}.`,
      );
    }
    if (identity.how === "session" && !identities.hasCsrfToken(request)) {
      throw new Problem(403, "A write by cookie needs the header x-csrf-token.");
    }
  }

  function idOf(request: FastifyRequest): string {
    const id = String(request.headers["webhook-id"] ?? "");
    if (id !== "" && id.length <= LONGEST_ID) return id;
    throw new Problem(400, `The header webhook-id must have 1 to ${LONGEST_ID} characters.`);
  }

  async function take(id: string, body: Buffer): Promise<{ id: string; duplicate: boolean }> {
    const message = readFscMessage(body);
    const receivedWallMs = deps.nowWallMs();
    const receivedMs = observatoryMs(deps.clock(), receivedWallMs);
    const record: FscMessageRecord = {
      id,
      type: message.type,
      sentWallMs: Date.parse(message.timestamp),
      receivedMs,
      receivedWallMs,
      digest: createHash("sha256").update(body).digest("hex"),
      payload: { ...message },
    };
    const { message: stored, duplicate } = await fscMessages.store(record);
    if (stored.digest !== record.digest) {
      throw new Problem(409, `A different message was stored under the id ${id} before.`);
    }
    await journal.append({
      atWallMs: receivedWallMs,
      atMs: receivedMs,
      level: "info",
      module: "fsc",
      text: `FSC asks ${message.type}: ${message.data.reason}. It is stored and shown; a person must act on it.`,
      onceKey: `fsc ${id}`,
    });
    return { id, duplicate };
  }
}
