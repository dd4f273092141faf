import type { FastifyReply, FastifyRequest } from "fastify";
import { Type, type Static } from "typebox";
import { observatoryMs } from "../../../domain/clock.ts";
import type { ScheduleDetail } from "../../../db/repositories/schedules.ts";
import { TIMELINE_WIDTHS_PX, timelineSvg } from "../../charts/timeline.ts";
import type { ApiContext } from "../../context.ts";
import { shareEach } from "../../live/shared.ts";
import { Problem, problems } from "../../problem.ts";
import { listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { ScheduleFilterSchema } from "./filters.ts";
import { scheduleJson } from "./json.ts";
import { observedIn } from "./observed.ts";
import { ScheduleSchema, ScheduleSummarySchema } from "./schema.ts";
import { olderModel, scheduleModel } from "./view-model.ts";

const OLDER_ON_PAGE = 50;
const PageSchema = Type.Object({ ...ScheduleFilterSchema.properties, page: PageNumber });

/** What is observed when, what was refused and why; every planning is kept. */
export function scheduleRoutes({
  app,
  deps,
  pages,
  situation,
  currentSchedule,
  share,
  charts,
}: ApiContext): void {
  const { schedules } = deps.database;
  const tags = ["schedules"];
  const observedNow = share(async () => {
    const schedule = await currentSchedule();
    return schedule === null ? [] : observedIn(deps.database, schedule.nightId);
  });
  const scheduleOf = shareEach(share, (id: number) => schedules.one(id));
  const observedOf = shareEach(share, (nightId: string) => observedIn(deps.database, nightId));

  app.get(
    "/api/schedules",
    {
      config: { access: "read" },
      schema: {
        tags,
        summary: "Schedules, newest first",
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          nightId: Type.Optional(Type.String({ maxLength: 100 })),
        }),
        response: { 200: listOf(ScheduleSummarySchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await schedules.list(request.query);
      return { items: [...items], ...total };
    },
  );

  app.get(
    "/api/schedules/current",
    {
      config: { access: "read" },
      schema: {
        tags,
        summary: "The newest schedule, with its refused sequences and the reasons",
        response: { 200: ScheduleSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async () =>
      scheduleJson(
        found(
          await currentSchedule(),
          "There is no schedule yet: the first one is made when a night starts.",
        ),
      ),
  );

  app.get(
    "/api/schedules/:id",
    {
      config: { access: "read" },
      schema: {
        tags,
        summary: "One schedule, with its refused sequences and the reasons",
        params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }),
        response: { 200: ScheduleSchema, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) =>
      scheduleJson(found(await scheduleOf(request.params.id), `There is no schedule ${request.params.id}.`)),
  );

  app.get(
    "/schedule",
    { config: { access: "read" }, schema: { querystring: PageSchema } },
    async (request, reply) => show(request, reply, await currentSchedule(), true, request.query),
  );

  app.get(
    "/schedule/:id",
    {
      config: { access: "read" },
      schema: {
        params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }),
        querystring: PageSchema,
      },
    },
    async (request, reply) => {
      const [one, current] = await Promise.all([scheduleOf(request.params.id), currentSchedule()]);
      const schedule = found(one, `There is no schedule ${request.params.id}.`);
      const isCurrent = current !== null && current.id === schedule.id;
      return show(request, reply, schedule, isCurrent, request.query);
    },
  );

  app.get(
    "/schedule/:id/timeline.svg",
    {
      config: { access: "read" },
      schema: {
        params: Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }),
        querystring: Type.Object({
          width: Type.Union(TIMELINE_WIDTHS_PX.map((width) => Type.Literal(width))),
        }),
      },
    },
    async (request, reply) =>
      charts.send(request, reply, async (theme) => {
        const { id } = request.params;
        const schedule = found(await scheduleOf(id), `There is no schedule ${id}.`);
        const observed = await observedOf(schedule.nightId);
        return timelineSvg(schedule, observed, deps.observatory, theme, request.query.width, nowMs());
      }),
  );

  app.get(
    "/schedules",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({ night: Type.Optional(Type.String({ maxLength: 100 })), page: PageNumber }),
      },
    },
    async (request, reply) => {
      const { night = "", page = 1 } = request.query;
      const list = await schedules.list({
        limit: OLDER_ON_PAGE,
        offset: (page - 1) * OLDER_ON_PAGE,
        ...(night === "" ? {} : { nightId: `${deps.observatory.site.id}/${night}` }),
      });
      const lines = pager("/schedules", { night }, page, OLDER_ON_PAGE, list, "schedule");
      return pages.send(request, reply, "schedule/list", olderModel(list.items, night, lines));
    },
  );

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    schedule: ScheduleDetail | null,
    isCurrent: boolean,
    { page = 1, mine = "", programme = "", status = "" }: Static<typeof PageSchema>,
  ): Promise<FastifyReply> {
    const [now, observed] = await Promise.all([
      situation(),
      isCurrent ? observedNow() : schedule === null ? [] : observedOf(schedule.nightId),
    ]);
    const facts = {
      schedule,
      observed,
      situation: now,
      isCurrent,
      page,
      filters: { mine, programme, status },
      userId: request.identity?.userId ?? null,
    };
    return pages.send(request, reply, "schedule/show", scheduleModel(facts, deps.observatory, nowMs()));
  }

  function nowMs(): number {
    return observatoryMs(deps.clock(), deps.nowWallMs());
  }
}

function found(schedule: ScheduleDetail | null, otherwise: string): ScheduleDetail {
  if (schedule === null) throw new Problem(404, otherwise);
  return schedule;
}
