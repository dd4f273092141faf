import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type Database, openDatabase } from "../../db/orm.ts";
import type { RaisedAlarm } from "../../domain/safety/alarms.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { T0 } from "./fixtures.ts";

const SITE = "colibri";
let server: TestPostgres;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  database = await openDatabase(await server.createMigrated("alarms"));
});

afterEach(async () => {
  await database.orm.em.fork().execute("truncate alarm");
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
});

function alarm(key: string, change: Partial<RaisedAlarm> = {}): RaisedAlarm {
  return {
    key,
    level: "HIGH",
    text: `${key} is wrong.`,
    guidance: "Look.",
    page: "/night",
    hiddenBy: null,
    ...change,
  };
}

const sync = (atMs: number, ...alarms: RaisedAlarm[]) =>
  database.alarms.sync({ site: SITE, alarms, atMs: T0, wallMs: T0 + atMs });
const open = () => database.alarms.open(SITE);
async function idOf(key: string): Promise<number> {
  const found = (await open()).find((row) => row.key === key);
  if (found === undefined) throw new Error(`${key} is not open`);
  return found.id;
}

test("the table follows the whole set, and the same set twice changes nothing", async () => {
  const first = await sync(0, alarm("a"), alarm("b", { level: "CRITICAL" }));
  expect(first.raised.map(({ key }) => key)).toEqual(["a", "b"]);
  expect(await sync(1, alarm("a"), alarm("b", { level: "CRITICAL" }))).toEqual({ raised: [], returned: [] });
  expect((await open()).map(({ key }) => key)).toEqual(["b", "a"]);
  expect(await database.alarms.summary(SITE)).toEqual({ active: 2, fresh: 2, hidden: 0, worst: "CRITICAL" });
});

test("one that is over stays until acknowledged, and leaves the list then", async () => {
  await sync(0, alarm("a"));
  expect((await sync(1_000)).returned).toMatchObject([
    { key: "a", latched: true, returnedWallMs: T0 + 1_000 },
  ]);
  expect(await database.alarms.summary(SITE)).toMatchObject({ active: 0, fresh: 1 });
  const id = await idOf("a");
  const first = await database.alarms.acknowledge({ id, by: "Ann", note: "seen", wallMs: T0 + 2_000 });
  expect(first).toMatchObject({
    changed: true,
    alarm: { acknowledgedBy: "Ann", note: "seen", closedWallMs: T0 + 2_000 },
  });
  expect(await open()).toEqual([]);
  expect((await database.alarms.list({ site: SITE })).total).toBe(1);
});

test("acknowledged while it lasts: it stays on the list with the name, and goes when its cause goes", async () => {
  await sync(0, alarm("a"));
  const id = await idOf("a");
  await database.alarms.acknowledge({ id, by: "Ann", note: null, wallMs: T0 + 1 });
  expect(await database.alarms.acknowledge({ id, by: "Bob", note: null, wallMs: T0 + 2 })).toMatchObject({
    changed: false,
    alarm: { acknowledgedBy: "Ann" },
  });
  // The next look, and a restart, keep it so.
  expect((await sync(3, alarm("a"))).raised).toEqual([]);
  expect(await open()).toMatchObject([{ acknowledgedBy: "Ann", returnedWallMs: null, closedWallMs: null }]);
  expect(await database.alarms.summary(SITE)).toMatchObject({ active: 1, fresh: 0 });
  await sync(4);
  expect(await open()).toEqual([]);
});

test("one that comes again before anybody saw it is the same row, counted", async () => {
  await sync(0, alarm("a"));
  await sync(1);
  const { raised } = await sync(2, alarm("a"));
  expect(raised).toMatchObject([{ key: "a", times: 2, returnedWallMs: null, latched: false }]);
  expect(await open()).toHaveLength(1);
});

test("a LOW one that was short leaves by itself", async () => {
  await sync(0, alarm("a", { level: "LOW" }));
  await sync(10_000);
  expect(await open()).toEqual([]);
});

test("hidden ones are counted apart and nobody is told of them", async () => {
  await sync(0, alarm("device:plc"), alarm("plc:fire", { level: "CRITICAL", hiddenBy: "device:plc" }));
  expect(await database.alarms.summary(SITE)).toEqual({ active: 1, fresh: 1, hidden: 1, worst: "HIGH" });
  expect((await database.alarms.toNotify(SITE)).map(({ key }) => key)).toEqual(["device:plc"]);
});

test("people are told of each alarm once", async () => {
  await sync(0, alarm("a"), alarm("low", { level: "LOW" }));
  const [only] = await database.alarms.toNotify(SITE);
  expect(only?.key).toBe("a");
  expect(await database.alarms.markNotified(only?.id ?? 0, T0)).toBe(true);
  expect(await database.alarms.markNotified(only?.id ?? 0, T0)).toBe(false);
  expect(await database.alarms.toNotify(SITE)).toEqual([]);
});
