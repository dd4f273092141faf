import { watch, type FSWatcher } from "node:fs";
import { readClockFile } from "../adapters/home/home-files.ts";
import type { ClockFact } from "../domain/clock.ts";
import type { Clocks } from "../activities/clocks.ts";

/** The file is also read at this interval: a missed change event must not leave a process with an old clock. */
const REREAD_WALL_MS = 1_000;

export interface ProcessClock extends Clocks {
  close(): void;
}

/**
 * The stored clock as this process sees it, read again when `up` anchors it anew.
 * @param home VESPER_HOME
 * @throws Error when there is no clock yet: `vesper up` makes it before it starts any worker.
 */
export async function openProcessClock(home: string): Promise<ProcessClock> {
  const first = await readClockFile(home);
  if (first === null) {
    throw new Error(
      `There is no clock in ${home}/clock.json: start the observatory with "vesper up", which makes it.`,
    );
  }
  let fact: ClockFact = first;
  const reread = async (): Promise<void> => {
    const newer = await readClockFile(home);
    if (newer !== null && newer.epoch >= fact.epoch) fact = newer;
  };
  const timer = setInterval(() => void reread(), REREAD_WALL_MS);
  timer.unref();
  const watcher = watched(home, () => void reread());
  return {
    fact: () => fact,
    wallMs: () => Date.now(),
    close: () => {
      clearInterval(timer);
      watcher?.close();
    },
  };
}

/** Some file systems cannot be watched: then the interval alone does it. */
function watched(home: string, changed: () => void): FSWatcher | null {
  try {
    const watcher = watch(home, { persistent: false }, (_event, file) => {
      if (file === "clock.json") changed();
    });
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}
