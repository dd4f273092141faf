import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { joinGroup } from "../../db/presence.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => server?.stop());

test("members see each other, not themselves, and nobody of another group", async () => {
  const one = await joinGroup(server.url, "vesper control", "1@here");
  const two = await joinGroup(server.url, "vesper control", "2@here");
  const stranger = await joinGroup(server.url, "vesper controls", "3@here");
  expect(await one.others()).toEqual(["2@here"]);
  expect(await two.others()).toEqual(["1@here"]);
  await two.close();
  expect(await one.others()).toEqual([]);
  await Promise.all([one.close(), stranger.close()]);
});

test("a process that is killed is gone at once", async () => {
  const presence = fileURLToPath(new URL("../../db/presence.ts", import.meta.url));
  const code = `const { joinGroup } = await import(${JSON.stringify(presence)});
    await joinGroup(${JSON.stringify(server.url)}, "vesper control", "killed@here");
    console.log("joined");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const one = await joinGroup(server.url, "vesper control", "1@here");
  expect(await one.others()).toEqual(["killed@here"]);
  child.kill("SIGKILL");
  await once(child, "exit");
  const untilMs = Date.now() + 5_000;
  while ((await one.others()).length > 0 && Date.now() < untilMs);
  expect(await one.others()).toEqual([]);
  await one.close();
});

test("a name that the database would cut off is refused", async () => {
  await expect(joinGroup(server.url, "vesper control", "x".repeat(60))).rejects.toThrow(/too long a name/);
});
