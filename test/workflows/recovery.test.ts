import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ApplicationFailure } from "@temporalio/common";
import type { TestWorkflowEnvironment } from "@temporalio/testing";
import { Worker } from "@temporalio/worker";
import type { Observatory, RecoveryStep } from "../../domain/observatory.ts";
import { recoveryQuery, tryNowSignal, type RecoveryInput } from "../../workflows/messages.ts";
import { recoveryWorkflowId, taskQueues } from "../../workflows/names.ts";
import { workflowBundle } from "../../workers/bundle.ts";
import { observatory, registerSearchAttributes, startTimeSkipping } from "./rig.ts";

/** The time-skipping server, which `npm test` finds or fetches; without it these tests are skipped, and said so. */
const server = process.env["VESPER_TIME_SKIPPING_SERVER"];
const whenSkipping = server === undefined ? describe.skip : describe;

const DEVICE = "camera-vis";
const LADDER: readonly RecoveryStep[] = [
  { kind: "retry", limitS: 15, pauseS: 0 },
  { kind: "reconnect", limitS: 30, pauseS: 5 },
  { kind: "power-cycle", limitS: 60, pauseS: 10, switchId: "plc", switchNumber: 9, offS: 5 },
  { kind: "call", limitS: 60, pauseS: 0 },
];

/** A device in words: when it answers, and what was done to it, with the seconds since the start. */
interface FakeDevice {
  readonly acts: string[];
  /** Whether it answers after what was done so far. */
  answers: (acts: readonly string[]) => boolean;
  setUp: () => void;
  powerCycle: () => void;
}

whenSkipping("the recovery of a device, with time skipped", () => {
  let env: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  let control: Worker;
  let controlRunning: Promise<void>;
  let beganMs = 0;
  let runs = 0;
  let fake: FakeDevice;

  const note = async (what: string): Promise<void> => {
    const seconds = Math.round(((await env.currentTimeMs()) - beganMs) / 1_000);
    fake.acts.push(`${seconds} ${what}`);
  };

  beforeAll(async () => {
    env = await startTimeSkipping(server ?? "");
    await registerSearchAttributes(env);
    const queues = taskQueues(observatory.site.id);
    const { codePath } = await workflowBundle();
    const common = { connection: env.nativeConnection, namespace: env.namespace ?? "default" };
    control = await Worker.create({ ...common, taskQueue: queues.control, workflowBundle: { codePath } });
    worker = await Worker.create({
      ...common,
      taskQueue: queues.recovery,
      activities: {
        awaitAnswer: async ({ limitMs }: { limitMs: number }) => {
          await note(`look for ${limitMs / 1_000} s`);
          return fake.answers(fake.acts)
            ? { answers: true, why: "" }
            : { answers: false, why: "It is silent." };
        },
        reconnect: () => note("reconnect"),
        powerCycle: async () => {
          await note("power-cycle");
          fake.powerCycle();
        },
        powerOn: () => note("power on"),
        setUpDevice: async () => {
          await note("set up");
          fake.setUp();
        },
      },
    });
    running = worker.run();
    controlRunning = control.run();
  }, 120_000);
  afterAll(async () => {
    worker?.shutdown();
    control?.shutdown();
    await Promise.all([running, controlRunning]);
    await env?.teardown();
  }, 60_000);

  async function start(device: Partial<FakeDevice>) {
    runs += 1;
    fake = { acts: [], answers: () => false, setUp: () => undefined, powerCycle: () => undefined, ...device };
    beganMs = await env.currentTimeMs();
    const file: Observatory = {
      ...observatory,
      devices: observatory.devices.map((each) => (each.id === DEVICE ? { ...each, recovery: LADDER } : each)),
    };
    const input: RecoveryInput = {
      observatory: file,
      clock: { startMs: 0, anchorMs: beganMs, rate: 1, epoch: 0 },
      deviceId: DEVICE,
      why: "It does not answer.",
      carried: null,
    };
    return env.client.workflow.start("deviceRecovery", {
      taskQueue: taskQueues(observatory.site.id).control,
      workflowId: `${recoveryWorkflowId(observatory.site.id, DEVICE)}-${runs}`,
      args: [input],
    });
  }

  test("one that answers at once is set up, and no further step is taken", async () => {
    const handle = await start({ answers: () => true });
    expect(await handle.result()).toEqual({ deviceId: DEVICE, index: 0 });
    expect(whatDid()).toEqual(["look for 15 s", "set up"]);
  }, 60_000);

  test("the ladder is taken in its order, each step with its pause, until the device answers", async () => {
    const handle = await start({ answers: (acts) => acts.some((act) => act.endsWith("power-cycle")) });
    expect(await handle.result()).toEqual({ deviceId: DEVICE, index: 2 });
    expect(whatDid()).toEqual([
      "look for 15 s",
      "reconnect",
      "look for 30 s",
      "power-cycle",
      "look for 60 s",
      "set up",
    ]);
    // The pause after the reconnection lies between it and the power-cycle.
    expect(secondsOf("power-cycle") - secondsOf("reconnect")).toBeGreaterThanOrEqual(5);
  }, 60_000);

  test("a device that answers and cannot be set up is not taken back: the next step comes", async () => {
    let tries = 0;
    const handle = await start({
      answers: () => true,
      setUp: () => {
        tries += 1;
        if (tries === 1) throw ApplicationFailure.nonRetryable("It stays warm.", "DeviceFault");
      },
    });
    expect(await handle.result()).toEqual({ deviceId: DEVICE, index: 1 });
    expect(await handle.query(recoveryQuery)).toMatchObject({ step: 2, lastTrouble: "It stays warm." });
  }, 60_000);

  test("an outlet that may have stayed off is switched on with the next steps, until it is", async () => {
    const handle = await start({
      answers: (acts) => acts.some((act) => act.endsWith("power on")),
      powerCycle: () => {
        throw ApplicationFailure.nonRetryable("Outlet 9 may have stayed off.", "OutletOff");
      },
    });
    expect(await handle.result()).toEqual({ deviceId: DEVICE, index: 3 });
    const did = whatDid();
    expect(did.slice(did.indexOf("power-cycle"))).toEqual([
      "power-cycle",
      "look for 60 s",
      "power on",
      "look for 300 s",
      "set up",
    ]);
  }, 60_000);

  test("at its end a human is called, and it is asked for as long as it takes", async () => {
    let looks = 0;
    const handle = await start({
      answers: (acts) => {
        looks = acts.filter((act) => act.includes("look for 300 s")).length;
        return looks >= 4;
      },
    });
    expect(await handle.result()).toEqual({ deviceId: DEVICE, index: 3 });
    expect(looks).toBe(4);
    expect(await handle.query(recoveryQuery)).toEqual({
      step: 4,
      steps: 4,
      doing: "a human is called; it is asked until it answers",
      nextWallMs: null,
      lastTrouble: "It is silent.",
      without: false,
      calls: true,
    });
  }, 60_000);

  test("a person who does not want to wait brings the next step at once", async () => {
    const handle = await start({
      // Signalled while the third look is under way, in the pause after it.
      answers: (acts) => acts.filter((act) => act.includes("set up")).length > 0 || acts.length > 7,
    });
    await handle.signal(tryNowSignal, { by: "operator" });
    expect(await handle.result()).toMatchObject({ deviceId: DEVICE });
  }, 60_000);

  function whatDid(): string[] {
    return fake.acts.map((act) => act.slice(act.indexOf(" ") + 1));
  }

  function secondsOf(what: string): number {
    return Number.parseInt(fake.acts.find((act) => act.endsWith(` ${what}`)) ?? "0", 10);
  }
});
