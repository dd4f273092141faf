/** Every accepted command, by whom and why: `simulators/commands.jsonl`, and the newest in memory. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import path from "node:path";

export interface CommandEntry {
  readonly wallMs: number;
  readonly observatoryMs: number;
  /** Device id of the observatory file. */
  readonly device: string;
  /** Member of the URL, or the name of an Action. */
  readonly command: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  readonly clientId: number;
  /** Name agreed for the client id. */
  readonly client: string;
  readonly cause: "command" | "dead-man";
}

const KEPT_IN_MEMORY = 5_000;
const LARGEST_FILE = 20 * 1024 * 1024;

/** Alpaca ClientIDs agreed between Vesper's processes. */
const CLIENT_NAMES: Readonly<Record<number, string>> = {
  0: "(none)",
  7100: "other",
  7101: "site worker",
  7102: "guard",
  7103: "watch",
};

/** Name of the process behind a ClientID. */
export function clientName(clientId: number): string {
  return CLIENT_NAMES[clientId] ?? `client ${clientId}`;
}

export interface CommandLog {
  readonly append: (entry: CommandEntry) => void;
  /** Entries from `sinceWallMs` on, oldest first; of one device, or of all. */
  readonly since: (sinceWallMs: number, device?: string) => readonly CommandEntry[];
}

/** Opens the log in `folder` and reads the newest entries of former processes back. A log over 20 MiB is begun anew, the old one kept as `.1`. */
export function openCommandLog(folder: string): CommandLog {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "commands.jsonl");
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_FILE) renameSync(file, `${file}.1`);
  const entries = readBack(file);
  return {
    append: (entry) => {
      entries.push(entry);
      if (entries.length > KEPT_IN_MEMORY) entries.splice(0, entries.length - KEPT_IN_MEMORY);
      appendFileSync(file, `${JSON.stringify(entry)}\n`);
    },
    since: (sinceWallMs, device) =>
      entries.filter(
        (entry) => entry.wallMs >= sinceWallMs && (device === undefined || entry.device === device),
      ),
  };
}

function readBack(file: string): CommandEntry[] {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(-KEPT_IN_MEMORY);
  return lines.flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as CommandEntry];
    } catch {
      // The last line of a killed process may be cut short.
      return [];
    }
  });
}
