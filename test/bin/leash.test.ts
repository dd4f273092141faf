import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { firstLine, isAlive, killGroup, until } from "./process-kit.ts";

const LEASH = fileURLToPath(new URL("../../bin/up/leash.mjs", import.meta.url));
const leashes: ChildProcess[] = [];
afterEach(() => leashes.splice(0).forEach((leash) => killGroup(leash.pid)));

/** A leash around a piece of JavaScript that prints its pid. */
function leashed(script: string, stopSignal = "SIGINT", graceMs = 1_000): ChildProcess {
  const program = `${script}; setInterval(() => {}, 1000); console.log(process.pid)`;
  const leash = spawn(
    process.execPath,
    [LEASH, stopSignal, String(graceMs), process.execPath, "-e", program],
    {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  leashes.push(leash);
  return leash;
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once("exit", (code) => resolve(code)));

test("when the pipe closes the program is told to stop in its own way, and the leash ends with its exit code", async () => {
  const leash = leashed("process.on('SIGINT', () => process.exit(42))");
  const pid = Number(await firstLine(leash));
  const exit = exitOf(leash);
  leash.stdin?.destroy();
  expect(await exit).toBe(42);
  expect(isAlive(pid)).toBe(false);
});

test("a program that does not stop is killed after its grace", async () => {
  const leash = leashed("process.on('SIGINT', () => {})", "SIGINT", 300);
  const pid = Number(await firstLine(leash));
  const before = Date.now();
  leash.stdin?.destroy();
  await until(() => !isAlive(pid), 3_000);
  expect(Date.now() - before).toBeGreaterThanOrEqual(290);
});

test("SIGTERM to the leash is the same as closing its pipe", async () => {
  const leash = leashed("process.on('SIGINT', () => process.exit(7))");
  await firstLine(leash);
  const exit = exitOf(leash);
  leash.kill("SIGTERM");
  expect(await exit).toBe(7);
});

test("a program that ends by itself ends the leash", async () => {
  const leash = leashed("setTimeout(() => process.exit(3), 50)");
  expect(await exitOf(leash)).toBe(3);
});

test("a program that cannot be started is told in one line", async () => {
  const leash = spawn(process.execPath, [LEASH, "SIGINT", "100", "/nowhere/postgres"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let words = "";
  leash.stderr?.on("data", (data: Buffer) => (words += data.toString()));
  expect(await exitOf(leash)).toBe(127);
  expect(words).toMatch(/^\/nowhere\/postgres could not be started: .*ENOENT/);
});

test("the death of the one who holds the leash, by SIGKILL, ends the program", async () => {
  const program = "console.log(process.pid); setInterval(() => {}, 1000)";
  const holder = spawn(
    process.execPath,
    [
      "-e",
      `const { spawn } = require("node:child_process");
       spawn(process.execPath, ${JSON.stringify([LEASH, "SIGINT", "500", process.execPath, "-e", program])},
         { detached: true, stdio: ["pipe", "inherit", "inherit"] });
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  leashes.push(holder);
  const pid = Number(await firstLine(holder));
  expect(isAlive(pid)).toBe(true);
  holder.kill("SIGKILL");
  await until(() => !isAlive(pid), 3_000);
});
