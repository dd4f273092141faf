import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Database, openDatabase } from "../../db/orm.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { builtSequence, newSchedule, openNight, plannedRow, storeRequest, T0 } from "./fixtures.ts";

let server: TestPostgres;
let database: Database;
let nightId: string;

beforeAll(async () => {
  server = await startPostgres();
  database = await openDatabase(await server.createMigrated("request_lists"));
  await storeRequest(database);
  nightId = await openNight(database);
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
});

test("a summary sums the sequences of a request: targets once in their order, what is done, held, spent and planned", async () => {
  const { id } = await database.requests.create({
    name: "Three of two",
    comment: "",
    programmeId: "GALAXIES",
    userId: "U0001",
    sequences: [
      builtSequence({ targetName: "M 82" }),
      builtSequence({ targetName: "M 81" }),
      builtSequence({ targetName: "M 82" }),
    ],
    submit: true,
    wallMs: T0,
  });
  const [before] = (await database.requests.summaries({ text: "Three of two" })).items;
  expect(before).toMatchObject({
    id,
    targets: ["M 82", "M 81"],
    sequences: 3,
    executed: 0,
    executing: false,
    plannedMs: null,
    spentS: 0,
    heldS: 0,
    changedWallMs: T0,
  });

  const attempt = { sequenceId: `${id}-1`, attempt: 1, atMs: T0, atWallMs: T0 };
  await database.quota.reserve({ ...attempt, programmeId: "GALAXIES", seconds: 200 });
  await database.quota.settle({ ...attempt, outcome: "completed", storedExposureS: 200, note: "done" });
  await database.quota.reserve({
    ...attempt,
    sequenceId: `${id}-2`,
    programmeId: "GALAXIES",
    seconds: 150.5,
  });
  await database.sequences.setStatus({ id: `${id}-1`, status: "executed", reason: null, wallMs: T0 + 1 });
  await database.sequences.setStatus({ id: `${id}-2`, status: "executing", reason: null, wallMs: T0 + 2 });
  await planned([
    { sequenceId: `${id}-3`, tspMs: T0 + 90_000 },
    { sequenceId: `${id}-2`, tspMs: T0 + 60_000 },
  ]);
  const [after] = (await database.requests.summaries({ text: "Three of two" })).items;
  expect(after).toMatchObject({
    executed: 1,
    executing: true,
    plannedMs: T0 + 60_000,
    spentS: 200,
    heldS: 150.5,
    changedWallMs: T0 + 2,
  });
  // The newest schedule alone counts.
  await planned([{ sequenceId: `${id}-3`, tspMs: T0 + 70_000 }]);
  const [anew] = (await database.requests.summaries({ text: "Three of two" })).items;
  expect(anew?.plannedMs).toBe(T0 + 70_000);
});

test("a request without sequences has a summary, and pages of a search have its whole count", async () => {
  for (const name of ["Search one", "Search two", "Search three"]) {
    await database.requests.create({
      name,
      comment: "",
      programmeId: "GALAXIES",
      userId: "U0001",
      sequences: [],
      submit: false,
      wallMs: T0 + 1_000,
    });
  }
  const first = await database.requests.summaries({ text: "search", limit: 2 });
  expect(first.total).toBe(3);
  expect(first.items.map(({ name }) => name)).toEqual(["Search three", "Search two"]);
  expect(first.items[0]).toMatchObject({ sequences: 0, targets: [], changedWallMs: T0 + 1_000 });
  const last = first.items.at(-1);
  const after = { atMs: last?.createdWallMs ?? 0, id: last?.id ?? "" };
  const second = await database.requests.summaries({ text: "search", limit: 2, after });
  expect(second.items.map(({ name }) => name)).toEqual(["Search one"]);
  expect(second.total).toBe(3);
  expect(await database.requests.summaries({ text: "nothing has this" })).toEqual({ items: [], total: 0 });
  expect((await database.requests.summaries({ text: "search", limit: 2, offset: 4 })).total).toBe(3);
  const found = await database.requests.list({ text: "search" });
  expect(found.items.map(({ name }) => name)).toEqual(["Search three", "Search two", "Search one"]);
  expect(await database.requests.total({ text: "search" })).toEqual({ total: 3 });
  expect((await database.requests.total({ userId: "U0001" })).total).toBe(5);
});

async function planned(rows: readonly { readonly sequenceId: string; readonly tspMs: number }[]) {
  const planned = rows.map(({ sequenceId, tspMs }, order) => plannedRow(sequenceId, order, tspMs));
  await database.schedules.store(newSchedule(nightId, T0 + rows.length, planned));
}
