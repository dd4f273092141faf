import { createHash } from "node:crypto";
import type { EntityManager, EntityProperty, MikroORM } from "@mikro-orm/postgresql";
import { countRows } from "../count.ts";
import { containing, type Page, pageBounds, startingWith } from "../page.ts";

/** One column as the back office knows it. */
export interface TableColumn {
  readonly name: string;
  /** As the database calls it: text, int, timestamptz(3), jsonb … */
  readonly type: string;
  readonly nullable: boolean;
  readonly primary: boolean;
  /** Given by the database. */
  readonly generated: boolean;
  /** What it may hold; empty: anything of its type. */
  readonly choices: readonly string[];
  /** The table whose key it holds. */
  readonly references: string | null;
  /** Never shown and never entered: what opens accounts, and raw bytes. */
  readonly hidden: boolean;
}

export interface TableShape {
  readonly name: string;
  readonly columns: readonly TableColumn[];
}

/** A row as text, column by column; null where the row has NULL. Hidden columns are not there. */
export interface TableRow {
  readonly key: string;
  readonly values: Readonly<Record<string, string | null>>;
  /** Changes with the row: who saves on top of another's change is told. */
  readonly version: string;
}

export interface TableQuery {
  readonly limit: number;
  readonly offset: number;
  /** In any column of text that is shown. */
  readonly text?: string;
  readonly filter?: { readonly column: string; readonly value: string };
  readonly sort?: { readonly column: string; readonly descending: boolean };
}

/** What a table can be asked without reading all of it. */
export interface TableReach {
  /** Too many rows to read them all while somebody waits: texts are looked for at the beginning of keys only. */
  readonly large: boolean;
  /** Columns that it may be sorted by. */
  readonly sortable: ReadonlySet<string>;
}

/** From this many rows on a table is large. */
const LARGE = 50_000;

/** How many rows of another table point at a row, and what deleting it does to them. */
export interface Dependent {
  readonly table: string;
  readonly column: string;
  readonly rows: number;
  readonly cascades: boolean;
}

/** The database refused: the sentence names column, value or rule. */
export class RowRefused extends Error {
  override readonly name = "RowRefused";
}

export type BackOffice = ReturnType<typeof createBackOffice>;

/** What nobody is shown, by name; `secret` columns of tables to come are caught by the pattern. */
const SECRET = /(^|_)(hash|secret|password|csrf|token)$/;
const SECRET_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  // A session's id is the hash of its token.
  session: ["id"],
  // Mails carry links that open accounts.
  outbox: ["payload"],
};

/**
 * Rows of any table as text, by the entities' metadata: what a colleague adds to `ENTITIES` is here by itself. Names of
 * tables and columns come from the metadata alone, values travel as parameters.
 */
