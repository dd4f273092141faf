import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";

/** What is known of a file that was stored. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/**
 * Writes a file so that after a crash at any moment there is either the whole new file or what was there before:
 * a temporary file in the same folder, fsync, rename, fsync of the folder. Missing folders are made.
 * @throws what the file system says (ENOSPC, EACCES ...); the temporary file is then removed
 */
export async function storeAtomically(file: string, bytes: Uint8Array): Promise<StoredFile> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true });
  // The name begins with a dot, so that nobody who lists images takes it for one.
  const temporary = path.join(folder, `.${path.basename(file)}.${randomUUID()}.part`);
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
  return { path: file, bytes: bytes.length, sha256: sha256Of(bytes) };
}

/** SHA-256 of bytes, hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Without this a rename may be lost with the power, although the file's own bytes are safe. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
