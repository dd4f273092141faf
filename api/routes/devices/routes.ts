import { Type } from "typebox";
import { observatoryMs } from "../../../domain/clock.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import {
  Instant,
  InstantGiven,
  Json,
  listOf,
  ListQuerySchema,
  LongListQuerySchema,
  longListOf,
  nextCursor,
  Nullable,
  numberCursorOf,
  partOf,
} from "../lists.ts";

const DeviceSchema = Type.Object({
  deviceId: Type.String(),
  uniqueId: Type.String({ description: "Alpaca UniqueID" }),
  type: Type.String(),
  name: Type.String(),
  blocking: Type.Boolean(),
  state: Type.String({ description: "UNKNOWN, UP, DEGRADED, DISABLED" }),
  sinceWallMs: Instant(),
  seenWallMs: Instant(),
  values: Json,
});

const number = Nullable(Type.Number());
const WeatherSchema = Type.Object({
  id: Type.Integer(),
  atMs: Instant("Observatory time"),
  atWallMs: Instant(),
  temperatureC: number,
  humidityPct: number,
  dewPointC: number,
  pressureHPa: number,
  windMS: number,
  gustMS: number,
  windDirectionDeg: number,
  rainMmH: number,
  cloudPct: number,
  skyTemperatureC: number,
  skyQualityMag: number,
  seeingArcsec: number,
  safe: Type.Boolean(),
  reasons: Type.Array(Type.String()),
});

const BalanceSchema = Type.Object({
  programmeId: Type.String(),
  name: Type.String(),
  kind: Type.String(),
  grantedS: Type.Number(),
  openS: Type.Number({ description: "Reserved and not settled yet" }),
  spentS: Type.Number(),
  availableS: Type.Number(),
});

/** Readings are counted so far; there are a million of them. */
const MOST_COUNTED = 10_000;
const DAY_MS = 86_400_000;

/** Devices, weather and quota as JSON. */
export function deviceRoutes({ app, deps }: ApiContext): void {
  const { database, observatory } = deps;

  app.get(
    "/api/devices",
    {
      config: { access: "read" },
      schema: {
        tags: ["devices"],
        summary: "Devices as last stored",
        querystring: ListQuerySchema,
        response: { 200: listOf(DeviceSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => partOf(await database.devices.list(), request.query),
  );

  app.get(
    "/api/devices/:id",
    {
      config: { access: "read" },
      schema: {
        tags: ["devices"],
        summary: "One device as last stored",
        params: Type.Object({ id: Type.String({ maxLength: 60 }) }),
        response: { 200: DeviceSchema, ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { id } = request.params;
      const device = await database.devices.one(id);
      if (device === null) throw new Problem(404, `There is no device ${id}, or it was never heard of.`);
      return device;
    },
  );

  app.get(
    "/api/weather",
    {
      config: { access: "read" },
      schema: {
        tags: ["devices"],
        summary: "Readings of the weather station, oldest first; the last day when no time is given",
        querystring: Type.Object({
          fromMs: Type.Optional(InstantGiven("Observatory time")),
          toMs: Type.Optional(InstantGiven("Observatory time")),
          limit: ListQuerySchema.properties.limit,
          after: LongListQuerySchema.properties.after,
        }),
        response: {
          200: longListOf(WeatherSchema),
          ...problems(400, 401, 403, 503),
        },
      },
    },
    async (request) => {
      const nowMs = observatoryMs(deps.clock(), deps.nowWallMs());
      const { toMs = nowMs, fromMs = toMs - DAY_MS, limit = 50 } = request.query;
      const after = numberCursorOf(request.query.after);
      const site = observatory.site.id;
      const [rows, total] = await Promise.all([
        database.weather.range(site, fromMs, toMs, limit, after),
        database.weather.countUpTo(site, fromMs, toMs, MOST_COUNTED + 1),
      ]);
      const items = rows.map((row) => ({ ...row, reasons: [...row.reasons] }));
      return {
        items,
        total,
        ...(total > MOST_COUNTED ? { isEstimate: true } : {}),
        next: nextCursor(items, limit, ({ atMs, id }) => ({ atMs, id: String(id) })),
      };
    },
  );

  app.get(
    "/api/quota",
    {
      config: { access: "read" },
      schema: {
        tags: ["quota"],
        summary: "What each programme was granted, holds, spent and has left",
        querystring: ListQuerySchema,
        response: { 200: listOf(BalanceSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const [programmes, balances] = await Promise.all([
        database.programmes.list(),
        database.quota.balances(),
      ]);
      const none = { grantedS: 0, openS: 0, spentS: 0, availableS: 0 };
      const items = programmes.map(({ id, name, kind }) => ({
        programmeId: id,
        name,
        kind,
        ...(balances.get(id) ?? none),
      }));
      return partOf(items, request.query);
    },
  );
}
