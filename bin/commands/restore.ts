import path from "node:path";
import { Client as TemporalClient, Connection } from "@temporalio/client";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { readSettings } from "../../adapters/config/read-settings.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { ownDatabaseUrl } from "../../adapters/config/settings.ts";
import { restoringFile } from "../../adapters/home/restoring.ts";
import { createRunList } from "../../adapters/processes/run-list.ts";
import { lookAtDatabase } from "../../db/load.ts";
import { existsSync } from "node:fs";
import { lossSentences } from "../backup/losses.ts";
import { readManifest, type Manifest } from "../backup/manifest.ts";
import { restoreBackup, whyNotTaken } from "../backup/restore-backup.ts";
import { keptIn } from "../backup/set-aside.ts";
import { faultsOf } from "../backup/verify.ts";
import { ownPostgresPassword, prepareOwnPostgres, waitForOwnPostgres } from "../up/own-postgres.ts";
import { postgresPart } from "../up/parts.ts";
import { accepts } from "../up/ports.ts";
import { createSupervisor } from "../up/supervisor.ts";

const POSTGRES_LIMIT_MS = 60_000;
const ANSWER_LIMIT_MS = 3_000;

export interface RestoreOptions {
  readonly replace: boolean;
  readonly withoutWorkflows: boolean;
  readonly check: boolean;
}

/**
 * `vesper restore FOLDER`: puts a backup back into VESPER_HOME and the database, and says what is lost.
 * @returns exit code: 0 after all is back (with --check: all is whole); 1 with one sentence for each reason why nothing was done
 */
export async function restoreCommand(from: string, options: RestoreOptions): Promise<number> {
  const folder = path.resolve(from);
  const manifest = await readManifest(folder);
  const settings = readSettings(process.env);
  const faults = await faultsOf(folder, manifest);
  if (options.check) {
    for (const fault of [...faults, ...manifest.problems]) console.error(fault);
    if (faults.length === 0) console.log(`${folder} is whole: as of ${manifest.madeWallAt}.`);
    return faults.length === 0 ? 0 : 1;
  }
  const reasons = [...faults, ...(await reasonsAgainst(settings, manifest, options))];
  if (reasons.length > 0) {
    for (const reason of reasons) console.error(reason);
    console.error("Nothing was changed.");
    return 1;
  }
  const runList = createRunList(path.join(settings.home, "run"));
  runList.add("restore", process.pid, []);
  const postgres = ownPostgres(settings);
  try {
    if (options.withoutWorkflows && settings.temporalIsExternal) await endOpenWorkflows(settings);
    const losses = await restoreBackup({
      home: settings.home,
      folder,
      manifest,
      database: async () => (settings.databaseIsExternal ? settings.databaseUrl : postgres.start()),
      databaseIsExternal: settings.databaseIsExternal,
      temporalDatabases: settings.temporalDatabases,
      withoutWorkflows: options.withoutWorkflows,
      nowWallMs: Date.now(),
      say: (sentence) => console.log(sentence),
    });
    for (const sentence of lossSentences(losses)) console.log(sentence);
    return 0;
  } finally {
    await postgres.stop();
    runList.remove("restore");
  }
}

/** Why nothing may be restored here and now, a sentence each. */
async function reasonsAgainst(
  settings: Settings,
  manifest: Manifest,
  { replace, withoutWorkflows }: RestoreOptions,
): Promise<string[]> {
  const { home } = settings;
  const reasons: string[] = [];
  const site = loadObservatory(settings.observatoryFile, process.env).site.id;
  if (manifest.site !== site) {
    reasons.push(`The backup is of the site ${manifest.site}; VESPER_OBSERVATORY is of ${site}.`);
  }
  const newer = whyNotTaken(manifest);
  if (newer !== null) reasons.push(newer);
  const living = createRunList(path.join(home, "run")).living();
  if (living.length > 0) {
    reasons.push(
      `Vesper runs in ${home} (${living.map(({ part, pid }) => `${part}, pid ${pid}`).join("; ")}): stop it first.`,
    );
  }
  const kept = keptIn(home);
  // A restore that was cut off has been consented to already.
  const goesOn = existsSync(restoringFile(home));
  if (kept.length > 0 && !replace && !goesOn) {
    reasons.push(
      `${home} is not empty (${kept.join(", ")}): with --replace all of it is set aside in ${home}/replaced.`,
    );
  }
  if (settings.databaseIsExternal) reasons.push(...(await reasonsOfDatabase(settings, replace || goesOn)));
  else if (await accepts("127.0.0.1", settings.postgresPort, 1_000)) {
    reasons.push(
      `Something answers on port ${settings.postgresPort}, where our PostgreSQL would run: stop it, or set VESPER_POSTGRES_PORT.`,
    );
  }
  reasons.push(...(await reasonsOfTemporal(settings, manifest, withoutWorkflows)));
  return reasons;
}

