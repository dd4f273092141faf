import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { WorkflowUpdateFailedError, type WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { observatoryMs, type ClockFact } from "../../domain/clock.ts";
import type { Observatory } from "../../domain/observatory.ts";
import {
  clockChangedSignal,
  closeUpdate,
  endNightUpdate,
  pauseUpdate,
  preemptSignal,
  resumeUpdate,
  startNightUpdate,
  stateQuery,
  watchStateSignal,
  type NightState,
  type ObservatoryState,
  type PreemptRequest,
} from "../../workflows/messages.ts";
import { taskQueues } from "../../workflows/names.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import {
  majordomeId,
  openMajordomeRig,
  startDevServer,
  stateOf,
  type FakeLeases,
  type FakeSky,
} from "./majordome-rig.ts";
import {
  duskAndDawn,
  MINUTE_MS,
  nightId,
  nightWorkflow,
  observatory,
  targetEastOf,
  type NightRig,
} from "./rig.ts";

const RATE = 60;
const PATIENCE_MS = 120_000;
const queues = taskQueues(observatory.site.id);
const file: Observatory = { ...observatory, night: { ...observatory.night, autoStart: false } };
const { duskMs } = duskAndDawn();

let postgres: TestPostgres;
let env: TestWorkflowEnvironment;
let rig: NightRig;
let sky: FakeSky;
let leases: FakeLeases;
let majordome: WorkflowHandle;
let epoch = 0;

beforeAll(async () => {
  postgres = await startPostgres();
  env = await startDevServer();
  const opened = await openMajordomeRig(env, postgres, "observatory", duskMs - 4 * 60 * MINUTE_MS, RATE);
  ({ rig, sky, leases } = opened);
  majordome = await env.client.workflow.start("observatory", {
    workflowId: majordomeId,
    taskQueue: queues.control,
    args: [{ observatory: file, clock: rig.clock, carried: null }],
  });
  await until("the almanac is there", async () => (await state()).tonight !== null);
  await until("the devices are seen", async () => (await state()).watch !== null);
}, 300_000);
afterAll(async () => {
  // Not waited for: the watch never ends by itself.
  void rig?.close().catch(() => undefined);
  await sleep(1_000);
  await env?.teardown();
  await postgres?.stop();
}, 60_000);

const state = async (): Promise<ObservatoryState> => (await majordome.query(stateQuery)) as ObservatoryState;
const press = (
  button: typeof resumeUpdate | typeof startNightUpdate | typeof closeUpdate | typeof endNightUpdate,
) => majordome.executeUpdate(button, { args: [{ by: "operator" }] });
const pause = () => majordome.executeUpdate(pauseUpdate, { args: [{ by: "operator", when: "now" }] });

/** The sentence of a refusal, as the person reads it. */
async function refusal(pressed: Promise<unknown>): Promise<string> {
  const error: unknown = await pressed.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error(`it was not refused: ${String(error)}`);
  return (error.cause as Error).message;
}

async function until<T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  const endMs = Date.now() + PATIENCE_MS;
  while (Date.now() < endMs) {
    const found = await look().catch(() => null);
    if (found !== null && found !== undefined && found !== false) return found;
    await sleep(50);
  }
  throw new Error(`${what}: not seen; the observatory says ${JSON.stringify(await state())}`);
}

/** The clock is anchored anew, as `up` does: every wait is computed again. */
async function clockTo(startMs: number): Promise<void> {
  epoch += 1;
  const fact: ClockFact = { startMs, anchorMs: Date.now(), rate: RATE, epoch };
  await majordome.signal(clockChangedSignal, fact);
  await until("the clock has changed", async () => (await state()).clock.epoch === epoch);
  // The almanac of that instant.
  await until("the almanac fits", async () => {
    const { tonight } = await state();
    return tonight !== null && observatoryMs(fact, Date.now()) < tonight.windowEndMs;
  });
}

function claimFor(alertKey: string, validUntilMs: number): PreemptRequest {
  const sequenceId = `${alertKey}-g1`;
  return {
    alertKey,
    alertWorkflowId: `alert/colibri/${alertKey}`,
    generation: 1,
    rank: 1,
    t0Ms: duskMs - 10 * MINUTE_MS,
    plan: {
      sequenceId,
      requestId: alertKey,
      requestName: alertKey,
      programmeId: "ALERT",
      target: { name: alertKey, ...targetEastOf(1) },
      albums: [
        {
          albumId: `${sequenceId}-vis`,
          instrumentId: "vis",
          plans: [{ planId: `${sequenceId}-vis-1`, filter: "r", exposureS: 30, count: 1, frames: [1] }],
        },
      ],
      alertKey,
      minAltDeg: 20,
    },
    validUntilMs,
    simulated: true,
  };
}

