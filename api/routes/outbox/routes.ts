import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { OutboxRecord, OutboxState, OutboxTopic } from "../../../db/entities/outbox-message.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { given, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { maySeeDestination, outboxDetailJson, outboxJson } from "./json.ts";
import { unsetPartners } from "./partners.ts";
import { OutboxDetailSchema, OutboxListSchema, StateSchema, TopicSchema } from "./schema.ts";
import { outboxMessageModel, outboxModel } from "./view-model.ts";

const ON_PAGE = 50;
const INBOUND_SHOWN = 20;
const IdSchema = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) });
const CsrfSchema = Type.Object({ _csrf: Type.String() });

/** What is sent to IC, FSC and people: the list, one message, the button that sends it again. */
export function outboxRoutes(context: ApiContext): void {
  const { app, deps, pages } = context;
  const { outbox, fscMessages } = deps.database;

  app.get(
    "/api/outbox",
    {
      config: { access: "read" },
      schema: {
        tags: ["partners"],
        summary: "Messages to IC, FSC and people, newest first",
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          state: Type.Optional(StateSchema),
          topic: Type.Optional(TopicSchema),
        }),
        response: { 200: OutboxListSchema, ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const [{ items, ...total }, lanes] = await Promise.all([outbox.list(request.query), outbox.lanes()]);
      return {
        items: items.map((message) => outboxJson(message, request.identity)),
        ...total,
        lanes: lanes.map((lane) => ({
          ...lane,
          destination: maySeeDestination(request.identity, lane) ? lane.destination : null,
        })),
      };
    },
  );

  app.get(
    "/api/outbox/:id",
    {
      config: { access: "read" },
      schema: {
        tags: ["partners"],
        summary: "One message with what it tells",
        params: IdSchema,
        response: { 200: OutboxDetailSchema, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) => outboxDetailJson(await found(request.params.id), request.identity),
  );

  app.post(
    "/api/outbox/:id/retry",
    {
      config: { access: "outbox.retry" },
      schema: {
        tags: ["partners"],
        summary: "Send a message again now; 409 when it was delivered",
        params: IdSchema,
        response: { 200: OutboxDetailSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request) => outboxDetailJson(await retried(request, request.params.id), request.identity),
  );

  app.get(
    "/outbox",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          state: Type.Optional(Type.Union([StateSchema, Type.Literal("")])),
          topic: Type.Optional(Type.Union([TopicSchema, Type.Literal("")])),
          page: PageNumber,
        }),
      },
    },
    async (request, reply) => {
      const { state, topic, page } = request.query;
      return list(request, reply, { state: given(state), topic: given(topic), page }, "", 200);
    },
  );

  app.get(
    "/outbox/:id",
    { config: { access: "read" }, schema: { params: IdSchema } },
    async (request, reply) => {
      const message = await found(request.params.id);
      const model = outboxMessageModel(message, request.identity, mayRetry(request), deps.nowWallMs());
      return pages.send(request, reply, "outbox/show", model);
    },
  );

  app.post(
    "/outbox/:id/retry",
    { config: { access: "outbox.retry" }, schema: { params: IdSchema, body: CsrfSchema } },
    async (request, reply) => {
      try {
        await retried(request, request.params.id);
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 409) throw error;
        return list(request, reply, {}, error.message, 409);
      }
      return reply.redirect(`/outbox/${request.params.id}`, 303);
    },
  );

  async function list(
    request: FastifyRequest,
    reply: FastifyReply,
    query: {
      readonly state?: string | undefined;
      readonly topic?: string | undefined;
      readonly page?: number | undefined;
    },
    said: string,
    status: number,
  ): Promise<FastifyReply> {
    const { state, topic, page = 1 } = query;
    const [{ items, ...total }, lanes, inbound] = await Promise.all([
      outbox.list({
        limit: ON_PAGE,
        offset: (page - 1) * ON_PAGE,
        ...(state === undefined ? {} : { state: state as OutboxState }),
        ...(topic === undefined ? {} : { topic: topic as OutboxTopic }),
      }),
      outbox.lanes(),
      fscMessages.list({ limit: INBOUND_SHOWN }),
    ]);
    const model = outboxModel({
      items,
      lanes,
      unset: unsetPartners(deps),
      inbound: inbound.items,
      inboundTotal: inbound.total,
      filters: { state: state ?? "", topic: topic ?? "" },
      pager: pager("/outbox", { state, topic }, page, ON_PAGE, total, "message"),
      identity: request.identity,
      mayRetry: mayRetry(request),
      said,
      nowWallMs: deps.nowWallMs(),
    });
    return pages.send(request, reply, "outbox/list", model, status);
  }

  function mayRetry({ identity }: FastifyRequest): boolean {
    return identity !== null && may(identity.profile, "outbox.retry");
  }

  async function found(id: number): Promise<OutboxRecord> {
    const message = await outbox.one(id);
    if (message === null) throw new Problem(404, `There is no message ${id}.`);
    return message;
  }

  /** @throws Problem 409 when it was delivered */
  async function retried(request: FastifyRequest, id: number): Promise<OutboxRecord> {
    await found(id);
    const atWallMs = deps.nowWallMs();
    if (!(await outbox.retry(id, atWallMs))) {
      throw new Problem(409, `Message ${id} was delivered already; it is not sent twice.`);
    }
    const by = request.identity;
    await deps.database.journal.append({
      atWallMs,
      atMs: observatoryMs(deps.clock(), atWallMs),
      level: "info",
      module: "outbox",
      text: `${by?.name ?? "somebody"} has message ${id} sent again.`,
      userId: by?.userId ?? null,
    });
    await deps.database.audits.append({
      atWallMs,
      userId: by?.userId ?? null,
      action: "outbox.retry",
      subject: String(id),
      address: request.ip,
      details: { by: by?.name ?? "" },
    });
    return found(id);
  }
}
