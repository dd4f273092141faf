import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Client } from "pg";
import { COUNTED_AT_MOST } from "../../db/count.ts";
import { type Database, openDatabase } from "../../db/orm.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";

let server: TestPostgres;
let client: Client;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  const url = await server.createMigrated("count");
  client = new Client(url);
  await client.connect();
  database = await openDatabase(url);
});

afterAll(async () => {
  await database?.close();
  await client?.end();
  await server?.stop();
});

async function addAudits(count: number, subject: string): Promise<void> {
  await client.query(
    `insert into audit (wall_at, action, subject, details)
     select now(), 'test', $2, '{}' from generate_series(1, $1::int)`,
    [count, subject],
  );
  await client.query("analyze audit");
}

test("a list is counted to its last row up to the limit, beyond it estimated for some seconds; a filter has its own count", async () => {
  await addAudits(COUNTED_AT_MOST - 1, "many");
  const { total, isEstimate } = await database.audits.list({});
  expect([total, isEstimate]).toEqual([COUNTED_AT_MOST - 1, undefined]);
  await addAudits(1, "many");
  // A count is not kept: whoever has just added a row sees it.
  expect((await database.audits.list({})).total).toBe(COUNTED_AT_MOST);

  await addAudits(5_000, "more");
  const estimated = await database.audits.list({});
  expect(estimated.isEstimate).toBe(true);
  expect(Math.abs(estimated.total - 15_000)).toBeLessThan(1_500);
  await addAudits(100, "more");
  const again = await database.audits.list({});
  expect(again.total).toBe(estimated.total);
  expect(again.items).toHaveLength(50);

  const filtered = await database.audits.list({ userId: "U0001" });
  expect(filtered).toMatchObject({ total: 0, items: [] });
  expect(filtered.isEstimate).toBeUndefined();
});
