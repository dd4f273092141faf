import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { WorkflowHandle } from "@temporalio/client";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { Worker } from "@temporalio/worker";
import type { ExposureInput } from "../../activities/exposure.ts";
import type { GroupResult, PlannedGroup } from "../../domain/imaging/calibration/calibration-night.ts";
import type { Hold, HoldKind } from "../../domain/safety/holds.ts";
import {
  endCalibrationSignal,
  holdsSignal,
  leaseGrantedSignal,
  stateQuery,
  type CalibrationInput,
  type HoldsMessage,
} from "../../workflows/messages.ts";
import { taskQueues } from "../../workflows/names.ts";
import { workflowBundle } from "../../workers/bundle.ts";
import { noHolds, observatory, registerSearchAttributes, startTimeSkipping } from "./rig.ts";

const server = process.env["VESPER_TIME_SKIPPING_SERVER"];
const whenSkipping = server === undefined ? describe.skip : describe;

const GROUPS: readonly PlannedGroup[] = [
  group("bias", "bias", "", 0),
  group("dark-60s", "dark", "", 60),
  group("flat-r", "flat", "r", 2),
];

function group(key: string, kind: PlannedGroup["kind"], filter: string, exposureS: number): PlannedGroup {
  return { key, kind, instrumentId: "vis", cameraId: "camera-vis", filter, exposureS, count: 2 };
}

/** What the fake devices and tables did. */
interface World {
  readonly acts: string[];
  /** Frames that are being exposed until the test says so: `key/n/attempt`. */
  readonly stuck: Set<string>;
  result: { readonly status: string; readonly reason: string } | null;
  groups: readonly GroupResult[];
}

