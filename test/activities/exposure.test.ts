import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { nowMs } from "../../activities/clocks.ts";
import { createCameraActivities } from "../../activities/camera.ts";
import { createDomeActivities } from "../../activities/dome.ts";
import type { CameraDeps, ExposureInput } from "../../activities/exposure.ts";
import { createFilterWheelActivities } from "../../activities/filter-wheel.ts";
import { createStartGate } from "../../activities/start-gate.ts";
import { createTelescopeActivities } from "../../activities/telescope.ts";
import { MockActivityEnvironment } from "@temporalio/testing";
import { cameraDeps, frameOf } from "./memory-store.ts";
import { asActivity, createRig, failureType, rawDevice, type Rig } from "./rig.ts";

let rig: Rig;
let frame: ExposureInput;
let testStartedWallMs: number;

beforeAll(async () => {
  rig = await createRig();
  frame = frameOf(rig, 1, { target: rig.target() });
});

/** Dome open, mount on target, camera idle: these activities return at once where nothing was spoilt. */
beforeEach(async () => {
  rig.stored.generation = rig.lease.generation;
  for (const { id } of rig.observatory.devices) await rig.clearFault(id);
  const dome = createDomeActivities(rig);
  const mount = createTelescopeActivities(rig);
  const wheels = createFilterWheelActivities(rig);
  await asActivity(async () => {
    await mount.startSlew({ lease: rig.lease, target: frame.target, minAltDeg: 20 });
    await dome.openDome({ lease: rig.lease, limitS: 180 });
    await mount.awaitOnTarget({ target: frame.target, limitS: 180 });
    await wheels.setFilter({ lease: rig.lease, wheelId: "wheel-vis", filter: "r", limitS: 60 });
  });
  await rig.camera.abortExposure();
  testStartedWallMs = Date.now();
});

afterAll(async () => {
  await rig.close();
});

/** The activities as a worker process has them: a new call is a new process with the same table. */
function processWith(deps: CameraDeps) {
  const activities = createCameraActivities(deps);
  return {
    start: (input = frame) => asActivity(() => activities.startExposure(input)),
    fetch: (input = frame) => asActivity(() => activities.fetchExposure(input)),
    abort: (interrupted: object = {}) =>
      asActivity(() =>
        activities.abortExposures({ cameraIds: ["camera-vis"], reason: "alert", ...interrupted }),
      ),
    idle: () => asActivity(() => activities.awaitIdle({ cameraIds: ["camera-vis"], limitS: 60 })),
    settle: (input = frame) => asActivity(() => activities.settleAborted(input)),
    cool: (setPointC: number, limitS = 900) =>
      asActivity(() => activities.coolCamera({ cameraId: "camera-vis", setPointC, limitS })),
  };
}

const cameraCommands = async () =>
  (await rig.commands("camera-vis", testStartedWallMs)).map(({ command }) => command);
const startCommands = async () => (await cameraCommands()).filter((command) => command === "startexposure");
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("a frame is started, waited for, stored and recorded", async () => {
  const { deps, rows, images, stored } = cameraDeps(rig);
  const camera = processWith(deps);
  const { startMs, startWallMs, adopted } = await camera.start();
  expect(adopted).toBe(false);
  expect(Math.abs(startWallMs - Date.now())).toBeLessThan(2_000);
  expect(rows.get("R0001-1-vis-1/1/1")).toMatchObject({ state: "exposing", startMs });

  const fetched = await camera.fetch();
  expect(fetched).toMatchObject({ kind: "stored", imageId: "R0001-1-vis-1-1-1" });
  expect(rows.get("R0001-1-vis-1/1/1")?.state).toBe("stored");
  expect(images.size).toBe(1);
  expect(stored[0]).toMatchObject({ nightDate: "2026-11-20", pointing: { measured: true } });
  // Fetched once more, as after a lost answer: the same image, nothing new.
  expect(await camera.fetch()).toEqual(fetched);
  expect(stored).toHaveLength(1);
});

test("a start run again by another process adopts the exposure that runs", async () => {
  const { deps, rows } = cameraDeps(rig);
  const first = await processWith(deps).start();
  // The answer was lost and the row still says starting.
  Object.assign(rows.get("R0001-1-vis-1/1/1") ?? {}, { state: "starting", startMs: null });
  const second = await processWith(deps).start();
  expect(second).toMatchObject({ adopted: true });
  expect(Math.abs(second.startMs - first.startMs)).toBeLessThan(1_000);
  expect(await startCommands()).toHaveLength(1);
});

