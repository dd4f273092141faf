/**
 * Faults of the devices of the arms (filter wheel, focuser, mirror cover), each as it is met before and during a motion:
 * every call ends within its limit with a failure that says what it was, and none calls done what was not.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createCoverActivities } from "../../activities/cover.ts";
import { createFilterWheelActivities } from "../../activities/filter-wheel.ts";
import { createFocuserActivities } from "../../activities/focuser.ts";
import type { FaultKind } from "../../simulators/faults.ts";
import { asActivity, createRig, failureType, type Rig } from "./rig.ts";

/** Observatory seconds: with 10 s of wall time on top, the longest that a call may take. */
const LIMIT_S = 30;
const HIGH_RATE = 60;
let rig: Rig;

beforeAll(async () => {
  rig = await createRig({ rate: HIGH_RATE });
});

afterAll(async () => rig.close());

beforeEach(async () => {
  rig.stored.generation = rig.lease.generation;
  for (const id of ["cover", "focuser", "wheel-vis"]) await rig.clearFault(id);
});

const MOTIONS = {
  "wheel-vis": () => {
    const { setFilter } = createFilterWheelActivities(rig);
    const turn = (filter: string) =>
      asActivity(() => setFilter({ lease: rig.lease, wheelId: "wheel-vis", filter, limitS: LIMIT_S }));
    return { there: () => turn("z"), back: () => turn("g") };
  },
  focuser: () => {
    const { moveFocuser } = createFocuserActivities(rig);
    const move = (position: number) =>
      asActivity(() => moveFocuser({ lease: rig.lease, position, limitS: LIMIT_S }));
    return { there: () => move(30_000), back: () => move(25_000) };
  },
  cover: () => {
    const { openCover, closeCover } = createCoverActivities(rig);
    return {
      there: () => asActivity(() => openCover({ lease: rig.lease, limitS: LIMIT_S })),
      back: () => asActivity(() => closeCover({ limitS: LIMIT_S })),
    };
  },
};

/** What a motion ends with when the fault is there from the start. */
const EXPECTED: Readonly<Record<keyof typeof MOTIONS, Readonly<Partial<Record<FaultKind, string>>>>> = {
  "wheel-vis": {
    dead: "DeviceUnreachable",
    error: "DeviceFault",
    garbage: "DeviceFault",
    "wrong-position": "DeviceFault",
    "clock-off": "none",
  },
  focuser: {
    dead: "DeviceUnreachable",
    error: "DeviceFault",
    garbage: "DeviceFault",
    "wrong-position": "DeviceFault",
    "clock-off": "none",
  },
  cover: {
    dead: "DeviceUnreachable",
    error: "DeviceFault",
    garbage: "DeviceFault",
    "wrong-position": "NotReady",
    "clock-off": "none",
  },
};

describe.each(Object.keys(MOTIONS) as (keyof typeof MOTIONS)[])("%s", (deviceId) => {
  beforeEach(async () => {
    await MOTIONS[deviceId]().back();
  });

  test.each(Object.entries(EXPECTED[deviceId]) as [FaultKind, string][])(
    "%s before a motion: %s, and the motion succeeds when the fault is gone",
    async (kind, outcome) => {
      const { there } = MOTIONS[deviceId]();
      await rig.fault(deviceId, kind);
      expect(await failureType(there())).toBe(outcome);
      await rig.clearFault(deviceId);
      await expect(there()).resolves.toBeDefined();
    },
  );
});

test("what is stuck on its way ends with its limit, on all three at once", async () => {
  const devices = Object.keys(MOTIONS) as (keyof typeof MOTIONS)[];
  for (const id of devices) {
    await MOTIONS[id]().back();
    await rig.fault(id, "stuck");
  }
  const ends = await Promise.all(devices.map((id) => failureType(MOTIONS[id]().there())));
  expect(ends).toEqual(["LimitExceeded", "LimitExceeded", "LimitExceeded"]);
}, 30_000);
