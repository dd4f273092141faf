import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { typicalPacket } from "../../domain/alerts/typical.ts";
import type { Notice } from "../../domain/alerts/notice.ts";
import type { Observatory } from "../../domain/observatory.ts";
import {
  endNightUpdate,
  noticeSignal,
  pauseUpdate,
  resumeUpdate,
  stateQuery,
  type AlertInput,
  type ObservatoryState,
} from "../../workflows/messages.ts";
import { alertWorkflowId, taskQueues } from "../../workflows/names.ts";
import { readNotice, STRATEGY } from "../alerts/packets.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import { majordomeId, openMajordomeRig, startDevServer, type FakeSky } from "./majordome-rig.ts";
import {
  duskAndDawn,
  MINUTE_MS,
  nightId,
  nightWorkflow,
  observatory,
  targetEastOf,
  type NightRig,
} from "./rig.ts";

/** Histories of more events than this are to be continued as new; 4,096 in production. */
const SUGGESTED_EVENTS = 60;
const RATE = 60;
/** Weather lifts after 2 min of sky, and a burst is worth two frames: the wall time of a test is short. */
const quick: Observatory = { ...observatory, weather: { ...observatory.weather, safeForMin: 2 } };
const strategy = {
  ...STRATEGY,
  rules: STRATEGY.rules.map((rule) => ({
    ...rule,
    observation: { plan: [{ instrument: "vis", filter: "r", exposureS: 30, count: 2 }] },
  })),
};
const PATIENCE_MS = 120_000;
const siteId = observatory.site.id;
const queues = taskQueues(siteId);

let postgres: TestPostgres;
let env: TestWorkflowEnvironment;
let rig: NightRig;
let sky: FakeSky;
let decisions: readonly string[];

beforeAll(async () => {
  postgres = await startPostgres();
  env = await startDevServer(
    "--dynamic-config-value",
    `limit.historyCount.suggestContinueAsNew=${SUGGESTED_EVENTS}`,
  );
  const { duskMs } = duskAndDawn();
  const opened = await openMajordomeRig(env, postgres, "continue", duskMs - 5 * MINUTE_MS, RATE);
  ({ rig, sky, decisions } = opened);
}, 300_000);
afterAll(async () => {
  // Not waited for: the watch never ends by itself.
  void rig?.close().catch(() => undefined);
  await sleep(1_000);
  await env?.teardown();
  await postgres?.stop();
}, 60_000);

async function until<T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  const endMs = Date.now() + PATIENCE_MS;
  while (Date.now() < endMs) {
    const found = await look().catch(() => null);
    if (found !== null && found !== undefined && found !== false) return found;
    await sleep(50);
  }
  const now = await env.client.workflow.getHandle(majordomeId).query(stateQuery);
  throw new Error(`${what}: not seen; the observatory says ${JSON.stringify(now)}`);
}

const majordome = (): WorkflowHandle => env.client.workflow.getHandle(majordomeId);
const state = async (): Promise<ObservatoryState> =>
  (await majordome().query(stateQuery)) as ObservatoryState;
const holdsAre = (...kinds: string[]) =>
  until(`holds are [${kinds.join()}]`, async () => {
    const now = (await state()).holds.map(({ kind }) => kind as string);
    return now.sort().join() === kinds.sort().join();
  });
const storedFrames = (): string[] =>
  rig.world.acts.flatMap(({ what }) => (what.startsWith("stored ") ? [what.slice(7)] : []));
const statusOf = async (id: string): Promise<string | undefined> =>
  (await rig.database.sequences.detail(id))?.status;

/** A burst as the intake hands it on: its row first, then the notice. */
async function burst(key: string, triggerId: string): Promise<() => Promise<unknown>> {
  const nowMs = await rig.nowMs();
  const place = targetEastOf(1.5);
  const packet = typicalPacket("swift-bat", { triggerId, t0Ms: nowMs - 30_000, noticeMs: nowMs, ...place });
  const notice: Notice = readNotice(new TextEncoder().encode(packet));
  await rig.database.alerts.upsert({
    key,
    site: siteId,
    stream: notice.stream,
    status: "active",
    decision: "OPEN",
    slew: false,
    rule: "",
    reason: "",
    rank: 10,
    t0Ms: notice.t0Ms,
    ...place,
    errorDeg: 0.05,
    generation: 0,
    workflowId: alertWorkflowId(siteId, key),
    state: {},
    closed: false,
    updatedWallMs: Date.now(),
  });
  const send = () =>
    env.client.workflow.signalWithStart("alert", {
      workflowId: alertWorkflowId(siteId, key),
      taskQueue: queues.control,
      args: [
        {
          alertKey: key,
          siteId,
          observatory: quick,
          clock: rig.clock,
          strategy,
          nightWorkflowId: nightWorkflow,
          carried: null,
        } satisfies AlertInput,
      ],
      signal: noticeSignal,
      signalArgs: [{ noticeId: triggerId, notice, receivedWallMs: Date.now() }],
    });
  await send();
  return send;
}

