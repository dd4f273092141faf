import type { Readable } from "node:stream";
import { escapeIdentifier, type Client } from "pg";
import { shownAddress } from "./connection.ts";
import { copyOut } from "./copy.ts";
import { closeConnection, openConnection } from "./one-connection.ts";

/** One table of a dump. */
export interface DumpedTable {
  readonly name: string;
  /** Columns that hold values of their own, in the order of the dump. */
  readonly columns: readonly string[];
}

/** The number that a sequence gave last. */
export interface DumpedSequence {
  readonly name: string;
  readonly last: number;
  readonly called: boolean;
}

/** One consistent look at a database: what is read through it is of the same instant, whatever is written meanwhile. */
export interface Dump {
  /** Tables of schema `public`, those that others refer to first. */
  readonly tables: readonly DumpedTable[];
  readonly sequences: readonly DumpedSequence[];
  /** Rows of a table in the text format of COPY. One table at a time. */
  rows(table: DumpedTable): Readable;
  query<Row extends object>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

/**
 * Takes the look: from here on nothing that is committed later is seen. No lock that anybody would wait for is held, and
 * the program `pg_dump`, which must be as new as the server, is not needed (decisions/0010).
 * @throws what the database says
 */
export async function openDump(url: string): Promise<Dump> {
  let client: Client | null = null;
  try {
    const connection = (client = await openConnection(url, "vesper backup"));
    await client.query("begin isolation level repeatable read read only");
    const tables = await dumpedTables(client);
    return {
      tables,
      sequences: await dumpedSequences(client),
      rows: (table) => copyOut(connection, `copy ${target(table)} to stdout`),
      query: async <Row extends object>(sql: string) => (await connection.query<Row>(sql)).rows,
      close: () => closeConnection(connection),
    };
  } catch (error) {
    if (client !== null) await closeConnection(client);
    throw new Error(`The database at ${shownAddress(url)} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** The table with its columns, as COPY names it. */
export function target({ name, columns }: DumpedTable): string {
  return `${escapeIdentifier(name)} (${columns.map((column) => escapeIdentifier(column)).join(", ")})`;
}

/** Tables of schema `public` with their columns, those that others refer to first. */
export async function dumpedTables(client: Client): Promise<DumpedTable[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; refers_to: string[] }>(TABLES);
  const left = new Map(rows.map((row) => [row.name, row]));
  const ordered: DumpedTable[] = [];
  while (left.size > 0) {
    const ready = [...left.values()].filter(
      ({ name, refers_to }) => !refers_to.some((other) => other !== name && left.has(other)),
    );
    if (ready.length === 0)
      throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join(", ")}`);
    for (const { name, columns } of ready) {
      ordered.push({ name, columns });
      left.delete(name);
    }
  }
  return ordered;
}

/** Generated columns are computed again when the rows come back. */
const TABLES = `
  select c.relname as name,
    (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
    (select coalesce(array_agg(distinct other.relname::text), '{}') from pg_constraint f
     join pg_class other on other.oid = f.confrelid where f.conrelid = c.oid and f.contype = 'f') as refers_to
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
  order by c.relname`;

async function dumpedSequences(client: Client): Promise<DumpedSequence[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'S' order by c.relname`,
  );
  const sequences: DumpedSequence[] = [];
  for (const { name } of rows) {
    const found = await client.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${escapeIdentifier(name)}`,
    );
    const [row] = found.rows;
    if (row !== undefined) sequences.push({ name, last: Number(row.last), called: row.called });
  }
  return sequences;
}
