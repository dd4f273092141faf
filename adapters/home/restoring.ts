import { existsSync } from "node:fs";
import path from "node:path";

/** File in VESPER_HOME while a backup is being put back: what is there is half of one thing, half of another. */
export function restoringFile(home: string): string {
  return path.join(home, "restoring.json");
}

/** Refuses a home in which a restore was cut off. @throws Error with what to do */
export function refuseHalfRestored(home: string): void {
  if (!existsSync(restoringFile(home))) return;
  throw new Error(
    `In ${home} a restore was begun and did not end: run the same "vesper restore" again; nothing starts on half of a backup.`,
  );
}