test("buttons that make no sense are refused with a sentence, and leave nothing behind", async () => {
  expect(await refusal(press(resumeUpdate))).toMatch(/Nothing to resume/);
  expect(await refusal(press(endNightUpdate))).toMatch(/No night is open/);
  // With the time from which it can.
  expect(await refusal(press(startNightUpdate))).toMatch(/can be started from \d\d:\d\d UTC/);
  expect((await state()).holds).toEqual([]);
}, 300_000);

test("paused twice it is one hold, written once; resume lifts it; what the watch said before does not count", async () => {
  await pause();
  const paused = await pause();
  expect(paused).toMatchObject({ paused: true, mode: "PAUSED" });
  expect(paused.holds).toHaveLength(1);
  // Older than what was seen already, and raining: a message that came late.
  await majordome.signal(watchStateSignal, stateOf(999, 1, { rain: true }, false, false));
  const resumed = await press(resumeUpdate);
  expect(resumed.holds).toEqual([]);
  const row = await until("the hold is written as lifted", async () => {
    const [only, ...more] = (await rig.database.holds.list({ site: "colibri" })).items;
    return more.length === 0 && only?.liftedBy === "operator" ? only : null;
  });
  expect(row.kind).toBe("operator");
}, 300_000);

test("closed by hand without a night: aborts, closes, parks, and stays closed until resume", async () => {
  const before = rig.world.acts.length;
  const closed = await press(closeUpdate);
  expect(closed).toMatchObject({ mode: "CLOSED", closedByHand: true });
  const did = await until("the telescope parks", async () => {
    const acts = rig.world.acts.slice(before).map(({ what }) => what);
    return acts.includes("park") ? acts : null;
  });
  expect(did.filter((what) => what !== "cover closed")).toEqual([
    "abort: closed by operator",
    "dome closed: closed by operator",
    "park",
  ]);
  await press(resumeUpdate);
  expect(await state()).toMatchObject({ mode: "WAITING", closedByHand: false });
}, 300_000);

test("rain by day is a weather hold that lifts by itself after its time, and not before", async () => {
  sky.rain = true;
  await until("it is held", async () => (await state()).holds.some(({ kind }) => kind === "weather"));
  expect(await refusal(press(resumeUpdate))).toMatch(/It rains/);
  sky.rain = false;
  const dryMs = Date.now();
  await until("it lifts", async () => (await state()).holds.length === 0);
  expect(Date.now() - dryMs).toBeGreaterThanOrEqual((observatory.weather.safeForMin * MINUTE_MS) / RATE);
}, 300_000);

test("a burst by day is kept, the better generation of two; the night gets it with its start, and one lease more", async () => {
  await clockTo(duskMs - 20 * MINUTE_MS);
  const lasting = claimFor("swift-1", duskMs + 120 * MINUTE_MS);
  await majordome.signal(preemptSignal, lasting);
  await majordome.signal(preemptSignal, { ...lasting, generation: 2 });
  await majordome.signal(preemptSignal, lasting);
  await majordome.signal(preemptSignal, claimFor("swift-2", duskMs - 19 * MINUTE_MS));
  const kept = await until("they are kept", async () => {
    const { pendingAlerts } = await state();
    return pendingAlerts.some(({ alertKey }) => alertKey === "swift-1") ? pendingAlerts : null;
  });
  expect(kept.find(({ alertKey }) => alertKey === "swift-1")?.generation).toBe(2);
  const { lease } = await state();
  // A minute of sky later the second one is no longer worth starting.
  await sleep(2_000);
  await press(startNightUpdate);
  const night = await until("the night has it", async () => {
    const now = (await env.client.workflow.getHandle(nightWorkflow).query(stateQuery)) as NightState;
    return now.pendingAlerts.length > 0 || now.executing !== null ? now : null;
  });
  expect(night.pendingAlerts.map(({ alertKey, generation }) => [alertKey, generation])).toEqual([
    ["swift-1", 2],
  ]);
  const during = await state();
  expect(during.pendingAlerts).toEqual([]);
  expect(during.lease).toMatchObject({ holder: nightWorkflow, generation: lease.generation + 1 });
  expect(await refusal(press(startNightUpdate))).toMatch(/is open already/);
}, 300_000);

