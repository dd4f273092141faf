import path from "node:path";
import { appendJsonLine, readJsonFile, writeJsonFile } from "../../adapters/home/json-file.ts";
import { freshGuard, type GuardState } from "../../domain/safety/guard.ts";
import type { GuardStatus } from "./status-port.ts";

/** One line of `guard-journal.jsonl`, to be taken into the journal when the database is there. */
export interface GuardJournalLine {
  readonly wallMs: number;
  readonly event: "tripped" | "untripped";
  readonly why: string;
}

const stateFile = (home: string): string => path.join(home, "guard.json");
const journalFile = (home: string): string => path.join(home, "guard-journal.jsonl");

/** The guard as it was left: a guard that tripped stays tripped over a restart. */
export async function recallGuard(home: string, wallMs: number): Promise<GuardState> {
  const kept = await readJsonFile(stateFile(home));
  const fresh = freshGuard(wallMs);
  if (typeof kept !== "object" || kept === null) return fresh;
  const { tripped, since, why } = kept as Partial<GuardStatus>;
  if (tripped !== true) return fresh;
  return {
    ...fresh,
    tripped,
    sinceWallMs: typeof since === "number" ? since : wallMs,
    why: typeof why === "string" ? why : "",
  };
}

/** Keeps the status in VESPER_HOME/guard.json. */
export async function rememberGuard(home: string, status: GuardStatus): Promise<void> {
  await writeJsonFile(stateFile(home), status);
}

/** Writes one line to VESPER_HOME/guard-journal.jsonl. */
export async function journalGuard(home: string, line: GuardJournalLine): Promise<void> {
  await appendJsonLine(journalFile(home), line);
}