export function createBackOffice(orm: MikroORM) {
  const shapes = new Map(
    [...orm.getMetadata().getAll().values()].map((meta) => {
      const columns = meta.props.filter((prop) => prop.persist !== false && prop.fieldNames?.length === 1);
      const name = meta.tableName;
      return [name, { name, columns: columns.map((prop) => columnOf(name, prop)) } satisfies TableShape];
    }),
  );

  const shape = (table: string): TableShape | null => shapes.get(table) ?? null;

  /** All tables with about how many rows they hold, by the database's own statistics. */
  const tables = async (): Promise<{ name: string; rows: number }[]> => {
    const rows = await orm.em
      .fork()
      .execute<{ name: string; rows: number }[]>(
        "select relname as name, n_live_tup::int as rows from pg_stat_user_tables where schemaname = 'public'",
      );
    const counts = new Map(rows.map((row) => [row.name, row.rows]));
    return [...shapes.keys()].toSorted().map((name) => ({ name, rows: counts.get(name) ?? 0 }));
  };

  const reach = async (table: TableShape): Promise<TableReach> => {
    const shown = table.columns.filter(({ hidden }) => !hidden).map(({ name }) => name);
    const em = orm.em.fork();
    const [size] = await em.execute<{ rows: number }[]>(
      "select reltuples::float8 as rows from pg_class where oid = ?::regclass",
      [quoted(table.name)],
    );
    const large = (size?.rows ?? 0) >= LARGE;
    if (!large) return { large, sortable: new Set(shown) };
    const indexed = await em.execute<{ name: string }[]>(
      `select distinct a.attname as name from pg_index i
       join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
       join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
       where i.indrelid = ?::regclass and i.indpred is null and m.amname = 'btree'`,
      [quoted(table.name)],
    );
    return {
      large,
      sortable: new Set(indexed.map(({ name }) => name).filter((name) => shown.includes(name))),
    };
  };

  const list = async (table: TableShape, query: TableQuery): Promise<Page<TableRow>> => {
    const em = orm.em.fork();
    const { limit, offset } = pageBounds(query);
    const { large, sortable } = await reach(table);
    const { where, values } = conditions(table, query, large);
    const sort = table.columns.find(({ name }) => name === query.sort?.column && sortable.has(name));
    const direction = query.sort?.descending === true ? "desc" : "asc";
    // With the table's name before it: alone it would be the column as it is shown, a text, which no index helps to sort.
    const sorted = (name: string): string => `${quoted(table.name)}.${quoted(name)}`;
    const order = [
      ...(sort === undefined
        ? []
        : [`${sorted(sort.name)} ${direction}${sort.nullable ? " nulls last" : ""}`]),
      ...keys(table).map(({ name }) => `${sorted(name)} ${sort === undefined ? "desc" : direction}`),
    ].join(", ");
    // Where its rows lie comes first: what is shown of a row takes longer to make than to skip it.
    const name = quoted(table.name);
    const rows = await em.execute<Record<string, string | null>[]>(
      `select ${selection(table)} from ${name}
       where ${name}.ctid = any(array(select ${name}.ctid from ${name} ${where} order by ${order} limit ? offset ?))
       order by ${order}`,
      [...values, limit, offset],
    );
    const count = await countRows(em, `select 1 from ${name} ${where}`, values);
    return { items: rows.map((row) => rowOf(row)), ...count };
  };

  const one = async (table: TableShape, key: string): Promise<TableRow | null> =>
    read(orm.em.fork(), table, key, "");

  /** Adds a row. @throws RowRefused */
  const create = async (
    table: TableShape,
    values: Readonly<Record<string, string | null>>,
  ): Promise<TableRow> =>
    refused(() =>
      orm.em.fork().transactional(async (em) => {
        const columns = table.columns.filter(({ name }) => name in values);
        if (columns.length === 0) throw new RowRefused("Enter the values of the row.");
        const rows = await em.execute<{ key_: string }[]>(
          `insert into ${quoted(table.name)} (${columns.map(({ name }) => quoted(name)).join(", ")})
           values (${columns.map((column) => `cast(? as ${typeOf(column)})`).join(", ")}) returning ${keyExpression(table)} as key_`,
          columns.map(({ name }) => values[name]),
        );
        const row = await read(em, table, rows[0]?.key_ ?? "", "");
        if (row === null) throw new RowRefused("The row was not stored.");
        return row;
      }),
    );

  /**
   * Changes a row that is as it was read. @returns the row before, and after. @throws RowRefused, also when somebody else
   * has changed or deleted it
   */
  const change = async (
    table: TableShape,
    key: string,
    version: string,
    values: Readonly<Record<string, string | null>>,
  ): Promise<{ before: TableRow; after: TableRow }> =>
    refused(() =>
      orm.em.fork().transactional(async (em) => {
        const before = await unchanged(em, table, key, version);
        const columns = table.columns.filter(
          ({ name }) => name in values && values[name] !== before.values[name],
        );
        if (columns.length === 0) return { before, after: before };
        await em.execute(
          `update ${quoted(table.name)} set ${columns.map((column) => `${quoted(column.name)} = cast(? as ${typeOf(column)})`).join(", ")}
           where ${keyExpression(table)} = ?`,
          [...columns.map(({ name }) => values[name]), key],
        );
        const after = await read(em, table, key, "");
        if (after === null) throw new RowRefused("The row was not stored.");
        return { before, after };
      }),
    );

  /** Deletes a row that is as it was read. @throws RowRefused, also when something depends on it */
  const remove = async (table: TableShape, key: string, version: string): Promise<TableRow> =>
    refused(() =>
      orm.em.fork().transactional(async (em) => {
        const before = await unchanged(em, table, key, version);
        await em.execute(`delete from ${quoted(table.name)} where ${keyExpression(table)} = ?`, [key]);
        return before;
      }),
    );

  /** Rows elsewhere that point at a row. */
  const dependents = async (table: TableShape, key: string): Promise<Dependent[]> => {
    const em = orm.em.fork();
    const rules = await em.execute<{ table: string; column: string; target: string; cascades: boolean }[]>(
      `select c.conrelid::regclass::text as "table", a.attname as "column", t.attname as target, c.confdeltype = 'c' as cascades
       from pg_constraint c
       join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
       join pg_attribute t on t.attrelid = c.confrelid and t.attnum = c.confkey[1]
       where c.contype = 'f' and c.confrelid = ?::regclass`,
      [quoted(table.name)],
    );
    const found: Dependent[] = [];
    for (const rule of rules) {
      const other = rule.table.replaceAll('"', "");
      const [count] = await em.execute<{ n: number }[]>(
        `select count(*)::int as n from ${quoted(other)}
         where ${quoted(rule.column)} = (select ${quoted(rule.target)} from ${quoted(table.name)} where ${keyExpression(table)} = ?)`,
        [key],
      );
      const rows = count?.n ?? 0;
      if (rows > 0) found.push({ table: other, column: rule.column, rows, cascades: rule.cascades });
    }
    return found;
  };

  const read = async (
    em: EntityManager,
    table: TableShape,
    key: string,
    lock: "" | "for update",
  ): Promise<TableRow | null> => {
    const rows = await em.execute<Record<string, string | null>[]>(
      `select ${selection(table)} from ${quoted(table.name)} where ${keyExpression(table)} = ? ${lock}`,
      [key],
    );
    return rows[0] === undefined ? null : rowOf(rows[0]);
  };

  const unchanged = async (
    em: EntityManager,
    table: TableShape,
    key: string,
    version: string,
  ): Promise<TableRow> => {
    const row = await read(em, table, key, "for update");
    if (row === null) throw new RowRefused("The row is gone: somebody has deleted it.");
    if (row.version !== version)
      throw new RowRefused(
        "Somebody has changed this row since you opened it. Look at it again, then repeat your change.",
      );
    return row;
  };

  return { shape, tables, reach, list, one, create, change, remove, dependents };
}

