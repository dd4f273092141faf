import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { MasterRecord } from "../../../db/entities/master.ts";
import { may } from "../../../domain/permissions/permissions.ts";
import { trendSvg } from "../../charts/trend.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { sendFits, sendStoredFile } from "../images/files.ts";
import { fileOf } from "../file-schema.ts";
import { listOf, ListQuerySchema, PageNumber, pager } from "../lists.ts";
import { order } from "../observatory/commands.ts";
import { calibrationFrameJson, calibrationJson, masterJson } from "./json.ts";
import {
  CalibrationFrameSchema,
  CalibrationSchema,
  KindSchema,
  MasterDetailSchema,
  MasterSchema,
} from "./schema.ts";
import { calibrationsModel, masterModel, type CalibrationFilters } from "./view-model.ts";

const ON_PAGE = 50;
const RUNS_SHOWN = 10;
const REJECTED_SHOWN = 25;
const TREND_MASTERS = 500;
const IdSchema = Type.Object({ id: Type.String({ maxLength: 200 }) });
const Text = Type.Optional(Type.String({ maxLength: 200 }));

/** Calibrations: masters with their quality, trends and rejected frames; the button that takes them by day. */
export function calibrationRoutes(context: ApiContext): void {
  const { app, deps, pages, charts } = context;
  const { calibrations, masters } = deps.database;
  const siteId = deps.observatory.site.id;

  app.get(
    "/api/calibrations",
    {
      config: { access: "read" },
      schema: {
        tags: ["calibrations"],
        summary: "Runs of calibrations, newest first",
        querystring: ListQuerySchema,
        response: { 200: listOf(CalibrationSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await calibrations.list({ ...request.query, site: siteId });
      return { items: items.map(calibrationJson), ...total };
    },
  );

  app.post(
    "/api/calibrations",
    {
      config: { access: "night.control" },
      schema: {
        tags: ["calibrations"],
        summary: "Take the calibrations of the last night once more; 409 while a night is open",
        response: {
          202: Type.Object({ detail: Type.String() }),
          ...problems(401, 403, 409, 503),
        },
      },
    },
    async (request, reply) => {
      const outcome = await press(request);
      if (outcome.kind === "refused") throw new Problem(409, outcome.reason);
      return reply
        .code(202)
        .send({ detail: ordered(outcome.kind, "reason" in outcome ? outcome.reason : "") });
    },
  );

  app.get(
    "/api/masters",
    {
      config: { access: "read" },
      schema: {
        tags: ["calibrations"],
        summary: "Master frames, newest first",
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          instrumentId: Text,
          kind: Type.Optional(KindSchema),
          nightDate: Text,
        }),
        response: { 200: listOf(MasterSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await masters.list({ ...request.query, site: siteId });
      return { items: items.map(masterJson), ...total };
    },
  );

  app.get(
    "/api/calibration-frames",
    {
      config: { access: "read" },
      schema: {
        tags: ["calibrations"],
        summary: "Bias, dark and flat frames with their verdicts, newest first",
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          calibrationId: Text,
          instrumentId: Text,
          verdict: Type.Optional(
            Type.Union([Type.Literal("accepted"), Type.Literal("rejected"), Type.Literal("test")]),
          ),
        }),
        response: { 200: listOf(CalibrationFrameSchema), ...problems(400, 401, 403, 503) },
      },
    },
    async (request) => {
      const { items, ...total } = await calibrations.frames(request.query);
      return { items: items.map(calibrationFrameJson), ...total };
    },
  );

  app.get(
    "/api/masters/:id.fits",
    {
      config: { access: "read" },
      schema: {
        tags: ["calibrations"],
        summary: "The FITS file",
        params: IdSchema,
        response: { 200: fileOf("application/fits", "FITS"), ...problems(401, 403, 404, 503) },
      },
    },
    async (request, reply) => sendFits(deps, reply, await found(request.params.id)),
  );

  app.get(
    "/api/masters/:id.png",
    {
      config: { access: "read" },
      schema: {
        tags: ["calibrations"],
        summary: "The preview",
        params: IdSchema,
        response: { 200: fileOf("image/png", "PNG"), ...problems(401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id, previewPath } = await found(request.params.id);
      return sendPreview(reply, id, previewPath);
    },
  );

  app.get(
    "/api/masters/:id",
    {
      config: { access: "read" },
      schema: {
        tags: ["calibrations"],
        summary: "One master frame with its FITS header and the frames it was made of",
        params: IdSchema,
        response: { 200: MasterDetailSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => {
      const master = await found(request.params.id);
      const frames = await calibrations.framesOf(master.id);
      return { ...masterJson(master), header: master.header, frames: frames.map(calibrationFrameJson) };
    },
  );

  app.get(
    "/api/calibration-frames/:id.png",
    {
      config: { access: "read" },
      schema: {
        tags: ["calibrations"],
        summary: "The preview",
        params: IdSchema,
        response: { 200: fileOf("image/png", "PNG"), ...problems(401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const frame = await calibrations.frameById(id);
      if (frame === null) throw new Problem(404, `There is no calibration frame ${id}.`);
      return sendPreview(reply, id, frame.previewPath);
    },
  );

  app.get(
    "/calibrations",
    {
      config: { access: "read" },
      schema: { querystring: Type.Object({ instrument: Text, kind: Text, night: Text, page: PageNumber }) },
    },
    async (request, reply) => {
      const { instrument = "", kind = "", night = "", page = 1 } = request.query;
      return show(request, reply, { instrument, kind, night }, page, "", 200);
    },
  );

  app.post(
    "/calibrations",
    { config: { access: "night.control" }, schema: { body: Type.Object({ _csrf: Type.String() }) } },
    async (request, reply) => {
      const outcome = await press(request);
      if (outcome.kind === "applied") return reply.redirect("/calibrations", 303);
      const none = { instrument: "", kind: "", night: "" };
      const refused = outcome.kind === "refused";
      const said = refused ? outcome.reason : ordered(outcome.kind, outcome.reason);
      return show(request, reply, none, 1, said, refused ? 409 : 202);
    },
  );

  app.get(
    "/calibrations/trend.svg",
    {
      config: { access: "read" },
      schema: {
        querystring: Type.Object({
          what: Type.Union([Type.Literal("level"), Type.Literal("noise")]),
          instrument: Text,
          kind: Text,
          width: Type.Optional(Type.Union([Type.Literal(1_200), Type.Literal(343)])),
        }),
      },
    },
    async (request, reply) => {
      const { what, instrument, kind, width = 1_200 } = request.query;
      return charts.send(request, reply, async (theme) => {
        const { items } = await masters.list({
          site: siteId,
          limit: TREND_MASTERS,
          ...(instrument === undefined || instrument === "" ? {} : { instrumentId: instrument }),
          ...(kind === undefined || kind === "" ? {} : { kind }),
        });
        const { dates, lines } = trendOf(items, what);
        return trendSvg(dates, lines, "adu", theme, width);
      });
    },
  );

  app.get(
    "/calibrations/masters/:id",
    { config: { access: "read" }, schema: { params: IdSchema } },
    async (request, reply) => {
      const master = await found(request.params.id);
      const frames = await calibrations.framesOf(master.id);
      return pages.send(request, reply, "calibrations/master", masterModel(master, frames));
    },
  );

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    filters: CalibrationFilters,
    page: number,
    said: string,
    status: number,
  ): Promise<FastifyReply> {
    const { instrument, kind, night } = filters;
    const [runs, list, rejected, state] = await Promise.all([
      calibrations.list({ site: siteId, limit: RUNS_SHOWN }),
      masters.list({
        site: siteId,
        limit: ON_PAGE,
        offset: (page - 1) * ON_PAGE,
        ...(instrument === "" ? {} : { instrumentId: instrument }),
        ...(kind === "" ? {} : { kind }),
        ...(night === "" ? {} : { nightDate: night }),
      }),
      calibrations.frames({
        verdict: "rejected",
        limit: REJECTED_SHOWN,
        ...(instrument === "" ? {} : { instrumentId: instrument }),
      }),
      deps.gateway.observatoryState().catch(() => null),
    ]);
    const model = calibrationsModel({
      runs: runs.items,
      masters: list.items,
      rejected: rejected.items,
      rejectedTotal: rejected.total,
      filters,
      pager: pager("/calibrations", { ...filters }, page, ON_PAGE, list, "master"),
      observatory: deps.observatory,
      // A state of a former version knows of no calibration.
      running: state?.calibration ?? null,
      mayControl: request.identity !== null && may(request.identity.profile, "night.control"),
      said,
    });
    const csrf = context.identities.csrfToken(request, reply);
    return pages.send(request, reply, "calibrations/list", { ...model, csrf }, status);
  }

  async function press(request: FastifyRequest) {
    if (request.identity === null) throw new Problem(401, "Sign in first.");
    return order(context, "startCalibration", request.identity, request.ip);
  }

  async function found(id: string): Promise<MasterRecord> {
    const master = await masters.one(id);
    if (master === null) throw new Problem(404, `There is no master ${id}.`);
    return master;
  }

  function sendPreview(reply: FastifyReply, id: string, previewPath: string | null): Promise<FastifyReply> {
    if (previewPath === null) throw new Problem(404, `${id} has no preview.`);
    void reply.header("cache-control", "private, max-age=86400");
    return sendStoredFile(deps, reply, previewPath, "image/png");
  }
}

function ordered(kind: string, reason: string): string {
  return kind === "applied"
    ? "The calibrations begin."
    : `Not confirmed, applied when the control worker is back: ${reason}`;
}

/** Lines by what masters are of; of one night the last run counts. Flats have the level 1 by definition and no line of it. */
function trendOf(masters: readonly MasterRecord[], what: "level" | "noise") {
  const shown = masters.filter(({ kind }) => kind !== "flat");
  const dates = [...new Set(shown.map(({ nightDate }) => nightDate))].toSorted();
  const names = [...new Set(shown.map(nameOf))].toSorted();
  return {
    dates,
    lines: names.map((name) => ({
      name,
      values: dates.map((date) => {
        const master = shown.find((each) => each.nightDate === date && nameOf(each) === name);
        return master === undefined ? null : what === "level" ? master.levelAdu : master.noiseAdu;
      }),
    })),
  };
}

function nameOf({ instrumentId, kind, exposureS }: MasterRecord): string {
  return kind === "bias" ? `${instrumentId} bias` : `${instrumentId} ${kind} ${exposureS} s`;
}
