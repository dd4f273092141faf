import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const FREEZE_LIMIT_MS = 10_000;

/**
 * Stops processes with SIGSTOP and waits until every thread of theirs stands: the signal is taken by one thread, and on a busy
 * machine the others go on answering until that one has had its turn. Where there is no /proc it does not wait.
 * @throws when a thread still runs after 10 s
 */
export async function freeze(pids: readonly number[]): Promise<void> {
  for (const pid of pids) signalProcess(pid, "SIGSTOP");
  const untilMs = Date.now() + FREEZE_LIMIT_MS;
  while (pids.some((pid) => threadStates(pid).some((state) => state !== "T"))) {
    if (Date.now() > untilMs) throw new Error(`processes ${pids.join(", ")} go on after SIGSTOP`);
    await sleep(2);
  }
}

export function thaw(pids: readonly number[]): void {
  for (const pid of pids) signalProcess(pid, "SIGCONT");
}

/** Sends a signal to a process that may have ended in the meantime. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** A process and all it started, also those that lead sessions of their own (the backends of PostgreSQL do). */
export function withDescendants(pid: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const parents = table
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = [pid];
  for (const member of family) {
    for (const [child = 0, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** One letter for each living thread, as proc(5) has them: R runs, S sleeps, T is stopped. */
function threadStates(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8"))
      .map((stat) => stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "")
      .filter((state) => state !== "Z" && state !== "X");
  } catch {
    // A thread or the process ended between two looks, or there is no /proc.
    return [];
  }
}
