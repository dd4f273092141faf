import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { builderOf, type RequestBuilder } from "../../../domain/requests/builder.ts";
import {
  readRequestFile,
  REQUEST_FORMAT,
  REQUEST_SCHEMA_PATH,
} from "../../../domain/requests/request-file.ts";
import { emptySequence, SEQUENCE_FIELDS } from "../../../domain/requests/written.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { etagOf, IfMatchSchema } from "../../versions.ts";
import { listOf, ListQuerySchema } from "../lists.ts";
import type { Desk } from "./desk.ts";
import { EDIT_RULE, type DraftEdits } from "./draft-edits.ts";
import { broken, BrokenSchema, RequestErrorSchema } from "./files.ts";
import { EXAMPLE_FILE } from "./example-file.ts";
import { errorSentence } from "./editor-model.ts";

const IdSchema = Type.Object({ id: Type.String({ maxLength: 200 }) });
const Text = Type.String({ maxLength: 2_000 });
/** A value as somebody writes it: numbers are taken too. */
const Written = Type.Union([Text, Type.Number(), Type.Null()]);

const DraftSchema = Type.Object({
  id: Type.String(),
  version: Type.Integer({ description: "the ETag, without its quotes" }),
  savedBy: Type.String(),
  updatedWallMs: Type.Integer(),
  document: Type.Unknown({ description: "every field as it was written, right or wrong" }),
  complete: Type.Boolean({ description: "it can be submitted" }),
  totalS: Type.Number({ description: "what it would cost, seconds" }),
  errors: Type.Array(RequestErrorSchema),
});
const StepSchema = Type.Object({
  id: Type.String({ description: "id of the new part: what the next step and every error name it by" }),
  version: Type.Integer(),
});
/** Requests step by step, for programs: request, sequences, albums, plans; submitted whole or not at all. */
export function draftApiRoutes({ app, deps }: ApiContext, desk: Desk, { matched, save }: DraftEdits): void {
  const { database, observatory } = deps;
  const own = { access: "requests.own" } as const;
  const tags = ["requests"];
  const failures = problems(400, 401, 403, 404, 412, 428);

  app.get(
    "/api/request-drafts",
    {
      config: own,
      schema: {
        tags,
        summary: "Own drafts, last saved first",
        querystring: ListQuerySchema,
        response: { 200: listOf(DraftSchema), ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const who = desk.author(request.identity, request.ip);
      const { items, ...total } = await database.requestDrafts.page(who.userId, request.query);
      return { items: await Promise.all(items.map(draftJson)), ...total };
    },
  );

  app.post(
    "/api/request-drafts",
    {
      config: own,
      schema: {
        tags,
        summary: "Begins a request",
        description:
          "The first step; sequences, albums and plans follow. Nothing is checked before it is submitted.",
        body: Type.Object(
          { name: Type.Optional(Text), comment: Type.Optional(Text), programmeId: Type.Optional(Text) },
          {
            additionalProperties: false,
            examples: [{ name: "Whirlpool", programmeId: "GALAXIES" }],
          },
        ),
        response: { 201: DraftSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { name = "", comment = "", programmeId = "" } = request.body;
      const who = desk.author(request.identity, request.ip);
      const draft = await desk.keep(who, { name, comment, programmeId, times: "utc", sequences: [] });
      return begun(reply, draft);
    },
  );

  app.get(
    "/api/request-drafts/:id",
    {
      config: own,
      schema: {
        tags,
        summary: "A draft with all that is wrong with it, and its cost",
        params: IdSchema,
        response: { 200: DraftSchema, ...failures },
      },
    },
    async (request, reply) => {
      const draft = await desk.draftOf(desk.author(request.identity, request.ip), request.params.id);
      void reply.header("etag", etagOf(draft.version));
      return draftJson(draft);
    },
  );

  app.put(
    "/api/request-drafts/:id",
    {
      config: own,
      bodyLimit: 512 * 1024,
      schema: {
        tags,
        summary: "Writes a whole draft anew, as a file of the format",
        description: `The body has the shape of ${REQUEST_SCHEMA_PATH}; its values may still be wrong. ${EDIT_RULE}`,
        params: IdSchema,
        headers: IfMatchSchema,
        body: Type.Unknown({ examples: [EXAMPLE_FILE] }),
        response: { 200: DraftSchema, ...failures, 422: BrokenSchema },
      },
    },
    async (request, reply) => {
      const { who, draft } = await matched(request, request.params.id);
      const body = request.body as object | null;
      const reading = readRequestFile({ format: REQUEST_FORMAT, ...body });
      if (!reading.ok) return broken(request, reply, reading.errors);
      // Parts keep the stored sequences that they were made from, in their order.
      const sequences = reading.written.sequences.map((sequence, s) => ({
        ...sequence,
        id: draft.document.sequences[s]?.id ?? "",
      }));
      const saved = await save(who, draft, { ...reading.written, sequences });
      void reply.header("etag", etagOf(saved.version));
      return draftJson(saved);
    },
  );

  app.post(
    "/api/request-drafts/:id/sequences",
    {
      config: own,
      schema: {
        tags,
        summary: "Adds a sequence (one pointing)",
        description: EDIT_RULE,
        params: IdSchema,
        headers: IfMatchSchema,
        body: Type.Object(Object.fromEntries(SEQUENCE_FIELDS.map((name) => [name, Type.Optional(Written)])), {
          additionalProperties: false,
          examples: [
            {
              targetName: "M 51",
              ra: "13:29:52.7",
              dec: "+47:11:43",
              windowStart: "2027-02-01T00:00:00Z",
              windowEnd: "2027-03-01T00:00:00Z",
            },
          ],
        }),
        response: { 201: StepSchema, ...failures },
      },
    },
    async (request, reply) => {
      const body = request.body as Readonly<Record<string, string | number | null>>;
      const { albums: _albums, ...empty } = emptySequence(observatory.night.observingSunAltDeg);
      const given = Object.entries(body).map(([name, value]) => [name, writtenValue(name, value)] as const);
      return step(request, reply, request.params.id, (builder) =>
        builder.addSequence({ ...empty, ...Object.fromEntries(given) }),
      );
    },
  );

  app.post(
    "/api/request-drafts/:id/albums",
    {
      config: own,
      schema: {
        tags,
        summary: "Adds an album: an instrument's share of a sequence",
        description: EDIT_RULE,
        params: IdSchema,
        headers: IfMatchSchema,
        body: Type.Object(
          { sequenceId: Text, instrumentId: Text },
          {
            additionalProperties: false,
            examples: [{ sequenceId: "sequences[0]", instrumentId: "vis" }],
          },
        ),
        response: { 201: StepSchema, ...failures },
      },
    },
    async (request, reply) =>
      step(request, reply, request.params.id, (builder) =>
        builder.addAlbum(request.body.sequenceId, request.body.instrumentId),
      ),
  );

  app.post(
    "/api/request-drafts/:id/plans",
    {
      config: own,
      schema: {
        tags,
        summary: "Adds a plan: frames of one filter and exposure time",
        description: EDIT_RULE,
        params: IdSchema,
        headers: IfMatchSchema,
        body: Type.Object(
          { albumId: Text, filter: Text, exposureS: Written, count: Written },
          {
            additionalProperties: false,
            examples: [{ albumId: "sequences[0].albums[0]", filter: "r", exposureS: 60, count: 5 }],
          },
        ),
        response: { 201: StepSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { albumId, filter, exposureS, count } = request.body;
      return step(request, reply, request.params.id, (builder) =>
        builder.addPlan(albumId, { filter, exposureS: String(exposureS ?? ""), count: String(count ?? "") }),
      );
    },
  );

  app.post(
    "/api/request-drafts/:id/submit",
    {
      config: own,
      schema: {
        tags,
        summary: "Submits a draft: checked as a whole, saved whole or not at all; the night plans again",
        description: EDIT_RULE,
        params: IdSchema,
        headers: IfMatchSchema,
        response: {
          200: Type.Object({ id: Type.String(), status: Type.String(), nightTold: Type.Boolean() }),
          ...failures,
          ...problems(409),
          422: BrokenSchema,
        },
      },
    },
    async (request, reply) => {
      const { who, draft } = await matched(request, request.params.id);
      const done = await desk.submit(who, draft.id, draft.version);
      if (done.kind === "wrong") return broken(request, reply, done.check.errors);
      return { id: draft.id, status: "submitted", nightTold: done.told };
    },
  );

  app.delete(
    "/api/request-drafts/:id",
    {
      config: own,
      schema: {
        tags,
        summary: "Deletes a draft",
        description: EDIT_RULE,
        params: IdSchema,
        headers: IfMatchSchema,
        response: { 204: Type.Null(), ...failures },
      },
    },
    async (request, reply) => {
      const { who, draft } = await matched(request, request.params.id);
      await desk.discard(who, draft.id);
      return reply.status(204).send(null);
    },
  );

  app.post(
    "/api/requests/:id/withdraw",
    {
      config: own,
      schema: {
        tags,
        summary: "Takes a submitted request back; what is reserved returns, and the night plans again",
        description: "409 while a sequence is being observed, or when all were.",
        params: IdSchema,
        response: {
          200: Type.Object({ id: Type.String(), status: Type.String(), nightTold: Type.Boolean() }),
          ...problems(401, 403, 404, 409),
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { told } = await desk.unsubmit(desk.author(request.identity, request.ip), id);
      return { id, status: "withdrawn", nightTold: told };
    },
  );

  app.post(
    "/api/requests/:id/revise",
    {
      config: own,
      schema: {
        tags,
        summary: "Opens a withdrawn request for editing: its draft has the sequences that are not over",
        params: IdSchema,
        response: { 201: DraftSchema, ...problems(401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const draft = await desk.edit(desk.author(request.identity, request.ip), request.params.id);
      return begun(reply, draft);
    },
  );

  app.post(
    "/api/requests/:id/copy",
    {
      config: own,
      schema: {
        tags,
        summary: "Begins a new draft with what a request says; anybody's may be copied",
        params: IdSchema,
        response: { 201: DraftSchema, ...problems(401, 403, 404, 422) },
      },
    },
    async (request, reply) => {
      const draft = await desk.copy(desk.author(request.identity, request.ip), request.params.id);
      return begun(reply, draft);
    },
  );

  /** A draft that there is now: where, and in which version. */
  function begun(reply: FastifyReply, draft: RequestDraftRecord) {
    void reply
      .status(201)
      .header("location", `/api/request-drafts/${draft.id}`)
      .header("etag", etagOf(draft.version));
    return draftJson(draft);
  }

  /** One step of the builder over the draft as it is. */
  async function step(
    request: FastifyRequest,
    reply: FastifyReply,
    id: string,
    add: (builder: RequestBuilder) => string,
  ): Promise<FastifyReply> {
    const { who, draft } = await matched(request, id);
    const builder = builderOf(draft.document);
    let part: string;
    try {
      part = add(builder);
    } catch (error) {
      if (error instanceof RangeError) throw new Problem(404, `${error.message}.`);
      throw error;
    }
    const saved = await save(who, draft, builder.written());
    return reply.status(201).header("etag", etagOf(saved.version)).send({ id: part, version: saved.version });
  }

  async function draftJson(draft: RequestDraftRecord) {
    const { check, errors, totalS } = await desk.check(draft.document, draft.userId);
    const { id, version, savedBy, updatedWallMs, document } = draft;
    return {
      id,
      version,
      savedBy,
      updatedWallMs,
      document,
      complete: check.ok,
      totalS,
      errors: errors.map((error) => ({
        field: error.field,
        value: error.value ?? null,
        rule: error.rule,
        detail: errorSentence(error),
      })),
    };
  }
}

/** A value in writing: a number is degrees in a coordinate, and a Julian date in a time. */
function writtenValue(name: string, value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (name === "ra" || name === "dec") return `${value}d`;
  return String(value);
}