test("a start run again finds its exposure already finished and adopts it", async () => {
  const { deps } = cameraDeps(rig);
  await processWith(deps).start();
  await wait(900);
  expect((await rig.camera.status()).imageReady).toBe(true);
  expect(await processWith(deps).start()).toMatchObject({ adopted: true });
  expect(await startCommands()).toHaveLength(1);
  expect(await processWith(deps).fetch()).toMatchObject({ kind: "stored" });
});

test("the frame before is not taken for this one, although it is as long", async () => {
  const { deps } = cameraDeps(rig);
  const camera = processWith(deps);
  await camera.start();
  await camera.fetch();
  const second = { ...frame, n: 2 };
  expect(await camera.start(second)).toMatchObject({ adopted: false });
  expect(await startCommands()).toHaveLength(2);
});

test("a camera busy with another exposure is freed first", async () => {
  await rig.camera.startExposure(600, true);
  const { deps } = cameraDeps(rig);
  expect(await processWith(deps).start()).toMatchObject({ adopted: false });
  expect(await cameraCommands()).toContain("abortexposure");
  expect(await rig.camera.lastExposure()).toMatchObject({ durationS: 30 });
});

test("a camera that was restarted has lost the frame, and says so", async () => {
  const { deps, rows } = cameraDeps(rig);
  const camera = processWith(deps);
  await camera.start();
  await rig.restart();
  const fetched = await camera.fetch();
  expect(fetched.kind).toBe("lost");
  expect(fetched).toMatchObject({ reason: expect.stringContaining("Visible camera knows nothing") });
  expect(rows.get("R0001-1-vis-1/1/1")?.state).toBe("lost");
  // A lost frame is not started again under the same attempt.
  expect(await failureType(camera.start())).toBe("ExposureEnded");
});

test("a camera stuck in read-out loses the frame within the limit and is freed", async () => {
  const observatory = {
    ...rig.observatory,
    instruments: rig.observatory.instruments.map((each) => ({ ...each, readoutLimitS: -570 })),
  };
  const { deps } = cameraDeps(rig, { observatory });
  const camera = processWith(deps);
  await camera.start();
  await rig.fault("camera-vis", "stuck");
  expect(await camera.fetch()).toMatchObject({
    kind: "lost",
    reason: expect.stringContaining("no image within the read-out limit"),
  });
  await rig.clearFault("camera-vis");
  expect((await rig.camera.status()).state).toBe("Idle");
});

test("garbage from the camera while fetching is a fault to retry; the image waits", async () => {
  const { deps, rows } = cameraDeps(rig);
  const camera = processWith(deps);
  await camera.start();
  await wait(900);
  await rig.fault("camera-vis", "garbage");
  expect(await failureType(camera.fetch())).toBe("DeviceFault");
  expect(rows.get("R0001-1-vis-1/1/1")?.state).toBe("exposing");
  await rig.clearFault("camera-vis");
  expect(await camera.fetch()).toMatchObject({ kind: "stored" });
});

test("an abort throws the exposure away at once; settling records it", async () => {
  const { deps, rows } = cameraDeps(rig);
  const camera = processWith(deps);
  await camera.start({ ...frame, exposureS: 600 });
  const begun = performance.now();
  const { perCamera } = await camera.abort();
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(perCamera["camera-vis"]?.did).toBe("aborted");
  await camera.idle();
  const aborted = { ...frame, exposureS: 600 };
  expect(await camera.settle(aborted)).toMatchObject({ kind: "aborted" });
  expect(rows.get("R0001-1-vis-1/1/1")?.state).toBe("aborted");
  expect(await camera.settle(aborted)).toMatchObject({ kind: "aborted" });
});

test("a start under way when its sequence is interrupted opens no shutter: the abort found the camera idle", async () => {
  // The workflow that the mock environment names.
  const interrupted = "test";
  const { deps, rows } = cameraDeps(rig, {
    gate: createStartGate(),
    // The last question before the order to the camera: here the abort comes in between.
    readLease: async () => {
      expect((await camera.abort({ interrupted })).perCamera["camera-vis"]?.did).toBe("idle");
      return rig.stored;
    },
  });
  const camera = processWith(deps);
  expect(await failureType(camera.start())).toBe("LeaseLost");
  expect(await startCommands()).toEqual([]);
  expect(rows.get("R0001-1-vis-1/1/1")).toMatchObject({
    state: "aborted",
    reason: expect.stringContaining("interrupted"),
  });
});

test("a frame being read out is fetched, not aborted", async () => {
  const { deps } = cameraDeps(rig);
  const camera = processWith(deps);
  const { startWallMs } = await camera.start({ ...frame, exposureS: 60 });
  await wait(startWallMs + 1_000 + 20 - Date.now());
  expect((await camera.abort()).perCamera["camera-vis"]?.did).toBe("reading");
  expect(await camera.settle({ ...frame, exposureS: 60 })).toMatchObject({ kind: "stored" });
});

