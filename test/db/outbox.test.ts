import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { enqueue } from "../../db/repositories/outbox.ts";
import { type Database, openDatabase } from "../../db/orm.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { storeAlert, storeRequest, T0 } from "./fixtures.ts";

const HOLD_MS = 30_000;
let server: TestPostgres;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  database = await openDatabase(await server.createMigrated("outbox"));
}, 120_000);

afterEach(async () => {
  await database.orm.em.fork().execute("truncate outbox, fsc_message, report, analysis");
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
});

const message = (key: string, topic: "ic.schedule" | "ic.status" = "ic.schedule") => ({
  topic,
  key,
  payload: { key },
  createdWallMs: T0,
});

const keysOf = (rows: readonly { key: string }[]): string[] => rows.map((row) => row.key);

test("a message is there exactly when its transaction is, and once by its key", async () => {
  const broken = database.orm.em.fork().transactional(async (em) => {
    await enqueue(em, message("lost"));
    throw new Error("the schedule could not be stored");
  });
  await expect(broken).rejects.toThrow(/could not be stored/);
  expect((await database.outbox.list()).total).toBe(0);

  expect(await database.outbox.add(message("schedule/1"))).toBe(true);
  expect(await database.outbox.add({ ...message("schedule/1"), payload: { other: true } })).toBe(false);
  expect((await database.outbox.list()).items).toMatchObject([
    {
      topic: "ic.schedule",
      destination: "ic",
      key: "schedule/1",
      payload: { key: "schedule/1" },
      attempts: 0,
    },
  ]);
});

test("one message of a lane is in hand at a time, the oldest first; lanes do not wait for each other", async () => {
  for (const key of ["a", "b"]) await database.outbox.add(message(key));
  await database.outbox.add(message("s", "ic.status"));
  const topics = ["ic.schedule", "ic.status"] as const;

  const [one, two] = await Promise.all([
    database.outbox.claim(topics, T0, HOLD_MS, 10),
    database.outbox.claim(topics, T0, HOLD_MS, 10),
  ]);
  expect(keysOf([...one, ...two]).toSorted()).toEqual(["a", "s"]);
  expect(await database.outbox.claim(topics, T0 + 1, HOLD_MS, 10)).toEqual([]);
  const a = [...one, ...two].find((row) => row.key === "a");
  await database.outbox.delivered(a?.id ?? 0, T0 + 2);
  expect(keysOf(await database.outbox.claim(topics, T0 + 3, HOLD_MS, 10))).toEqual(["b"]);
});

test("what a dead deliverer had in hand is taken up again", async () => {
  await database.outbox.add(message("a"));
  await database.outbox.claim(["ic.schedule"], T0, HOLD_MS, 10);
  expect(await database.outbox.claim(["ic.schedule"], T0 + HOLD_MS - 1, HOLD_MS, 10)).toEqual([]);
  const again = await database.outbox.claim(["ic.schedule"], T0 + HOLD_MS, HOLD_MS, 10);
  expect(again).toMatchObject([{ key: "a", attempts: 2 }]);
});

test("a message that is put off keeps its lane waiting; one refused for good stands aside until it is retried", async () => {
  for (const key of ["a", "b"]) await database.outbox.add(message(key));
  const [a] = await database.outbox.claim(["ic.schedule"], T0, HOLD_MS, 10);
  const id = a?.id ?? 0;
  await database.outbox.postponed(id, 1, "503", T0 + 5_000);
  expect(await database.outbox.claim(["ic.schedule"], T0 + 4_999, HOLD_MS, 10)).toEqual([]);
  expect(await database.outbox.claim(["ic.schedule"], T0 + 5_000, HOLD_MS, 10)).toMatchObject([
    { id, attempts: 2 },
  ]);
  // News of the first attempt that come late do not undo the second.
  await database.outbox.failed(id, 1, "late");
  expect(await database.outbox.one(id)).toMatchObject({ state: "waiting", attempts: 2, lastProblem: "503" });

  await database.outbox.failed(id, 2, "422: no such site");
  expect(await database.outbox.lanes()).toEqual([
    { topic: "ic.schedule", destination: "ic", waiting: 1, failed: 1, oldestWaitingWallMs: T0 },
  ]);
  expect(keysOf(await database.outbox.claim(["ic.schedule"], T0 + 6_000, HOLD_MS, 10))).toEqual(["b"]);
  expect(await database.outbox.retry(id, T0 + 7_000)).toBe(true);
  expect(keysOf(await database.outbox.claim(["ic.schedule"], T0 + 7_000, HOLD_MS, 10))).toEqual(["a"]);
  await database.outbox.delivered(id, T0 + 8_000);
  expect(await database.outbox.retry(id, T0 + 9_000)).toBe(false);
  expect((await database.outbox.list({ state: "delivered" })).items).toMatchObject([
    { key: "a", attempts: 3 },
  ]);
});

test("order is the order of the commits, even when two transactions write into one lane at once", async () => {
  const slow = database.orm.em.fork().transactional(async (em) => {
    await enqueue(em, message("first"));
    await em.execute("select pg_sleep(0.3)");
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await Promise.all([slow, database.outbox.add(message("second"))]);
  expect(keysOf((await database.outbox.list()).items)).toEqual(["second", "first"]);
});

test("a message of FSC is stored once by its id", async () => {
  const stored = {
    id: "msg_1",
    type: "strategy.update",
    sentWallMs: T0,
    receivedMs: T0,
    receivedWallMs: T0,
    digest: "0".repeat(64),
    payload: { rank: 1 },
  };
  expect(await database.fscMessages.store(stored)).toEqual({ message: stored, duplicate: false });
  const again = await database.fscMessages.store({ ...stored, type: "other", receivedWallMs: T0 + 1 });
  expect(again).toEqual({ message: stored, duplicate: true });
  expect(await database.fscMessages.list()).toEqual({ items: [stored], total: 1 });
});

test("a report is stored with its message to FSC, once per version, from an analysis that has ended as it says", async () => {
  const sequenceId = `${await storeRequest(database)}-1`;
  await storeAlert(database);
  const running = {
    sequenceId,
    state: "running" as const,
    startedWallMs: T0,
    endedWallMs: null,
    reason: null,
    results: null,
  };
  await database.analyses.upsert(running);
  await expect(database.analyses.upsert({ ...running, state: "done" })).rejects.toThrow(
    /analysis_(ended|done)_check/,
  );
  await database.analyses.upsert({
    ...running,
    state: "done",
    endedWallMs: T0 + 1,
    results: { candidates: [] },
  });
  const report = {
    alertKey: "swift-1016881",
    version: 1,
    sequenceId,
    document: { found: 0 },
    madeMs: T0,
    madeWallMs: T0,
  };
  expect(await database.analyses.report(report)).toBe(true);
  expect(await database.analyses.report({ ...report, document: { found: 1 } })).toBe(false);
  await expect(database.analyses.report({ ...report, version: 2, sequenceId: "none" })).rejects.toThrow(
    /foreign key/,
  );
  expect(await database.analyses.reportsOf("swift-1016881")).toMatchObject([
    { version: 1, document: { found: 0 } },
  ]);
  expect((await database.outbox.list({ topic: "fsc.report" })).items).toMatchObject([
    { key: "swift-1016881/1", destination: "fsc", payload: { report: { found: 0 } } },
  ]);
});
