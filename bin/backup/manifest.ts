import { readFile } from "node:fs/promises";
import path from "node:path";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Check } from "typebox/value";

/** Name of the file that makes a folder a backup: it is written last. */
export const MANIFEST_FILE = "backup.json";
const FORMAT = 1;

const file = Type.Object({
  /** Below the folder of the backup. */
  path: Type.String({ minLength: 1 }),
  bytes: Type.Integer({ minimum: 0 }),
  sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
});
const dump = Type.Object({
  name: Type.String(),
  tables: Type.Array(
    Type.Object({
      name: Type.String(),
      columns: Type.Array(Type.String()),
      rows: Type.Integer({ minimum: 0 }),
      file,
    }),
  ),
  sequences: Type.Array(Type.Object({ name: Type.String(), last: Type.Integer(), called: Type.Boolean() })),
});
const manifestSchema = Type.Object({
  format: Type.Literal(FORMAT),
  /** Version of the software that made it. */
  vesper: Type.String(),
  site: Type.String(),
  /** Instant (ISO, wall) of the look at the database: what was committed later is not in it. */
  madeWallAt: Type.String(),
  /** What the observatory's clock showed then; null before the first start. */
  madeAt: Type.Union([Type.String(), Type.Null()]),
  /** Id of the night that was open, or null. */
  openNight: Type.Union([Type.String(), Type.Null()]),
  /** Migrations that had run. */
  migrations: Type.Array(Type.String()),
  database: dump,
  /** Temporal's own state: the file of the development server, or its databases; null when neither could be read. */
  temporal: Type.Union([
    Type.Null(),
    Type.Object({ kind: Type.Literal("file"), file }),
    Type.Object({ kind: Type.Literal("databases"), databases: Type.Array(dump) }),
  ]),
  /** Files of VESPER_HOME, below `files`. */
  files: Type.Array(file),
  /** What is not as it should be in what was backed up, one sentence each. */
  problems: Type.Array(Type.String()),
});

export type Manifest = Static<typeof manifestSchema>;
export type BackedUpFile = Static<typeof file>;
export type BackedUpDump = Static<typeof dump>;

/** A folder that is no whole backup. */
export class NoBackupError extends Error {
  override readonly name = "NoBackupError";
}

/**
 * Reads what a backup holds.
 * @throws NoBackupError with a sentence when the folder holds none, or one that was not finished
 */
export async function readManifest(folder: string): Promise<Manifest> {
  let text: string;
  try {
    text = await readFile(path.join(folder, MANIFEST_FILE), "utf8");
  } catch (error) {
    throw new NoBackupError(
      `${folder} holds no whole backup: ${MANIFEST_FILE}, which is written last, cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`,
    );
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw new NoBackupError(`${folder}/${MANIFEST_FILE} is damaged: it is no JSON.`);
  }
  if (!Check(manifestSchema, manifest)) {
    throw new NoBackupError(
      `${folder}/${MANIFEST_FILE} is not a backup of format ${FORMAT}: another version of Vesper made it, or it is damaged.`,
    );
  }
  for (const { path: inside } of filesIn(manifest)) {
    if (path.isAbsolute(inside) || inside.split(/[\\/]/).includes("..")) {
      throw new NoBackupError(`${folder}/${MANIFEST_FILE} names a file outside the backup: ${inside}`);
    }
  }
  return manifest;
}

/** Every file of a backup but its manifest. */
export function filesIn({ database, temporal, files }: Manifest): BackedUpFile[] {
  const dumps = [database, ...(temporal?.kind === "databases" ? temporal.databases : [])];
  return [
    ...dumps.flatMap(({ tables }) => tables.map((table) => table.file)),
    ...(temporal?.kind === "file" ? [temporal.file] : []),
    ...files,
  ];
}
