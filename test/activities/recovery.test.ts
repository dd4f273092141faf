/** What brings a device back: answers, connections, outlets, setting up. Against the simulated devices. */
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { createRecoveryActivities } from "../../activities/recovery.ts";
import { deviceOf, type RecoveryStep } from "../../domain/observatory.ts";
import { asActivity, createRig, failureType, rawDevice, type Rig } from "./rig.ts";

let rig: Rig;
let maintenance = false;
const journal: string[] = [];
let recovery: ReturnType<typeof createRecoveryActivities>;

beforeAll(async () => {
  rig = await createRig({ rate: 600 });
  recovery = createRecoveryActivities({
    transport: rig.transport,
    readLease: () => rig.readLease(),
    underMaintenance: async () => maintenance,
    journal: async (line) => {
      journal.push(line.text);
    },
    clocks: rig.clocks,
  });
});

beforeEach(async () => {
  maintenance = false;
  rig.stored.holder = rig.lease.holder;
  rig.stored.generation = rig.lease.generation;
  for (const { id } of rig.observatory.devices) await rig.clearFault(id);
});

afterAll(async () => rig.close());

const device = (id: string) => deviceOf(rig.observatory, id);
const answers = (id: string, limitMs = 10_000) =>
  asActivity(() => recovery.awaitAnswer({ device: device(id), limitMs }));
const setUp = (id: string) =>
  asActivity(() => recovery.setUpDevice({ observatory: rig.observatory, deviceId: id }));

function powerStep(id: string): RecoveryStep {
  const step = device(id).recovery?.find(({ kind }) => kind === "power-cycle");
  if (step === undefined) throw new Error(`${id} has no outlet`);
  return { ...step, offS: 0.3 };
}

const powerCycle = (id: string) =>
  asActivity(() => recovery.powerCycle({ observatory: rig.observatory, deviceId: id, step: powerStep(id) }));

test("an answer is waited for, and what was said instead is kept", async () => {
  expect(await answers("focuser")).toEqual({ answers: true, why: "" });
  await rig.fault("focuser", "error");
  const refused = await answers("focuser", 1_200);
  expect(refused.answers).toBe(false);
  expect(refused.why).toMatch(/Focuser refused/);
  await rig.fault("focuser", "dead", 1);
  expect(await answers("focuser")).toMatchObject({ answers: true });
});

test("each outlet of the observatory file is that of its device", async () => {
  const names = rawDevice(rig, "switch", "plc");
  for (const { id, recovery: ladder = [] } of rig.observatory.devices) {
    for (const step of ladder.filter(({ kind }) => kind === "power-cycle")) {
      expect(await names.get("getswitchname", { Id: step.switchNumber ?? -1 })).toBe(`power:${id}`);
    }
  }
  for (const { id, number } of device("plc").alarms ?? []) {
    expect(await names.get("getswitchname", { Id: number })).toBe(`alarm:${id}`);
  }
});

test("a dead camera is switched off and on, answers again, warm and disconnected, and is set up", async () => {
  await setUp("camera-vis");
  await rig.fault("camera-vis", "dead");
  expect((await answers("camera-vis", 100)).answers).toBe(false);
  await powerCycle("camera-vis");
  expect(await answers("camera-vis")).toMatchObject({ answers: true });
  const raw = rawDevice(rig, "camera", "camera-vis");
  expect(await raw.get("cooleron", {})).toBe(false);
  await setUp("camera-vis");
  expect(await raw.get("cooleron", {})).toBe(true);
  expect(Math.abs((await raw.get("ccdtemperature", {})) + 60)).toBeLessThanOrEqual(1);
}, 60_000);

test("by day a camera is only connected and verified", async () => {
  rig.stored.holder = "observatory/colibri";
  await powerCycle("camera-nir");
  await answers("camera-nir");
  await setUp("camera-nir");
  expect(await rawDevice(rig, "camera", "camera-nir").get("cooleron", {})).toBe(false);
}, 60_000);

test("under maintenance nothing is switched off, and no mount is moved", async () => {
  await rig.telescope.unpark();
  await rig.telescope.setTracking(false);
  maintenance = true;
  expect(await failureType(powerCycle("telescope"))).toBe("NotReady");
  await setUp("telescope");
  expect((await rig.telescope.status()).tracking).toBe(false);
});

test("an unparked mount tracks again for an open night, with its lease alone; a parked one stays parked", async () => {
  await rig.telescope.unpark();
  await rig.telescope.setTracking(false);
  await setUp("telescope");
  expect((await rig.telescope.status()).tracking).toBe(true);
  await rig.telescope.park();
  const status = () => rig.telescope.status();
  while (!(await status()).parked) await new Promise((resolve) => setTimeout(resolve, 50));
  await setUp("telescope");
  expect(await status()).toMatchObject({ parked: true, tracking: false });
});

test("every type of device can be set up", async () => {
  for (const { id } of rig.observatory.devices) {
    expect([
      id,
      await setUp(id).then(
        () => "fine",
        (error: Error) => error.message,
      ),
    ]).toEqual([id, "fine"]);
  }
}, 60_000);

test("reconnecting gives the connection up and takes it anew", async () => {
  const begun = Date.now();
  await asActivity(() => recovery.reconnect({ device: device("wheel-vis") }));
  const commands = (await rig.commands("wheel-vis", begun)).map(({ command }) => command);
  expect(commands).toEqual(["disconnect", "connect"]);
  expect(await rawDevice(rig, "filterwheel", "wheel-vis").get("connected", {})).toBe(true);
});

test("a switch that is lost while an outlet is off switches it on again when it is back", async () => {
  const cycling = powerCycle("focuser");
  const isOff = async () =>
    !(await rawDevice(rig, "switch", "plc").get("getswitch", { Id: powerStep("focuser").switchNumber ?? 0 }));
  while (!(await isOff())) await new Promise((resolve) => setTimeout(resolve, 10));
  await rig.fault("plc", "error", 2);
  await cycling;
  expect(await isOff()).toBe(false);
  expect(await answers("focuser")).toMatchObject({ answers: true });
}, 30_000);

test("a focuser that is back is brought to the focus of the open night; by day it stays where it is", async () => {
  const moved = async (): Promise<void> => {
    await rig.focuser.moveTo(20_000);
    while ((await rig.focuser.status()).moving) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await moved();
  await setUp("focuser");
  expect((await rig.focuser.status()).position).toBe(25_000);
  await moved();
  rig.stored.holder = "observatory/colibri";
  await setUp("focuser");
  expect((await rig.focuser.status()).position).toBe(20_000);
}, 30_000);

test("what the blocking camera exposes is nobody's when it is back, and is thrown away; another arm's frame is let end", async () => {
  const begun = Date.now();
  // At this rate 1.5 s of wall time.
  await Promise.all([rig.camera.startExposure(900, false), rig.cameraNir.startExposure(900, false)]);
  await Promise.all([setUp("camera-vis"), setUp("camera-nir")]);
  const aborts = async (id: string) =>
    (await rig.commands(id, begun)).filter(({ command }) => command === "abortexposure").length;
  expect([await aborts("camera-vis"), await aborts("camera-nir")]).toEqual([1, 0]);
  expect((await rig.cameraNir.status()).imageReady).toBe(true);
}, 60_000);

test("a camera that works again and stays warm is used as it is, and that is told", async () => {
  await rig.camera.warm();
  await rig.fault("camera-vis", "wrong-position");
  await setUp("camera-vis");
  expect(journal.join(" ")).toMatch(/works again, but did not reach its set point of -60 °C/);
}, 60_000);
