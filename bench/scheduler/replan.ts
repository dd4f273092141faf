/**
 * How long a re-plan in mid-night takes, everything in it: candidates and quota read, the plan made in its thread, reservations
 * and the schedule stored. The demonstration night on a PostgreSQL of its own, a sequence executing, a re-plan every minute of
 * the sky; every other one brings a new request, as in life.
 *
 *   node bench/scheduler/replan.ts [--replans 40] [--copies 1]
 *
 * `--copies` multiplies the requests of the demonstration. Writes bench/results/replan.json.
 */
import { writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { MockActivityEnvironment } from "@temporalio/testing";
import { createPlanningActivities, type NextStep } from "../../activities/planning.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { migrate } from "../../db/migrate.ts";
import { openDatabase, type Database } from "../../db/orm.ts";
import { seed } from "../../db/seed.ts";
import { seedRequests } from "../../db/seeds/requests.ts";
import { NO_MEASUREMENT } from "../../domain/night/overhead.ts";
import { createPlanningThread } from "../../scheduler/index.ts";
import { startPostgres } from "../../test/support/postgres.ts";

const DATE = "2026-11-20";
const LIMIT_MS = 100;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: { replans: { type: "string", default: "40" }, copies: { type: "string", default: "1" } },
});
const root = path.resolve(import.meta.dirname, "../..");
const observatory = loadObservatory(path.join(root, "observatories/colibri.json"), {});
const server = await startPostgres();
try {
  await migrate(server.url);
  const database = await openDatabase(server.url, { statementTimeoutMs: 8_000 });
  const planner = createPlanningThread();
  try {
    await measure(database, planner);
  } finally {
    await planner.close();
    await database.close();
  }
} finally {
  await server.stop();
}

async function measure(database: Database, planner: ReturnType<typeof createPlanningThread>): Promise<void> {
  const spent = new Map<string, number>();
  const planning = createPlanningActivities({
    database: timed(database, spent),
    planner: timed({ planner }, spent).planner,
    wallMs: Date.now,
  });
  const { duskMs, dawnMs, nightId } = await openNight(database, planning);
  const tonight = { observatory, nightId, duskMs, dawnMs, overhead: NO_MEASUREMENT };
  const step: NextStep = await new MockActivityEnvironment().run(planning.decideNext, {
    ...tonight,
    nowMs: duskMs,
    replan: "first schedule of the night",
    lastLatenessReplanMs: null,
    unavailable: {},
  });
  if (step.kind !== "observe") throw new Error(`nothing to observe at dusk: ${step.why}`);
  const { sequenceId } = step.plan;
  await database.sequences.setStatus({ id: sequenceId, status: "executing", reason: null, wallMs: 1 });
  spent.clear();
  const tookMs: number[] = [];
  for (let k = 1; k <= Number(values.replans); k += 1) {
    const nowMs = duskMs + k * MINUTE_MS;
    if (k % 2 === 0) await newRequest(database, k, nowMs);
    const began = performance.now();
    await new MockActivityEnvironment().run(planning.planBeside, {
      ...tonight,
      nowMs,
      cause: `re-plan ${k}`,
      executing: { sequenceId, startMs: duskMs, endMs: nowMs + 10 * MINUTE_MS },
    });
    tookMs.push(performance.now() - began);
    const kept = (await database.schedules.current(nightId))?.rows.find(
      (row) => row.sequenceId === sequenceId,
    );
    if (kept?.status !== "executing" || kept.tspMs !== duskMs)
      throw new Error("the executing row was not kept");
  }
  report(await rowsOf(database, nightId), tookMs, spent);
}

/** The demonstration, `--copies` times, at the dusk of its night. */
async function openNight(
  database: Database,
  planning: ReturnType<typeof createPlanningActivities>,
): Promise<{ duskMs: number; dawnMs: number; nightId: string }> {
  const { duskMs, dawnMs } = await planning.nightTimes({ observatory, date: DATE });
  if (duskMs === null || dawnMs === null) throw new Error(`${DATE} has no night`);
  const nowMs = duskMs - 60 * MINUTE_MS;
  await seed(database, { observatory, nowMs, wallMs: 1, strategies: [], demo: { passwordHash: "x" } });
  for (let copy = 1; copy < Number(values.copies); copy += 1) {
    for (const { request } of demonstration(nowMs)) await database.requests.create(request);
  }
  const night = await database.nights.open({
    site: observatory.site.id,
    date: DATE,
    openedBy: "bench",
    phase: "observing",
    startedMs: duskMs,
    startedWallMs: 1,
    almanac: { duskMs },
  });
  return { duskMs, dawnMs, nightId: night.id };
}

/** One of the demonstration's requests, asked for once more. */
async function newRequest(database: Database, k: number, nowMs: number): Promise<void> {
  const requests = demonstration(nowMs);
  const { request } = requests[k % requests.length] as (typeof requests)[number];
  await database.requests.create({ ...request, name: `${request.name} ${k}` });
}

function demonstration(nowMs: number) {
  return seedRequests({ observatory, nowMs, userId: "U0001", wallMs: 1 });
}

/** The same repositories, each call of theirs added to `spent`, wall ms by name. */
function timed<T extends object>(repositories: T, spent: Map<string, number>): T {
  const timedCalls = (name: string, repository: object): object =>
    new Proxy(repository, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]): Promise<unknown> => {
          const began = performance.now();
          try {
            return await (member as (...given: unknown[]) => unknown).apply(target, args);
          } finally {
            const call = `${name}.${String(key)}`;
            spent.set(call, (spent.get(call) ?? 0) + performance.now() - began);
          }
        };
      },
    });
  return new Proxy(repositories, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      return typeof member === "object" && member !== null ? timedCalls(String(key), member) : member;
    },
  });
}

async function rowsOf(database: Database, nightId: string): Promise<{ planned: number; refused: number }> {
  const rows = (await database.schedules.current(nightId))?.rows ?? [];
  const refused = rows.filter((row) => row.status === "refused").length;
  return { planned: rows.length - refused, refused };
}

function report(
  rows: { planned: number; refused: number },
  tookMs: readonly number[],
  spent: ReadonlyMap<string, number>,
): void {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) * 10) / 10;
  const shareOf = [...spent]
    .sort(([, a], [, b]) => b - a)
    .map(([call, ms]): [string, number] => [call, Math.round((ms / tookMs.length) * 10) / 10]);
  const result = {
    machine: {
      cpu: os.cpus()[0]?.model ?? "unknown",
      cores: os.cpus().length,
      node: process.version,
      loadAverage: os.loadavg(),
    },
    rows,
    replans: tookMs.length,
    firstMs: Math.round(tookMs[0] ?? 0),
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    maxMs: at(1),
    meanMsByCall: Object.fromEntries(shareOf),
  };
  console.log(JSON.stringify(result, null, 2));
  writeFileSync(path.join(root, "bench/results/replan.json"), `${JSON.stringify(result, null, 2)}\n`);
  if (result.p50Ms >= LIMIT_MS) process.exitCode = 1;
}
