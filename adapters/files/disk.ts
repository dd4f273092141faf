import { stat, statfs } from "node:fs/promises";
import path from "node:path";

/**
 * Bytes that an ordinary user may still write on the disk of a path. Of a path that does not exist yet, the nearest
 * folder above it that does is asked.
 */
export async function freeBytes(file: string): Promise<number> {
  const { bavail, bsize } = await statfs(await nearestExisting(path.resolve(file)));
  return bavail * bsize;
}

async function nearestExisting(file: string): Promise<string> {
  try {
    await stat(file);
    return file;
  } catch (error) {
    const above = path.dirname(file);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || above === file) {
      throw error;
    }
    return nearestExisting(above);
  }
}
