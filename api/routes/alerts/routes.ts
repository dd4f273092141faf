import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { AlertChain } from "../../../db/repositories/alerts.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { ApiContext } from "../../context.ts";
import { alertHref } from "../../words/links.ts";
import { Problem, problems } from "../../problem.ts";
import { fileOf } from "../file-schema.ts";
import { listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { TakenSchema } from "../voevents/schema.ts";
import { takenJson } from "../voevents/taken.ts";
import { alertDetailJson, alertJson } from "./json.ts";
import { AlertDetailSchema, AlertSchema } from "./schema.ts";
import { nextEvent, simulateAlert, simulatedAlertKey } from "./simulate.ts";
import { testAlertQuestion } from "./test-alert.ts";
import { alertModel, alertsModel } from "./view-model.ts";

const ON_PAGE = 50;
const KeySchema = Type.Object({ id: Type.String({ maxLength: 200 }) });
const StreamSchema = Type.Union(
  (["swift-bat", "fermi-gbm", "svom-eclairs"] as const).map((stream) => Type.Literal(stream)),
  { default: "swift-bat" },
);
const StateSchema = Type.Union((["all", "live", "closed"] as const).map((state) => Type.Literal(state)));

/** Alerts: the list, one with its chain and stages, and the button that fires a typical one. */
export function alertRoutes({ app, deps, pages, identities, situation }: ApiContext): void {
  const { alerts, notices } = deps.database;

  app.get(
    "/api/alerts",
    {
      config: { access: "read" },
      schema: {
        tags: ["alerts"],
        summary: "Alerts, newest first",
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          closed: Type.Optional(Type.Boolean()),
          stream: Type.Optional(Type.String({ maxLength: 100 })),
        }),
        response: { 200: listOf(AlertSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await alerts.list(request.query);
      return { items: items.map(alertJson), ...total };
    },
  );

  app.get(
    "/api/alerts/:id",
    {
      config: { access: "read" },
      schema: {
        tags: ["alerts"],
        summary: "One alert with its stages, notices, sequences and images",
        params: KeySchema,
        response: { 200: AlertDetailSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => alertDetailJson(await found(request.params.id)),
  );

  app.post(
    "/api/alerts/simulate",
    {
      config: { access: "alerts.simulate" },
      schema: {
        tags: ["alerts"],
        summary: "Fire a typical alert re-timed to now, at a place that can be observed",
        body: Type.Object(
          { stream: Type.Optional(StreamSchema) },
          { additionalProperties: false, examples: [{ stream: "swift-bat" }] },
        ),
        response: { 202: TakenSchema, ...problems(400, 401, 403, 503) },
      },
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request, reply) =>
      reply.status(202).send(takenJson(await simulateAlert(deps, request.body.stream ?? "swift-bat"))),
  );

  app.get(
    "/alerts",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          state: Type.Optional(StateSchema),
          stream: Type.Optional(Type.String({ maxLength: 100 })),
          page: PageNumber,
        }),
      },
    },
    async (request, reply) => list(request, reply, request.query, "", 200),
  );

  // A test alert takes the telescope from whatever runs: first the question, what it will do.
  app.get(
    "/alerts/simulate",
    {
      config: { access: "alerts.simulate" },
      schema: { querystring: Type.Object({ stream: Type.Optional(StreamSchema) }) },
    },
    async (request, reply) => {
      const wallMs = deps.nowWallMs();
      const question = testAlertQuestion(
        request.query.stream ?? "swift-bat",
        nextEvent(wallMs),
        await situation(),
        observatoryMs(deps.clock(), wallMs),
      );
      const model = { ...question, sentence: "", csrf: identities.csrfToken(request, reply) };
      if (request.headers["x-dialog"] === "1") return pages.fragment(reply, "confirm", model);
      return pages.send(request, reply, "confirm", model);
    },
  );

  app.post(
    "/alerts/simulate",
    {
      config: { access: "alerts.simulate" },
      schema: {
        body: Type.Object({
          _csrf: Type.String(),
          stream: StreamSchema,
          // From the question: without it nothing is fired, and pressing twice fires once.
          event: Type.String({ pattern: "^9\\d{9}$" }),
        }),
      },
    },
    async (request, reply) => {
      const { stream, event } = request.body;
      const fired = await alerts.one(simulatedAlertKey(stream, event));
      if (fired !== null) return reply.redirect(alertHref(fired.key), 303);
      const result = await simulateAlert(deps, stream, event);
      if (result.kind === "taken" && result.alertKey !== null)
        return reply.redirect(alertHref(result.alertKey), 303);
      return list(request, reply, {}, `No alert came of it: ${result.reason}`, 409);
    },
  );

  app.get(
    "/alerts/:id",
    { config: { access: "read" }, schema: { params: KeySchema } },
    async (request, reply) =>
      pages.send(request, reply, "alerts/show", alertModel(await found(request.params.id), deps.settings)),
  );

  const NoticeSchema = Type.Object({
    id: Type.String({ maxLength: 200 }),
    notice: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
  });
  app.get(
    "/api/alerts/:id/notices/:notice.xml",
    {
      config: { access: "read" },
      schema: {
        tags: ["alerts"],
        summary: "One notice of an alert as it came, byte by byte",
        params: NoticeSchema,
        response: { 200: fileOf("text/plain", "XML or JSON, as text"), ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request, reply) => sendNotice(reply, request.params.id, request.params.notice),
  );

  app.get(
    "/alerts/:id/notices/:notice.xml",
    { config: { access: "read" }, schema: { params: NoticeSchema } },
    async (request, reply) => sendNotice(reply, request.params.id, request.params.notice),
  );

  async function sendNotice(reply: FastifyReply, id: string, notice: number): Promise<FastifyReply> {
    const row = await notices.one(notice);
    if (row === null || row.alertKey !== id) throw new Problem(404, `Alert ${id} has no notice ${notice}.`);
    // As text: nothing of what came from outside is rendered.
    return reply.type("text/plain; charset=utf-8").send(row.raw);
  }

  async function list(
    request: FastifyRequest,
    reply: FastifyReply,
    query: { readonly state?: "all" | "live" | "closed"; readonly stream?: string; readonly page?: number },
    said: string,
    status: number,
  ): Promise<FastifyReply> {
    const { state = "all", stream = "", page = 1 } = query;
    const { items, ...total } = await alerts.list({
      limit: ON_PAGE,
      offset: (page - 1) * ON_PAGE,
      ...(state === "all" ? {} : { closed: state === "closed" }),
      ...(stream === "" ? {} : { stream }),
    });
    const lines = pager(
      "/alerts",
      { state: state === "all" ? "" : state, stream },
      page,
      ON_PAGE,
      total,
      "alert",
    );
    const maySimulate = request.identity !== null && may(request.identity.profile, "alerts.simulate");
    const model = alertsModel(items, { state, stream }, lines, maySimulate, said);
    return pages.send(request, reply, "alerts/list", model, status);
  }

  async function found(key: string): Promise<AlertChain> {
    const chain = await alerts.chain(key);
    if (chain === null) throw new Problem(404, `There is no alert ${key}.`);
    return chain;
  }
}
