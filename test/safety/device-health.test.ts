import { expect, test } from "@jest/globals";
import {
  recovered,
  recovering,
  seen,
  unavailable,
  type DeviceHealth,
  type RecoveryProgress,
} from "../../domain/safety/device-health.ts";
import type { DeviceCondition, DeviceStateWord } from "../../domain/safety/watch-state.ts";

const STEP: RecoveryProgress = {
  step: 1,
  steps: 3,
  doing: "asked again",
  nextWallMs: 15_000,
  lastTrouble: "",
  without: false,
  calls: false,
};

function condition(state: DeviceStateWord, detail = "words"): DeviceCondition {
  return { state, detail, sinceMs: 0, blocking: true };
}

test("a device is unknown until it is heard, up when it answers, and keeps since when", () => {
  const unknown = seen(undefined, condition("UNKNOWN"), 1);
  expect(unknown).toMatchObject({ state: "UNKNOWN" });
  const up = seen(unknown, condition("UP"), 2);
  expect(up).toMatchObject({ state: "UP", sinceMs: 2 });
  expect(seen(up, condition("UP"), 3)).toBe(up);
  expect(seen(up, condition("DEGRADED"), 4)).toMatchObject({ state: "DEGRADED", sinceMs: 4 });
  expect(seen(seen(up, condition("DEGRADED"), 4), condition("UP"), 5)).toMatchObject({
    state: "UP",
    sinceMs: 5,
  });
});

test("a device that was never heard can be lost: Vesper was started before it", () => {
  expect(seen(undefined, condition("DISABLED", "silent"), 7)).toEqual({
    state: "DISABLED",
    sinceMs: 7,
    why: "silent",
    recovery: null,
  });
});

test("an answer alone brings no lost device back: its recovery does", () => {
  const lost = seen(undefined, condition("DISABLED", "silent"), 1);
  expect(seen(lost, condition("UP", "idle"), 2)).toBe(lost);
  expect(seen(lost, condition("DEGRADED"), 3)).toBe(lost);
  const onTheWay = recovering(lost, STEP);
  expect(onTheWay.recovery).toEqual(STEP);
  // A new reason keeps how far the recovery has come.
  expect(seen(onTheWay, condition("DISABLED", "garbage"), 4)).toMatchObject({
    why: "garbage",
    recovery: STEP,
  });
  expect(recovered(onTheWay, 5)).toEqual({ state: "UP", sinceMs: 5, why: "", recovery: null });
});

test("a report that comes late changes nothing of a device that is up", () => {
  const up: DeviceHealth = { state: "UP", sinceMs: 1, why: "idle", recovery: null };
  expect(recovering(up, STEP)).toBe(up);
  expect(recovered(up, 9)).toBe(up);
});

test("only what is disabled cannot be used", () => {
  const healths = {
    a: seen(undefined, condition("DISABLED", "silent"), 1),
    b: seen(undefined, condition("DEGRADED", "slow"), 1),
    c: seen(undefined, condition("UP"), 1),
  };
  expect(unavailable(healths)).toEqual({ a: "silent" });
});