/** All runs of one workflow, in order, with the length of each and how it ended. */
async function runsOf(workflowId: string) {
  const runs = [];
  for await (const run of env.client.workflow.list({ query: `WorkflowId = "${workflowId}"` })) {
    const handle = env.client.workflow.getHandle(workflowId, run.runId);
    const { events } = await handle.fetchHistory();
    runs.push({ startMs: run.startTime.getTime(), status: run.status.name, events: events ?? [] });
  }
  return runs.sort((one, other) => one.startMs - other.startMs);
}

test("a night with two alerts, a pause and rain across it, continued as new again and again: nothing is lost", async () => {
  for (const [index, id] of ["R0001", "R0002", "R0003"].entries()) {
    await rig.addRequest(id, {
      ...targetEastOf(1 + index * 0.3),
      priority: 10 * (index + 1),
      albums: [{ instrumentId: "vis", plans: [{ filter: "r", exposureS: 30, count: 4 }] }],
    });
  }
  await env.client.workflow.start("observatory", {
    workflowId: majordomeId,
    taskQueue: queues.control,
    args: [{ observatory: quick, clock: rig.clock, carried: null }],
  });
  await until("two frames are stored", async () => storedFrames().length >= 2);

  const sendAgain = await burst("swift-1", "9400001");
  await until("the alert is observed", async () => (await statusOf("swift-1-g1")) === "executed");

  await majordome().executeUpdate(pauseUpdate, { args: [{ by: "operator", when: "now" }] });
  await holdsAre("operator");
  await until("the night is held", async () => (await state()).night?.phase === "held");
  await burst("swift-2", "9400002");
  await until(
    "the second alert waits",
    async () => (await rig.database.alerts.one("swift-2"))?.status === "queued",
  );
  sky.rain = true;
  await holdsAre("operator", "weather");
  await until("the dome is closed", async () => !rig.world.domeOpen);
  await expect(
    majordome().executeUpdate(resumeUpdate, { args: [{ by: "operator" }] }),
  ).resolves.toBeDefined();
  await holdsAre("weather");
  sky.rain = false;
  await holdsAre();

  await until("the second alert is observed", async () => (await statusOf("swift-2-g1")) === "executed");
  for (const id of ["R0001-1", "R0002-1", "R0003-1"]) {
    await until(`${id} is executed`, async () => (await statusOf(id)) === "executed");
  }
  await sendAgain();
  await majordome().executeUpdate(endNightUpdate, { args: [{ by: "operator" }] });
  await until("the night has ended", async () => (await state()).lastNight?.outcome === "ended");

  const majordomes = await runsOf(majordomeId);
  const nights = await runsOf(nightWorkflow);
  expect(majordomes.length).toBeGreaterThanOrEqual(3);
  expect(nights.length).toBeGreaterThanOrEqual(3);
  for (const { status, events } of [...majordomes, ...nights].filter(
    (run) => run.status === "CONTINUED_AS_NEW",
  )) {
    const count = (type: string): number =>
      events.filter(
        (event) =>
          event[type as keyof typeof event] !== null && event[type as keyof typeof event] !== undefined,
      ).length;
    expect(status).toBe("CONTINUED_AS_NEW");
    expect(count("workflowExecutionUpdateAcceptedEventAttributes")).toBe(
      count("workflowExecutionUpdateCompletedEventAttributes"),
    );
  }
  for (const { events } of nights.slice(0, -1)) {
    // Sequences only: an analysis goes on without the night.
    const started = events.filter(
      ({ childWorkflowExecutionStartedEventAttributes: child }) => child?.workflowType?.name === "sequence",
    );
    const ended = events.filter(
      ({ childWorkflowExecutionCompletedEventAttributes: child }) => child?.workflowType?.name === "sequence",
    );
    expect(ended.length).toBe(started.length);
  }

  // Every frame once, each sequence whole.
  const frames = storedFrames().map((frame) => frame.split("/").slice(0, 2).join("/"));
  expect(new Set(frames).size).toBe(frames.length);
  expect(frames.filter((frame) => frame.startsWith("R0")).length).toBe(3 * 4);
  // Each hold was raised once and lifted by its own cause.
  const holds = (await rig.database.holds.list({ site: siteId })).items;
  expect(holds.map(({ kind }) => kind).sort()).toEqual(["operator", "weather"]);
  expect(holds.find(({ kind }) => kind === "weather")?.liftedBy).toMatch(/min of safe readings/);
  expect(holds.find(({ kind }) => kind === "operator")?.liftedBy).toBe("operator");
  // One run, one first schedule, one lease: taken up, granted, taken back.
  expect(await rig.database.nights.one(nightId)).toMatchObject({ status: "ended", run: 1 });
  const schedules = (await rig.database.schedules.list({ nightId })).items;
  expect(schedules.filter(({ reason }) => reason.startsWith("first schedule"))).toHaveLength(1);
  expect(await rig.database.lease.read(siteId)).toMatchObject({ holder: majordomeId, generation: 3 });
  // A notice that came twice, to another run perhaps, was decided once.
  expect(decisions.toSorted()).toEqual(["9400001", "9400002"]);
  expect((await rig.database.alerts.one("swift-1"))?.status).toBe("observed");
  expect((await rig.database.alerts.one("swift-2"))?.status).toBe("observed");
  expect(rig.world.domeOpen).toBe(false);
}, 600_000);
