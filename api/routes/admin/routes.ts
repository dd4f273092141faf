import { Type } from "typebox";
import type { FastifyReply, FastifyRequest } from "fastify";
import { RowRefused, type TableRow, type TableShape } from "../../../db/repositories/back-office.ts";
import { tablePolicy } from "../../../domain/people/back-office.ts";
import type { ApiContext } from "../../context.ts";
import { count } from "../../words/numbers.ts";
import { dateTimeMs } from "../../words/time.ts";
import { formTitle, Line } from "../forms.ts";
import { longQuery, PageNumber, pager, totalWords } from "../lists.ts";
import { adminApiRoutes } from "./api.ts";
import { createOffice, TableSchema, WrongValues } from "./office.ts";
import {
  dependentWords,
  editFields,
  enteredValues,
  listCells,
  listColumns,
  policyModel,
  rowFields,
  rowHref,
  tableHref,
} from "./view-model.ts";

const ON_PAGE = 50;
const KeySchema = Type.Object({ key: Type.String({ minLength: 1, maxLength: 1_000 }) });
const EntryBody = Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 200_000 }));

/** The back office: every table as list, row and form, made from the entities' metadata. */
export function adminRoutes(context: ApiContext): void {
  const { app, deps, pages } = context;
  const { backOffice, audits } = deps.database;
  const office = createOffice(context);
  const access = { access: "backOffice" } as const;
  adminApiRoutes(context, office);

  app.get("/admin", { config: access }, async (request, reply) => {
    const tables = await backOffice.tables();
    return pages.send(request, reply, "admin/tables", {
      title: "Back office",
      sentence: `${count(tables.length, "table")}. Every change here is written into the audit.`,
      tables: tables.map(({ name, rows }) => ({
        name,
        href: tableHref(name),
        rows,
        why: tablePolicy(name).why,
      })),
    });
  });

  app.get(
    "/admin/:table",
    {
      config: access,
      schema: {
        params: TableSchema,
        querystring: Type.Object({
          text: Type.Optional(Type.String({ maxLength: 200 })),
          column: Type.Optional(Type.String({ maxLength: 63 })),
          value: Type.Optional(Type.String({ maxLength: 1_000 })),
          sort: Type.Optional(Type.String({ maxLength: 64 })),
          page: PageNumber,
        }),
      },
    },
    async (request, reply) => {
      const table = office.found(request.params.table);
      const { text = "", column = "", value = "", sort = "", page = 1 } = request.query;
      const query = office.query({ text, column, value, sort });
      const { large, sortable } = await backOffice.reach(table);
      const list = await backOffice.list(table, {
        ...query,
        limit: ON_PAGE,
        offset: large ? (longQuery({ page }, ON_PAGE).offset ?? 0) : (page - 1) * ON_PAGE,
      });
      const { items } = list;
      const words = totalWords(list, "row");
      const href = tableHref(table.name);
      const kept = { text, column, value };
      return pages.send(request, reply, "admin/list", {
        title: table.name,
        sentence: large
          ? `${words}. This is a large table: a text is looked for at the beginning of its keys.`
          : `${words}.`,
        searchLabel: large ? "Key begins with" : "Text anywhere",
        href,
        filters: { text, value },
        filterColumns: table.columns
          .filter(({ hidden }) => !hidden)
          .map(({ name }) => ({ name, chosen: name === column })),
        filtered: text !== "" || value !== "",
        headers: listColumns(table).map(({ name }) => sortHeader(href, kept, name, sort, sortable.has(name))),
        rows: items.map((row) => ({ cells: listCells(table, row, true) })),
        pager: pager(href, { ...kept, sort }, page, ON_PAGE, list, "row"),
        policy: policyModel(tablePolicy(table.name)),
      });
    },
  );

  app.get(
    "/admin/:table/row",
    { config: access, schema: { params: TableSchema, querystring: KeySchema } },
    async (request, reply) => {
      const table = office.found(request.params.table);
      const row = await office.row(table, request.query.key);
      const history = await audits.ofSubject(`${table.name}/${row.key}`, 20);
      return pages.send(request, reply, "admin/show", {
        title: `${table.name} ${row.key}`,
        sentence: "",
        table: table.name,
        tableHref: tableHref(table.name),
        key: row.key,
        editHref: `${tableHref(table.name)}/edit?key=${encodeURIComponent(row.key)}`,
        deleteHref: `${tableHref(table.name)}/delete?key=${encodeURIComponent(row.key)}`,
        fields: rowFields(table, row),
        policy: policyModel(tablePolicy(table.name)),
        history: history.map((line) => ({
          at: dateTimeMs(line.atWallMs),
          who: line.userId ?? "a program",
          action: line.action,
          details: JSON.stringify(line.details),
        })),
      });
    },
  );

  app.get(
    "/admin/:table/new",
    { config: access, schema: { params: TableSchema } },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "create");
      return form(request, reply, table, null, {}, [], 200);
    },
  );

  app.post(
    "/admin/:table/new",
    { config: access, schema: { params: TableSchema, body: EntryBody } },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "create");
      const values = enteredValues(table, request.body, true);
      try {
        const row = await office.create(request, table, values);
        return await reply.redirect(rowHref(table.name, row.key), 303);
      } catch (error) {
        return form(request, reply, table, null, values, wordsOf(error), 400);
      }
    },
  );

  app.get(
    "/admin/:table/edit",
    { config: access, schema: { params: TableSchema, querystring: KeySchema } },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "change");
      const row = await office.row(table, request.query.key);
      return form(request, reply, table, row, row.values, [], 200);
    },
  );

  app.post(
    "/admin/:table/edit",
    { config: access, schema: { params: TableSchema, querystring: KeySchema, body: EntryBody } },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "change");
      const row = await office.row(table, request.query.key);
      const values = enteredValues(table, request.body, false);
      try {
        await office.change(request, table, row.key, request.body["_version"] ?? "", values);
        return await reply.redirect(rowHref(table.name, row.key), 303);
      } catch (error) {
        return form(request, reply, table, row, { ...row.values, ...values }, wordsOf(error), 400);
      }
    },
  );

  app.get(
    "/admin/:table/delete",
    { config: access, schema: { params: TableSchema, querystring: KeySchema } },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "remove");
      const row = await office.row(table, request.query.key);
      return deletePage(request, reply, table, row, "", 200);
    },
  );

  app.post(
    "/admin/:table/delete",
    {
      config: access,
      schema: {
        params: TableSchema,
        querystring: KeySchema,
        body: Type.Object({ _version: Line(100), _csrf: Line(200) }),
      },
    },
    async (request, reply) => {
      const table = office.found(request.params.table);
      office.refuseUnless(table, "remove");
      const row = await office.row(table, request.query.key);
      try {
        await office.remove(request, table, row.key, request.body._version);
      } catch (error) {
        return deletePage(request, reply, table, row, wordsOf(error)[0]?.words ?? "", 409);
      }
      return reply.redirect(tableHref(table.name), 303);
    },
  );

  async function form(
    request: FastifyRequest,
    reply: FastifyReply,
    table: TableShape,
    row: TableRow | null,
    values: Readonly<Record<string, string | null>>,
    problems: readonly { readonly field: string; readonly words: string }[],
    status: number,
  ): Promise<FastifyReply> {
    const title = row === null ? `New row of ${table.name}` : `Edit ${table.name} ${row.key}`;
    const model = {
      title: formTitle(title, problems),
      heading: title,
      sentence: "",
      action:
        row === null
          ? `${tableHref(table.name)}/new`
          : `${tableHref(table.name)}/edit?key=${encodeURIComponent(row.key)}`,
      back: row === null ? tableHref(table.name) : rowHref(table.name, row.key),
      version: row?.version ?? "",
      fields: editFields(table, values, row === null),
      problems: problems.map(({ field, words }) => ({ href: `#${field}`, words })),
    };
    return pages.send(request, reply, "admin/edit", model, status);
  }

  async function deletePage(
    request: FastifyRequest,
    reply: FastifyReply,
    table: TableShape,
    row: TableRow,
    refusal: string,
    status: number,
  ): Promise<FastifyReply> {
    const dependents = await backOffice.dependents(table, row.key);
    const model = {
      title: `Delete ${table.name} ${row.key}?`,
      sentence: "",
      refusal,
      dependents: dependents.map(dependentWords),
      possible: dependents.every(({ cascades }) => cascades),
      action: `${tableHref(table.name)}/delete?key=${encodeURIComponent(row.key)}`,
      back: rowHref(table.name, row.key),
      version: row.version,
      fields: rowFields(table, row),
    };
    return pages.send(request, reply, "admin/delete", model, status);
  }
}

function wordsOf(error: unknown): readonly { readonly field: string; readonly words: string }[] {
  if (error instanceof WrongValues) return error.problems;
  if (error instanceof RowRefused) return [{ field: "form", words: error.message }];
  throw error;
}

function sortHeader(
  href: string,
  kept: Readonly<Record<string, string>>,
  name: string,
  sort: string,
  sortable: boolean,
): { name: string; href: string; order: string } {
  if (!sortable) return { name, href: "", order: "none" };
  const params = new URLSearchParams(Object.entries(kept).filter(([, value]) => value !== ""));
  params.set("sort", sort === name ? `-${name}` : name);
  const order = sort === name ? "ascending" : sort === `-${name}` ? "descending" : "none";
  return { name, href: `${href}?${params.toString()}`, order };
}
