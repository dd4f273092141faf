/** Positions that outlive the process: `simulators/state.json`, one section per device, replaced by renaming. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface StateFile {
  readonly section: (name: string) => unknown;
  readonly save: (name: string, state: object) => void;
}

/**
 * Opens the state file in `folder`, making the folder when needed. A file that is not JSON is set aside as
 * `state.json.damaged` and reported, since losing positions must not stop the simulators.
 */
export function openStateFile(folder: string, report: (message: string) => void): StateFile {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "state.json");
  const sections = read(file, report);
  return {
    section: (name) => sections[name],
    save: (name, state) => {
      sections[name] = state;
      const temporary = `${file}.${process.pid}.tmp`;
      writeFileSync(temporary, JSON.stringify(sections, undefined, 1));
      renameSync(temporary, file);
    },
  };
}

function read(file: string, report: (message: string) => void): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Reported below, together with JSON that is not an object.
  }
  renameSync(file, `${file}.damaged`);
  report(
    `${file} was not readable as JSON; set aside as state.json.damaged, starting from default positions`,
  );
  return {};
}
