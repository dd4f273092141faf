import { mkdirSync } from "node:fs";
import path from "node:path";
import { pino } from "pino";
import type { Database } from "../../db/orm.ts";

export type UpLevel = "info" | "warning" | "error";

/** Lines of the supervisor: in its log file at once, in the journal that people read as soon as the database answers. */
export interface UpJournal {
  write(level: UpLevel, part: string, text: string): void;
  /** From now on lines go to the database too, the ones written before first. */
  connect(database: Database, nowMs: () => number): void;
  /** Waits for the lines under way (at most 2 s) and lets the database go. */
  disconnect(): Promise<void>;
}

interface Line {
  readonly level: UpLevel;
  readonly part: string;
  readonly text: string;
  readonly atWallMs: number;
}

const PINO_LEVEL = { info: "info", warning: "warn", error: "error" } as const;
/** While the database is away (it is a part itself) lines wait here, the oldest go first. */
const MOST_WAITING = 500;
const RETRY_MS = 1_000;

/** @param show prints a line for the person at the terminal. */
export function createUpJournal(home: string, show: (text: string) => void): UpJournal {
  const folder = path.join(home, "log");
  mkdirSync(folder, { recursive: true });
  const log = pino(
    { base: { part: "up" } },
    pino.destination({ dest: path.join(folder, "up.log"), sync: true }),
  );
  const waiting: Line[] = [];
  let target: { database: Database; nowMs: () => number } | null = null;
  let sending: Promise<void> | null = null;

  async function send(): Promise<void> {
    for (;;) {
      const [line] = waiting;
      if (target === null || line === undefined) return;
      try {
        await target.database.journal.append({
          atWallMs: line.atWallMs,
          atMs: target.nowMs(),
          level: line.level,
          module: `up/${line.part}`,
          text: line.text,
        });
        waiting.shift();
      } catch (error) {
        log.warn({ error: (error as Error).message }, "a journal line waits for the database");
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  function kick(): void {
    sending ??= send().finally(() => {
      sending = null;
      if (target !== null && waiting.length > 0) kick();
    });
  }

  return {
    write(level, part, text) {
      log[PINO_LEVEL[level]]({ about: part }, text);
      show(`${new Date().toISOString().slice(11, 19)}  ${text}`);
      waiting.push({ level, part, text, atWallMs: Date.now() });
      if (waiting.length > MOST_WAITING) waiting.shift();
      kick();
    },
    connect(database, nowMs) {
      target = { database, nowMs };
      kick();
    },
    async disconnect() {
      await Promise.race([
        sending ?? Promise.resolve(),
        new Promise((resolve) => setTimeout(resolve, 2_000).unref()),
      ]);
      target = null;
    },
  };
}
