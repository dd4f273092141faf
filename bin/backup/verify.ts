import path from "node:path";
import { digestOf } from "./copy-file.ts";
import { filesIn, type Manifest } from "./manifest.ts";

/** What is wrong with the files of a backup, one sentence each; empty when every one is what was written. */
export async function faultsOf(folder: string, manifest: Manifest): Promise<string[]> {
  const faults: string[] = [];
  for (const { path: inside, bytes, sha256 } of filesIn(manifest)) {
    try {
      const found = await digestOf(path.join(folder, inside));
      if (found.sha256 !== sha256) {
        faults.push(
          `${inside} is damaged: ${found.bytes} of ${bytes} bytes, and not the SHA-256 that was written.`,
        );
      }
    } catch (error) {
      faults.push(`${inside} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
    }
  }
  return faults;
}
