import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processStart } from "../../adapters/processes/identity.ts";

/** A new folder of this test. */
export function scratchFolder(): string {
  return mkdtempSync(path.join(os.tmpdir(), "vesper-bin-"));
}

/** Waits until `what` holds, at most `limitMs`. */
export async function until(what: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${String(what)}`);
    await sleep(20);
  }
}

export function isAlive(pid: number): boolean {
  return processStart(pid) !== null;
}

/** Runs a piece of JavaScript as a process that leads its own group. */
export function spawnScript(
  script: string,
  stdin: "pipe" | "ignore" = "ignore",
): ChildProcess & { pid: number } {
  const child = spawn(process.execPath, ["-e", script], {
    detached: true,
    stdio: [stdin, "pipe", "inherit"],
  });
  if (child.pid === undefined) throw new Error("not started");
  return child as ChildProcess & { pid: number };
}

/** What a process first prints. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", (data: Buffer) => resolve(data.toString().trim()));
    child.once("exit", () => reject(new Error("ended without a word")));
  });
}

/** Kills a group that a failed test may have left; one that is gone is fine. */
export function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Gone, as it should be.
  }
}
