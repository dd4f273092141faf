import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, jest, test } from "@jest/globals";
import { MockActivityEnvironment } from "@temporalio/testing";
import { createPlanningActivities } from "../../activities/planning.ts";
import { planInThread } from "../../scheduler/index.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { planCommand } from "../../bin/commands/plan.ts";
import { migrate } from "../../db/migrate.ts";
import { type Database, openDatabase } from "../../db/orm.ts";
import { seed } from "../../db/seed.ts";
import { NO_MEASUREMENT } from "../../domain/night/overhead.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";

const DATE = "2026-11-20";
const observatory = loadObservatory(
  path.resolve(import.meta.dirname, "../../observatories/colibri.json"),
  {},
);
const urlBefore = process.env.DATABASE_URL;
let server: TestPostgres;
let database: Database;

beforeAll(async () => {
  server = await startPostgres();
  await migrate(server.url);
  database = await openDatabase(server.url);
  process.env.DATABASE_URL = server.url;
}, 60_000);

afterEach(() => {
  jest.restoreAllMocks();
});

afterAll(async () => {
  if (urlBefore === undefined) delete process.env.DATABASE_URL;
  else process.env.DATABASE_URL = urlBefore;
  await database?.close();
  await server?.stop();
});

test("vesper plan --schedule repeats a planning of the demonstration night to the byte", async () => {
  const planning = createPlanningActivities({ database, planner: { plan: planInThread }, wallMs: () => 1 });
  const times = await planning.nightTimes({ observatory, date: DATE });
  const [duskMs, dawnMs] = [times.duskMs ?? 0, times.dawnMs ?? 0];
  await seed(database, {
    observatory,
    nowMs: duskMs - 3_600_000,
    wallMs: 1,
    strategies: [],
    demo: { passwordHash: "x" },
  });
  const night = await database.nights.open({
    site: observatory.site.id,
    date: DATE,
    openedBy: "run-a",
    phase: "preparing",
    startedMs: duskMs,
    startedWallMs: 1,
    almanac: { duskMs },
  });
  const step = {
    observatory,
    nightId: night.id,
    nowMs: duskMs,
    duskMs,
    dawnMs,
    replan: "first schedule of the night",
    overhead: NO_MEASUREMENT,
    lastLatenessReplanMs: null,
    unavailable: {},
  };
  await new MockActivityEnvironment().run(planning.decideNext, step);
  const schedule = await database.schedules.current(night.id);
  const rows = schedule?.rows.filter((row) => row.status === "planned") ?? [];
  expect(rows.length).toBeGreaterThan(5);

  const said = await saidBy(["--schedule", String(schedule?.id)]);
  expect(said).toEqual({ code: 0, text: expect.stringContaining("The bytes agree.") });
  expect(said.text).toContain(`${rows.length} rows`);
  const stranger = await saidBy(["--schedule", "999"]);
  expect(stranger).toEqual({ code: 2, text: expect.stringContaining("there is no such schedule") });
}, 60_000);

async function saidBy(args: readonly string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const keep = (line: unknown): void => void lines.push(String(line));
  jest.spyOn(console, "log").mockImplementation(keep);
  jest.spyOn(console, "error").mockImplementation(keep);
  return { code: await planCommand(args), text: lines.join("\n") };
}
