import { Type } from "typebox";
import { nightDateAt } from "../../../domain/astronomy/night.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import { closesDome, type HoldKind } from "../../../domain/safety/holds.ts";
import { HISTORY_WIDTHS_PX, historySvg } from "../../charts/history.ts";
import { gapOf, MOST_POINTS, SPANS, spanOf } from "../../charts/spans.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { HistorySchema } from "../history-schema.ts";
import { createAlmanac, type ShownAlmanac } from "./almanac.ts";
import { WEATHER_QUANTITIES } from "./quantities.ts";
import { weatherModel } from "./view-model.ts";

const SpanSchema = Type.Optional(Type.Union(SPANS.map((span) => Type.Literal(span))));
const DateSchema = Type.Optional(
  Type.String({ maxLength: 10, description: "yyyy-mm-dd of local noon; tonight when absent" }),
);

const Line = Type.Object({ name: Type.String(), value: Type.String() });
const AlmanacSchema = Type.Object({
  date: Type.String(),
  sentence: Type.String(),
  twilights: Type.Array(Type.Object({ name: Type.String(), evening: Type.String(), morning: Type.String() })),
  moon: Type.Array(Line),
  midnight: Type.Array(Line),
});

/** Weather and site: verdict, readings against limits, evolution, almanac of any night. */
export function weatherRoutes({ app, deps, pages, situation, charts }: ApiContext): void {
  const { database, observatory } = deps;
  const siteId = observatory.site.id;
  const almanac = createAlmanac(observatory);

  app.get(
    "/weather",
    {
      config: { access: "read" },
      schema: { querystring: Type.Object({ span: SpanSchema, date: DateSchema }) },
    },
    async (request, reply) => {
      const { span = "night", date = "" } = request.query;
      const station = observatory.devices.find(({ type }) => type === "observingconditions");
      const [now, latest, lastUnsafe, row] = await Promise.all([
        situation(),
        database.weather.latest(siteId),
        database.weather.lastUnsafe(siteId),
        station === undefined ? null : database.devices.one(station.id),
      ]);
      const model = weatherModel({
        situation: now,
        observatory,
        latest,
        lastUnsafe,
        station: row,
        span,
        almanac: almanacOf(date),
        nowMs: nowMs(),
        nowWallMs: deps.nowWallMs(),
      });
      return pages.send(request, reply, "weather/show", model);
    },
  );

  app.get(
    "/weather/history.svg",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          value: Type.String({ maxLength: 40 }),
          span: SpanSchema,
          width: Type.Union(HISTORY_WIDTHS_PX.map((width) => Type.Literal(width))),
        }),
      },
    },
    async (request, reply) => {
      const { value, span = "night", width } = request.query;
      const quantity = quantityOf(value);
      return charts.send(request, reply, async (theme) =>
        historySvg(await chartOf(quantity, span), theme, width),
      );
    },
  );

  app.get(
    "/api/weather/history",
    {
      config: { access: "read" },
      schema: {
        tags: ["weather"],
        summary: "The evolution of one quantity of the weather over a span, thinned",
        querystring: Type.Object({ value: Type.String({ maxLength: 40 }), span: SpanSchema }),
        response: { 200: HistorySchema, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { value, span = "night" } = request.query;
      const { name, unit, fromMs, toMs, points } = await chartOf(quantityOf(value), span);
      return { name, unit, fromMs, toMs, points: points.map(([atMs, at]) => ({ atMs, value: at })) };
    },
  );

  function quantityOf(value: string) {
    const quantity = WEATHER_QUANTITIES.find(({ key }) => key === value);
    if (quantity === undefined) throw new Problem(404, `The weather has no history of ${value}.`);
    return quantity;
  }

  /** What the evolution of a quantity shows over a span. */
  async function chartOf(quantity: (typeof WEATHER_QUANTITIES)[number], span: (typeof SPANS)[number]) {
    const { fromMs, toMs } = spanOf(span, observatory.site, nowMs());
    const [rows, holds] = await Promise.all([
      database.weather.thinned(siteId, fromMs, toMs, MOST_POINTS),
      database.holds.between(siteId, fromMs, toMs),
    ]);
    const limit = quantity.limit(observatory.weather);
    return {
      name: quantity.name,
      unit: quantity.unit,
      decimals: quantity.decimals,
      fromMs,
      toMs,
      points: rows.map((row) => [row.atMs, quantity.of(row)] as const),
      gapMs: gapOf(span),
      limits: limit === null ? [] : [limit],
      closed: holds
        .filter(({ kind }) => closesDome(kind as HoldKind))
        .map(({ sinceMs, liftedMs }) => ({
          fromMs: Math.max(fromMs, sinceMs),
          toMs: Math.min(toMs, liftedMs ?? toMs),
        })),
      events: [],
    };
  }

  app.get(
    "/api/almanac",
    {
      config: { access: "read" },
      schema: {
        tags: ["weather"],
        summary: "Sun and Moon of one night, nights that do not happen said in words",
        querystring: Type.Object({ date: DateSchema }),
        response: { 200: AlmanacSchema, ...problems(400, 401, 403) },
      },
    },
    async (request) => almanacOf(request.query.date ?? ""),
  );

  /** Of the date asked for; tonight's when none was. */
  function almanacOf(text: string): ShownAlmanac {
    try {
      return almanac(text === "" ? nightDateAt(observatory.site, nowMs()) : text);
    } catch (error) {
      if (error instanceof RangeError) throw new Problem(400, `${error.message}.`);
      throw error;
    }
  }

  function nowMs(): number {
    return observatoryMs(deps.clock(), deps.nowWallMs());
  }
}