test("a night that is terminated is a wrong end: closed, parked, an alarm; not started again but by a person, as run 2", async () => {
  await until("the dome is open", async () => rig.world.domeOpen);
  const { generation } = (await state()).lease;
  await env.client.workflow.getHandle(nightWorkflow).terminate("somebody pressed the wrong button");
  await until("the end is seen", async () => (await state()).lastNight?.wrongEnd === true);
  await until("the dome is closed", async () => !rig.world.domeOpen);
  expect(await state()).toMatchObject({
    lastNight: { outcome: "terminated", run: 1 },
    lease: { holder: majordomeId, generation: generation + 1 },
  });
  await until("it is in the journal", async () =>
    (await rig.database.journal.list({ levels: ["alarm"] })).items.some(
      ({ level, text }) => level === "alarm" && text.includes("ended wrongly"),
    ),
  );
  await sleep(2_000);
  expect((await state()).night).toBeNull();
  await until("closing is over", async () => !(await state()).allowsOpenDome);
  await press(startNightUpdate);
  await until("run 2 is open", async () => (await rig.database.nights.one(nightId))?.run === 2);
  await press(endNightUpdate);
  await until("it ends well", async () => (await state()).lastNight?.outcome === "ended");
  expect(await state()).toMatchObject({ lastNight: { run: 2, wrongEnd: false }, mode: "ENDED" });
}, 300_000);

test("a lease that is late to be written takes nothing back from the night that was granted the next", async () => {
  await press(startNightUpdate);
  await until("run 3 is open", async () => (await rig.database.nights.one(nightId))?.run === 3);
  leases.slowFor = majordomeId;
  await press(endNightUpdate);
  await until("it has ended", async () => (await state()).lastNight?.run === 3);
  await press(startNightUpdate);
  await until("run 4 is open", async () => (await rig.database.nights.one(nightId))?.run === 4);
  // Longer than the late one takes.
  await sleep(2_500);
  leases.slowFor = null;
  const { night, lease } = await state();
  expect(night).toMatchObject({ run: 4 });
  expect(await rig.database.lease.read("colibri")).toMatchObject({
    holder: nightWorkflow,
    generation: lease.generation,
  });
  await press(endNightUpdate);
  await until("it ends well", async () => (await state()).lastNight?.run === 4);
}, 300_000);

test("started anew without its history it keeps a person's hold, and grants behind leases that it knows nothing of", async () => {
  await majordome.terminate("its history is lost");
  const since = { site: "colibri", sinceMs: duskMs, sinceWallMs: Date.now() };
  await rig.database.holds.record({ ...since, kind: "operator", who: "ada", why: "Paused by ada." });
  await rig.database.holds.record({ ...since, kind: "weather", who: "weather station", why: "It rained." });
  majordome = await env.client.workflow.start("observatory", {
    workflowId: majordomeId,
    taskQueue: queues.control,
    args: [{ observatory: file, clock: rig.clock, carried: null }],
  });
  await until("the devices are seen", async () => (await state()).watch !== null);
  await until(
    "the weather's row is lifted",
    async () => (await rig.database.holds.open("colibri")).length === 1,
  );
  expect((await state()).holds).toMatchObject([{ kind: "operator", who: "ada", why: "Paused by ada." }]);
  await press(resumeUpdate);
  // The rows of a later backup: leases were granted that this history has never heard of.
  const later = (await state()).lease.generation + 5;
  const wallMs = Date.now();
  expect(
    await rig.database.lease.write({ site: "colibri", holder: "somebody", generation: later, wallMs }),
  ).toBe(true);
  await clockTo(duskMs - 10 * MINUTE_MS);
  await press(startNightUpdate);
  await until("run 5 is open", async () => (await rig.database.nights.one(nightId))?.run === 5);
  const { holder, generation } = (await state()).lease;
  expect(holder).toBe(nightWorkflow);
  expect(generation).toBeGreaterThan(later);
  expect(await rig.database.lease.read("colibri")).toMatchObject({ holder, generation });
  await press(endNightUpdate);
  await until("it ends well", async () => (await state()).lastNight?.outcome === "ended");
}, 300_000);
