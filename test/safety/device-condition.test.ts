import { expect, test } from "@jest/globals";
import { answered, missed, mistaken, UNKNOWN_DEVICE } from "../../domain/safety/device-condition.ts";

test("three missed polls degrade a device, ten disable it, one answer brings it back", () => {
  let record = answered(UNKNOWN_DEVICE, 0, 0);
  const words: string[] = [];
  for (let poll = 1; poll <= 11; poll += 1) {
    record = missed(record, "silent", poll, poll);
    words.push(record.state);
  }
  expect(words).toEqual([...Array(2).fill("UP"), ...Array(7).fill("DEGRADED"), ...Array(2).fill("DISABLED")]);
  expect(record).toMatchObject({ sinceMs: 10, why: "silent", misses: 11 });
  expect(answered(record, 12, 500)).toEqual({
    state: "UP",
    sinceMs: 12,
    misses: 0,
    missingSinceWallMs: null,
    answeredWallMs: 500,
    why: "",
  });
});

test("a device never heard is unknown until the third miss", () => {
  const once = missed(UNKNOWN_DEVICE, "silent", 1, 1);
  expect(once.state).toBe("UNKNOWN");
  expect(missed(missed(once, "silent", 2, 2), "silent", 3, 3).state).toBe("DEGRADED");
});

test("a device that hangs is disabled by time, not by the few polls it misses", () => {
  let record = answered(UNKNOWN_DEVICE, 0, 0);
  const words = [2_000, 4_200, 6_400].map((wallMs) => {
    record = missed(record, "no answer", wallMs, wallMs);
    return record.state;
  });
  expect(words).toEqual(["UP", "UP", "DISABLED"]);
  expect(answered(record, 7_000, 7_000)).toMatchObject({ state: "UP", missingSinceWallMs: null });
});

test("another device at the address disables at once, and an answer of ours lifts it", () => {
  const wrong = mistaken(answered(UNKNOWN_DEVICE, 0, 0), "another", 5);
  expect(wrong).toMatchObject({ state: "DISABLED", sinceMs: 5 });
  expect(answered(wrong, 6, 6).state).toBe("UP");
});
