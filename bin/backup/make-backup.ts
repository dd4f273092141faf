import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Transform } from "node:stream";
import { syncFolder } from "../../adapters/files/store-atomically.ts";
import { writeJsonFile } from "../../adapters/home/json-file.ts";
import { openDump, type Dump } from "../../db/dump.ts";
import { STORED_FILES, type StoredFileRow } from "../../db/stored-files.ts";
import { copyFile, digestOf, linkFile, writeNewGzip } from "./copy-file.ts";
import {
  MANIFEST_FILE,
  readManifest,
  type BackedUpDump,
  type BackedUpFile,
  type Manifest,
} from "./manifest.ts";
import { lookAtTemporalFile } from "./temporal-file.ts";

export interface BackupDeps {
  readonly home: string;
  readonly site: string;
  readonly version: string;
  readonly databaseUrl: string;
  /** Temporal's own databases, by name; empty when the development server's file is in the home. */
  readonly temporalDatabases: readonly string[];
  /** Folder that holds the backups. */
  readonly to: string;
  readonly nowWallMs: number;
}

/** Files of the home that no row names. The clock and the lease are rows; passwords and secrets are kept, hence mode 0700. */
const HOME_FILES = ["password", "partners.json", "clock.json", "guard.json", "guard-journal.jsonl"];
const HOME_FOLDERS = ["histories", "simulators", "mail"];
/** Folders and files of a backup. */
export const FILES_FOLDER = "files";
const TEMPORAL_FILE = "temporal.db";

/**
 * Backs everything up while it runs, into a new folder below `to`, which appears when it is whole.
 *
 * Order matters: Temporal is looked at first, the database milliseconds later, files last. So a workflow that comes back
 * never counts on a row that is not there (it does again what it did since, and rows are unique by natural key), and no row
 * names a file that is not there (files are stored before their rows and never changed).
 * @returns the folder and what is in it
 */
export async function makeBackup(
  deps: BackupDeps,
): Promise<{ readonly folder: string; readonly manifest: Manifest }> {
  const name = new Date(deps.nowWallMs).toISOString().replaceAll(":", "-").replace(/\.\d+/, "");
  const folder = path.join(deps.to, name);
  const part = path.join(deps.to, `.${name}.${process.pid}.part`);
  if (existsSync(folder)) throw new Error(`There is a backup ${folder} already: wait a second.`);
  await mkdir(part, { recursive: true, mode: 0o700 });
  try {
    const manifest = await backUp(deps, part, await newestBackup(deps.to));
    await writeJsonFile(path.join(part, MANIFEST_FILE), manifest);
    await rename(part, folder);
    await syncFolder(deps.to);
    return { folder, manifest };
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw error;
  }
}

async function backUp(deps: BackupDeps, part: string, former: FormerBackup | null): Promise<Manifest> {
  const { home } = deps;
  const problems: string[] = [];
  const closing: (() => unknown)[] = [];
  try {
    const temporalLooks: Dump[] = [];
    for (const url of deps.temporalDatabases) temporalLooks.push(await openDump(url));
    closing.push(...temporalLooks.map((look) => () => look.close()));
    const temporalFile = path.join(home, TEMPORAL_FILE);
    const usesFile = deps.temporalDatabases.length === 0 && existsSync(temporalFile);
    const fileLook = usesFile ? lookAtTemporalFile(temporalFile) : null;
    closing.push(() => fileLook?.close());
    const database = await openDump(deps.databaseUrl);
    closing.push(() => database.close());

    const facts = await factsOf(database);
    const temporal =
      fileLook === null
        ? await dumpDatabases(temporalLooks, deps.temporalDatabases, part)
        : await copyTemporalFile(fileLook, part);
    if (temporal === null) {
      problems.push(
        "Temporal's state is not in this backup: its databases are not named (VESPER_TEMPORAL_DATABASES).",
      );
    }
    const dump = await dumpTables(database, "database", part);
    const rows = await database.query<StoredFileRow>(STORED_FILES);
    const files = await copyFiles(home, part, rows, former, problems);
    return {
      format: 1,
      vesper: deps.version,
      site: deps.site,
      ...facts,
      database: dump,
      temporal,
      files,
      problems,
    };
  } finally {
    for (const close of closing) await close();
  }
}

/** What the manifest says of the instant. */
async function factsOf(
  database: Dump,
): Promise<Pick<Manifest, "madeWallAt" | "madeAt" | "openNight" | "migrations">> {
  const migrations = database.tables.some(({ name }) => name === "migration")
    ? await database.query<{ name: string }>("select name from migration order by id")
    : [];
  if (migrations.length === 0) throw new Error("The database is empty: there is nothing to back up.");
  // The start of the transaction is the instant of its look.
  const [now] = await database.query<{ wall: Date; sky: Date | null; night: string | null }>(
    `select now() as wall,
            -- The demonstration's clock stands still when nothing runs.
            (select case when rate = 1 then now()
                    else least(start_at + (now() - anchor_at) * rate, last_tick_at + rate * interval '2 s') end
             from clock) as sky,
            (select id from night where status = 'open' order by started_at desc limit 1) as night`,
  );
  return {
    madeWallAt: (now?.wall ?? new Date(0)).toISOString(),
    madeAt: now?.sky?.toISOString() ?? null,
    openNight: now?.night ?? null,
    migrations: migrations.map(({ name }) => name),
  };
}