function columnOf(table: string, prop: EntityProperty): TableColumn {
  const name = prop.fieldNames[0] ?? prop.name;
  const type = prop.columnTypes[0] ?? "text";
  return {
    name,
    type,
    nullable: prop.nullable === true,
    primary: prop.primary === true,
    generated: prop.autoincrement === true,
    choices: (prop.items ?? []).map(String),
    references: prop.targetMeta?.tableName ?? null,
    hidden: type === "bytea" || SECRET.test(name) || (SECRET_COLUMNS[table] ?? []).includes(name),
  };
}

function keys(table: TableShape): TableColumn[] {
  return table.columns.filter(({ primary }) => primary);
}

/** Names a row in an address: its key, parts joined; the digest of a key that is secret. */
function keyExpression(table: TableShape): string {
  const parts = keys(table).map(({ name, hidden }) =>
    hidden ? `encode(sha256(convert_to(${quoted(name)}, 'UTF8')), 'hex')` : `${quoted(name)}::text`,
  );
  return parts.length === 1 ? (parts[0] ?? "") : `concat_ws('~', ${parts.join(", ")})`;
}

function selection(table: TableShape): string {
  const columns = table.columns
    .filter(({ hidden }) => !hidden)
    .map((column) => `${asText(column)} as ${quoted(column.name)}`);
  return [`${keyExpression(table)} as key_`, ...columns].join(", ");
}

