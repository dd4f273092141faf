import { readFile } from "node:fs/promises";
import path from "node:path";
import { observatoryMs, type ClockFact } from "../domain/clock.ts";
import type { JournalLevel } from "../db/entities/journal-entry.ts";

/** Lines for the journal, as db/repositories/journal.ts takes them; the same `onceKey` twice is one line. */
export type AppendJournal = (
  ...lines: {
    readonly atWallMs: number;
    readonly atMs: number;
    readonly level: JournalLevel;
    readonly module: string;
    readonly text: string;
    readonly onceKey: string;
  }[]
) => Promise<void>;

/**
 * Takes what the guard wrote down by itself (`guard-journal.jsonl`: it has no database) into the journal. Lines taken
 * before are taken again without harm after a restart.
 */
export function createGuardJournalImport(home: string, append: AppendJournal, clock: () => ClockFact) {
  const file = path.join(home, "guard-journal.jsonl");
  let taken = 0;
  return async (): Promise<void> => {
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    // The last line is whole only when its end is written.
    const lines = text.split("\n").slice(0, -1);
    // Fewer than before: the file was begun anew.
    if (lines.length < taken) taken = 0;
    const entries = lines.slice(taken).flatMap((line) => entryOf(line, clock()) ?? []);
    if (entries.length > 0) await append(...entries);
    taken = lines.length;
  };
}

function entryOf(line: string, clock: ClockFact): Parameters<AppendJournal>[0] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return null;
  }
  const { wallMs, event, why } = (parsed ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof wallMs !== "number" || typeof why !== "string") return null;
  const tripped = event === "tripped";
  return {
    atWallMs: wallMs,
    atMs: observatoryMs(clock, wallMs),
    level: tripped ? "alarm" : "info",
    module: "guard",
    text: tripped ? `The guard closes the dome. ${why}` : `The guard is at ease again. ${why}`,
    onceKey: `guard/${wallMs}/${String(event)}`,
  };
}
