import { expect, test } from "@jest/globals";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { backOffMs } from "../../domain/partners/back-off.ts";
import { fileURLToPath } from "node:url";

test("waits double from one second to thirty, half of each drawn", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => backOffMs(attempt, 0.5, null))).toEqual([
    750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500,
  ]);
  for (const attempt of [1, 4, 40]) {
    expect(backOffMs(attempt, 0, null)).toBeGreaterThanOrEqual(500);
    expect(backOffMs(attempt, 0.999, null)).toBeLessThanOrEqual(30_000);
  }
});

test("what a receiver asks for is granted, up to ten minutes", () => {
  expect(backOffMs(1, 0.5, 120_000)).toBe(120_000);
  expect(backOffMs(1, 0.5, 86_400_000)).toBe(600_000);
  expect(backOffMs(6, 0.5, 1)).toBe(22_500);
});

test("the demonstration's partners are at the simulators' port", () => {
  const file = fileURLToPath(new URL("../../observatories/colibri.json", import.meta.url));
  expect(loadObservatory(file, { VESPER_ALPACA_PORT: "12345" }).partners).toEqual({
    ic: "http://127.0.0.1:12345/partners/ic",
    fsc: "http://127.0.0.1:12345/partners/fsc",
  });
});
