import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Client } from "pg";
import { migrate } from "../../db/migrate.ts";
import { createNotificationListener, type DatabaseChange } from "../../db/notify.ts";
import { type Database, openDatabase } from "../../db/orm.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { openNight, storeRequest, T0 } from "./fixtures.ts";

let server: TestPostgres;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  await migrate(server.url);
  database = await openDatabase(server.url);
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
});

const line = (text: string) => ({
  atMs: T0,
  atWallMs: T0,
  level: "info" as const,
  module: "test",
  text,
});

async function eventually(check: () => void): Promise<void> {
  const untilMs = Date.now() + 10_000;
  for (;;) {
    try {
      return check();
    } catch (error) {
      if (Date.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test("what the live pages show is told with table and id, once the transaction commits", async () => {
  const told: DatabaseChange[] = [];
  const listener = await createNotificationListener(server.url);
  try {
    const stop = listener.onChange((change) => told.push(change));
    await database.journal.append(line("told"));
    const requestId = await storeRequest(database);
    const nightId = await openNight(database);
    const key = { planId: `${requestId}-1-vis-1`, n: 1, attempt: 1 };
    await database.exposures.start({ ...key, cameraId: "camera-vis", nightId, intendedStartMs: T0 });
    await database.exposures.start({ ...key, cameraId: "camera-vis", nightId, intendedStartMs: T0 + 1 });
    await database.exposures.move(key, "exposing");
    await database.holds.record({
      site: "colibri",
      kind: "operator",
      who: "x",
      why: "y",
      sinceMs: T0,
      sinceWallMs: T0,
    });
    const exposure = { table: "exposure", id: "R0001-1-vis-1/1/1" };
    await eventually(() =>
      expect(told).toEqual([
        { table: "journal_entry", id: "1" },
        { table: "night", id: "colibri/2026-11-19" },
        exposure,
        exposure,
        { table: "hold", id: "1" },
      ]),
    );
    const undone = database.orm.em.fork().transactional(async (em) => {
      await em.execute("update night set phase = 'observing'");
      throw new Error("rolled back");
    });
    await expect(undone).rejects.toThrow("rolled back");
    stop();
    await database.journal.append(line("not listened to"));
    expect(told).toHaveLength(5);
  } finally {
    await listener.close();
  }
});

test("a listener whose connection is cut connects anew, says so, and hears again", async () => {
  const told: DatabaseChange[] = [];
  const problems: Error[] = [];
  let reconnected = 0;
  const listener = await createNotificationListener(server.url, {
    onError: (error) => problems.push(error),
    retryMs: 20,
  });
  try {
    listener.onChange((change) => told.push(change));
    listener.onReconnect(() => (reconnected += 1));
    const admin = new Client(server.url);
    await admin.connect();
    try {
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vesper notifications'",
      );
    } finally {
      await admin.end();
    }
    await eventually(() => expect(reconnected).toBe(1));
    expect(problems.length).toBeGreaterThan(0);
    await database.journal.append(line("heard again"));
    await eventually(() => expect(told.map((change) => change.table)).toEqual(["journal_entry"]));
  } finally {
    await listener.close();
  }
});
