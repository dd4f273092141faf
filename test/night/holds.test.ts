import { describe, expect, test } from "@jest/globals";
import {
  LIFTED_BY_RESUME,
  modeOf,
  withHold,
  withoutHolds,
  type Hold,
  type HoldKind,
} from "../../domain/safety/holds.ts";
import { measured, NO_MEASUREMENT } from "../../domain/night/overhead.ts";

function hold(kind: HoldKind, why = "because"): Hold {
  return { kind, who: "test", why, sinceMs: 1, sinceWallMs: 2 };
}

describe("holds", () => {
  test("resume lifts operator and maintenance only: rain stays", () => {
    const holds = [hold("operator"), hold("weather"), hold("maintenance"), hold("device:camera-vis")];
    expect(withoutHolds(holds, ...LIFTED_BY_RESUME).map((each) => each.kind)).toEqual([
      "weather",
      "device:camera-vis",
    ]);
  });

  test("a cause that holds already keeps its since and updates its reason", () => {
    const before = [hold("weather", "humidity 86 %")];
    const after = withHold(before, { ...hold("weather", "humidity 91 %"), sinceMs: 99 });
    expect(after).toEqual([{ ...hold("weather", "humidity 91 %"), sinceMs: 1 }]);
    expect(withHold(before, hold("weather", "humidity 86 %"))).toBe(before);
  });

  test.each([
    [[hold("maintenance"), hold("weather")], true, "MANUAL"],
    [[hold("weather"), hold("operator")], true, "CLOSED"],
    [[hold("guard")], true, "CLOSED"],
    [[hold("operator")], true, "PAUSED"],
    [[hold("device:telescope")], true, "PAUSED"],
    [[], true, "RUNNING"],
    [[], false, "WAITING"],
  ] as const)("mode of %j with a night %s is %s", (holds, nightOpen, mode) => {
    expect(modeOf({ holds, closedByHand: false, nightOpen, nightEnded: false })).toBe(mode);
  });

  test("closed by hand shows CLOSED although an operator's hold alone is a pause", () => {
    const facts = { holds: [hold("operator")], nightOpen: true, nightEnded: false };
    expect(modeOf({ ...facts, closedByHand: true })).toBe("CLOSED");
    expect(modeOf({ holds: [], closedByHand: false, nightOpen: false, nightEnded: true })).toBe("ENDED");
  });
});

describe("measured overhead", () => {
  test("the first sample counts whole, later ones a third, none is negative", () => {
    const first = measured(NO_MEASUREMENT, { actualS: 130, plannedS: 100, frames: 10 });
    expect(first).toEqual({ perFrameS: 3, samples: 1 });
    const second = measured(first, { actualS: 90, plannedS: 100, frames: 10 });
    expect(second.perFrameS).toBeCloseTo(2.1, 9);
    expect(measured(first, { actualS: 500, plannedS: 1, frames: 0 })).toBe(first);
  });
});
