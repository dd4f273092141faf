import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createDomeActivities, type DomeActivities } from "../../activities/dome.ts";
import { asActivity, createRig, failureType, type Rig } from "./rig.ts";

let rig: Rig;
let activities: DomeActivities;

beforeEach(async () => {
  rig = await createRig();
  activities = createDomeActivities(rig);
});

afterEach(async () => {
  await rig.close();
});

const open = () => asActivity(() => activities.openDome({ lease: rig.lease, limitS: 180 }));
const close = () => asActivity(() => activities.closeDome({ limitS: 180, why: "test" }));
const shutter = async () => (await rig.dome.status()).shutter;

test("opens and closes, verified; each again finds it done", async () => {
  expect((await open()).already).toBe(false);
  expect(await shutter()).toBe("Open");
  expect((await open()).already).toBe(true);
  expect((await close()).already).toBe(false);
  expect(await shutter()).toBe("Closed");
  expect((await close()).already).toBe(true);
});

test("an unsafe interlock keeps it closed, whatever was known before", async () => {
  await rig.action("weather", "sim:weather", { kind: "rain" });
  expect(await failureType(open())).toBe("Unsafe");
  expect(await shutter()).toBe("Closed");
});

test("opening needs the lease, closing does not", async () => {
  await open();
  rig.stored.holder = "somebody else";
  expect(await failureType(open())).toBe("LeaseLost");
  await close();
  expect(await shutter()).toBe("Closed");
});

test("an opening that is turned back says so", async () => {
  const opening = failureType(open());
  while ((await shutter()) === "Closed");
  await rig.dome.closeShutter();
  expect(await opening).toBe("NotReady");
});

test("a shutter that fails is told to close once more, then it is a fault", async () => {
  await open();
  await rig.fault("dome", "wrong-position");
  expect(await failureType(close())).toBe("DeviceFault");
  const orders = (await rig.commands("dome")).filter(({ command }) => command === "closeshutter");
  expect(orders).toHaveLength(2);
});

test("a shutter that fails once is closed by the second order", async () => {
  await open();
  await rig.fault("dome", "wrong-position", 0.3);
  await close();
  expect(await shutter()).toBe("Closed");
});

test("closing survives a dome that is silent for a moment", async () => {
  await open();
  const closing = close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await rig.stopSimulators();
  await rig.restart();
  await closing;
  expect(await shutter()).toBe("Closed");
});
