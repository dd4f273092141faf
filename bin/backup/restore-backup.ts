import { createReadStream, existsSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { createGunzip } from "node:zlib";
import type { Client } from "pg";
import { writeJsonFile } from "../../adapters/home/json-file.ts";
import { writeLeaseFile } from "../../adapters/home/home-files.ts";
import { restoringFile } from "../../adapters/home/restoring.ts";
import type { DumpedSequence } from "../../db/dump.ts";
import { emptyDatabase, loadDump, type Load } from "../../db/load.ts";
import { migrate } from "../../db/migrate.ts";
import { openDatabase } from "../../db/orm.ts";
import { MIGRATIONS } from "../../db/migrations/migrations.ts";
import { copyFile } from "./copy-file.ts";
import { lossesOf, type Losses } from "./losses.ts";
import type { BackedUpDump, Manifest } from "./manifest.ts";
import { orphansIn, putBack, setAside } from "./set-aside.ts";
import { faultOfTemporalFile } from "./temporal-file.ts";

export interface RestoreDeps {
  readonly home: string;
  /** Folder of the backup. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** A database that answers: our own, started for this, or somebody else's. */
  readonly database: () => Promise<string>;
  /** The database is not ours: its tables are taken out first. */
  readonly databaseIsExternal: boolean;
  /** Temporal's own databases, by name. */
  readonly temporalDatabases: readonly string[];
  /** Leave Temporal's state out: workflows start anew from the rows. */
  readonly withoutWorkflows: boolean;
  readonly nowWallMs: number;
  readonly say: (sentence: string) => void;
}

/** What `restoring.json` holds. */
interface Begun {
  readonly folder: string;
  readonly aside: string;
}

/** Tables of Temporal's databases that describe its schema: the job that made it is their owner. */
const TEMPORAL_SCHEMA_TABLES = ["schema_version", "schema_update_history"];

/**
 * Puts a backup back. Whatever stands in the home is set aside, not deleted; the database changes in one transaction. Cut
 * off at any moment it leaves `restoring.json` behind: nothing starts then, and run again it begins anew.
 * @returns what is lost
 */
export async function restoreBackup(deps: RestoreDeps): Promise<Losses> {
  const { home, folder, manifest, say } = deps;
  await mkdir(home, { recursive: true });
  const stamp = new Date(deps.nowWallMs).toISOString().replaceAll(":", "-").replace(/\.\d+/, "");
  const begun = beganBefore(home, folder) ?? { folder, aside: path.join(home, "replaced", stamp) };
  await writeJsonFile(restoringFile(home), begun);
  await setAside(home, begun.aside);
  await putBack(folder, manifest, home, begun.aside);
  say(`${manifest.files.length} files are back.`);
  const orphans = await orphansIn(begun.aside);

  const url = await deps.database();
  if (deps.databaseIsExternal) await emptyDatabase(url);
  await migrate(url, manifest.migrations);
  let losses: Losses | null = null;
  await loadDump(url, loadOf(folder, manifest.database, numberBehind), async (client) => {
    losses = await lossesOf(client, manifest, {
      folder,
      orphans: orphans.map((orphan) => ({ ...orphan, path: path.join(begun.aside, orphan.path) })),
      withoutWorkflows: deps.withoutWorkflows || manifest.temporal === null,
      restoredWallMs: deps.nowWallMs,
    });
    await writeLease(client, home);
  });
  const migrated = await migrate(url);
  const rows = manifest.database.tables.reduce((sum, table) => sum + table.rows, 0);
  say(
    `The database is back: ${manifest.database.tables.length} tables, ${rows} rows${migrated.length === 0 ? "" : `, brought to the present shape by ${migrated.join(", ")}`}.`,
  );
  if (deps.withoutWorkflows || manifest.temporal === null) await settleRows(url, manifest, home);
  else await restoreTemporal(deps);
  if (losses === null) throw new Error("the losses were not counted");
  await writeJsonFile(path.join(home, "restored.json"), losses);
  await rm(restoringFile(home));
  return losses;
}

/** Without their workflows rows that are half done would stay so. */
async function settleRows(url: string, { site }: Manifest, home: string): Promise<void> {
  const database = await openDatabase(url, { statementTimeoutMs: 60_000 });
  try {
    const stored = await database.clock.read();
    const wallMs = Date.now();
    // The demonstration's clock stands still since the backup.
    const nowMs = stored === null || stored.clock.rate === 1 ? wallMs : stored.lastTickMs;
    const lease = await database.lease.read(site);
    if (lease === null) return;
    const gone = "its workflow was lost when a backup was restored";
    await database.lostWorkflows.settle(lease, gone, { nowMs, wallMs });
    await writeLeaseFile(home, (await database.lease.read(site)) ?? lease);
  } finally {
    await database.close();
  }
}

/** A restore of the same backup that was cut off here. */
function beganBefore(home: string, folder: string): Begun | null {
  if (!existsSync(restoringFile(home))) return null;
  const begun = JSON.parse(readFileSync(restoringFile(home), "utf8")) as Begun;
  if (begun.folder === folder) return begun;
  throw new Error(
    `In ${home} a restore of ${begun.folder} was begun and did not end: run "vesper restore ${begun.folder}" again first.`,
  );
}

/** Why this software cannot take a backup, or null. */
export function whyNotTaken(manifest: Manifest): string | null {
  const known = new Set(MIGRATIONS.map(({ name }) => name));
  const newer = manifest.migrations.filter((name) => !known.has(name));
  if (newer.length === 0) return null;
  return `The backup was made by a newer Vesper (${manifest.vesper}): this one does not know ${newer.join(", ")}.`;
}

/**
 * Numbers go on well behind those of the backup: what was numbered since, and told to people or partners under its number, is
 * lost, and its number must not come to mean something else.
 */
export function numberBehind({ name, last }: DumpedSequence): number {
  const gap = name.endsWith("_number") ? 1_000 : 1_000_000;
  return Math.ceil((last + 1) / gap) * gap + 1;
}

function loadOf(folder: string, dump: BackedUpDump, nextNumber: Load["nextNumber"]): Load {
  const fileOf = new Map(dump.tables.map(({ name, file }) => [name, path.join(folder, file.path)]));
  return {
    tables: dump.tables,
    sequences: dump.sequences,
    rowsOf: ({ name }) => {
      const packed = createReadStream(fileOf.get(name) ?? "");
      const rows = createGunzip();
      packed.on("error", (error) => rows.destroy(error));
      return packed.pipe(rows);
    },
    nextNumber,
  };
}

/** Guard and watch, which have no database, read who has the lease from a file. */
async function writeLease(client: Client, home: string): Promise<void> {
  const { rows } = await client.query<{ holder: string | null; generation: number }>(
    "select holder, generation from lease limit 1",
  );
  const [lease] = rows;
  if (lease !== undefined) await writeLeaseFile(home, lease);
}

async function restoreTemporal({
  home,
  folder,
  manifest,
  temporalDatabases,
  say,
}: RestoreDeps): Promise<void> {
  const { temporal } = manifest;
  if (temporal === null) return;
  if (temporal.kind === "file") {
    const file = path.join(home, "temporal.db");
    await copyFile(path.join(folder, temporal.file.path), file);
    const fault = faultOfTemporalFile(file);
    if (fault !== null) throw new Error(`Temporal's file is damaged in the backup: ${fault}`);
    say("Temporal's file is back.");
    return;
  }
  const urlOf = new Map(temporalDatabases.map((url) => [new URL(url).pathname.slice(1), url]));
  for (const database of temporal.databases) {
    const url = urlOf.get(database.name);
    if (url === undefined) throw new Error(`VESPER_TEMPORAL_DATABASES names no database ${database.name}.`);
    await loadDump(url, { ...loadOf(folder, database, null), fixed: TEMPORAL_SCHEMA_TABLES });
    say(`Temporal's database ${database.name} is back.`);
  }
}
