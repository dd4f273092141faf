import { Type } from "typebox";
import type { FastifyReply } from "fastify";
import { RowRefused, type TableRow, type TableShape } from "../../../db/repositories/back-office.ts";
import { tablePolicy } from "../../../domain/people/back-office.ts";
import type { ApiContext } from "../../context.ts";
import { Problem, problems } from "../../problem.ts";
import { etagOf, IfMatchSchema, requireMatch } from "../../versions.ts";
import { listOf, ListQuerySchema, Nullable, partOf } from "../lists.ts";
import { TableSchema, WrongValues, type Office } from "./office.ts";

const RowKeySchema = Type.Object({
  ...TableSchema.properties,
  key: Type.String({ minLength: 1, maxLength: 1_000 }),
});
const Values = Type.Record(Type.String(), Nullable(Type.String({ maxLength: 200_000 })), {
  description: "Columns as text; secret columns are never there",
});
const ValuesGiven = Type.Record(Type.String(), Nullable(Type.String({ maxLength: 200_000 })), {
  description: "Columns as text; null: empty",
  examples: [{ name: "Nearby galaxies", priority: "10" }],
});
const RowSchema = Type.Object({ key: Type.String(), values: Values });
const TABLES = "back office";

/** The back office for programs: the same rows, checks and audit; ETag and If-Match guard changes. */
export function adminApiRoutes({ app, deps }: ApiContext, office: Office): void {
  const { backOffice } = deps.database;
  const access = { access: "backOffice" } as const;

  app.get(
    "/api/admin/tables",
    {
      config: access,
      schema: {
        tags: [TABLES],
        summary: "Tables with about how many rows they hold",
        querystring: ListQuerySchema,
        response: {
          200: listOf(
            Type.Object({
              name: Type.String(),
              rows: Type.Integer(),
              why: Type.String({ description: "Why not everything may be done with it" }),
            }),
          ),
          ...problems(400, 401, 403, 503),
        },
      },
    },
    async (request) =>
      partOf(
        (await backOffice.tables()).map((each) => ({ ...each, why: tablePolicy(each.name).why })),
        request.query,
      ),
  );

  app.get(
    "/api/admin/tables/:table",
    {
      config: access,
      schema: {
        tags: [TABLES],
        summary: "Rows of a table: searched, filtered, sorted",
        params: TableSchema,
        querystring: Type.Object({
          ...ListQuerySchema.properties,
          text: Type.Optional(Type.String({ maxLength: 200 })),
          column: Type.Optional(Type.String({ maxLength: 63 })),
          value: Type.Optional(Type.String({ maxLength: 1_000 })),
          sort: Type.Optional(Type.String({ maxLength: 64, description: "A column; -column: descending" })),
        }),
        response: { 200: listOf(RowSchema), ...problems(400, 401, 403, 404, 503) },
      },
    },
    async (request) => {
      const { limit = 50, offset = 0, text = "", column = "", value = "", sort = "" } = request.query;
      const table = office.found(request.params.table);
      const { items, ...total } = await backOffice.list(table, {
        ...office.query({ text, column, value, sort }),
        limit,
        offset,
      });
      return { items: items.map(({ key, values }) => ({ key, values: { ...values } })), ...total };
    },
  );

  app.post(
    "/api/admin/tables/:table",
    {
      config: access,
      schema: {
        tags: [TABLES],
        summary: "Add a row",
        description: "Checked as on the page, and written into the audit.",
        params: TableSchema,
        body: ValuesGiven,
        response: { 201: RowSchema, ...problems(400, 401, 403, 404, 409, 503) },
      },
    },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "create");
      const row = await asProblem(() => office.create(request, table, known(table, request.body)));
      return sendRow(reply.status(201), row);
    },
  );

  app.get(
    "/api/admin/tables/:table/:key",
    {
      config: access,
      schema: {
        tags: [TABLES],
        summary: "One row of a table",
        params: RowKeySchema,
        response: { 200: RowSchema, ...problems(401, 403, 404, 503) },
      },
    },
    async (request, reply) => {
      const table = office.found(request.params.table);
      return sendRow(reply, await office.row(table, request.params.key));
    },
  );

  app.patch(
    "/api/admin/tables/:table/:key",
    {
      config: access,
      schema: {
        tags: [TABLES],
        summary: "Change columns of a row; If-Match carries the ETag of what was read",
        params: RowKeySchema,
        headers: IfMatchSchema,
        body: ValuesGiven,
        response: { 200: RowSchema, ...problems(400, 401, 403, 404, 409, 412, 428, 503) },
      },
    },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "change");
      const row = await office.row(table, request.params.key);
      requireMatch(request, row.version, `row ${row.key} of ${table.name}`);
      const values = known(table, request.body);
      const after = await asProblem(() => office.change(request, table, row.key, row.version, values));
      return sendRow(reply, after);
    },
  );

  app.delete(
    "/api/admin/tables/:table/:key",
    {
      config: access,
      schema: {
        tags: [TABLES],
        summary: "Delete a row; 409 when others point at it",
        params: RowKeySchema,
        headers: IfMatchSchema,
        response: { 204: Type.Null(), ...problems(401, 403, 404, 409, 412, 428, 503) },
      },
    },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "remove");
      const row = await office.row(table, request.params.key);
      requireMatch(request, row.version, `row ${row.key} of ${table.name}`);
      await asProblem(() => office.remove(request, table, row.key, row.version));
      return reply.status(204).send(null);
    },
  );
}

function sendRow(reply: FastifyReply, { key, values, version }: TableRow): FastifyReply {
  return reply.header("etag", etagOf(version)).send({ key, values: { ...values } });
}

/** Columns that may be entered; any other name is a mistake that is told. */
function known(
  table: TableShape,
  values: Readonly<Record<string, string | null>>,
): Record<string, string | null> {
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  for (const name of Object.keys(values)) {
    const column = columns.get(name);
    if (column === undefined) throw new Problem(400, `${table.name} has no column "${name}".`);
    if (column.hidden || column.generated)
      throw new Problem(400, `The column "${name}" of ${table.name} cannot be entered here.`);
  }
  return { ...values };
}

async function asProblem<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WrongValues) throw new Problem(400, error.message);
    if (error instanceof RowRefused) throw new Problem(409, error.message);
    throw error;
  }
}