whenSkipping("calibrations, with time skipped", () => {
  let env: TestWorkflowEnvironment;
  let runs = 0;
  let world: World;
  let workers: Worker[] = [];
  let running: Promise<unknown>;

  beforeAll(async () => {
    env = await startTimeSkipping(server ?? "");
    await registerSearchAttributes(env);
    const queues = taskQueues(observatory.site.id);
    const common = { connection: env.nativeConnection, namespace: env.namespace ?? "default" };
    const { codePath } = await workflowBundle();
    const activities = fakes();
    workers = await Promise.all([
      // No cache: every task is done from the history, as after a worker was killed.
      Worker.create({
        ...common,
        taskQueue: queues.control,
        workflowBundle: { codePath },
        maxCachedWorkflows: 0,
      }),
      ...[queues.mount, queues.fast, queues.io, queues.images, queues.camera("camera-vis")].map((taskQueue) =>
        Worker.create({ ...common, taskQueue, activities }),
      ),
    ]);
    running = Promise.all(workers.map((worker) => worker.run()));
  }, 120_000);
  afterAll(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await env?.teardown();
  }, 60_000);

  function fakes() {
    const act = async (what: string): Promise<void> => {
      world.acts.push(what);
    };
    const key = ({ planId, n, attempt }: ExposureInput) =>
      `${planId.replace(/^.*?-vis-/, "")}/${n}/${attempt}`;
    return {
      planCalibration: async () => ({ groups: GROUPS, sequenceIds: ["R0001-1"] }),
      closeCover: async () => act("cover closed"),
      lampOn: async () => act("lamp on"),
      lampOff: async () => act("lamp off"),
      setFilter: async ({ filter }: { filter: string }) => act(`filter ${filter}`),
      startCalibrationFrame: async (input: ExposureInput) => {
        await act(`expose ${key(input)} ${input.exposureS} s`);
        const nowMs = await env.currentTimeMs();
        // A frame that a test holds on to is exposed for hours of the sky.
        return {
          startMs: world.stuck.has(key(input)) ? nowMs + 3 * 3_600_000 : nowMs,
          startWallMs: nowMs,
          adopted: false,
        };
      },
      fetchCalibrationFrame: async (input: ExposureInput) => {
        await act(`stored ${key(input)}`);
        const levelAdu = input.calibration?.kind === "flat" ? 5_000 : 1_000;
        return { kind: "stored", imageId: key(input), path: "", sha256: "", bytes: 1, levelAdu };
      },
      settleCalibrationFrame: async (input: ExposureInput) => {
        await act(`aborted ${key(input)}`);
        return { kind: "aborted", reason: "stopped" };
      },
      abortExposures: async () => {
        await act("abort");
        return { abortedWallMs: 0, perCamera: {} };
      },
      markTestFrame: async () => undefined,
      noteGroups: async ({ groups }: { groups: readonly GroupResult[] }) => {
        world.groups = groups;
      },
      makeGroupMaster: async ({ group: { key: name, ...rest } }: { group: PlannedGroup }) => {
        await act(`master ${name}`);
        const taken = world.acts.filter((what) => what.startsWith(`stored ${name}/`)).length;
        const made = taken >= 2;
        return {
          ...rest,
          key: name,
          taken,
          accepted: taken,
          masterId: made ? `master-${name}` : null,
          olderMasterId: made ? null : `older-${name}`,
          words: made ? "" : "no frame was taken",
        };
      },
      reduceFrames: async ({ sequenceId, kind }: { sequenceId: string; kind: string }) => {
        await act(`${kind} ${sequenceId}`);
        return { done: 1, failed: [], more: false };
      },
      endCalibration: async ({ status, reason }: { status: string; reason: string }) => {
        world.result = { status, reason };
      },
    };
  }

  async function start(stuck: readonly string[] = []): Promise<WorkflowHandle> {
    runs += 1;
    world = { acts: [], stuck: new Set(stuck), result: null, groups: [] };
    const nowMs = await env.currentTimeMs();
    const input: CalibrationInput = {
      observatory,
      clock: { startMs: nowMs, anchorMs: nowMs, rate: 1, epoch: 0 },
      run: { id: `colibri/2026-11-20/${runs}`, siteId: "colibri", date: "2026-11-20", run: runs },
      startedBy: "the test",
    };
    const handle = await env.client.workflow.start("calibration", {
      workflowId: `calibration/colibri/2026-11-20/${runs}`,
      taskQueue: taskQueues("colibri").control,
      args: [input],
    });
    const lease = { siteId: "colibri", holder: handle.workflowId, generation: 5 };
    await handle.signal(leaseGrantedSignal, { lease, holds: noHolds(0) });
    return handle;
  }

  function held(seq: number, kind: HoldKind): HoldsMessage {
    const hold: Hold = { kind, who: "the test", why: "it says so", sinceMs: 0, sinceWallMs: 0 };
    return { ...noHolds(seq), holds: [hold] };
  }

  async function seen(what: string): Promise<void> {
    for (let looks = 0; !world.acts.includes(what); looks += 1) {
      if (looks > 600) throw new Error(`"${what}" did not come: ${world.acts.join(", ")}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  test("takes bias, darks and flats, makes the masters in order, gives the lamp back, then the final images", async () => {
    const handle = await start();
    expect(await handle.result()).toMatchObject({ status: "ended", masters: 3 });
    const order = (what: string): number => world.acts.indexOf(what);
    expect(order("cover closed")).toBe(0);
    expect(order("expose dark-60s/1/1 60 s")).toBeGreaterThan(order("stored bias/2/1"));
    expect(order("lamp on")).toBeGreaterThan(order("stored dark-60s/2/1"));
    // 2 s gave 4000 adu of light; 40 % of 60000 adu less the bias take 11.5 s.
    expect(order("expose flat-r/1/1 11.5 s")).toBeGreaterThan(order("stored flat-r-test/1/1"));
    expect(order("lamp off")).toBeGreaterThan(order("stored flat-r/2/1"));
    expect(order("master dark-60s")).toBeGreaterThan(order("master bias"));
    expect(order("master flat-r")).toBeGreaterThan(order("master dark-60s"));
    expect(order("final R0001-1")).toBeGreaterThan(order("master flat-r"));
    expect(world.result).toEqual({ status: "ended", reason: "3 of 3 masters made" });
  }, 90_000);

  test("a person's hold aborts the frame; it is taken again when the hold has lifted; rain changes nothing", async () => {
    const handle = await start(["dark-60s/1/1"]);
    await seen("expose dark-60s/1/1 60 s");
    await handle.signal(holdsSignal, held(1, "weather"));
    await handle.signal(holdsSignal, held(2, "operator"));
    await seen("aborted dark-60s/1/1");
    expect(world.acts.filter((what) => what === "abort")).toEqual(["abort"]);
    expect(await handle.query(stateQuery)).toMatchObject({ kind: "calibration", allowsOpenDome: false });
    expect(world.acts).not.toContain("expose dark-60s/1/2 60 s");
    await handle.signal(holdsSignal, noHolds(3));
    expect(await handle.result()).toMatchObject({ status: "ended", masters: 3 });
    expect(world.acts).toContain("stored dark-60s/1/2");
  }, 90_000);

  test("a hold that does not lift ends it with the reason; what is missing is taken from older nights", async () => {
    const handle = await start(["dark-60s/1/1"]);
    await seen("expose dark-60s/1/1 60 s");
    await handle.signal(holdsSignal, held(1, "operator"));
    expect(await handle.result()).toMatchObject({ status: "ended", masters: 1 });
    expect(world.result?.reason).toBe(
      "1 of 3 masters made, 2 of earlier nights are used instead; ended early: held for too long by operator hold: it says so",
    );
    expect(world.groups.map(({ olderMasterId }) => olderMasterId)).toEqual([
      null,
      "older-dark-60s",
      "older-flat-r",
    ]);
  }, 90_000);

  test("a night that starts ends it: the frame under way is thrown away, what was taken is used", async () => {
    const handle = await start(["dark-60s/1/1"]);
    await seen("expose dark-60s/1/1 60 s");
    await handle.signal(endCalibrationSignal, { reason: "the night of 2026-11-21 starts" });
    expect(await handle.result()).toMatchObject({ status: "ended" });
    expect(world.acts).toContain("aborted dark-60s/1/1");
    expect(world.acts).not.toContain("lamp on");
    expect(world.result?.reason).toContain("the night of 2026-11-21 starts");
  }, 90_000);
});