function asText({ name, type }: TableColumn): string {
  // To the millisecond and in UTC, whatever zone the connection has.
  if (type.startsWith("timestamptz"))
    return `to_char(${quoted(name)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return `${quoted(name)}::text`;
}

function conditions(
  table: TableShape,
  query: TableQuery,
  large: boolean,
): { where: string; values: string[] } {
  const parts: string[] = [];
  const values: string[] = [];
  const shown = table.columns.filter(({ hidden }) => !hidden);
  if (query.text !== undefined && query.text !== "" && large) {
    const [key] = keys(table);
    if (key !== undefined && !key.hidden) {
      parts.push(
        key.type === "text"
          ? `${quoted(key.name)} like ?`
          : `${quoted(key.name)} = cast(? as ${typeOf(key)})`,
      );
      values.push(key.type === "text" ? startingWith(query.text) : wholeOr(query.text, "-1"));
    }
  } else if (query.text !== undefined && query.text !== "") {
    const texts = shown.filter(
      ({ type, primary }) => primary || type === "text" || type.startsWith("varchar"),
    );
    if (texts.length > 0) {
      parts.push(`(${texts.map(({ name }) => `${quoted(name)}::text ilike ?`).join(" or ")})`);
      values.push(...texts.map(() => containing(query.text ?? "")));
    }
  }
  const filtered = shown.find(({ name }) => name === query.filter?.column);
  if (filtered !== undefined && query.filter !== undefined) {
    // A whole number is compared as one, so that an index finds it.
    const whole = /^(big)?(int|serial)/.test(filtered.type) && /^-?\d{1,18}$/.test(query.filter.value);
    parts.push(whole ? `${quoted(filtered.name)} = cast(? as bigint)` : `${asText(filtered)} = ?`);
    values.push(query.filter.value);
  }
  return { where: parts.length === 0 ? "" : `where ${parts.join(" and ")}`, values };
}

/** A text when it is a whole number, else what no row has. */
function wholeOr(text: string, otherwise: string): string {
  return /^\d{1,18}$/.test(text.trim()) ? text.trim() : otherwise;
}

function rowOf({ key_: key, ...values }: Record<string, string | null>): TableRow {
  const version = createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 24);
  return { key: key ?? "", values, version };
}

/** Types come from the metadata, not from a request; still nothing but a type may stand there. */
function typeOf({ type }: TableColumn): string {
  if (!/^[a-z][a-z0-9 ]*(\(\d+(,\s*\d+)?\))?$/.test(type)) throw new Error(`"${type}" is no column type`);
  return type.replace(/^bigserial$/, "bigint").replace(/^serial$/, "int");
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** Turns what the database says into a sentence. */
async function refused<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const words = refusalWords(error);
    if (words === null) throw error;
    throw new RowRefused(words, { cause: error });
  }
}

function refusalWords(error: unknown): string | null {
  let cause: unknown = error;
  for (let depth = 0; depth < 6 && typeof cause === "object" && cause !== null; depth += 1) {
    const { code, constraint, column, detail, message } = cause as Record<string, string | undefined>;
    const more = detail === undefined ? "" : ` ${detail}`;
    switch (code) {
      case "23503":
        return `Another table holds the rule "${constraint}": what is named must exist, and what others point at stays.${more}`;
      case "23505":
        return `There is such a row already (rule "${constraint}").${more}`;
      case "23514":
        return `The values break the rule "${constraint}".`;
      case "23502":
        return `"${column}" must have a value.`;
      case "P0001":
        return `The database refuses: ${message}.`;
      default:
        // Class 22: data exceptions (a text that is no number, a date that does not exist …).
        if (code?.startsWith("22") === true) return `A value is not of its column's type: ${message}.`;
    }
    ({ cause } = cause as { cause?: unknown });
  }
  return null;
}
