import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { observatoryMs } from "../../../domain/clock.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import type { AlarmRecord } from "../../../db/entities/alarm.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { given, listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { AcknowledgeBodySchema, AlarmSchema } from "./schema.ts";
import { alarmsModel } from "./view-model.ts";

const ON_PAGE = 50;
const IdSchema = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) });

/** Alarms: what stands, its history, and a person's word that they have it. */
export function alarmRoutes({ app, deps, pages }: ApiContext): void {
  const { database, observatory, nowWallMs } = deps;
  const site = observatory.site.id;

  app.get(
    "/api/alarms",
    {
      config: { access: "read" },
      schema: {
        tags: ["alarms"],
        summary: "Alarms: those on the list, worst first; or all that ever were, newest first",
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          which: Type.Optional(
            Type.Union([Type.Literal("open"), Type.Literal("all")], {
              default: "open",
              description: "open: raised, or over and not acknowledged; all: the history too",
            }),
          ),
        }),
        response: { 200: listOf(AlarmSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { which, limit = ON_PAGE, offset = 0 } = request.query;
      if (which === "all") {
        const { items, ...total } = await database.alarms.list({ site, limit, offset });
        return { items: [...items], ...total };
      }
      const open = await database.alarms.open(site);
      return { items: open.slice(offset, offset + limit), total: open.length };
    },
  );

  app.post(
    "/api/alarms/:id/acknowledge",
    {
      config: { access: "alarms" },
      schema: {
        tags: ["alarms"],
        summary: "Say that you have it. Silences, hides nothing, and changes nothing of the cause",
        params: IdSchema,
        body: AcknowledgeBodySchema,
        response: { 200: AlarmSchema, ...problems(400, 401, 403, 404, 503) },
      },
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request) => acknowledge(request, request.params.id, request.body.note),
  );

  app.get(
    "/alarms",
    { config: { access: "read" }, schema: { querystring: Type.Object({ page: PageNumber }) } },
    async (request, reply) => {
      const { page = 1 } = request.query;
      const [open, { items, ...total }] = await Promise.all([
        database.alarms.open(site),
        database.alarms.list({ site, limit: ON_PAGE, offset: (page - 1) * ON_PAGE }),
      ]);
      const model = alarmsModel({
        open,
        history: items,
        pager: pager("/alarms", {}, page, ON_PAGE, total, "alarm"),
        nowWallMs: nowWallMs(),
        mayAcknowledge: request.identity !== null && may(request.identity.profile, "alarms"),
      });
      return pages.send(request, reply, "alarms/list", model);
    },
  );

  app.post(
    "/alarms/:id/acknowledge",
    {
      config: { access: "alarms" },
      schema: {
        params: IdSchema,
        body: Type.Object({
          _csrf: Type.String(),
          note: Type.Optional(Type.String({ maxLength: 500 })),
        }),
      },
    },
    async (request, reply) => {
      await acknowledge(request, request.params.id, request.body.note);
      return reply.redirect("/alarms", 303);
    },
  );

  async function acknowledge(
    request: FastifyRequest,
    id: number,
    note: string | undefined,
  ): Promise<AlarmRecord> {
    const { identity } = request;
    if (identity === null) throw new Problem(401, "Sign in first.");
    const wallMs = nowWallMs();
    const acknowledged = await database.alarms.acknowledge({
      id,
      by: identity.name,
      note: given(note?.trim()) ?? null,
      wallMs,
    });
    if (acknowledged === null) throw new Problem(404, `There is no alarm ${id}.`);
    const { alarm, changed } = acknowledged;
    if (!changed) return alarm;
    const said = alarm.note === null ? "" : ` ${alarm.note}`;
    await database.journal.append({
      atWallMs: wallMs,
      atMs: observatoryMs(deps.clock(), wallMs),
      level: "info",
      module: "alarm",
      text: `${identity.name} acknowledged the alarm ${alarm.key}.${said}`,
      userId: identity.userId,
      onceKey: `alarm ${id} acknowledged`,
    });
    await database.audits.append({
      atWallMs: wallMs,
      userId: identity.userId,
      action: "alarm.acknowledge",
      subject: alarm.key,
      address: request.ip,
      details: { id, note: alarm.note },
    });
    return alarm;
  }
}
