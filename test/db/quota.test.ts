import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { migrate } from "../../db/migrate.ts";
import { type Database, openDatabase } from "../../db/orm.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { storeRequest, T0 } from "./fixtures.ts";

let server: TestPostgres;
let database: Database;
let number = 0;

beforeAll(async () => {
  server = await startPostgres();
});

beforeEach(async () => {
  await database?.close();
  number += 1;
  const url = await server.createDatabase(`quota${number}`);
  await migrate(url);
  database = await openDatabase(url);
  await storeRequest(database);
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
});

const attempt = (attempt: number, sequenceId = "R0001-1") => ({
  sequenceId,
  attempt,
  atMs: T0,
  atWallMs: T0,
});
const reserve = (n: number, seconds: number, sequenceId?: string) =>
  database.quota.reserve({ ...attempt(n, sequenceId), programmeId: "GALAXIES", seconds });
const settle = (n: number, outcome: "completed" | "interrupted" | "cancelled", storedExposureS: number) =>
  database.quota.settle({ ...attempt(n), outcome, storedExposureS, note: outcome });

test("an interrupted attempt costs the exposure time that is stored; what is left reserves anew", async () => {
  expect(await reserve(1, 273.6)).toEqual({ reserved: true, reservedS: 273.6, availableS: 3326.4 });
  expect(await settle(1, "interrupted", 60.5)).toEqual({ spentS: 60.5, returnedS: 213.1 });
  expect(await database.quota.balance("GALAXIES")).toEqual({
    grantedS: 3600,
    openS: 0,
    spentS: 60.5,
    availableS: 3539.5,
  });
  expect(await database.sequences.detail("R0001-1")).toMatchObject({ attempt: 1 });
  expect(await reserve(2, 200.1)).toMatchObject({ reserved: true, availableS: 3339.4 });
  expect(await settle(2, "completed", 121.1)).toEqual({ spentS: 200.1, returnedS: 0 });
  expect(await database.quota.balance("GALAXIES")).toEqual({
    grantedS: 3600,
    openS: 0,
    spentS: 260.6,
    availableS: 3339.4,
  });
  expect(
    (await database.quota.list({ sequenceId: "R0001-1" })).items.map((line) => [
      line.attempt,
      line.kind,
      line.seconds,
    ]),
  ).toEqual([
    [2, "returned", 0],
    [2, "spent", 200.1],
    [2, "reserved", 200.1],
    [1, "returned", 213.1],
    [1, "spent", 60.5],
    [1, "reserved", 273.6],
  ]);
});

test("every call may run twice, at once or later, and the first settlement stands", async () => {
  await Promise.all(Array.from({ length: 8 }, () => reserve(1, 100)));
  expect(await reserve(1, 999)).toEqual({ reserved: true, reservedS: 100, availableS: 3500 });
  expect(await database.quota.openAttempts()).toEqual([
    { sequenceId: "R0001-1", attempt: 1, reservedS: 100 },
  ]);
  const outcomes = await Promise.all([
    ...Array.from({ length: 4 }, () => settle(1, "interrupted", 30)),
    ...Array.from({ length: 4 }, () => settle(1, "cancelled", 0)),
  ]);
  expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
  const balance = await database.quota.balance("GALAXIES");
  expect(balance.spentS).toBe(outcomes[0]?.spentS);
  expect(balance.availableS).toBe(3600 - balance.spentS);
  expect(balance.openS).toBe(0);
  expect(await database.quota.openAttempts()).toEqual([]);
  expect((await database.quota.list({ sequenceId: "R0001-1" })).total).toBe(3);
});

test("reservations at once do not take more than there is", async () => {
  const request = await database.requests.one("R0001");
  await database.requests.create({
    name: "many",
    comment: "",
    programmeId: "GALAXIES",
    userId: request?.userId ?? "",
    sequences: Array.from({ length: 10 }, () => ({
      targetName: "M 31",
      raDeg: 10.6847,
      decDeg: 41.2688,
      windowStartMs: T0,
      windowEndMs: T0 + 1,
      preferredMs: null,
      priority: 1,
      constraints: { minAltDeg: 30, maxAirmass: null, minMoonSepDeg: 0, maxSunAltDeg: -12 },
      albums: [],
      durationS: 1,
      overheadS: 0,
    })),
    submit: true,
    wallMs: T0,
  });
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, n) => reserve(1, 1000, `R0002-${n + 1}`)),
  );
  expect(outcomes.filter((outcome) => outcome.reserved)).toHaveLength(3);
  expect(await database.quota.balance("GALAXIES")).toMatchObject({ openS: 3000, availableS: 600 });
});

test("an attempt that reserved nothing settles nothing; the alert programme may overdraw", async () => {
  expect(await settle(1, "completed", 60)).toBeNull();
  await database.programmes.upsert({
    id: "ALERT",
    name: "Alerts",
    kind: "alert",
    priority: 0,
    description: "",
    active: true,
  });
  const reserved = await database.quota.reserve({ ...attempt(1), programmeId: "ALERT", seconds: 500 });
  expect(reserved).toEqual({ reserved: true, reservedS: 500, availableS: -500 });
  const balances = await database.quota.balances();
  expect(balances.get("ALERT")).toEqual({ grantedS: 0, openS: 500, spentS: 0, availableS: -500 });
  expect(balances.get("GALAXIES")).toMatchObject({ grantedS: 3600, availableS: 3600 });
});
