import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createIntake } from "../../ingest/intake.ts";
import { startRedelivery } from "../../ingest/redelivery.ts";
import { freeze, thaw, withDescendants } from "../support/processes.ts";
import { keyOf, placeOf, type Rig, startRig, swiftPacket } from "./rig.ts";

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
}, 60_000);

afterAll(async () => {
  await rig?.stop();
});

/** Ids of the notices that the workflow of an alert was told, each once, as it takes them; null when there is no such workflow. */
async function signalled(alertKey: string): Promise<string[] | null> {
  const { client } = rig.temporal.connection;
  const handle = client.workflow.getHandle(`alert/colibri/${alertKey}`);
  try {
    const { events } = await handle.fetchHistory();
    const told = (events ?? []).flatMap((event) => {
      const [payload] = event.workflowExecutionSignaledEventAttributes?.input?.payloads ?? [];
      if (payload?.data === null || payload?.data === undefined) return [];
      return [(JSON.parse(Buffer.from(payload.data).toString()) as { noticeId: string }).noticeId];
    });
    return [...new Set(told)];
  } catch {
    return null;
  }
}

test("a notice is stored, joined to a new alert, and its workflow told", async () => {
  const receivedWallMs = Date.now();
  const result = await createIntake(rig.deps).take(swiftPacket("9100001"), "webhook", receivedWallMs);
  expect(result).toMatchObject({
    kind: "taken",
    alertKey: keyOf("9100001"),
    workflowId: `alert/colibri/${keyOf("9100001")}`,
    duplicate: false,
    queued: false,
  });
  if (result.kind !== "taken") return;
  expect(await signalled(keyOf("9100001"))).toEqual([String(result.noticeId)]);
  const chain = await rig.database.alerts.chain(keyOf("9100001"));
  expect(chain?.alert).toMatchObject({
    stream: "swift-bat-pos",
    status: "active",
    closed: false,
    raDeg: placeOf("9100001"),
  });
  expect(chain?.alert.stages).toEqual({ T0: chain?.alert.t0Ms, receivedAt: receivedWallMs });
  expect(chain?.notices).toHaveLength(1);
  expect(chain?.notices[0]).toMatchObject({ door: "webhook", receivedWallMs, needsDelivery: true });
  expect(chain?.notices[0]?.deliveredWallMs).toBeGreaterThanOrEqual(receivedWallMs);
  const stored = await rig.database.notices.one(result.noticeId);
  expect(Buffer.from(stored?.raw ?? []).toString()).toContain("9100001");
  expect(rig.problems).toEqual([]);
});

test("a hundred copies at once are one notice and one alert", async () => {
  const packet = swiftPacket("9100002");
  const one = createIntake(rig.deps);
  const other = createIntake(rig.deps);
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : other).take(packet, "webhook", Date.now())),
  );
  const taken = results.flatMap((result) => (result.kind === "taken" ? [result] : []));
  expect(taken).toHaveLength(100);
  expect(taken.filter((result) => !result.duplicate)).toHaveLength(1);
  expect(new Set(taken.map((result) => result.noticeId)).size).toBe(1);
  expect(new Set(taken.map((result) => result.alertKey))).toEqual(new Set([keyOf("9100002")]));
  expect(await signalled(keyOf("9100002"))).toHaveLength(1);
});

test("two positions of one trigger, at once, are two notices of one alert", async () => {
  const intake = createIntake(rig.deps);
  const results = await Promise.all([
    intake.take(swiftPacket("9100003"), "webhook", Date.now()),
    intake.take(swiftPacket("9100003", { raDeg: placeOf("9100003") + 0.01 }), "kafka", Date.now()),
  ]);
  expect(results.map((result) => result.kind === "taken" && [result.alertKey, result.duplicate])).toEqual([
    [keyOf("9100003"), false],
    [keyOf("9100003"), false],
  ]);
  expect((await signalled(keyOf("9100003")))?.toSorted()).toEqual(
    results.map((result) => (result.kind === "taken" ? String(result.noticeId) : "")).toSorted(),
  );
});

