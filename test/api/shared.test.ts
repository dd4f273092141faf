import { expect, test } from "@jest/globals";
import { createRefreshed } from "../../api/live/shared.ts";

test("whoever asks while a long reading is made anew is given the one before, and never one that is too old", async () => {
  let nowWallMs = 0;
  const readings: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const read = createRefreshed(
    async () => new Promise<number>((resolve, reject) => readings.push({ resolve, reject })),
    { freshMs: 2_000, usableMs: 10_000 },
    () => nowWallMs,
  );
  const [one, two] = [read(), read()];
  expect(readings).toHaveLength(1);
  readings[0]?.resolve(1);
  expect(await Promise.all([one, two])).toEqual([1, 1]);

  nowWallMs = 1_999;
  expect(await read()).toBe(1);
  expect(readings).toHaveLength(1);
  nowWallMs = 2_000;
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  expect(readings).toHaveLength(2);
  readings[1]?.reject(new Error("away"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(await read()).toBe(1);
  readings[2]?.resolve(3);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await read()).toBe(3);

  nowWallMs = 12_000;
  const late = read();
  readings[3]?.reject(new Error("still away"));
  await expect(late).rejects.toThrow("still away");
  const again = read();
  readings[4]?.resolve(5);
  expect(await again).toBe(5);
});