async function dumpTables(database: Dump, name: string, part: string): Promise<BackedUpDump> {
  const tables: BackedUpDump["tables"] = [];
  for (const table of database.tables) {
    const inside = path.join(name, `${table.name}.copy.gz`);
    const rows = createLineCounter();
    const written = await writeNewGzip(path.join(part, inside), database.rows(table), rows.stream);
    tables.push({
      name: table.name,
      columns: [...table.columns],
      rows: rows.count(),
      file: { path: inside, ...written },
    });
  }
  return { name, tables, sequences: [...database.sequences] };
}

/** In the text format of COPY each row is one line: what is in a value is escaped. */
function createLineCounter(): { readonly stream: Transform; readonly count: () => number } {
  let lines = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
      done(null, chunk);
    },
  });
  return { stream, count: () => lines };
}

async function dumpDatabases(
  looks: readonly Dump[],
  urls: readonly string[],
  part: string,
): Promise<Manifest["temporal"]> {
  if (looks.length === 0) return null;
  const databases: BackedUpDump[] = [];
  for (const [index, look] of looks.entries()) {
    const name = new URL(urls[index] ?? "").pathname.slice(1);
    databases.push({ ...(await dumpTables(look, path.join("temporal", name), part)), name });
  }
  return { kind: "databases", databases };
}

async function copyTemporalFile(
  look: ReturnType<typeof lookAtTemporalFile>,
  part: string,
): Promise<Manifest["temporal"]> {
  const inside = path.join("temporal", TEMPORAL_FILE);
  const file = path.join(part, inside);
  await mkdir(path.dirname(file), { mode: 0o700 });
  await look.copyTo(file);
  return { kind: "file", file: { path: inside, ...(await digestOf(file)) } };
}

/** The backup made before this one: files that are the same need no second copy. */
interface FormerBackup {
  readonly folder: string;
  readonly sha256Of: ReadonlyMap<string, string>;
}

async function newestBackup(to: string): Promise<FormerBackup | null> {
  for (const folder of (await backupsIn(to)).toReversed()) {
    try {
      const { files } = await readManifest(folder);
      return { folder, sha256Of: new Map(files.map(({ path: file, sha256 }) => [file, sha256])) };
    } catch {
      // A damaged one helps nobody: the one before.
    }
  }
  return null;
}

/** Folders of whole backups, oldest first. */
export async function backupsIn(to: string): Promise<string[]> {
  const names = await readdir(to).catch(() => []);
  return names
    .filter(
      (name) => /^\d{4}-\d\d-\d\dT[\d-]+Z$/.test(name) && existsSync(path.join(to, name, MANIFEST_FILE)),
    )
    .sort()
    .map((name) => path.join(to, name));
}

/** Files that rows name, then those that nobody names. What is not what its row says is told, and copied as it is. */
async function copyFiles(
  home: string,
  part: string,
  rows: readonly StoredFileRow[],
  former: FormerBackup | null,
  problems: string[],
): Promise<BackedUpFile[]> {
  const files: BackedUpFile[] = [];
  const copy = async (relative: string, expected: string | null): Promise<void> => {
    const inside = path.join(FILES_FOLDER, relative);
    const from = path.join(home, relative);
    const to = path.join(part, inside);
    const formerDigest = former?.sha256Of.get(inside);
    if (former !== null && expected !== null && formerDigest === expected) {
      const { size } = await stat(path.join(former.folder, inside)).catch(() => ({ size: -1 }));
      if (size >= 0 && (await linkFile(path.join(former.folder, inside), to))) {
        files.push({ path: inside, bytes: size, sha256: expected });
        return;
      }
    }
    const written = await copyFile(from, to);
    files.push({ path: inside, ...written });
    if (expected !== null && written.sha256 !== expected) {
      problems.push(`${relative} is damaged: its SHA-256 is not the one of its row.`);
    }
  };
  for (const { path: relative, sha256 } of rows) {
    try {
      await copy(relative, sha256);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      problems.push(`${relative} is missing: a row names it, and it is not in ${home}.`);
    }
  }
  for (const relative of await unnamedFiles(home)) {
    // Histories and mails come and go while this runs.
    await copy(relative, null).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    });
  }
  return files;
}

async function unnamedFiles(home: string): Promise<string[]> {
  const found = HOME_FILES.filter((name) => existsSync(path.join(home, name)));
  for (const folder of HOME_FOLDERS) {
    const entries = await readdir(path.join(home, folder), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    for (const entry of entries) {
      // A temporary file begins with a dot or ends so; it is on its way to its name.
      if (entry.isFile() && !/^\.|\.(new|part|tmp)$/.test(entry.name)) {
        found.push(path.relative(home, path.join(entry.parentPath, entry.name)));
      }
    }
  }
  return found;
}

/**
 * Removes all but the newest whole backups, and what earlier backups that were cut off left behind.
 * @returns folders that were removed
 */
export async function pruneBackups(to: string, keep: number): Promise<string[]> {
  const old = (await backupsIn(to)).slice(0, -keep);
  const names = await readdir(to).catch(() => []);
  const halves = names.filter((name) => isAbandoned(name)).map((name) => path.join(to, name));
  for (const folder of [...old, ...halves]) await rm(folder, { recursive: true, force: true });
  return [...old, ...halves];
}

/** A half-made backup whose maker is gone. */
function isAbandoned(name: string): boolean {
  const pid = /^\.\d{4}-.*Z\.(\d+)\.part$/.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