test("what the guard refuses, or is no notice, is answered with the reason and not stored", async () => {
  const intake = createIntake(rig.deps);
  const before = await rig.database.journal.list();
  const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>`;
  expect(await intake.take(Buffer.from(bomb), "webhook", Date.now())).toMatchObject({
    kind: "refused",
    code: "doctype",
  });
  expect(await intake.take(Buffer.alloc(70_000, "<a>"), "webhook", Date.now())).toMatchObject({
    kind: "refused",
    code: "too-large",
  });
  expect(await intake.take(Buffer.from("<html></html>"), "webhook", Date.now())).toMatchObject({
    kind: "refused",
    code: "malformed",
  });
  expect((await rig.database.journal.list()).total).toBe(before.total);
});

test("a test notice is stored with the reason and joins no alert", async () => {
  const packet = swiftPacket("9100004").toString().replace('role="observation"', 'role="test"');
  const result = await createIntake(rig.deps).take(Buffer.from(packet), "webhook", Date.now());
  expect(result).toMatchObject({
    kind: "taken",
    alertKey: null,
    workflowId: null,
    decision: "IGNORE",
    queued: false,
  });
  expect(result.kind === "taken" && result.reason).toMatch(/role test/);
  expect(await signalled(keyOf("9100004"))).toBeNull();
});

test("after its alert has closed, a notice is recorded and starts nothing", async () => {
  const intake = createIntake(rig.deps);
  const packet = swiftPacket("9100005");
  await intake.take(packet, "webhook", Date.now());
  await rig.database.alerts.update(keyOf("9100005"), { closed: true, updatedWallMs: Date.now() });
  const told = await signalled(keyOf("9100005"));

  expect(await intake.take(packet, "webhook", Date.now())).toMatchObject({ duplicate: true, queued: false });
  const later = await intake.take(
    swiftPacket("9100005", { raDeg: placeOf("9100005") + 0.02 }),
    "webhook",
    Date.now(),
  );
  expect(later).toMatchObject({
    alertKey: keyOf("9100005"),
    decision: "RECORD",
    duplicate: false,
    queued: false,
  });
  expect(later.kind === "taken" && later.reason).toMatch(/closed/);
  expect(await signalled(keyOf("9100005"))).toEqual(told);
});

test("a workflow that has closed is not started again, and its alert is then closed", async () => {
  const intake = createIntake(rig.deps);
  await intake.take(swiftPacket("9100006"), "webhook", Date.now());
  await rig.temporal.connection.client.workflow
    .getHandle(`alert/colibri/${keyOf("9100006")}`)
    .terminate("done");
  const later = await intake.take(
    swiftPacket("9100006", { raDeg: placeOf("9100006") + 0.03 }),
    "webhook",
    Date.now(),
  );
  expect(later).toMatchObject({ kind: "taken", alertKey: keyOf("9100006"), queued: false });
  expect(await rig.database.alerts.one(keyOf("9100006"))).toMatchObject({ closed: true });
  const stored = await rig.database.notices.one(later.kind === "taken" ? later.noticeId : 0);
  expect(stored).toMatchObject({ decision: "RECORD", needsDelivery: false, deliveredWallMs: null });
});

test("killed between commit and delivery, a notice is delivered by the re-send", async () => {
  const killed = createIntake({
    ...rig.deps,
    afterCommit: async () => {
      throw new Error("killed");
    },
  });
  await expect(killed.take(swiftPacket("9100007"), "webhook", Date.now())).rejects.toThrow("killed");
  expect(await signalled(keyOf("9100007"))).toBeNull();
  const redelivery = startRedelivery({ ...rig.deps, everyMs: 200 });
  try {
    await eventually(5_000, async () => expect(await signalled(keyOf("9100007"))).toHaveLength(1));
    await eventually(5_000, async () =>
      expect(await rig.database.notices.undelivered("colibri")).toEqual([]),
    );
  } finally {
    await redelivery.stop();
  }
});

test("an alert whose workflow the server has lost is started again from its stored notices", async () => {
  const intake = createIntake(rig.deps);
  const { client } = rig.temporal.connection;
  await intake.take(swiftPacket("9100008"), "webhook", Date.now());
  await intake.take(swiftPacket("9100008", { raDeg: placeOf("9100008") + 0.04 }), "webhook", Date.now());
  const before = await signalled(keyOf("9100008"));
  expect(before).toHaveLength(2);
  await client.workflowService.deleteWorkflowExecution({
    namespace: "default",
    workflowExecution: { workflowId: `alert/colibri/${keyOf("9100008")}` },
  });
  await eventually(10_000, async () => expect(await signalled(keyOf("9100008"))).toBeNull());
  const redelivery = startRedelivery({ ...rig.deps, everyMs: 200 });
  try {
    await eventually(5_000, async () => expect(await signalled(keyOf("9100008"))).toEqual(before));
  } finally {
    await redelivery.stop();
  }
}, 30_000);

test("an alert whose workflow was terminated is closed, and its notices keep what was decided on them", async () => {
  const intake = createIntake(rig.deps);
  const taken = await intake.take(swiftPacket("9100010"), "webhook", Date.now());
  await rig.temporal.connection.client.workflow
    .getHandle(`alert/colibri/${keyOf("9100010")}`)
    .terminate("by an engineer");
  rig.problems.length = 0;
  const redelivery = startRedelivery({ ...rig.deps, everyMs: 200 });
  try {
    await eventually(5_000, async () =>
      expect(await rig.database.alerts.one(keyOf("9100010"))).toMatchObject({ closed: true }),
    );
  } finally {
    await redelivery.stop();
  }
  expect(rig.problems.map((problem) => problem.message)).toContainEqual(
    expect.stringMatching(/9100010 is closed: its workflow was ended from outside/),
  );
  const notice = await rig.database.notices.one(taken.kind === "taken" ? taken.noticeId : 0);
  expect(notice).toMatchObject({ needsDelivery: true, decision: "TRIGGER" });
});

test("Temporal frozen: twenty packets are queued without waiting for it, and delivered once it thaws", async () => {
  const intake = createIntake(rig.deps);
  await rig.temporal.freeze();
  const redelivery = startRedelivery({ ...rig.deps, everyMs: 1_000, retryMs: 500 });
  try {
    const keys: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      const began = performance.now();
      const result = await intake.take(swiftPacket(String(9_200_000 + n)), "webhook", Date.now());
      expect(performance.now() - began).toBeLessThan(5_000);
      expect(result).toMatchObject({ kind: "taken", queued: true, duplicate: false });
      if (result.kind === "taken" && result.alertKey !== null) keys.push(result.alertKey);
    }
    expect(new Set(keys).size).toBe(20);
    const again = await intake.take(
      swiftPacket("9200000", { raDeg: placeOf("9200000") + 0.05 }),
      "webhook",
      Date.now(),
    );
    expect(again).toMatchObject({ kind: "taken", queued: true });
    rig.temporal.thaw();
    await eventually(15_000, async () =>
      expect(await rig.database.notices.undelivered("colibri")).toEqual([]),
    );
    for (const key of keys) {
      expect(await signalled(key)).toHaveLength(key === keyOf("9200000") ? 2 : 1);
    }
  } finally {
    rig.temporal.thaw();
    await redelivery.stop();
  }
}, 90_000);

test("the database frozen: refused within 3 s, nothing half stored, and taken when it is sent again", async () => {
  const intake = createIntake(rig.deps);
  const packet = swiftPacket("9100009");
  rig.problems.length = 0;
  // With its backends, which serve the connections that are open.
  const server = withDescendants(rig.postgres.pid);
  try {
    await freeze(server);
    const began = performance.now();
    await expect(intake.take(packet, "webhook", Date.now())).rejects.toMatchObject({
      name: "DatabaseUnavailable",
    });
    expect(performance.now() - began).toBeLessThan(8_000);
  } finally {
    thaw(server);
  }
  const result = await intake.take(packet, "webhook", Date.now());
  expect(rig.problems.map((problem) => String(problem.cause))).toEqual([]);
  expect(result).toMatchObject({ kind: "taken", alertKey: keyOf("9100009"), queued: false });
  const chain = await rig.database.alerts.chain(keyOf("9100009"));
  expect(chain?.notices).toHaveLength(1);
}, 20_000);

async function eventually(limitMs: number, check: () => Promise<void>): Promise<void> {
  const untilMs = Date.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
