import { Type } from "typebox";
import type { FastifyRequest } from "fastify";
import type { ProgrammeRecord } from "../../../db/entities/programme.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import { quotaSvg } from "../../charts/quota.ts";
import { TIMELINE_WIDTHS_PX } from "../../charts/timeline.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { etagOf } from "../../versions.ts";
import { programmeVersion } from "./desk.ts";
import { programmeEditRoutes } from "./edit.ts";
import { LedgerLineSchema, ProgrammeDetailSchema, ProgrammeIdSchema, ProgrammeSchema } from "./schema.ts";
import { maySubmit, NO_TIME, programmeHref, programmeModel, programmesModel } from "./view-model.ts";

const ON_PAGE = 50;
/** Steps that a curve of the plot has at most. */
const CURVE_STEPS = 400;

/** Programmes: list, one with members and quota ledger; administrators edit. */
export function programmeRoutes(context: ApiContext): void {
  const { app, deps, pages, charts } = context;
  const { database } = deps;
  programmeEditRoutes(context, { detail });

  app.get(
    "/api/programmes",
    {
      config: { access: "read" },
      schema: {
        tags: ["programmes"],
        summary: "Programmes with their balance",
        querystring: ListQuerySchema,
        response: { 200: listOf(ProgrammeSchema), ...problems(401, 403, 503) },
      },
    },
    async (request) => {
      const { limit = 50, offset = 0 } = request.query;
      const [all, balances] = await Promise.all([database.programmes.list(), database.quota.balances()]);
      const items = all
        .slice(offset, offset + limit)
        .map((programme) => ({ ...programme, balance: balances.get(programme.id) ?? NO_TIME }));
      return { items, total: all.length };
    },
  );

  app.get(
    "/api/programmes/:id",
    {
      config: { access: "read" },
      schema: {
        tags: ["programmes"],
        summary: "One programme with its members and balance",
        params: ProgrammeIdSchema,
        response: { 200: ProgrammeDetailSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const programme = await detail(request.params.id);
      void reply.header("etag", etagOf(programmeVersion(programme)));
      return programme;
    },
  );

  app.get(
    "/api/programmes/:id/ledger",
    {
      config: { access: "read" },
      schema: {
        tags: ["programmes"],
        summary: "Quota ledger, newest line first",
        params: ProgrammeIdSchema,
        querystring: ListQuerySchema,
        response: { 200: listOf(LedgerLineSchema), ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { id } = await found(request.params.id);
      const { items, ...total } = await database.quota.history(id, request.query);
      return { items: [...items], ...total };
    },
  );

  app.get(
    "/programmes",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          text: Type.Optional(Type.String({ maxLength: 100 })),
          mine: Type.Optional(Type.Union([Type.Literal("1"), Type.Literal("")])),
          page: PageNumber,
        }),
      },
    },
    async (request, reply) => {
      const { text = "", mine = "", page = 1 } = request.query;
      const userId = request.identity?.userId ?? null;
      const [all, balances, memberships] = await Promise.all([
        database.programmes.list(),
        database.quota.balances(),
        userId === null ? [] : database.programmes.membershipsOf(userId),
      ]);
      const own = new Set(memberships.map(({ programmeId }) => programmeId));
      const wanted = text.trim().toLowerCase();
      const matching = all.filter(
        ({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted) && (mine !== "1" || own.has(id)),
      );
      const shown = matching.slice((page - 1) * ON_PAGE, page * ON_PAGE);
      const lines = pager(
        "/programmes",
        { text, mine },
        page,
        ON_PAGE,
        { total: matching.length },
        "programme",
      );
      const model = programmesModel(shown, balances, own, { text, mine }, lines, mayEdit(request));
      return pages.send(request, reply, "programmes/list", model);
    },
  );

  app.get(
    "/programmes/:id",
    {
      config: { access: "read" },
      schema: { params: ProgrammeIdSchema, querystring: Type.Object({ page: PageNumber }) },
    },
    async (request, reply) => {
      const programme = await found(request.params.id);
      const { id } = programme;
      const { page = 1 } = request.query;
      const [members, balance, ledger, requests] = await Promise.all([
        database.programmes.members(id),
        database.quota.balance(id),
        database.quota.history(id, { limit: ON_PAGE, offset: (page - 1) * ON_PAGE }),
        database.requests.total({ programmeId: id }),
      ]);
      const model = programmeModel({
        programme,
        members,
        balance,
        lines: ledger.items,
        pager: pager(programmeHref(id), {}, page, ON_PAGE, ledger, "line"),
        requests: requests.total,
        mayEdit: mayEdit(request),
      });
      return pages.send(request, reply, "programmes/show", model);
    },
  );

  app.get(
    "/programmes/:id/quota.svg",
    {
      config: { access: "read" },
      schema: {
        params: ProgrammeIdSchema,
        querystring: Type.Object({
          width: Type.Union(TIMELINE_WIDTHS_PX.map((width) => Type.Literal(width))),
        }),
      },
    },
    async (request, reply) => {
      const { id } = await found(request.params.id);
      return charts.send(request, reply, async (theme) => {
        const steps = await database.quota.curve(id, CURVE_STEPS);
        return quotaSvg(steps, theme, request.query.width, observatoryMs(deps.clock(), deps.nowWallMs()));
      });
    },
  );

  async function found(id: string): Promise<ProgrammeRecord> {
    const programme = await database.programmes.byId(id);
    if (programme === null) throw new Problem(404, `There is no programme ${id}.`);
    return programme;
  }

  async function detail(id: string) {
    const programme = await found(id);
    const [members, balance] = await Promise.all([
      database.programmes.members(id),
      database.quota.balance(id),
    ]);
    return {
      ...programme,
      balance,
      members: members.map((member) => ({
        userId: member.userId,
        name: member.name,
        role: member.role,
        maySubmit: maySubmit(programme, member),
      })),
    };
  }
}

function mayEdit({ identity }: FastifyRequest): boolean {
  return identity !== null && may(identity.profile, "programmes");
}
