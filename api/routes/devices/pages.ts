import { Type } from "typebox";
import { observatoryMs } from "../../../domain/clock.ts";
import { HISTORY_WIDTHS_PX, historySvg } from "../../charts/history.ts";
import { gapOf, MOST_POINTS, SPANS, spanOf, type Span } from "../../charts/spans.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { Instant, listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { HistorySchema } from "../history-schema.ts";
import { quantitiesOf, valueOf } from "./quantities.ts";
import { deviceHref, deviceModel, devicesModel } from "./view-model.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 60 }) });
const SpanSchema = Type.Optional(Type.Union(SPANS.map((span) => Type.Literal(span))));
const COMMANDS_ON_PAGE = 20;
const CHANGES_SHOWN = 50;

const CommandSchema = Type.Object({
  id: Type.Integer(),
  deviceId: Type.String(),
  command: Type.String(),
  who: Type.String({ description: "A person, or the workflow that ordered it" }),
  why: Type.String(),
  atMs: Instant("Observatory time"),
  atWallMs: Instant(),
  tookS: Type.Number({ description: "Real seconds" }),
  outcome: Type.String({ description: "done, failed, stopped" }),
  detail: Type.String(),
});

/** Devices for people: the list, and one with its history, commands and versions. */
export function devicePages({ app, deps, pages, situation, charts }: ApiContext): void {
  const { database, observatory } = deps;

  app.get("/devices", { config: { access: "read" } }, async (request, reply) => {
    const [now, rows] = await Promise.all([situation(), database.devices.list()]);
    return pages.send(request, reply, "devices/list", devicesModel(now, rows, deps.nowWallMs()));
  });

  app.get(
    "/devices/:id",
    {
      config: { access: "read" },
      schema: { params: IdSchema, querystring: Type.Object({ span: SpanSchema, page: PageNumber }) },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { span = "night", page = 1 } = request.query;
      const now = await situation();
      const device = now.devices.find((each) => each.id === id);
      if (device === undefined) throw new Problem(404, `The observatory file has no device ${id}.`);
      const { fromMs, toMs } = spanOf(span, observatory.site, nowMs());
      const [row, changes, commands] = await Promise.all([
        database.devices.one(id),
        database.devices.changes(id, fromMs, toMs, CHANGES_SHOWN),
        database.deviceCommands.list({
          deviceId: id,
          limit: COMMANDS_ON_PAGE,
          offset: (page - 1) * COMMANDS_ON_PAGE,
        }),
      ]);
      const commandsPager = pager(deviceHref(id), { span }, page, COMMANDS_ON_PAGE, commands, "command");
      const model = deviceModel({
        device,
        row: row ?? undefined,
        observatory,
        span,
        changes,
        commands: commands.items,
        commandsPager,
        nowWallMs: deps.nowWallMs(),
      });
      return pages.send(request, reply, "devices/show", model);
    },
  );

  app.get(
    "/devices/:id/history.svg",
    {
      config: { access: "read" },
      schema: {
        params: IdSchema,
        querystring: Type.Object({
          value: Type.String({ maxLength: 60 }),
          span: SpanSchema,
          width: Type.Union(HISTORY_WIDTHS_PX.map((width) => Type.Literal(width))),
        }),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { value, span = "night", width } = request.query;
      const quantity = quantityOf(id, value);
      return charts.send(request, reply, async (theme) =>
        historySvg(await drawn(id, quantity, span), theme, width),
      );
    },
  );

  app.get(
    "/api/devices/:id/commands",
    {
      config: { access: "read" },
      schema: {
        tags: ["devices"],
        summary: "Commands that one device was given, newest first",
        params: IdSchema,
        querystring: ListQuerySchema,
        response: { 200: listOf(CommandSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await database.deviceCommands.list({
        ...request.query,
        deviceId: request.params.id,
      });
      return { items: [...items], ...total };
    },
  );

  app.get(
    "/api/devices/:id/history",
    {
      config: { access: "read" },
      schema: {
        tags: ["devices"],
        summary: "The evolution of one value of a device over a span, thinned",
        params: IdSchema,
        querystring: Type.Object({ value: Type.String({ maxLength: 60 }), span: SpanSchema }),
        response: { 200: HistorySchema, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { value, span = "night" } = request.query;
      const { name, unit, fromMs, toMs, points } = await drawn(
        request.params.id,
        quantityOf(request.params.id, value),
        span,
      );
      return { name, unit, fromMs, toMs, points: points.map(([atMs, at]) => ({ atMs, value: at })) };
    },
  );

  function quantityOf(id: string, value: string) {
    const device = observatory.devices.find((each) => each.id === id);
    const quantity = quantitiesOf(device?.type ?? "").find(({ key }) => key === value);
    if (quantity === undefined) throw new Problem(404, `Device ${id} has no history of ${value}.`);
    return quantity;
  }

  async function drawn(id: string, quantity: ReturnType<typeof quantitiesOf>[number], span: Span) {
    const { fromMs, toMs } = spanOf(span, observatory.site, nowMs());
    const [samples, changes] = await Promise.all([
      database.devices.thinned(id, fromMs, toMs, MOST_POINTS),
      database.devices.changes(id, fromMs, toMs, CHANGES_SHOWN),
    ]);
    const wanted =
      quantity.wanted === undefined ? null : valueOf(samples.at(-1) ?? { values: {} }, quantity.wanted);
    return {
      name: quantity.name,
      unit: quantity.unit,
      decimals: quantity.decimals,
      fromMs,
      toMs,
      points: samples.map((sample) => [sample.atMs, valueOf(sample, quantity.key)] as const),
      gapMs: gapOf(span),
      limits: wanted === null ? [] : [{ value: wanted, words: "set point" }],
      closed: [],
      events: changes.map(({ atMs }) => atMs),
    };
  }

  function nowMs(): number {
    return observatoryMs(deps.clock(), deps.nowWallMs());
  }
}
