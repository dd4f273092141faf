import { Type } from "typebox";
import { REQUEST_KINDS, REQUEST_STATUSES } from "../../../domain/requests/request.ts";
import type { RequestQuery } from "../../../db/repositories/requests.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { given, listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { requestJson } from "./json.ts";
import { RequestDetailSchema, RequestSchema } from "./schema.ts";
import { requestModel, requestsModel } from "./view-model.ts";

const ON_PAGE = 50;
const IMAGES_SHOWN = 60;

/** Requests: what people and alerts ask to have observed. To read only. */
export function requestRoutes({ app, deps, pages }: ApiContext): void {
  const { database } = deps;

  app.get(
    "/api/requests",
    {
      config: { access: "read" },
      schema: {
        tags: ["requests"],
        summary: "Requests with their sequences, newest first",
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          kind: Type.Optional(Type.Union(REQUEST_KINDS.map((kind) => Type.Literal(kind)))),
          status: Type.Optional(Type.Union(REQUEST_STATUSES.map((status) => Type.Literal(status)))),
          programmeId: Type.Optional(Type.String({ maxLength: 100 })),
          text: Type.Optional(Type.String({ maxLength: 200 })),
        }),
        response: { 200: listOf(RequestSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, total } = await database.requests.list(request.query);
      return { items: items.map((item) => ({ ...item, sequences: [...item.sequences] })), total };
    },
  );

  app.get(
    "/api/requests/:id",
    {
      config: { access: "read" },
      schema: {
        tags: ["requests"],
        params: Type.Object({ id: Type.String({ maxLength: 200 }) }),
        response: { 200: RequestDetailSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { record, sequences } = await found(request.params.id);
      return requestJson(record, sequences);
    },
  );

  app.get(
    "/requests",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          kind: Type.Optional(Type.Union([...REQUEST_KINDS, "" as const].map((kind) => Type.Literal(kind)))),
          status: Type.Optional(
            Type.Union([...REQUEST_STATUSES, "" as const].map((status) => Type.Literal(status))),
          ),
          text: Type.Optional(Type.String({ maxLength: 200 })),
          page: PageNumber,
        }),
      },
    },
    async (request, reply) => {
      const { kind = "", status = "", text = "", page = 1 } = request.query;
      const query: RequestQuery = {
        limit: ON_PAGE,
        offset: (page - 1) * ON_PAGE,
        ...(kind === "" ? {} : { kind }),
        ...(status === "" ? {} : { status }),
        ...(given(text) === undefined ? {} : { text }),
      };
      const { items, total } = await database.requests.list(query);
      const lines = pager("/requests", { kind, status, text }, page, ON_PAGE, total, "request");
      return pages.send(request, reply, "requests/list", requestsModel(items, { kind, status, text }, lines));
    },
  );

  app.get(
    "/requests/:id",
    { config: { access: "read" }, schema: { params: Type.Object({ id: Type.String({ maxLength: 200 }) }) } },
    async (request, reply) => {
      const { record, sequences } = await found(request.params.id);
      const [rows, images, balance] = await Promise.all([
        Promise.all(
          sequences.map(async ({ id }) => [id, await database.schedules.ofSequence(id, 10)] as const),
        ),
        Promise.all(sequences.map(({ id }) => database.images.list({ sequenceId: id, limit: IMAGES_SHOWN }))),
        database.quota.balance(record.programmeId),
      ]);
      const model = requestModel({
        request: record,
        sequences,
        appearances: new Map(rows),
        images: images.flatMap(({ items }) => items),
        balance,
      });
      return pages.send(request, reply, "requests/show", model);
    },
  );

  async function found(id: string) {
    const record = await database.requests.one(id);
    if (record === null) throw new Problem(404, `There is no request ${id}.`);
    return { record, sequences: await database.sequences.ofRequest(id) };
  }
}
