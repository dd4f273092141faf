import { Type } from "typebox";
import { REQUEST_KINDS, REQUEST_STATUSES } from "../../../domain/requests/request.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { RequestQuery } from "../../../db/repositories/requests.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { given, listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { requestActionRoutes, saidWords } from "./actions.ts";
import { altitudeRoutes } from "./altitude.ts";
import { calculatorRoutes } from "./calculator.ts";
import { createDesk } from "./desk.ts";
import { draftApiRoutes } from "./draft-api.ts";
import { editorRoutes } from "./editor.ts";
import { fileRoutes } from "./files.ts";
import { requestJson } from "./json.ts";
import { nightsRoutes } from "./nights.ts";
import { RequestDetailSchema, RequestSchema } from "./schema.ts";
import { requestModel, requestsModel } from "./view-model.ts";

const ON_PAGE = 50;
const IMAGES_SHOWN = 60;
const HISTORY_SHOWN = 50;
const LEDGER_SHOWN = 200;

/** Requests: what people and alerts ask to have observed. */
export function requestRoutes(context: ApiContext): void {
  const { app, deps, pages } = context;
  const { database } = deps;
  const desk = createDesk(context);
  editorRoutes(context, desk);
  requestActionRoutes(context, desk);
  altitudeRoutes(context, desk);
  calculatorRoutes(context, desk);
  fileRoutes(context, desk);
  nightsRoutes(context, desk);
  draftApiRoutes(context, desk);

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
          programme: Type.Optional(Type.String({ maxLength: 100 })),
          mine: Type.Optional(Type.String({ maxLength: 1 })),
          text: Type.Optional(Type.String({ maxLength: 200 })),
          page: PageNumber,
          said: Type.Optional(Type.String({ maxLength: 20 })),
        }),
      },
    },
    async (request, reply) => {
      const { status = "", text = "", page = 1, programme = "", mine = "", said = "" } = request.query;
      // Routine unless alerts are asked for: the two are never mixed (R11).
      const kind = request.query.kind === "alert" ? "alert" : "routine";
      const userId = request.identity?.userId ?? null;
      const query: RequestQuery = {
        limit: ON_PAGE,
        offset: (page - 1) * ON_PAGE,
        kind,
        ...(status === "" ? {} : { status }),
        ...(programme === "" ? {} : { programmeId: programme }),
        ...(mine === "1" && userId !== null ? { userId } : {}),
        ...(given(text) === undefined ? {} : { text }),
      };
      const [{ items, total }, drafts, programmes] = await Promise.all([
        database.requests.list(query),
        kind === "routine" && page === 1 && userId !== null ? database.requestDrafts.list(userId) : [],
        database.programmes.list(),
      ]);
      const shown = items.flatMap(({ sequences }) => sequences.map(({ id }) => id));
      const [planned, costs] = await Promise.all([
        database.schedules.plannedStarts(shown),
        database.quota.costs(shown),
      ]);
      const filters = { kind, status, programme, mine, text };
      const lines = pager("/requests", filters, page, ON_PAGE, total, "request");
      const model = requestsModel({
        items,
        filters,
        lines,
        drafts,
        programmes: programmes.map(({ id }) => id),
        planned,
        costs,
        userId,
        mayWrite: request.identity !== null && may(request.identity.profile, "requests.own"),
        said: saidWords(said),
      });
      const csrf = context.identities.csrfToken(request, reply);
      return pages.send(request, reply, "requests/list", { ...model, csrf });
    },
  );

  app.get(
    "/requests/:id",
    {
      config: { access: "read" },
      schema: {
        params: Type.Object({ id: Type.String({ maxLength: 200 }) }),
        querystring: Type.Object({ said: Type.Optional(Type.String({ maxLength: 20 })) }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const draft = await database.requestDrafts.one(id);
      if (draft !== null && (await database.requests.one(id)) === null) {
        return reply.redirect(`/requests/${encodeURIComponent(id)}/edit`, 303);
      }
      const { record, sequences } = await found(id);
      const [rows, images, balance, ledger, audits, author] = await Promise.all([
        Promise.all(
          sequences.map(
            async (sequence) => [sequence.id, await database.schedules.ofSequence(sequence.id, 10)] as const,
          ),
        ),
        Promise.all(
          sequences.map((sequence) => database.images.list({ sequenceId: sequence.id, limit: IMAGES_SHOWN })),
        ),
        database.quota.balance(record.programmeId),
        database.quota.list({ sequenceIds: sequences.map((sequence) => sequence.id), limit: LEDGER_SHOWN }),
        database.audits.list({ subject: id, limit: HISTORY_SHOWN }),
        record.userId === null ? null : database.users.byId(record.userId),
      ]);
      const { identity } = request;
      const frames = images.flatMap(({ items }) => items);
      const model = requestModel({
        request: record,
        sequences,
        appearances: new Map(rows),
        images: frames,
        calibrated: await database.calibratedImages.ofImages(frames.map((frame) => frame.id)),
        balance,
        ledger: ledger.items,
        history: audits.items,
        author: author?.name ?? "",
        mine: identity !== null && identity.userId !== null && identity.userId === record.userId,
        mayChange:
          identity?.userId !== null &&
          identity !== null &&
          record.kind === "routine" &&
          (identity.userId === record.userId || may(identity.profile, "requests.all")),
        mayCopy: identity !== null && identity.userId !== null,
        hasDraft: draft !== null,
        said: saidWords(request.query.said ?? ""),
        nowMs: desk.nowMs(),
        observatory: deps.observatory,
        skies: desk.skies,
      });
      const csrf = context.identities.csrfToken(request, reply);
      return pages.send(request, reply, "requests/show", { ...model, csrf });
    },
  );

  async function found(id: string) {
    const record = await database.requests.one(id);
    if (record === null) throw new Problem(404, `There is no request ${id}.`);
    return { record, sequences: await database.sequences.ofRequest(id) };
  }
}
