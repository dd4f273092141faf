import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { MikroORM } from "@mikro-orm/postgresql";
import { Client, type QueryResultRow } from "pg";
import { migrate } from "../../db/migrate.ts";
import { openDatabase } from "../../db/orm.ts";
import { ormOptions } from "../../db/orm-options.ts";
import { freePort, startPostgres, type TestPostgres } from "../support/postgres.ts";

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});

afterAll(async () => {
  await server?.stop();
});

async function query<R extends QueryResultRow>(url: string, sql: string): Promise<R[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query<R>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Columns with their types, and constraints with their rules, as the database itself says them. */
async function shapeOf(url: string): Promise<string[]> {
  const columns = await query<{ line: string }>(
    url,
    `select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
            || coalesce(datetime_precision::text, '') || coalesce(numeric_precision::text, '') as line
     from information_schema.columns where table_schema = 'public' and table_name <> 'migration'`,
  );
  const constraints = await query<{ line: string }>(
    url,
    `select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as line
     from pg_constraint where connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'migration'`,
  );
  return [...columns, ...constraints].map((row) => row.line).toSorted();
}

test("the migrations make the tables that the entities describe", async () => {
  const migrated = await server.createDatabase("migrated");
  await migrate(migrated);
  const described = await server.createDatabase("described");
  const orm = new MikroORM(
    ormOptions(described, { connectTimeoutMs: 2_000, statementTimeoutMs: 0, poolMax: 2 }),
  );
  try {
    await orm.em.fork().execute(await orm.schema.getCreateSchemaSQL());
  } finally {
    await orm.close(true);
  }
  const shape = await shapeOf(migrated);
  expect(shape.length).toBeGreaterThan(200);
  expect(shape).toEqual(await shapeOf(described));
});

test("instants are timestamps to the millisecond", async () => {
  const url = await server.createDatabase("instants");
  await migrate(url);
  const others = await query(
    url,
    `select table_name, column_name from information_schema.columns
     where table_schema = 'public' and table_name <> 'migration' and column_name ~ '(^|_)at$'
       and (data_type <> 'timestamp with time zone' or datetime_precision <> 3)`,
  );
  expect(others).toEqual([]);
});

test("migrating twice, by two processes at once, runs each migration once", async () => {
  const url = await server.createDatabase("twice");
  const ran = await Promise.all([migrate(url), migrate(url)]);
  expect(ran.flat()).toEqual([...new Set(ran.flat())]);
  expect(ran.flat()).toContain("0001-spine");
  expect(await migrate(url)).toEqual([]);
});

test("the ledger refuses to be changed", async () => {
  const url = await server.createDatabase("ledger");
  await migrate(url);
  await query(
    url,
    `insert into programme (id, name, kind, priority, description, active) values ('P', 'p', 'routine', 1, '', true);
     insert into quota_entry (programme_id, kind, seconds, grant_name, at, wall_at, note)
     values ('P', 'granted', 10, 'first', now(), now(), '')`,
  );
  await expect(query(url, "update quota_entry set seconds = 20")).rejects.toThrow(
    /append-only: update refused/,
  );
  await expect(query(url, "delete from quota_entry")).rejects.toThrow(/append-only: delete refused/);
});

test("a database that is not there is told in one sentence that names where it was looked for", async () => {
  const port = await freePort();
  const url = `postgresql://vesper:secret@127.0.0.1:${port}/vesper`;
  for (const attempt of [openDatabase(url), migrate(url)]) {
    await expect(attempt).rejects.toMatchObject({
      name: "DatabaseUnavailable",
      message: `PostgreSQL at 127.0.0.1:${port}/vesper does not answer: is it running?`,
    });
  }
});

test("a statement that takes too long is ended, and the connection is good again", async () => {
  const database = await openDatabase(await server.createDatabase("slow"), {
    statementTimeoutMs: 200,
    poolMax: 1,
  });
  try {
    const began = performance.now();
    await expect(database.orm.em.fork().execute("select pg_sleep(5)")).rejects.toThrow(/timeout/);
    expect(performance.now() - began).toBeLessThan(4_500);
    await database.ping();
  } finally {
    await database.close();
  }
});
