import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { bundleWorkflowCode, DefaultLogger, Worker } from "@temporalio/worker";
import { typicalPacket } from "../../domain/alerts/typical.ts";
import type { Notice } from "../../domain/alerts/notice.ts";
import type { ClockFact } from "../../domain/clock.ts";
import { wrap360 } from "../../domain/units.ts";
import {
  alertObservedSignal,
  closeAlertSignal,
  noticeSignal,
  preemptAnswerSignal,
  type AlertInput,
  type PreemptAnswer,
  type PreemptRequest,
} from "../../workflows/messages.ts";
import { alertWorkflowId, observatoryWorkflowId, taskQueues } from "../../workflows/names.ts";
import { readNotice, STRATEGY } from "../alerts/packets.ts";
import { answerWithSignal, heardQuery, type Heard } from "./doubles/alert-with-majordome.ts";
import {
  countedWork,
  duskAndDawn,
  MINUTE_MS,
  observatory,
  registerSearchAttributes,
  startTimeSkipping,
  targetEastOf,
} from "./rig.ts";

const server = process.env["VESPER_TIME_SKIPPING_SERVER"];
const whenSkipping = server === undefined ? describe.skip : describe;

const HOUR_MS = 60 * MINUTE_MS;
const KEY = "swift-9300001";
const siteId = observatory.site.id;
const queues = taskQueues(siteId);

/** The last row that the alert wrote of itself, and everything else it had recorded. */
interface Recorded {
  readonly alerts: any[];
  readonly decisions: any[];
  readonly requests: any[];
  readonly transients: any[];
}

