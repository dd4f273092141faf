import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processStart } from "./identity.ts";

/** One process of ours, as listed in VESPER_HOME/run/<part>.json. It leads a process group of its own. */
export interface RunRecord {
  readonly part: string;
  readonly pid: number;
  /** Start of the process, see processStart: a record is believed only while pid and start agree. */
  readonly started: string;
  readonly ports: readonly number[];
}

/** The list of our processes in `folder`; it outlives a supervisor that was killed. */
export interface RunList {
  /** Lists a process that was just started. */
  add(part: string, pid: number, ports: readonly number[]): void;
  remove(part: string): void;
  /** Records whose process is alive and still the one that was listed; the others are removed. */
  living(): RunRecord[];
}

export function createRunList(folder: string): RunList {
  const fileOf = (part: string): string => path.join(folder, `${part}.json`);

  function read(file: string): RunRecord | null {
    try {
      return JSON.parse(readFileSync(path.join(folder, file), "utf8")) as RunRecord;
    } catch {
      // Half-written when the machine went down: it names nobody.
      return null;
    }
  }

  return {
    add(part, pid, ports) {
      const started = processStart(pid);
      if (started === null) return;
      const record: RunRecord = { part, pid, started, ports };
      mkdirSync(folder, { recursive: true });
      const file = fileOf(part);
      writeFileSync(`${file}.new`, JSON.stringify(record));
      renameSync(`${file}.new`, file);
    },
    remove(part) {
      rmSync(fileOf(part), { force: true });
    },
    living() {
      const records: RunRecord[] = [];
      if (!existsSync(folder)) return records;
      for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
        const record = read(file);
        if (record !== null && isLiving(record)) records.push(record);
        else rmSync(path.join(folder, file), { force: true });
      }
      return records;
    },
  };
}

/** Whether the process of a record still runs: same pid and same start. */
export function isLiving(record: RunRecord): boolean {
  return processStart(record.pid) === record.started;
}

/**
 * Ends the process group of a record: SIGTERM, then SIGKILL after `graceMs`. A process with another start time is never touched.
 * @returns whether it is gone.
 */
export async function endProcess(record: RunRecord, graceMs: number): Promise<boolean> {
  for (const [signal, limitMs] of [
    ["SIGTERM", graceMs],
    ["SIGKILL", 2_000],
  ] as const) {
    if (!isLiving(record)) return true;
    signalGroup(record.pid, signal);
    // A stopped process (SIGSTOP) takes no SIGTERM before it goes on.
    if (signal === "SIGTERM") signalGroup(record.pid, "SIGCONT");
    const deadline = Date.now() + limitMs;
    while (isLiving(record) && Date.now() < deadline) await sleep(50);
  }
  return !isLiving(record);
}

/** Sends a signal to a process group; one that is gone already is no error. */
export function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
