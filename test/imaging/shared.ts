import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Reference images lie beside the project on some machines only. */
export const SHARED_IMAGES = fileURLToPath(new URL("../../../shared/images", import.meta.url));
export const hasSharedImages = existsSync(SHARED_IMAGES);

export function sharedBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(path.join(SHARED_IMAGES, name)));
}

const hasFitsverify = spawnSync("fitsverify", ["-h"]).error === undefined;

/** Complaints of fitsverify (Debian package) about a file; null where it is not installed. */
export function fitsverify(bytes: Uint8Array): string | null {
  if (!hasFitsverify) {
    return null;
  }
  const folder = mkdtempSync(path.join(tmpdir(), "fits-"));
  try {
    const file = path.join(folder, "file.fits");
    writeFileSync(file, bytes);
    const { stdout } = spawnSync("fitsverify", ["-e", "-q", file], { encoding: "utf8" });
    const warnings = spawnSync("fitsverify", ["-q", file], { encoding: "utf8" }).stdout;
    return /verification OK/.test(stdout) && /verification OK/.test(warnings) ? "" : `${stdout}${warnings}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Normal variates that are the same in every run: mulberry32 through Box and Muller. */
export function createNormal(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