whenSkipping("an alert, with time skipped", () => {
  let env: TestWorkflowEnvironment;
  let worker: Worker;
  let work: ReturnType<typeof countedWork>;
  let running: Promise<void>;
  let recorded: Recorded;
  let clock: ClockFact;
  let alerts = 0;
  const { duskMs } = duskAndDawn();

  beforeAll(async () => {
    env = await startTimeSkipping(server ?? "");
    await registerSearchAttributes(env);
    const { code } = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL("doubles/alert-with-majordome.ts", import.meta.url)),
      logger: new DefaultLogger("ERROR"),
    });
    const keep = (list: keyof Recorded) => async (row: unknown) => {
      recorded[list].push(row);
    };
    const none = async (): Promise<void> => undefined;
    work = countedWork({
      recordAlert: keep("alerts"),
      noteDecision: keep("decisions"),
      storeAlertRequest: keep("requests"),
      showTransient: keep("transients"),
      stampStages: none,
      journal: none,
    });
    const { activities } = work;
    const common = { connection: env.nativeConnection, namespace: env.namespace ?? "default" };
    const workers = await Promise.all([
      Worker.create({ ...common, taskQueue: queues.control, workflowBundle: { code } }),
      ...[queues.io, queues.fast].map((taskQueue) => Worker.create({ ...common, taskQueue, activities })),
    ]);
    [worker] = workers;
    running = Promise.all(workers.map((each) => each.run())).then(() => undefined);
    stopWorkers = () => {
      for (const each of workers) each.shutdown();
    };
  }, 300_000);
  let stopWorkers = (): void => undefined;
  afterAll(async () => {
    stopWorkers();
    await running;
    await env?.teardown();
  }, 120_000);

  beforeEach(async () => {
    expect(worker.getState()).toBe("RUNNING");
    recorded = { alerts: [], decisions: [], requests: [], transients: [] };
    clock = { startMs: duskMs + HOUR_MS, anchorMs: await env.currentTimeMs(), rate: 1, epoch: 0 };
    alerts += 1;
  });
  afterEach(async () => {
    // A workflow that is ended while an activity of it runs would keep time from being skipped ever after.
    await work?.rested();
    for (const id of [alertId(), observatoryWorkflowId(siteId)]) {
      await env.client.workflow
        .getHandle(id)
        .terminate("the test is over")
        .catch(() => undefined);
    }
  });

  /** A workflow of its own for each test: the key is the same, the id is not. */
  const alertId = (): string => `${alertWorkflowId(siteId, KEY)}-${alerts}`;

  const startMajordome = (answer: PreemptAnswer["answer"] | null) =>
    env.client.workflow.start("majordome", {
      workflowId: observatoryWorkflowId(siteId),
      taskQueue: queues.control,
      args: [answer],
    });

  /** A Swift burst near the meridian, 30 s old. */
  function notice(change: Partial<Notice> = {}): Notice {
    const nowMs = clock.startMs;
    const packet = typicalPacket("swift-bat", {
      triggerId: "9300001",
      t0Ms: nowMs - 30_000,
      noticeMs: nowMs - 10_000,
      ...targetEastOf(1.5),
    });
    return { ...readNotice(new TextEncoder().encode(packet)), ...change };
  }

  /** The same burst, better known: the X-ray telescope's place, a degree away. */
  function better(): Notice {
    const first = notice();
    return notice({
      ivorn: `${first.ivorn}-xrt`,
      digest: "better",
      stream: "swift-xrt-pos",
      raDeg: wrap360((first.raDeg ?? 0) + 1),
      errorDeg: 0.001,
      quotedErrorDeg: 0.001,
      positionGrade: first.positionGrade + 1,
      noticeMs: (first.noticeMs ?? 0) + 5_000,
    });
  }

  const send = (noticeId: string, body: Notice) =>
    env.client.workflow.signalWithStart("alert", {
      workflowId: alertId(),
      taskQueue: queues.control,
      args: [
        {
          alertKey: KEY,
          siteId,
          observatory,
          clock,
          strategy: STRATEGY,
          nightWorkflowId: null,
          carried: null,
        } satisfies AlertInput,
      ],
      signal: noticeSignal,
      signalArgs: [{ noticeId, notice: body, receivedWallMs: 0 }],
    });

  async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
    for (let tries = 0; tries < 600; tries += 1) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${what}: not seen; the alert says ${JSON.stringify(recorded.alerts.at(-1))}`);
  }

  const statusIs = (status: string) =>
    until(
      async () => recorded.alerts.findLast((row) => row.status !== undefined)?.status === status,
      `status ${status}`,
    );
  /** Its result is not waited for: time would run while nothing waits, to the server's limit of ten years. */
  const completed = (handle: WorkflowHandle) =>
    until(async () => (await handle.describe()).status.name === "COMPLETED", "the workflow completes");
  const lastReason = (): string => recorded.alerts.findLast((row) => row.reason !== undefined)?.reason ?? "";
  const heard = async (door: WorkflowHandle): Promise<readonly Heard[]> => door.query(heardQuery);
  const preempts = async (door: WorkflowHandle): Promise<PreemptRequest[]> =>
    (await heard(door)).flatMap((each) => (each.kind === "preempt" ? [each.claim] : []));
  const observed = (handle: WorkflowHandle, generation: number, outcome: "completed" | "interrupted") =>
    handle.signal(alertObservedSignal, { alertKey: KEY, generation, outcome, reason: "", framesStored: 20 });

  test("asks at once with its whole plan, is accepted and observed; the same notice twice is taken once; it closes after 48 h", async () => {
    const door = await startMajordome("accepted");
    const first = notice();
    const handle = await send("1", first);
    await send("1", first);
    await statusIs("accepted");
    const [claim, ...more] = await preempts(door);
    expect(more).toEqual([]);
    expect(claim).toMatchObject({ alertKey: KEY, generation: 1, rank: 1, simulated: true });
    expect(claim?.plan.target).toMatchObject({ raDeg: first.raDeg, decDeg: first.decDeg });
    expect(claim?.plan.albums[0]?.plans.map(({ count }) => count)).toEqual([10, 10]);
    expect(claim?.validUntilMs).toBe((first.t0Ms ?? 0) + 7_200_000);
    await observed(handle, 1, "completed");
    await statusIs("observed");
    expect(recorded.decisions.map(({ decision }) => decision)).toEqual(["TRIGGER"]);
    expect(recorded.requests).toHaveLength(1);
    expect(recorded.transients).toHaveLength(1);
    await env.sleep(49 * HOUR_MS);
    await until(async () => recorded.alerts.at(-1)?.closed === true, "the alert closes");
    expect(recorded.alerts.at(-1)).toMatchObject({ closed: true, status: "observed" });
    await completed(handle);
  }, 120_000);

  test("a better place is a new generation: asked for again; what comes of the old one no longer counts", async () => {
    const door = await startMajordome("accepted");
    const handle = await send("1", notice());
    await statusIs("accepted");
    await send("2", better());
    await until(async () => (await preempts(door)).length === 2, "a second request");
    const [first, second] = await preempts(door);
    expect(second?.generation).toBe(2);
    expect(second?.plan.sequenceId).not.toBe(first?.plan.sequenceId);
    expect(second?.plan.target.raDeg).toBeCloseTo(wrap360((first?.plan.target.raDeg ?? 0) + 1), 6);
    await observed(handle, 1, "interrupted");
    await observed(handle, 2, "completed");
    await statusIs("observed");
    expect(recorded.alerts.some(({ status }) => status === "interrupted")).toBe(false);
  }, 120_000);

  test("a retraction takes the request back, with the reason", async () => {
    const door = await startMajordome("queued");
    const first = notice();
    await send("1", first);
    await statusIs("queued");
    await send(
      "2",
      notice({
        ivorn: `${first.ivorn}-retracted`,
        digest: "retracted",
        recordType: "retraction",
        retraction: true,
        marks: [{ kind: "retracted", because: "cites the earlier notice as a retraction" }],
        citations: [{ cite: "retraction", ivorn: first.ivorn }],
        noticeMs: (first.noticeMs ?? 0) + 5_000,
      }),
    );
    await statusIs("notObserved");
    const withdrawn = (await heard(door)).filter(({ kind }) => kind === "withdraw");
    expect(withdrawn).toHaveLength(1);
    expect(lastReason()).toMatch(/Withdrawn/);
  }, 120_000);

  test("queued and not served in time, it is taken back and says until when it was worth starting", async () => {
    const door = await startMajordome("queued");
    const { t0Ms } = notice();
    await send("1", notice());
    await statusIs("queued");
    await env.sleep(2 * HOUR_MS);
    await statusIs("notObserved");
    expect(lastReason()).toContain(
      new Date((t0Ms ?? 0) + 7_200_000).toISOString().slice(0, 16).replace("T", " "),
    );
    expect((await heard(door)).map(({ kind }) => kind)).toEqual(["preempt", "withdraw"]);
  }, 120_000);

  test("accepted, then handed back at the end of the night, it expires like one that waits", async () => {
    const door = await startMajordome("accepted");
    const handle = await send("1", notice());
    await statusIs("accepted");
    await handle.signal(preemptAnswerSignal, {
      alertKey: KEY,
      generation: 1,
      answer: "queued",
      reason: "the night ends",
      retryAtMs: null,
      from: "observatory",
    });
    await statusIs("queued");
    expect(lastReason()).toContain("the night ends");
    await env.sleep(2 * HOUR_MS);
    await statusIs("notObserved");
    expect((await heard(door)).map(({ kind }) => kind)).toEqual(["preempt", "withdraw"]);
  }, 120_000);

  test("taken up again from the queue, what came of it is told all the same", async () => {
    const door = await startMajordome("queued");
    const handle = await send("1", notice());
    await statusIs("queued");
    await door.signal(answerWithSignal, "accepted");
    await observed(handle, 1, "completed");
    await statusIs("observed");
    await env.sleep(3 * HOUR_MS);
    expect(recorded.alerts.findLast((row) => row.status !== undefined)?.status).toBe("observed");
    expect((await heard(door)).map(({ kind }) => kind)).toEqual(["preempt"]);
  }, 120_000);

  test("without any answer it waits and says so; closed by a person, it is called off", async () => {
    const door = await startMajordome(null);
    const handle = await send("1", notice());
    await until(async () => (await preempts(door)).length === 1, "the request");
    await env.sleep(MINUTE_MS);
    await statusIs("queued");
    expect(lastReason()).toMatch(/has answered yet/);
    await handle.signal(closeAlertSignal, { by: "expert@vesper.example", reason: "a flare" });
    await until(async () => recorded.alerts.at(-1)?.closed === true, "the alert closes");
    expect(recorded.alerts.at(-1)).toMatchObject({ reason: "closed by expert@vesper.example: a flare" });
    await until(async () => (await heard(door)).some(({ kind }) => kind === "withdraw"), "it is called off");
    await statusIs("notObserved");
    await completed(handle);
  }, 120_000);

  test("a place below the horizon is asked for as soon as it is up", async () => {
    const door = await startMajordome("accepted");
    // 6.5 h east of the meridian an hour after dusk: at 10 deg, and at 20 deg within the next hour.
    const place = targetEastOf(7.5);
    await send("1", notice(place));
    await statusIs("queued");
    expect(await preempts(door)).toEqual([]);
    expect(lastReason()).toMatch(/Waits until it is observable at/);
    await env.sleep(100 * MINUTE_MS);
    await until(async () => (await preempts(door)).length === 1, "the request");
    await statusIs("accepted");
  }, 120_000);
});