test("a camera that hangs does not delay an abort beyond its own limit, and is named", async () => {
  await rig.fault("camera-vis", "dead");
  const { deps } = cameraDeps(rig);
  const { perCamera } = await processWith(deps).abort();
  expect(perCamera["camera-vis"]).toMatchObject({
    did: "failed",
    detail: expect.stringContaining("Visible camera"),
  });
  await rig.clearFault("camera-vis");
});

test("waiting for idle aborts what nobody owns", async () => {
  await rig.camera.startExposure(600, true);
  const { deps } = cameraDeps(rig);
  await processWith(deps).idle();
  expect((await rig.camera.status()).state).toBe("Idle");
});

test("settling a start that never reached the camera leaves others alone", async () => {
  const { deps, rows, store } = cameraDeps(rig);
  await store.begin(frame, "camera-vis", Date.now());
  expect(await processWith(deps).settle()).toMatchObject({ kind: "aborted" });
  expect(rows.get("R0001-1-vis-1/1/1")?.state).toBe("aborted");
});

test.each([
  ["the lease", "LeaseLost", async (): Promise<void> => void (rig.stored.generation += 1)],
  ["an open dome", "NotReady", (): Promise<void> => rig.dome.closeShutter()],
  ["tracking", "NotReady", (): Promise<void> => rig.telescope.setTracking(false)],
  ["an unparked mount", "NotReady", (): Promise<void> => rig.telescope.park()],
] as const)("without %s no shutter opens, and the row says why", async (_what, type, spoil) => {
  const { deps, rows } = cameraDeps(rig);
  await spoil();
  expect(await failureType(processWith(deps).start())).toBe(type);
  expect(await startCommands()).toHaveLength(0);
  expect(rows.get("R0001-1-vis-1/1/1")).toMatchObject({
    state: "aborted",
    reason: expect.stringMatching(/\.$/),
  });
});

test("off the target, no shutter opens", async () => {
  const { deps } = cameraDeps(rig);
  const elsewhere = { ...frame, target: { ...frame.target, decDeg: frame.target.decDeg + 0.1 } };
  await expect(processWith(deps).start(elsewhere)).rejects.toThrow("the mount points 360″ away from it");
});

test("a full disk refuses with its numbers", async () => {
  const { deps } = cameraDeps(rig, { freeDiskMiB: async () => 12 });
  await expect(processWith(deps).start()).rejects.toThrow("12 MiB of disk are free, the limit is 500 MiB");
});

test("a dark is taken with dome closed and mount parked", async () => {
  await rig.dome.closeShutter();
  await rig.telescope.park();
  const { deps } = cameraDeps(rig);
  expect(await processWith(deps).start({ ...frame, light: false })).toMatchObject({ adopted: false });
});

test("a camera clock 3 s ahead is an alarm, and its start is corrected", async () => {
  const slow = await createRig({ rate: 1 });
  try {
    await slow.camera.connect();
    await slow.fault("camera-vis", "clock-off");
    const { deps, journal } = cameraDeps(slow);
    const { startMs } = await processWith(deps).start(frameOf(slow, 1, { light: false, exposureS: 5 }));
    expect(Math.abs(startMs - nowMs(slow.clocks))).toBeLessThan(1_000);
    expect(journal).toMatchObject([
      { level: "alarm", deviceId: "camera-vis", text: expect.stringContaining("3.0 s ahead") },
    ]);
  } finally {
    await slow.close();
  }
});

test("a start cancelled before the camera was told leaves it idle", async () => {
  const environment = new MockActivityEnvironment();
  const { deps } = cameraDeps(rig, {
    readLease: async () => {
      environment.cancel();
      return rig.stored;
    },
  });
  const activities = createCameraActivities(deps);
  await expect(environment.run(() => activities.startExposure(frame))).rejects.toThrow();
  expect(await startCommands()).toHaveLength(0);
});

test("cooling ends within a degree of the set point, with full frame and bin 1", async () => {
  await rawDevice(rig, "camera", "camera-vis").put("binx", { BinX: 2 });
  const { deps } = cameraDeps(rig);
  const { temperatureC } = await processWith(deps).cool(10);
  expect(Math.abs(temperatureC - 10)).toBeLessThanOrEqual(1);
  expect(await rawDevice(rig, "camera", "camera-vis").get("binx", {})).toBe(1);
  expect(await failureType(processWith(deps).cool(-100, -590))).toBe("LimitExceeded");
});
