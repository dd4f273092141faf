import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { REQUEST_SCHEMA_PATH, requestFileSchema } from "../../../domain/requests/request-file.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { requestHref } from "../../words/links.ts";
import { count } from "../../words/numbers.ts";
import { fileOf } from "../file-schema.ts";
import { draftOfSequence, type Desk } from "./desk.ts";
import { EXAMPLE_FILE } from "./example-file.ts";
import { errorSentence } from "./editor-model.ts";
import {
  FILE_FORMATS,
  fileErrorWords,
  fileText,
  parseFile,
  type FileError,
  type FileFormat,
} from "./file-text.ts";

/** The largest request file, bytes: 100 sequences of many plans are some 100 kB. */
const FILE_LIMIT = 512 * 1024;
const TYPES: Readonly<Record<FileFormat, string>> = {
  yaml: "application/yaml; charset=utf-8",
  json: "application/json; charset=utf-8",
};

/** One error of a request that a file or a program brought. */
export const RequestErrorSchema = Type.Object({
  field: Type.String({ description: "path, e.g. sequences[0].albums[1].plans[0].exposureS" }),
  value: Type.Unknown(),
  rule: Type.String({ description: "what it breaks, in words" }),
  line: Type.Optional(Type.Integer({ description: "line of the file, from 1" })),
  detail: Type.String({ description: "all of it in one sentence" }),
});

