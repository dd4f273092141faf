import path from "node:path";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { readSettings } from "../../adapters/config/read-settings.ts";
import { refuseHalfRestored } from "../../adapters/home/restoring.ts";
import { softwareVersions } from "../../workers/versions.ts";
import { makeBackup, pruneBackups } from "../backup/make-backup.ts";

/**
 * `vesper backup [--to FOLDER] [--keep N]`: backs up database, images, histories and Temporal's state while all runs.
 * @returns exit code: 0; 1 when there is no backup, or what was backed up was damaged already
 */
export async function backupCommand(options: {
  readonly to?: string;
  readonly keep?: string;
}): Promise<number> {
  const keep = options.keep === undefined ? null : Number(options.keep);
  if (keep !== null && !(Number.isInteger(keep) && keep >= 1)) {
    console.error(`--keep is "${options.keep}": must be a whole number of backups to keep, at least 1.`);
    return 1;
  }
  const settings = readSettings(process.env);
  refuseHalfRestored(settings.home);
  const to = path.resolve(options.to ?? path.join(settings.home, "backups"));
  const began = performance.now();
  const { folder, manifest } = await makeBackup({
    home: settings.home,
    site: loadObservatory(settings.observatoryFile, process.env).site.id,
    version: softwareVersions()["vesper"] ?? "",
    databaseUrl: settings.databaseUrl,
    temporalDatabases: settings.temporalDatabases,
    to,
    nowWallMs: Date.now(),
  });
  const rows = manifest.database.tables.reduce((sum, table) => sum + table.rows, 0);
  const took = ((performance.now() - began) / 1_000).toFixed(1);
  console.log(
    `Backed up to ${folder}: as of ${manifest.madeWallAt}, ${rows} rows, ${manifest.files.length} files, ${temporalWords(manifest.temporal?.kind)}, in ${took} s.`,
  );
  if (keep !== null) for (const gone of await pruneBackups(to, keep)) console.log(`Removed ${gone}.`);
  for (const problem of manifest.problems) console.error(problem);
  return manifest.problems.length === 0 ? 0 : 1;
}

function temporalWords(kind: "file" | "databases" | undefined): string {
  return kind === undefined ? "without the state of Temporal" : "with the state of Temporal";
}