async function reasonsOfDatabase({ databaseUrl }: Settings, replace: boolean): Promise<string[]> {
  const { filled, users } = await lookAtDatabase(databaseUrl);
  return [
    ...(users.length === 0
      ? []
      : [`The database is in use by ${users.join(", ")}: stop the services that use it first.`]),
    ...(filled.length === 0 || replace
      ? []
      : [
          `The database is not empty (${filled.length} tables with rows): with --replace everything in it is removed for good.`,
        ]),
  ];
}

/** Workflows must fit the rows: either their own state comes back with them, or they start anew. */
async function reasonsOfTemporal(
  settings: Settings,
  { temporal }: Manifest,
  withoutWorkflows: boolean,
): Promise<string[]> {
  const { temporalIsExternal, temporalAddress, temporalDatabases } = settings;
  if (!temporalIsExternal) {
    if (temporal?.kind !== "databases" || withoutWorkflows) return [];
    return [
      "The backup holds the databases of a Temporal server, and here Vesper runs its own: with --without-workflows workflows start anew from the rows.",
    ];
  }
  const answers = await accepts(hostOf(temporalAddress), portOf(temporalAddress), ANSWER_LIMIT_MS);
  if (withoutWorkflows) {
    return answers
      ? []
      : [`Temporal at ${temporalAddress} does not answer: its open workflows must be ended, start it first.`];
  }
  if (temporal?.kind !== "databases") {
    return [
      "The backup holds no databases of a Temporal server: with --without-workflows the open workflows are ended, and start anew from the rows.",
    ];
  }
  const known = new Set(temporalDatabases.map((url) => new URL(url).pathname.slice(1)));
  const missing = temporal.databases.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  return [
    ...(missing.length === 0 ? [] : [`VESPER_TEMPORAL_DATABASES names no database ${missing.join(", ")}.`]),
    ...(answers
      ? [`Temporal at ${temporalAddress} answers: stop it first, it would write into what is being restored.`]
      : []),
  ];
}

/** Ends every open workflow: they know of rows that are no longer there. */
async function endOpenWorkflows({ temporalAddress, temporalNamespace }: Settings): Promise<void> {
  const connection = await Connection.connect({ address: temporalAddress });
  try {
    const { workflow } = new TemporalClient({ connection, namespace: temporalNamespace });
    for await (const { workflowId, runId } of workflow.list({ query: "ExecutionStatus = 'Running'" })) {
      await workflow
        .getHandle(workflowId, runId)
        .terminate("the database was restored: it starts anew from the rows")
        .catch((error: unknown) => {
          if ((error as Error).name !== "WorkflowNotFoundError") throw error;
        });
      console.log(`Ended workflow ${workflowId}.`);
    }
  } finally {
    await connection.close();
  }
}

/** Our own PostgreSQL, for as long as it takes to restore. */
function ownPostgres(settings: Settings) {
  const { home, postgresPort } = settings;
  const supervisor = createSupervisor({
    runList: createRunList(path.join(home, "run")),
    logFolder: path.join(home, "log"),
    onRestart: (_part, sentence) => console.error(sentence),
  });
  return {
    start: async (): Promise<string> => {
      const password = ownPostgresPassword(home, process.env["VESPER_POSTGRES_PASSWORD"]);
      const command = await prepareOwnPostgres(home, postgresPort, password);
      supervisor.start(postgresPart(command, postgresPort, process.env));
      await waitForOwnPostgres(postgresPort, password, POSTGRES_LIMIT_MS);
      return ownDatabaseUrl(postgresPort, password);
    },
    stop: () => supervisor.stop(["postgres"]),
  };
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replaceAll(/[[\]]/g, "");
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
