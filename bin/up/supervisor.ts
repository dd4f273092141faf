import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunList } from "../../adapters/processes/run-list.ts";
import { signalGroup } from "../../adapters/processes/run-list.ts";

/** One process that the supervisor keeps alive. */
export interface Part {
  /** Unique, names the log and the run record. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ports it listens on. */
  readonly ports: readonly number[];
  /** Wall ms it has to stop after SIGTERM before it is killed. */
  readonly stopLimitMs: number;
}

export interface SupervisorDeps {
  readonly runList: RunList;
  /** Folder of the parts' logs. */
  readonly logFolder: string;
  /** Told in one sentence that a part ended and when it is started again. */
  readonly onRestart: (part: string, sentence: string) => void;
  readonly firstBackOffMs?: number;
  readonly lastBackOffMs?: number;
}

export interface Supervisor {
  /** Starts a part and keeps it running until it is stopped. */
  start(part: Part): void;
  /** Pid of the running process of a part, null while it is down. */
  pidOf(name: string): number | null;
  /** Stops parts at the same time; resolves when all have ended, killed after their limit if need be. */
  stop(names: readonly string[]): Promise<void>;
  /** Kills every part at once. */
  killAll(): void;
}

interface Running {
  readonly part: Part;
  child: ChildProcess | null;
  stopping: boolean;
  backOffMs: number;
  timer: NodeJS.Timeout | null;
}

/** A log grown beyond this is set aside as `<part>.log.1` when the part is started. */
const LOG_LIMIT_BYTES = 20_000_000;
/** A part that ran this long is started again without the back-off it had gathered. */
const STEADY_MS = 30_000;

/**
 * Keeps processes alive: each in its own process group, its standard input a pipe from here, so that it notices when
 * this process is gone. One that exits is started again after 1 s, 2 s, 4 s … at most 10 s.
 */
export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const { runList, logFolder, onRestart, firstBackOffMs = 1_000, lastBackOffMs = 10_000 } = deps;
  const running = new Map<string, Running>();
  mkdirSync(logFolder, { recursive: true });

  function launch(entry: Running): void {
    const { part } = entry;
    const log = openLog(logFolder, part.name);
    const child = spawn(part.command, part.args, {
      detached: true,
      stdio: ["pipe", log, log],
      env: { ...part.env, VESPER_SUPERVISED: "1" },
    });
    closeSync(log);
    const startedWallMs = Date.now();
    entry.child = child;
    if (child.pid !== undefined) runList.add(part.name, child.pid, part.ports);
    // Writing is never done here; an EPIPE when the child goes first is no news.
    child.stdin?.on("error", () => {});
    let ended = false;
    const onEnd = (how: string): void => {
      if (ended) return;
      ended = true;
      // What the leader leaves behind in its group must not hold its ports.
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      entry.child = null;
      runList.remove(part.name);
      if (entry.stopping) return;
      if (Date.now() - startedWallMs > STEADY_MS) entry.backOffMs = firstBackOffMs;
      const waitMs = entry.backOffMs;
      entry.backOffMs = Math.min(lastBackOffMs, waitMs * 2);
      onRestart(part.name, `${part.name} ended (${how}); it is started again in ${waitMs / 1_000} s`);
      entry.timer = setTimeout(() => launch(entry), waitMs);
    };
    child.on("error", (error) => onEnd(error.message));
    child.on("exit", (code, signal) => onEnd(signal ?? `exit code ${code}`));
  }

  async function stopOne(entry: Running): Promise<void> {
    entry.stopping = true;
    if (entry.timer !== null) clearTimeout(entry.timer);
    const pid = entry.child?.pid;
    if (pid !== undefined) {
      const deadline = Date.now() + entry.part.stopLimitMs;
      entry.child?.kill("SIGTERM");
      // Frozen by SIGSTOP, it would not see the SIGTERM.
      entry.child?.kill("SIGCONT");
      while (entry.child !== null && Date.now() < deadline) await sleep(20);
      if (entry.child !== null) {
        signalGroup(pid, "SIGKILL");
        const killed = Date.now() + 2_000;
        while (entry.child !== null && Date.now() < killed) await sleep(20);
      }
    }
    running.delete(entry.part.name);
  }

  return {
    start(part) {
      if (running.has(part.name)) throw new Error(`part ${part.name} is running already`);
      const entry: Running = { part, child: null, stopping: false, backOffMs: firstBackOffMs, timer: null };
      running.set(part.name, entry);
      launch(entry);
    },
    pidOf: (name) => running.get(name)?.child?.pid ?? null,
    async stop(names) {
      const entries = names.flatMap((name) => running.get(name) ?? []);
      await Promise.all(entries.map(stopOne));
    },
    killAll() {
      for (const entry of running.values()) {
        entry.stopping = true;
        if (entry.timer !== null) clearTimeout(entry.timer);
        if (entry.child?.pid !== undefined) signalGroup(entry.child.pid, "SIGKILL");
      }
    },
  };
}

/** The log of a part, opened for appending. */
function openLog(folder: string, part: string): number {
  const file = path.join(folder, `${part}.log`);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, "a", 0o600);
}
