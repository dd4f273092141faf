import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import type { WorkflowHandle } from "@temporalio/client";
import { WorkflowIdReusePolicy } from "@temporalio/common";
import {
  endNightSignal,
  holdsSignal,
  preemptSignal,
  requestsChangedSignal,
  stateQuery,
  type HoldsMessage,
  type NightState,
  type PreemptRequest,
} from "../../workflows/messages.ts";
import { taskQueues } from "../../workflows/names.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import {
  duskAndDawn,
  MINUTE_MS,
  nightId,
  nightWorkflow,
  noHolds,
  observatory,
  openNightRig,
  registerSearchAttributes,
  startTimeSkipping,
  targetEastOf,
  type NightRig,
} from "./rig.ts";

/** The time-skipping server, which `npm test` finds or fetches; without it these tests are skipped, and said so. */
const server = process.env["VESPER_TIME_SKIPPING_SERVER"];
const whenSkipping = server === undefined ? describe.skip : describe;

whenSkipping("a night, with time skipped", () => {
  let postgres: TestPostgres;
  let env: TestWorkflowEnvironment;
  const { duskMs, dawnMs } = duskAndDawn();
  let nights = 0;

  beforeAll(async () => {
    postgres = await startPostgres();
    env = await startTimeSkipping(server ?? "");
    await registerSearchAttributes(env);
  }, 120_000);
  afterAll(async () => {
    await env?.teardown();
    await postgres?.stop();
  }, 60_000);

  /** Runs one test night in a database of its own, from 5 min before dusk. */
  async function inNight(body: (rig: NightRig) => Promise<void>): Promise<void> {
    nights += 1;
    const rig = await openNightRig(env, postgres, `night_${nights}`, duskMs - 5 * MINUTE_MS);
    try {
      await body(rig);
    } finally {
      // A test that failed leaves its night open; the next one starts a night of the same id.
      await rig.env.client.workflow
        .getHandle(nightWorkflow)
        .terminate("the test is over")
        .catch(() => undefined);
      await rig.close();
    }
  }

  const start = (rig: NightRig, change: object = {}) =>
    rig.env.client.workflow.start("night", {
      workflowId: nightWorkflow,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      taskQueue: taskQueues(observatory.site.id).control,
      args: [{ ...rig.nightInput(), ...change }],
    });

  /** The abort goes out in the same step as the cancellation of the sequence, and names it; the slew comes after both. */
  async function cancelledWithTheAbort(handle: WorkflowHandle): Promise<void> {
    const { events } = await handle.fetchHistory();
    const cancel = events?.find(
      (event) => event.requestCancelExternalWorkflowExecutionInitiatedEventAttributes,
    );
    const cancelled = cancel?.requestCancelExternalWorkflowExecutionInitiatedEventAttributes;
    expect(cancelled?.workflowExecution?.workflowId).toBe("sequence/R0001-1/1");
    const ordered = events?.filter(({ activityTaskScheduledEventAttributes: activity }) =>
      activity?.workflowTaskCompletedEventId?.equals(cancelled?.workflowTaskCompletedEventId ?? 0),
    );
    const [abort] =
      ordered?.flatMap(({ activityTaskScheduledEventAttributes: activity }) =>
        activity?.activityType?.name === "abortExposures" ? [activity] : [],
      ) ?? [];
    const order = Buffer.from(abort?.input?.payloads?.[0]?.data ?? []).toString();
    expect(JSON.parse(order)).toMatchObject({ interrupted: "sequence/R0001-1/1" });
  }

  function held(kind: "operator" | "weather", seq: number, stop: "now" | "frameEnd" = "now"): HoldsMessage {
    const hold = {
      kind,
      who: "test",
      why: kind === "weather" ? "It rains." : "Paused.",
      sinceMs: 0,
      sinceWallMs: 0,
    };
    return {
      seq,
      holds: [hold],
      stop,
      closedByHand: false,
      shutter: "Unknown",
      leaseGeneration: null,
      unavailable: {},
    };
  }

  function claimFor(alertKey: string, change: Partial<PreemptRequest> = {}): PreemptRequest {
    const sequenceId = `${alertKey}-g1`;
    return {
      alertKey,
      alertWorkflowId: `alert/colibri/${alertKey}`,
      generation: 1,
      rank: 1,
      t0Ms: duskMs,
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
            plans: [
              { planId: `${sequenceId}-vis-1`, filter: "r", exposureS: 30, count: 3, frames: [1, 2, 3] },
            ],
          },
        ],
        alertKey,
        minAltDeg: 20,
      },
      validUntilMs: duskMs + 120 * MINUTE_MS,
      simulated: true,
      ...change,
    };
  }

  /** The rows that the alert workflow writes beside its request for the telescope. */
  async function storeAlert(rig: NightRig, claim: PreemptRequest): Promise<void> {
    const wallMs = Date.now();
    await rig.database.alerts.upsert({
      key: claim.alertKey,
      site: "colibri",
      stream: "swift-bat-pos",
      status: "active",
      decision: "TRIGGER",
      slew: true,
      rule: "test",
      reason: "test",
      rank: claim.rank,
      t0Ms: claim.t0Ms,
      raDeg: claim.plan.target.raDeg,
      decDeg: claim.plan.target.decDeg,
      errorDeg: 0.05,
      generation: claim.generation,
      workflowId: claim.alertWorkflowId,
      state: {},
      closed: false,
      updatedWallMs: wallMs,
    });
    await rig.database.requests.upsertForAlert({
      alertKey: claim.alertKey,
      name: claim.alertKey,
      comment: "",
      programmeId: "ALERT",
      generation: claim.generation,
      wallMs,
      sequence: {
        targetName: claim.alertKey,
        raDeg: claim.plan.target.raDeg,
        decDeg: claim.plan.target.decDeg,
        windowStartMs: duskMs - 3_600_000,
        windowEndMs: dawnMs,
        preferredMs: null,
        priority: 1,
        constraints: { minAltDeg: 20, maxAirmass: null, minMoonSepDeg: 0, maxSunAltDeg: -12 },
        albums: [{ instrumentId: "vis", plans: [{ filter: "r", exposureS: 30, count: 3 }] }],
        durationS: 114,
        overheadS: 60,
      },
    });
  }

  const statusOf = async (rig: NightRig, id: string): Promise<string | undefined> =>
    (await rig.database.sequences.detail(id))?.status;
  const whatDid = (rig: NightRig): string[] => rig.world.acts.map((act) => act.what);

  test("opens, observes in the planned order, closes, parks and ends by itself at dawn", async () => {
    await inNight(async (rig) => {
      // Inserted in order of priority where it starts earliest, the rows before it shift: R0002 comes first.
      await rig.addRequest("R0001", { ...targetEastOf(1), priority: 10 });
      await rig.addRequest("R0002", { ...targetEastOf(2), priority: 20 });
      const handle = await start(rig);
      await expect(handle.result()).resolves.toMatchObject({ outcome: "ended", reason: "dawn", run: 1 });
      const did = whatDid(rig);
      expect(did.indexOf("dome open")).toBeLessThan(did.indexOf("slew R0002"));
      expect(did.indexOf("slew R0002")).toBeLessThan(did.indexOf("slew R0001"));
      expect(did.indexOf("dome open")).toBeLessThan(did.indexOf("cover open"));
      expect(did.slice(-3).toSorted()).toEqual(["cover closed", "dome closed: the night ends: dawn", "park"]);
      expect(did.at(-1)).toBe("park");
      expect(await statusOf(rig, "R0001-1")).toBe("executed");
      expect(await rig.database.nights.one(nightId)).toMatchObject({ status: "ended", endReason: "dawn" });
      const { spentS, openS } = await rig.database.quota.balance("COL-1");
      // Twice overhead 60 s + 4 x (120 s + 8 s read-out).
      expect({ spentS, openS }).toEqual({ spentS: 2 * (60 + 4 * 128), openS: 0 });
    });
  }, 120_000);

  test("a withdrawn sequence is skipped with its reason and the gap is filled", async () => {
    await inNight(async (rig) => {
      await rig.addRequest("R0001", { ...targetEastOf(1), priority: 30 });
      await rig.addRequest("R0002", { ...targetEastOf(1.2), priority: 20 });
      await rig.addRequest("R0003", { ...targetEastOf(1.4), priority: 10 });
      const handle = await start(rig);
      await rig.skipTo(duskMs + 4 * MINUTE_MS);
      const before = await rig.database.schedules.current(nightId);
      const { withdrawn } = await rig.database.requests.withdraw("R0002", "not needed", Date.now());
      expect(withdrawn).toBe(true);
      await rig.skipTo(duskMs + 14 * MINUTE_MS);
      const row = (await rig.database.schedules.one(before?.id ?? 0))?.rows.find(
        (each) => each.sequenceId === "R0002-1",
      );
      expect(row).toMatchObject({ status: "skipped", reasonCode: "withdrawn" });
      // It began when R0001 ended, not at its place behind R0002.
      const slew = rig.world.acts.find((act) => act.what === "slew R0003");
      expect(slew?.atMs).toBeLessThan(duskMs + 12 * MINUTE_MS);
      await handle.signal(endNightSignal, { by: "test" });
      await handle.result();
      expect(whatDid(rig)).not.toContain("slew R0002");
    });
  }, 120_000);

  test("a sequence that set while paused is not observed, with the number that decided", async () => {
    await inNight(async (rig) => {
      // Sets below 30 deg about 25 min after dusk: 4.1 h west of the meridian at declination 31.
      await rig.addRequest("R0001", { ...targetEastOf(-4.1), priority: 10 });
      await rig.addRequest("R0002", { ...targetEastOf(1), priority: 50 });
      const handle = await start(rig, { holds: held("operator", 1) });
      await rig.skipTo(duskMs + 50 * MINUTE_MS);
      expect(whatDid(rig)).not.toContain("slew R0001");
      await handle.signal(holdsSignal, noHolds(2));
      await rig.skipTo(duskMs + 70 * MINUTE_MS);
      expect(whatDid(rig)).toContain("slew R0002");
      const refused = (await rig.database.schedules.current(nightId))?.rows.find(
        (row) => row.sequenceId === "R0001-1",
      );
      expect(refused?.status).toBe("refused");
      expect(refused?.reason).toMatch(/\d/);
      await handle.signal(endNightSignal, { by: "test" });
      await handle.result();
      expect(whatDid(rig)).not.toContain("slew R0001");
    });
  }, 120_000);

  test("twenty minutes of rain: aborts, closes, keeps the stored frames, opens again, plans again", async () => {
    await inNight(async (rig) => {
      await rig.addRequest("R0001", { ...targetEastOf(1), priority: 10 });
      const handle = await start(rig);
      await rig.skipTo(duskMs + 5 * MINUTE_MS);
      await handle.signal(holdsSignal, held("weather", 1));
      await rig.skipTo(duskMs + 6 * MINUTE_MS);
      expect(rig.world.domeOpen).toBe(false);
      expect(await statusOf(rig, "R0001-1")).toBe("interrupted");
      const stored = whatDid(rig).filter((what) => what.startsWith("stored")).length;
      expect(stored).toBeGreaterThan(0);
      const { spentS } = await rig.database.quota.balance("COL-1");
      expect(spentS).toBe(stored * 120);
      await rig.skipTo(duskMs + 25 * MINUTE_MS);
      await handle.signal(holdsSignal, noHolds(2));
      await rig.skipTo(duskMs + 45 * MINUTE_MS);
      expect(await statusOf(rig, "R0001-1")).toBe("executed");
      const frames = whatDid(rig)
        .filter((what) => what.startsWith("stored"))
        .map((what) => what.split("/")[1]);
      expect(frames.toSorted((one, other) => Number(one) - Number(other))).toEqual(["1", "2", "3", "4"]);
      await handle.signal(endNightSignal, { by: "test" });
      await handle.result();
    });
  }, 120_000);

  test("a slew that took thrice its time makes the rest late: it is planned again, nothing starts outside its room", async () => {
    await inNight(async (rig) => {
      rig.world.slewsS = [180];
      // 60 s of overhead and 4 x 128 s each: the second has 40 s of room, the slew of the first takes 120 s more.
      const lengthMs = (60 + 4 * 128) * 1_000;
      await rig.addRequest("R0001", {
        ...targetEastOf(1),
        priority: 10,
        windowEndMs: duskMs + lengthMs + 200_000,
      });
      await rig.addRequest("R0002", {
        ...targetEastOf(1.2),
        priority: 20,
        windowEndMs: duskMs + 2 * lengthMs + 40_000,
      });
      await rig.addRequest("R0003", { ...targetEastOf(1.4), priority: 30 });
      const handle = await start(rig);
      await rig.skipTo(duskMs + 25 * MINUTE_MS);
      const schedules = (await rig.database.schedules.list({ nightId })).items;
      const first = await rig.database.schedules.one(schedules.at(-1)?.id ?? 0);
      const rowOf = (id: string) => first?.rows.find((row) => row.sequenceId === id);
      expect(rowOf("R0002-1")).toMatchObject({ status: "skipped", reasonCode: "late" });
      // At most the 40 s of its window, and none where the planner puts R0003 right behind it.
      const { roomS, lateS } = rowOf("R0002-1")?.numbers ?? {};
      expect(Number(roomS)).toBeLessThanOrEqual(40);
      expect(Number(lateS)).toBeGreaterThan(Number(roomS));
      expect(schedules[0]?.reason).toContain("R0002-1 late");
      const second = await rig.database.schedules.one(schedules[0]?.id ?? 0);
      expect(second?.rows.find((row) => row.sequenceId === "R0002-1")).toMatchObject({ status: "refused" });
      // The gap is filled: R0003 begins at once, earlier than it was planned.
      const slew = rig.world.acts.find((act) => act.what === "slew R0003");
      expect(slew?.atMs).toBeLessThan((rowOf("R0003-1")?.tspMs ?? 0) - 5 * MINUTE_MS);
      expect(await statusOf(rig, "R0003-1")).toBe("executed");
      await handle.signal(endNightSignal, { by: "test" });
      await handle.result();
    });
  }, 120_000);

  test("an alert aborts, slews at once, is observed, and the interrupted sequence goes on with its rest", async () => {
    await inNight(async (rig) => {
      await rig.addRequest("R0001", { ...targetEastOf(1), priority: 10 });
      const handle = await start(rig);
      await rig.skipTo(duskMs + 5 * MINUTE_MS);
      const claim = claimFor("swift-1");
      await storeAlert(rig, claim);
      await handle.signal(preemptSignal, claim);
      await rig.skipTo(duskMs + 30 * MINUTE_MS);
      const did = whatDid(rig);
      const aborted = did.findIndex((what) => what.startsWith("abort: alert swift-1"));
      expect(aborted).toBeGreaterThan(0);
      expect(did.slice(aborted + 1).find((what) => what.startsWith("slew"))).toBe("slew swift-1");
      expect(did.slice(aborted + 1, did.indexOf("slew swift-1")).join()).not.toMatch(/expose/);
      await cancelledWithTheAbort(handle);
      expect(await statusOf(rig, "swift-1-g1")).toBe("executed");
      expect(await statusOf(rig, "R0001-1")).toBe("executed");
      const { spentS } = await rig.database.quota.balance("ALERT");
      // Overhead 60 s + 3 x (30 s + 8 s).
      expect(spentS).toBe(60 + 3 * 38);
      const alert = await rig.database.alerts.one("swift-1");
      expect(alert?.stages).toEqual(
        expect.objectContaining({
          preemptedAt: expect.any(Number),
          abortedAt: expect.any(Number),
          slewStartedAt: expect.any(Number),
          shutterOpenedAt: expect.any(Number),
          firstImageAt: expect.any(Number),
        }),
      );
      await handle.signal(endNightSignal, { by: "test" });
      await handle.result();
    });
  }, 120_000);

  test("an alert while paused waits and is observed after resume; one that expired is not", async () => {
    await inNight(async (rig) => {
      await rig.addRequest("R0001", { ...targetEastOf(1), priority: 10 });
      const handle = await start(rig);
      await rig.skipTo(duskMs + 3 * MINUTE_MS);
      await handle.signal(holdsSignal, held("operator", 1));
      const valid = claimFor("swift-1");
      const expiring = claimFor("swift-2", { validUntilMs: duskMs + 8 * MINUTE_MS, t0Ms: duskMs + 1 });
      for (const claim of [valid, expiring]) {
        await storeAlert(rig, claim);
        await handle.signal(preemptSignal, claim);
      }
      await rig.skipTo(duskMs + 10 * MINUTE_MS);
      expect(rig.world.domeOpen).toBe(true);
      const { pendingAlerts } = (await handle.query(stateQuery)) as NightState;
      expect(pendingAlerts.map((alert) => alert.alertKey)).toContain("swift-1");
      await handle.signal(holdsSignal, noHolds(2));
      await rig.skipTo(duskMs + 20 * MINUTE_MS);
      expect(await statusOf(rig, "swift-1-g1")).toBe("executed");
      expect(whatDid(rig)).not.toContain("slew swift-2");
      await handle.signal(endNightSignal, { by: "test" });
      await handle.result();
    });
  }, 120_000);

  test("pause after this exposure lets the frame finish; a lost frame is taken again", async () => {
    await inNight(async (rig) => {
      rig.world.lost.add("R0001-1-vis-1/1/1");
      await rig.addRequest("R0001", { ...targetEastOf(1), priority: 10 });
      const handle = await start(rig);
      await rig.skipTo(duskMs + 4 * MINUTE_MS);
      await handle.signal(holdsSignal, held("operator", 1, "frameEnd"));
      await rig.skipTo(duskMs + 8 * MINUTE_MS);
      const did = whatDid(rig);
      expect(did).toContain("lost R0001-1-vis-1/1/1");
      expect(did).toContain("stored R0001-1-vis-1/1/2");
      expect(did.some((what) => what.startsWith("abort:"))).toBe(false);
      expect(rig.world.domeOpen).toBe(true);
      expect(((await handle.query(stateQuery)) as NightState).phase).toBe("held");
      await handle.signal(endNightSignal, { by: "test" });
      await handle.result();
    });
  }, 120_000);

  test("a request that comes while a sequence executes is planned at once; the executing row stays where it is", async () => {
    await inNight(async (rig) => {
      await rig.addRequest("R0001", { ...targetEastOf(1) });
      const handle = await start(rig);
      await rig.skipTo(duskMs + 2 * MINUTE_MS);
      const before = await rig.database.schedules.current();
      const row = before?.rows.find(({ sequenceId }) => sequenceId === "R0001-1");
      expect(row?.status).toBe("executing");
      await rig.addRequest("R0002", { ...targetEastOf(2) });
      await handle.signal(requestsChangedSignal, { reason: "R0002 submitted" });
      await rig.skipTo(duskMs + 3 * MINUTE_MS);
      const after = await rig.database.schedules.current();
      expect(after?.id).not.toBe(before?.id);
      expect(after?.reason).toBe("R0002 submitted");
      const kept = after?.rows.find(({ sequenceId }) => sequenceId === "R0001-1");
      expect(kept).toMatchObject({ status: "executing" });
      // It began when the telescope turned to it, within the room of its row.
      expect(Math.abs((kept?.tspMs ?? 0) - (row?.tspMs ?? 0))).toBeLessThan(MINUTE_MS);
      const added = after?.rows.find(({ sequenceId }) => sequenceId === "R0002-1");
      expect(added?.status).toBe("planned");
      expect(added?.tspMs).toBeGreaterThanOrEqual(kept?.tepMs ?? Infinity);
      await rig.skipTo(duskMs + 25 * MINUTE_MS);
      expect(await statusOf(rig, "R0001-1")).toBe("executed");
      for (const schedule of [before, after]) {
        const settled = (await rig.database.schedules.one(schedule?.id ?? 0))?.rows;
        expect(settled?.find(({ sequenceId }) => sequenceId === "R0001-1")?.status).toBe("done");
      }
      await handle.signal(endNightSignal, { by: "test" });
      await handle.result();
    });
  }, 120_000);

  test("started again after its end it is run 2 of the same night; a request that came is planned", async () => {
    await inNight(async (rig) => {
      const first = await start(rig);
      // Not at ten minutes: the idle timer fires there, and the test server refuses to cancel one that just has.
      await rig.skipTo(duskMs + 7 * MINUTE_MS);
      await first.signal(endNightSignal, { by: "operator" });
      // Asking for its result would let time run while nothing waits: to the server's limit of ten years.
      await rig.skipTo(duskMs + 8 * MINUTE_MS);
      expect((await first.describe()).status.name).toBe("COMPLETED");
      const second = await start(rig, { generation: 2 });
      await rig.skipTo(duskMs + 12 * MINUTE_MS);
      await rig.addRequest("R0001", { ...targetEastOf(1) });
      await second.signal(requestsChangedSignal, { reason: "R0001 submitted" });
      await rig.skipTo(duskMs + 30 * MINUTE_MS);
      expect(await statusOf(rig, "R0001-1")).toBe("executed");
      await second.signal(endNightSignal, { by: "operator" });
      await expect(second.result()).resolves.toMatchObject({ run: 2 });
    });
  }, 120_000);
});
