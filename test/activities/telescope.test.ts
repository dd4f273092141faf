import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createTelescopeActivities, type TelescopeActivities } from "../../activities/telescope.ts";
import { separationDeg } from "../../domain/units.ts";
import { asActivity, createRig, failureType, type Rig } from "./rig.ts";

let rig: Rig;
let activities: TelescopeActivities;

beforeEach(async () => {
  rig = await createRig();
  activities = createTelescopeActivities(rig);
});

afterEach(async () => {
  await rig.close();
});

const slew = (target = rig.target()) =>
  asActivity(() => activities.startSlew({ lease: rig.lease, target, minAltDeg: 20 }));
const arrive = (target = rig.target()) => asActivity(() => activities.awaitOnTarget({ target, limitS: 180 }));
const slewCommands = async () =>
  (await rig.commands("telescope")).filter(({ command }) => command.startsWith("slewto"));

test("a parked mount is unparked, tracks, slews and is verified on the target", async () => {
  const target = rig.target();
  const started = await slew(target);
  expect(started.alreadyThere).toBe(false);
  expect((await rig.telescope.status()).slewing).toBe(true);

  const { offsetArcsec } = await arrive(target);
  expect(offsetArcsec).toBeLessThan(30);
  const status = await rig.telescope.status();
  expect(status).toMatchObject({ slewing: false, tracking: true, parked: false });
  expect(
    separationDeg(status.raDeg ?? 0, status.decDeg ?? 0, target.raDeg, target.decDeg) * 3_600,
  ).toBeLessThan(30);
});

test("run twice it finds its own slew, and then the target reached: one command", async () => {
  const target = rig.target();
  await slew(target);
  expect((await slew(target)).alreadyThere).toBe(false);
  await arrive(target);
  expect((await slew(target)).alreadyThere).toBe(true);
  expect(await slewCommands()).toHaveLength(1);
});

test("a slew elsewhere is aborted first", async () => {
  await slew(rig.target(40));
  const target = rig.target();
  await slew(target);
  await arrive(target);
  expect((await rig.commands("telescope")).map(({ command }) => command)).toContain("abortslew");
  expect(await slewCommands()).toHaveLength(2);
});

test("without the lease nothing moves", async () => {
  rig.stored.generation += 1;
  expect(await failureType(slew())).toBe("LeaseLost");
  expect((await rig.telescope.status()).parked).toBe(true);
});

test("the lease lost between two commands stops the rest", async () => {
  let reads = 0;
  const losing = createTelescopeActivities({
    ...rig,
    readLease: async () => {
      reads += 1;
      return { ...rig.stored, generation: rig.lease.generation + (reads > 1 ? 1 : 0) };
    },
  });
  const call = asActivity(() => losing.startSlew({ lease: rig.lease, target: rig.target(), minAltDeg: 20 }));
  expect(await failureType(call)).toBe("LeaseLost");
  expect(await slewCommands()).toHaveLength(0);
});

test("a target too low is refused with its numbers", async () => {
  const low = { ...rig.target(), decDeg: -45 };
  const call = slew(low);
  await expect(call).rejects.toThrow(
    /No slew to field 0: field 0 stands -?\d+\.\d° high, the limit is 20\.0°/,
  );
  expect(await failureType(slew(low))).toBe("OutOfLimits");
});

test("a mount that stops elsewhere is not on target", async () => {
  await rig.fault("telescope", "wrong-position");
  const target = rig.target();
  await slew(target);
  expect(await failureType(arrive(target))).toBe("NotOnTarget");
});

test("a mount that never arrives exceeds its limit", async () => {
  const target = rig.target();
  await slew(target);
  await rig.fault("telescope", "stuck");
  const waiting = asActivity(() => activities.awaitOnTarget({ target, limitS: -590 }));
  expect(await failureType(waiting)).toBe("LimitExceeded");
});

test("parks, verified; again it is parked already; a parked mount is not stopped", async () => {
  await slew();
  expect(await asActivity(() => activities.park({ limitS: 180 }))).toMatchObject({ alreadyParked: false });
  expect((await rig.telescope.status()).parked).toBe(true);
  expect(await asActivity(() => activities.park({ limitS: 180 }))).toMatchObject({ alreadyParked: true });
  await asActivity(() => activities.stopMount());
});

test("stops a slew", async () => {
  await slew(rig.target(40));
  await asActivity(() => activities.stopMount());
  expect((await rig.telescope.status()).slewing).toBe(false);
});

test("simulators that are away are unreachable, said in a sentence", async () => {
  await rig.stopSimulators();
  const call = slew();
  await expect(call).rejects.toThrow(
    /1\.3 m mount cannot be reached at http:\/\/127\.0\.0\.1:\d+ .*nothing listens there/,
  );
  expect(await failureType(slew())).toBe("DeviceUnreachable");
});
