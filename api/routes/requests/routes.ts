import { Type } from "typebox";
import { REQUEST_KINDS, REQUEST_STATUSES } from "../../../domain/requests/request.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { RequestRecord } from "../../../db/entities/request.ts";
import type { RequestQuery } from "../../../db/repositories/requests.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import {
  cursorOf,
  given,
  LongListQuerySchema,
  longListOf,
  longPager,
  LongPageSchema,
  longQuery,
  nextCursor,
  PageNumber,
  pager,
} from "../lists.ts";
import { requestActionRoutes, saidWords } from "./actions.ts";
import { altitudeRoutes } from "./altitude.ts";
import { calculatorRoutes } from "./calculator.ts";
import { createDesk } from "./desk.ts";
import { draftApiRoutes } from "./draft-api.ts";
import { createDraftEdits } from "./draft-edits.ts";
import { editorRoutes } from "./editor.ts";
import { fileRoutes } from "./files.ts";
import { requestJson } from "./json.ts";
import { nightsRoutes } from "./nights.ts";
import { RequestDetailSchema, RequestSchema } from "./schema.ts";
import { requestModel, requestsModel } from "./view-model.ts";

const ON_PAGE = 50;
const IMAGES_SHOWN = 60;
const APPEARANCES_SHOWN = 10;
const HISTORY_SHOWN = 50;
const LEDGER_SHOWN = 200;
/** Sequences on one page of a request: one of a year has 365. */
const SEQUENCES_ON_PAGE = 20;

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
  const drafts = createDraftEdits(desk);
  nightsRoutes(context, desk, drafts);
  draftApiRoutes(context, desk, drafts);

  app.get(
    "/api/requests",
    {
      config: { access: "read" },
      schema: {
        tags: ["requests"],
        summary: "Requests with their sequences, newest first",
        querystring: Type.Object({
          ...LongListQuerySchema.properties,
          kind: Type.Optional(Type.Union(REQUEST_KINDS.map((kind) => Type.Literal(kind)))),
          status: Type.Optional(Type.Union(REQUEST_STATUSES.map((status) => Type.Literal(status)))),
          programmeId: Type.Optional(Type.String({ maxLength: 100 })),
          text: Type.Optional(Type.String({ maxLength: 200 })),
        }),
        response: { 200: longListOf(RequestSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { after, limit = 50, ...query } = request.query;
      const neighbour = cursorOf(after);
      const list = await database.requests.list({
        ...query,
        limit,
        ...(neighbour === undefined ? {} : { after: neighbour }),
      });
      const items = list.items.map((item) => ({ ...item, sequences: [...item.sequences] }));
      return { ...list, items, next: nextCursor(items, limit, placeOf) };
    },
  );

  app.get(
    "/api/requests/:id",
    {
      config: { access: "read" },
      schema: {
        tags: ["requests"],
        summary: "One request with its sequences, albums, plans and what was taken",
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
          ...LongPageSchema,
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
        ...longQuery(request.query, ON_PAGE),
        kind,
        ...(status === "" ? {} : { status }),
        ...(programme === "" ? {} : { programmeId: programme }),
        ...(mine === "1" && userId !== null ? { userId } : {}),
        ...(given(text) === undefined ? {} : { text }),
      };
      const [list, drafts, programmes] = await Promise.all([
        database.requests.summaries(query),
        kind === "routine" && page === 1 && userId !== null ? database.requestDrafts.list(userId) : [],
        database.programmes.list(),
      ]);
      const { items } = list;
      const filters = { kind, status, programme, mine, text };
      const lines = longPager("/requests", filters, page, ON_PAGE, list, placeOf, "request");
      const model = requestsModel({
        items,
        filters,
        lines,
        drafts,
        programmes: programmes.map(({ id }) => id),
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
        querystring: Type.Object({ said: Type.Optional(Type.String({ maxLength: 20 })), page: PageNumber }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { page = 1 } = request.query;
      const draft = await database.requestDrafts.one(id);
      if (draft !== null && (await database.requests.one(id)) === null) {
        return reply.redirect(`/requests/${encodeURIComponent(id)}/edit`, 303);
      }
      const [record, all] = await Promise.all([existing(id), database.sequences.outlines(id)]);
      const shown = all.slice((page - 1) * SEQUENCES_ON_PAGE, page * SEQUENCES_ON_PAGE);
      const ids = shown.map((sequence) => sequence.id);
      const [sequences, appearances, frames, balance, ledger, audits, author] = await Promise.all([
        database.sequences.details(ids),
        database.schedules.ofSequences(ids, APPEARANCES_SHOWN),
        database.images.ofSequences(ids, IMAGES_SHOWN),
        database.quota.balance(record.programmeId),
        database.quota.ofSequences(ids, LEDGER_SHOWN),
        database.audits.ofSubject(id, HISTORY_SHOWN),
        record.userId === null ? null : database.users.byId(record.userId),
      ]);
      const { identity } = request;
      const model = requestModel({
        request: record,
        all,
        sequences,
        pager: pager(
          `/requests/${encodeURIComponent(id)}`,
          {},
          page,
          SEQUENCES_ON_PAGE,
          { total: all.length },
          "sequence",
        ),
        appearances,
        images: frames,
        calibrated: await database.calibratedImages.ofImages(frames.map((frame) => frame.id)),
        balance,
        ledger,
        history: audits,
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
        foresee: desk.foresee,
      });
      const csrf = context.identities.csrfToken(request, reply);
      return pages.send(request, reply, "requests/show", { ...model, csrf });
    },
  );

  async function found(id: string) {
    return { record: await existing(id), sequences: await database.sequences.ofRequest(id) };
  }

  async function existing(id: string): Promise<RequestRecord> {
    const record = await database.requests.one(id);
    if (record === null) throw new Problem(404, `There is no request ${id}.`);
    return record;
  }
}

/** Where a request stands in the list. */
function placeOf({ createdWallMs, id }: Pick<RequestRecord, "createdWallMs" | "id">) {
  return { atMs: createdWallMs, id };
}
