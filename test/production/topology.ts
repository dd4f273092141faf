import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Client as Postgres, escapeLiteral } from "pg";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { ownDatabaseUrl } from "../../adapters/config/settings.ts";
import { createRunList, endProcess } from "../../adapters/processes/run-list.ts";
import { ownPostgresPassword, prepareOwnPostgres, waitForOwnPostgres } from "../../bin/up/own-postgres.ts";
import { command, leashed, postgresPart } from "../../bin/up/parts.ts";
import { createSupervisor } from "../../bin/up/supervisor.ts";
import { freePort } from "../support/postgres.ts";
import { administratorToken, createObserver, type Observed } from "../support/observed.ts";
import { outerEnvironment, waitFor } from "../support/stack.ts";
import { ownServices, readCompose, vesperArguments, type ComposeFile } from "./compose.ts";
import { localEnvironment, schemaEnvironment, temporalEnvironment, type Local } from "./local.ts";
import { startProxy, type BackendCount } from "./proxy.ts";
import { temporalPorts, type TemporalPrograms } from "./temporal-server.ts";

const run = promisify(execFile);

export const PASSWORD = "correct horse battery";
const VESPER = path.join(projectFolder, "bin", "vesper.ts");
const READY_LIMIT_MS = 180_000;
const JOB_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 7_000;
/** Jobs that end, and what production alone needs: backups have tests of their own. */
const NOT_KEPT_RUNNING = new Set(["prepare", "backup"]);

/** Production on this machine, without containers. */
export interface Production extends Observed {
  /** Where people find the web: the proxy. */
  readonly web: string;
  /** Wall ms that each step of the start took. */
  readonly startedInMs: Readonly<Record<string, number>>;
  /** Names of the parts that run now. */
  parts(): string[];
  /** Pid of a running part. @throws Error when it does not run */
  pid(part: string): number;
  /** Restarts the supervisor made, a sentence each. */
  restarts(): readonly string[];
  proxied(): BackendCount[];
  /** Until then there are no devices: Vesper may be started before them. */
  startDevices(): void;
  stop(): Promise<void>;
}

/**
 * Starts every service of docker-compose.yml as a process, in the order of the file: the same commands, the same settings but
 * for addresses; simulated devices, a fast clock, and a proxy of the test's own.
 * @throws Error with the sentence of the step that failed
 */
