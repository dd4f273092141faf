import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { escapeIdentifier, type Client } from "pg";
import { shownAddress } from "./connection.ts";
import { copyIn } from "./copy.ts";
import { dumpedTables, target, type DumpedSequence, type DumpedTable } from "./dump.ts";
import { closeConnection, openConnection } from "./one-connection.ts";

/** Nobody else has business in a database that is being restored: whoever holds a lock is told of, not waited for. */
const LOCK_LIMIT_MS = 10_000;

export interface Load {
  readonly tables: readonly DumpedTable[];
  readonly sequences: readonly DumpedSequence[];
  /** The rows of a table in the text format of COPY. */
  rowsOf(table: DumpedTable): Readable;
  /** The number that a sequence is to give next, from the one it gave last in the dump; null: go on behind it. */
  readonly nextNumber: ((sequence: DumpedSequence) => number) | null;
  /** Tables whose rows must be the same in dump and database, and are left alone: versions of somebody else's schema. */
  readonly fixed?: readonly string[];
}

/**
 * Puts a dump into a database that has its tables, in one transaction: whatever was in them is replaced, or nothing is.
 * Foreign keys and rules are checked on the way. The triggers that tell live pages of each row stay silent.
 * @param then further statements of the same transaction
 * @throws Error with a sentence when the tables are not those of the dump, or the database refuses
 */
export async function loadDump(
  url: string,
  load: Load,
  then: (client: Client) => Promise<void> = async () => undefined,
): Promise<void> {
  const fixed = new Set(load.fixed);
  const tables = load.tables.filter(({ name }) => !fixed.has(name));
  await withClient(url, async (client) => {
    await client.query("begin");
    await client.query(`set local lock_timeout = ${LOCK_LIMIT_MS}`);
    compareTables(load.tables, await dumpedTables(client), url);
    const names = tables.map(({ name }) => escapeIdentifier(name));
    if (names.length > 0) await client.query(`truncate ${names.join(", ")}`);
    for (const name of names) await client.query(`alter table ${name} disable trigger user`);
    for (const table of tables) {
      await pipeline(load.rowsOf(table), copyIn(client, `copy ${target(table)} from stdin`));
    }
    for (const name of names) await client.query(`alter table ${name} enable trigger user`);
    for (const sequence of load.sequences) {
      const { name, last, called } = sequence;
      const next = load.nextNumber === null ? null : load.nextNumber(sequence);
      await client.query("select setval($1::regclass, $2, $3)", [
        escapeIdentifier(name),
        next ?? last,
        next === null ? called : false,
      ]);
    }
    await then(client);
    await client.query("commit");
    // Plans made for empty tables would be slow until the server notices by itself.
    await client.query("analyze");
  });
}

function compareTables(dumped: readonly DumpedTable[], there: readonly DumpedTable[], url: string): void {
  const shapeOf = ({ name, columns }: DumpedTable): string => `${name}(${[...columns].sort().join(", ")})`;
  const known = new Set(there.map(shapeOf));
  const wanted = new Set(dumped.map(shapeOf));
  const missing = [...wanted].filter((shape) => !known.has(shape));
  const strange = [...known].filter((shape) => !wanted.has(shape));
  if (missing.length + strange.length === 0) return;
  throw new Error(
    `The tables of ${shownAddress(url)} are not those of the backup: missing ${missing.join("; ") || "none"}, not in the backup ${strange.join("; ") || "none"}.`,
  );
}

/** What is in a database: tables that have rows, and who is connected to it besides us. */
export async function lookAtDatabase(
  url: string,
): Promise<{ readonly filled: readonly string[]; readonly users: readonly string[] }> {
  return withClient(url, async (client) => {
    const filled: string[] = [];
    for (const { name } of await dumpedTables(client)) {
      const { rowCount } = await client.query(`select 1 from ${escapeIdentifier(name)} limit 1`);
      if (rowCount === 1) filled.push(name);
    }
    const { rows } = await client.query<{ who: string }>(
      `select application_name || ' (pid ' || pid || ')' as who from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
       order by pid`,
    );
    return { filled, users: rows.map(({ who }) => who) };
  });
}

/** Takes everything out of schema `public`: tables, sequences, functions. What belongs to an extension stays. */
export async function emptyDatabase(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query("begin");
    await client.query(`set local lock_timeout = ${LOCK_LIMIT_MS}`);
    const { rows } = await client.query<{ statement: string }>(OURS);
    for (const { statement } of rows) await client.query(statement);
    await client.query("commit");
  });
}

const OURS = `
  select 'drop ' || case c.relkind when 'S' then 'sequence' when 'v' then 'view' else 'table' end
    || ' if exists ' || c.oid::regclass || ' cascade' as statement
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'S', 'v')
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  union all
  select 'drop function if exists ' || p.oid::regprocedure || ' cascade'
  from pg_proc p
  where p.pronamespace = 'public'::regnamespace
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openConnection(url, "vesper restore");
  try {
    return await work(client);
  } finally {
    await closeConnection(client);
  }
}
