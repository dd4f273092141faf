import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { KEPT_IN_HOME, PIXEL_FOLDERS } from "../../adapters/home/kept.ts";
import { copyFile, digestOf } from "./copy-file.ts";
import { FILES_FOLDER } from "./make-backup.ts";
import type { Manifest } from "./manifest.ts";

/** What a restored home does not need from the one before: it is made anew. */
const WORTHLESS = new Set(["run", "log", "bundle"]);

/** A file of pixels that no row of the restored database names. */
export interface Orphan {
  /** Below the folder that everything was set aside in. */
  readonly path: string;
  readonly bytes: number;
  /** When it was written, ISO, wall. */
  readonly writtenWallAt: string;
}

/** What of ours is in a home, in words; empty for one that nothing was kept in. */
export function keptIn(home: string): string[] {
  return KEPT_IN_HOME.filter((name) => !WORTHLESS.has(name) && existsSync(path.join(home, name)));
}

/**
 * Moves all that is kept in the home into `aside`. Called again after it was cut off, what has been moved stays there, and
 * what lies in its old place is from the restore that was cut off: it is removed.
 */
export async function setAside(home: string, aside: string): Promise<void> {
  await mkdir(aside, { recursive: true, mode: 0o700 });
  for (const name of keptIn(home)) {
    if (existsSync(path.join(aside, name))) {
      await rm(path.join(home, name), { recursive: true, force: true });
    } else {
      await rename(path.join(home, name), path.join(aside, name));
    }
  }
}

/** Puts the files of a backup into the home. One that was set aside and is the same is moved back: no second copy. */
export async function putBack(
  folder: string,
  manifest: Manifest,
  home: string,
  aside: string,
): Promise<void> {
  for (const { path: inside, sha256 } of manifest.files) {
    const relative = path.relative(FILES_FOLDER, inside);
    const to = path.join(home, relative);
    const former = path.join(aside, relative);
    await mkdir(path.dirname(to), { recursive: true });
    if (existsSync(former) && (await digestOf(former)).sha256 === sha256) await rename(former, to);
    else await copyFile(path.join(folder, inside), to);
  }
}

/** Files of pixels that were set aside: taken after the backup, so that the restored rows know nothing of them. */
export async function orphansIn(aside: string): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  for (const folder of PIXEL_FOLDERS) {
    const entries = await readdir(path.join(aside, folder), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    for (const entry of entries) {
      if (!entry.isFile() || !entry.name.endsWith(".fits")) continue;
      const file = path.join(entry.parentPath, entry.name);
      const { size, mtime } = await stat(file);
      orphans.push({ path: path.relative(aside, file), bytes: size, writtenWallAt: mtime.toISOString() });
    }
  }
  return orphans.sort((a, b) => a.path.localeCompare(b.path));
}
