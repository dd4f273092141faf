/** Mirror cover, focuser and filter wheels: lease, verification, what is found when it stands wrong. */
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { createCoverActivities } from "../../activities/cover.ts";
import { createFilterWheelActivities } from "../../activities/filter-wheel.ts";
import { createFocuserActivities } from "../../activities/focuser.ts";
import { asActivity, createRig, failureType, rawDevice, type Rig } from "./rig.ts";

const LIMIT_S = 60;
let rig: Rig;
let cover: ReturnType<typeof createCoverActivities>;
let focuser: ReturnType<typeof createFocuserActivities>;
let wheels: ReturnType<typeof createFilterWheelActivities>;

beforeAll(async () => {
  rig = await createRig();
  const common = { readLease: () => rig.readLease(), clocks: rig.clocks };
  cover = createCoverActivities({ cover: rig.cover, ...common });
  focuser = createFocuserActivities({ focuser: rig.focuser, ...common });
  wheels = createFilterWheelActivities({ wheels: rig.wheels, ...common });
});

beforeEach(async () => {
  rig.stored.generation = rig.lease.generation;
  for (const id of ["cover", "focuser", "wheel-vis"]) await rig.clearFault(id);
});

afterAll(async () => rig.close());

const openCover = () => asActivity(() => cover.openCover({ lease: rig.lease, limitS: LIMIT_S }));
const closeCover = () => asActivity(() => cover.closeCover({ limitS: LIMIT_S }));
const focus = (position: number) =>
  asActivity(() => focuser.moveFocuser({ lease: rig.lease, position, limitS: LIMIT_S }));
const filter = (name: string) =>
  asActivity(() =>
    wheels.setFilter({ lease: rig.lease, wheelId: "wheel-vis", filter: name, limitS: LIMIT_S }),
  );

test("the cover closes without a lease, opens with one alone, and its lamp is off afterwards", async () => {
  await rawDevice(rig, "covercalibrator", "cover").put("calibratoron", { Brightness: 50 });
  rig.stored.generation += 1;
  expect(await closeCover()).toMatchObject({ already: false });
  expect(await rig.cover.status()).toMatchObject({ cover: "Closed", lamp: "Off" });
  expect(await closeCover()).toMatchObject({ already: true });
  expect(await failureType(openCover())).toBe("LeaseLost");
  expect(await rig.cover.status()).toMatchObject({ cover: "Closed" });
  rig.stored.generation = rig.lease.generation;
  expect(await openCover()).toMatchObject({ already: false });
  expect(await rig.cover.status()).toMatchObject({ cover: "Open" });
});

test("a cover that stops half-way is told to close until it does, and never to open twice", async () => {
  await closeCover();
  await rig.fault("cover", "wrong-position");
  expect(await failureType(openCover())).toBe("NotReady");
  const closing = closeCover();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await rig.clearFault("cover");
  expect(await closing).toMatchObject({ already: false });
});

test("the focuser stops where it was sent, and says so when it did not", async () => {
  expect(await focus(24_000)).toMatchObject({ position: 24_000, already: false });
  expect(await focus(24_000)).toMatchObject({ already: true });
  await rig.fault("focuser", "wrong-position");
  await expect(focus(25_000)).rejects.toMatchObject({
    type: "DeviceFault",
    message: "Focuser was sent to step 25000 and stopped at 27000.",
  });
  await rig.clearFault("focuser");
  rig.stored.generation += 1;
  expect(await failureType(focus(25_000))).toBe("LeaseLost");
});

test("a filter is in the beam when the wheel says so", async () => {
  expect(await filter("i")).toMatchObject({ filter: "i", already: false });
  expect(await rig.wheels.get("wheel-vis")?.status()).toEqual({ slot: 2, filter: "i" });
  expect(await filter("i")).toMatchObject({ already: true });
  await expect(filter("H")).rejects.toMatchObject({
    type: "BadRequest",
    message: 'Visible filter wheel has no filter "H"; it has g, r, i, z.',
  });
  await rig.fault("wheel-vis", "wrong-position");
  await expect(filter("g")).rejects.toMatchObject({
    type: "DeviceFault",
    message: "Visible filter wheel was sent to g and stopped at r.",
  });
  await rig.clearFault("wheel-vis");
  rig.stored.generation += 1;
  expect(await failureType(filter("z"))).toBe("LeaseLost");
});