/** Requests as files: export, import with all checks, and the schema of the format. */
export function fileRoutes({ app, deps, pages, identities }: ApiContext, desk: Desk): void {
  const { database } = deps;
  const schema = JSON.stringify(requestFileSchema(), null, 2);

  app.get(
    REQUEST_SCHEMA_PATH,
    { config: { access: "public" }, schema: { hide: true } },
    async (_request, reply) =>
      reply
        .type("application/schema+json; charset=utf-8")
        .header("cache-control", "public, max-age=3600")
        .serializer((text: string) => text)
        .send(schema),
  );

  for (const format of FILE_FORMATS) {
    app.get(
      `/api/requests/:id/file.${format}`,
      {
        config: { access: "read" },
        schema: {
          tags: ["requests"],
          summary: `A request as a ${format.toUpperCase()} file of the schema at ${REQUEST_SCHEMA_PATH}`,
          params: Type.Object({ id: Type.String({ maxLength: 200 }) }),
          response: {
            200: fileOf(
              `application/${format}`,
              `A file of the schema at ${REQUEST_SCHEMA_PATH}`,
              format === "json" ? EXAMPLE_FILE : undefined,
            ),
            ...problems(401, 403, 404, 409),
          },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const text = await exported(request, id, format);
        return reply
          .type(TYPES[format])
          .header("content-disposition", `attachment; filename="${id.replaceAll(/[^\w.-]/g, "_")}.${format}"`)
          .serializer((body: string) => body)
          .send(text);
      },
    );
  }

  async function exported(request: FastifyRequest, id: string, format: FileFormat): Promise<string> {
    const record = await database.requests.one(id);
    if (record !== null) {
      const { name, comment, programmeId } = record;
      const sequences = (await database.sequences.ofRequest(id)).map(draftOfSequence);
      return fileText({ name, comment, programmeId, sequences }, format);
    }
    const draft = await desk.draftOf(desk.author(request.identity, request.ip), id);
    const { check } = await desk.check(draft.document, draft.userId);
    if (!check.ok)
      throw new Problem(409, `The draft ${id} is not complete: a file of it could not be read again.`);
    return fileText(check.request, format);
  }

  app.get("/requests/import", { config: { access: "requests.own" } }, async (request, reply) =>
    showImport(request, reply, "", [], 200),
  );

  app.post(
    "/requests/import",
    {
      config: { access: "requests.own" },
      bodyLimit: 2 * FILE_LIMIT,
      schema: {
        body: Type.Object({
          text: Type.Optional(Type.String({ maxLength: FILE_LIMIT })),
          file: Type.Optional(Type.String({ maxLength: FILE_LIMIT })),
        }),
      },
    },
    async (request, reply) => {
      const { text = "", file = "" } = request.body;
      const written = file.trim() === "" ? text.replaceAll("\r\n", "\n") : file;
      const parsed = parseFile(written);
      if (!parsed.ok) return showImport(request, reply, written, parsed.errors, 422);
      const brought = await desk.bring(desk.author(request.identity, request.ip), parsed.written);
      if (brought.kind === "kept") return reply.redirect(`/requests/${brought.draft.id}/edit?step=all`, 303);
      const errors = brought.errors.map((error) => ({ ...error, line: parsed.lineOf(error.field) }));
      return showImport(request, reply, written, errors, 422);
    },
  );

  async function showImport(
    request: FastifyRequest,
    reply: FastifyReply,
    text: string,
    errors: readonly FileError[],
    status: number,
  ): Promise<FastifyReply> {
    const model = {
      title: errors.length > 0 ? "Error: Import a request" : "Import a request",
      sentence: "A JSON or YAML file becomes a draft, when all of it is right.",
      schemaHref: REQUEST_SCHEMA_PATH,
      text,
      errors: errors.map(fileErrorWords),
      errorsWords: `${count(errors.length, "thing")} to correct. Nothing was saved.`,
      csrf: identities.csrfToken(request, reply),
    };
    return pages.send(request, reply, "requests/import", model, status);
  }

  // The text itself is read here: a body that was parsed has no lines.
  void app.register(async (plain) => {
    const scope = plain.withTypeProvider<TypeBoxTypeProvider>();
    scope.removeContentTypeParser("application/json");
    scope.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
      done(null, body),
    );
    scope.post(
      "/api/requests",
      {
        config: { access: "requests.own" },
        bodyLimit: FILE_LIMIT,
        schema: {
          tags: ["requests"],
          summary: "Brings a whole request, JSON or YAML: checked as a whole, saved whole or not at all",
          description: `The body is a file of the schema at ${REQUEST_SCHEMA_PATH}. With submit=true it is submitted at once, else kept as a draft.`,
          consumes: ["application/json", "application/yaml"],
          body: Type.Unknown({ examples: [EXAMPLE_FILE] }),
          querystring: Type.Object({ submit: Type.Optional(Type.Boolean({ default: false })) }),
          response: {
            201: Type.Object({ id: Type.String(), status: Type.String(), totalS: Type.Number() }),
            ...problems(400, 401, 403, 409, 413),
            422: BrokenSchema,
          },
        },
      },
      async (request, reply) => {
        const who = desk.author(request.identity, request.ip);
        const parsed = parseFile(typeof request.body === "string" ? request.body : "");
        if (!parsed.ok) return broken(request, reply, parsed.errors);
        const brought = await desk.bring(who, parsed.written);
        if (brought.kind === "wrong") {
          return broken(
            request,
            reply,
            brought.errors.map((error) => ({ ...error, line: parsed.lineOf(error.field) })),
          );
        }
        const { id, version } = brought.draft;
        if (request.query.submit === true) {
          const done = await desk.submit(who, id, version);
          if (done.kind === "wrong") return broken(request, reply, done.check.errors);
        }
        void reply.header(
          "location",
          request.query.submit === true ? `/api${requestHref(id)}` : `/api/request-drafts/${id}`,
        );
        return reply.status(201).send({
          id,
          status: request.query.submit === true ? "submitted" : "draft",
          totalS: brought.check.totalS,
        });
      },
    );
  });
}

/** Problem details (RFC 9457) with every error by path. */
export const BrokenSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String(),
  errors: Type.Array(RequestErrorSchema),
});

/** Answers a request that breaks rules: nothing was saved, and this is all that is wrong. */
export function broken(
  request: FastifyRequest,
  reply: FastifyReply,
  errors: readonly (Omit<FileError, "line"> & { readonly line?: number })[],
): FastifyReply {
  const body = {
    type: "urn:vesper:problem:broken-request",
    title: "Unprocessable Content",
    status: 422,
    detail: `${count(errors.length, "thing")} to correct. Nothing was saved.`,
    instance: request.id,
    errors: errors.map((error) => ({
      field: error.field,
      value: error.value ?? null,
      rule: error.rule,
      ...(error.line === undefined ? {} : { line: error.line }),
      detail:
        error.line === undefined ? errorSentence(error) : fileErrorWords({ ...error, line: error.line }),
    })),
  };
  return reply
    .status(422)
    .header("content-type", "application/problem+json; charset=utf-8")
    .serializer(JSON.stringify)
    .send(body);
}