export async function startProduction(
  programs: TemporalPrograms,
  rate: number,
  say: (words: string) => void,
): Promise<Production> {
  const compose = readCompose({
    DOMAIN: "localhost",
    TEMPORAL_UI_DOMAIN: "localhost",
    SITE: "./observatories",
  });
  const home = mkdtempSync(path.join(tmpdir(), "vesper-production-"));
  const ports = await temporalPorts();
  const webPort = await freePort();
  const local: Local = {
    home: path.join(home, "home"),
    secrets: path.join(home, "secrets"),
    observatoryFile: path.join(projectFolder, "observatories", "colibri.json"),
    postgresPort: await freePort(),
    temporalPort: ports["FRONTEND_GRPC_PORT"] ?? 0,
    guardPort: await freePort(),
    alpacaPort: await freePort(),
    publicUrl: `http://127.0.0.1:${webPort}`,
    rate,
  };
  const outer = { ...outerEnvironment(), PATH: `${programs.folder}${path.delimiter}${process.env["PATH"]}` };
  const restarts: string[] = [];
  const runList = createRunList(path.join(home, "run"));
  const supervisor = createSupervisor({
    runList,
    logFolder: path.join(home, "log"),
    onRestart: (_part, sentence) => restarts.push(sentence),
    firstBackOffMs: 2_000,
  });
  const startedInMs: Record<string, number> = {};
  const closing: (() => Promise<void>)[] = [];
  let proxied: () => BackendCount[] = () => [];

  async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    const result = await work();
    startedInMs[what] = Math.round(performance.now() - beganMs);
    say(`${what}: ${(startedInMs[what] / 1_000).toFixed(1)} s`);
    return result;
  }

  async function stop(): Promise<void> {
    for (const close of closing.toReversed()) await close();
    // Services first, then the simulated devices, Temporal, PostgreSQL: each finds what it needs until it has ended.
    const foreign = ["simulators", "temporal", "postgres"];
    await supervisor.stop(started.filter((name) => !foreign.includes(name)));
    for (const name of foreign) await supervisor.stop([name]);
    await Promise.all(runList.living().map((record) => endProcess(record, 3_000)));
    if (process.env["VESPER_TEST_KEEP"] === "1") say(`kept: ${home}`);
    else rmSync(home, { recursive: true, force: true });
  }

  const started: string[] = [];
  const start = (part: Parameters<typeof supervisor.start>[0]): void => {
    supervisor.start(part);
    started.push(part.name);
  };
  const environmentOf = async (name: string): Promise<NodeJS.ProcessEnv> => ({
    ...outer,
    ...localEnvironment(compose.services[name] ?? {}, local, {
      web: await freePort(),
      metrics: await freePort(),
    }),
    NODE_ENV: "production",
    VESPER_PASSWORD: PASSWORD,
  });

  try {
    mkdirSync(local.home);
    await run("sh", [path.join(projectFolder, "deploy", "make-secrets.sh"), local.secrets]);
    const secret = (name: string): string => readFileSync(path.join(local.secrets, name), "utf8").trim();
    const databaseUrl = `postgres://vesper:${encodeURIComponent(secret("vesper_password"))}@127.0.0.1:${local.postgresPort}/vesper`;

    await step("PostgreSQL", async () => {
      const password = ownPostgresPassword(home, secret("postgres_password"));
      const server = await prepareOwnPostgres(home, local.postgresPort, password);
      start(postgresPart(server, local.postgresPort, outer));
      await waitForOwnPostgres(local.postgresPort, password, READY_LIMIT_MS);
      await makeRoles(local.postgresPort, password, secret);
    });
    const makeSchema = (): Promise<void> =>
      job("sh", [path.join(projectFolder, "deploy", "temporal-schema.sh")], {
        ...outer,
        ...schemaEnvironment(compose.services["temporal-schema"] ?? {}, local),
      });
    await step("Temporal's schema", makeSchema);
    await step("Temporal's schema once more, as at every start", makeSchema);
    await step("Temporal and prepare", async () => {
      const service = compose.services["temporal"] ?? {};
      const env = temporalEnvironment(service, local, ports, secret("temporal_password"));
      start({
        ...leashed("temporal", "SIGTERM", STOP_LIMIT_MS, programs.server, ["start"]),
        ports: Object.values(ports),
        env: { ...outer, ...env },
      });
      // What needs a while is waited for by prepare itself.
      await job(process.execPath, [VESPER, "prepare"], await environmentOf("prepare"));
    });

    const simulators = await environmentOf("site");
    const webPorts: number[] = [];
    await step("everything else, until the web is ready", async () => {
      for (const { name, service, args } of processesOf(compose)) {
        const env = await environmentOf(service);
        if (service === "api") webPorts.push(Number(env["VESPER_PORT"]));
        start(command(name, args, [], STOP_LIMIT_MS, env));
      }
      const proxy = await startProxy(webPort, webPorts);
      closing.push(() => proxy.close());
      proxied = proxy.counts;
      await waitFor("both web processes are ready", READY_LIMIT_MS, async () => {
        const ready = webPorts.map(async (port) => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
        return (await Promise.all(ready)).every(Boolean);
      });
    });
    const token = await administratorToken({ ...(await environmentOf("api")) });
    const observer = createObserver({
      home: local.home,
      web: local.publicUrl,
      alpacaPort: local.alpacaPort,
      temporalAddress: `127.0.0.1:${local.temporalPort}`,
      webhookSecret: secret("webhook_secret"),
      databaseUrl: () => databaseUrl,
      token: () => token,
    });
    closing.push(() => observer.close());
    return {
      ...observer,
      token,
      web: local.publicUrl,
      startedInMs,
      parts: () => runList.living().map((record) => record.part),
      pid: (part) => {
        const pid = supervisor.pidOf(part);
        if (pid === null) throw new Error(`${part} is not running`);
        return pid;
      },
      restarts: () => restarts,
      proxied: () => proxied(),
      startDevices: () => start(command("simulators", ["simulators"], [local.alpacaPort], 2_000, simulators)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One process for each replica of each service of ours; a single one has the service's name. */
export function processesOf(
  compose: ComposeFile,
): { readonly name: string; readonly service: string; readonly args: readonly string[] }[] {
  return ownServices(compose)
    .filter(([service]) => !NOT_KEPT_RUNNING.has(service))
    .flatMap(([service, description]) => {
      const replicas = description.deploy?.replicas ?? 1;
      return Array.from({ length: replicas }, (_, index) => ({
        name: replicas === 1 ? service : `${service}-${index + 1}`,
        service,
        args: vesperArguments(description),
      }));
    });
}

/**
 * The roles and databases of deploy/postgres-roles.sh, which uses psql, and that is not everywhere. The owner of our embedded
 * PostgreSQL is called vesper and may do anything: here, as in production, vesper owns one database and no more.
 */
async function makeRoles(port: number, password: string, secret: (name: string) => string): Promise<void> {
  const asOwner = ownDatabaseUrl(port, password).replace(/\/vesper$/, "/postgres");
  const role = (name: string, rights: string, word: string): string =>
    `create role ${name} login ${rights} password ${escapeLiteral(word)}`;
  await query(asOwner, [role("postgres", "superuser", password)]);
  await query(asOwner.replace("//vesper:", "//postgres:"), [
    "alter role vesper rename to owner",
    role("temporal", "", secret("temporal_password")),
    role("vesper", "", secret("vesper_password")),
    "create database temporal owner temporal",
    "create database temporal_visibility owner temporal",
    "alter database vesper owner to vesper",
  ]);
}

async function query(url: string, statements: readonly string[]): Promise<void> {
  const client = new Postgres(url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Runs a job to its end. @throws Error with what it printed when it fails */
async function job(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await run(command, [...args], { env, timeout: JOB_LIMIT_MS });
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${path.basename(args[0] ?? command)} failed: ${stdout}${stderr}`, { cause: error });
  }
}
