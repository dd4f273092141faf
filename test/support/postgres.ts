import { execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "pg";
import { prepareOwnPostgres, waitForOwnPostgres } from "../../bin/up/own-postgres.ts";
import { migrate } from "../../db/migrate.ts";

export interface TestPostgres {
  /** URL of an empty database of its own. */
  readonly url: string;
  /** Process id of the server, for tests that freeze it. */
  readonly pid: number;
  /** Another database on the same server: empty, or a copy of one that nobody is connected to. */
  createDatabase(name: string, template?: string): Promise<string>;
  /** One that has every migration. */
  createMigrated(name: string): Promise<string>;
  stop(): Promise<void>;
  /** Ends the server; its data stay in `folder` until `stop`. */
  halt(): Promise<void>;
  readonly folder: string;
}

/** A TCP port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    const server = createServer();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", resolve);
      });
    } catch (error) {
      if (tries === 50) throw error;
      continue;
    }
    await new Promise<void>((resolve) => server.close(() => resolve()));
    return port;
  }
}

/** Below the ports that the system gives to outgoing connections: one of those could take it before it is used. */
const FIRST_PORT = 15_000;
const PORTS = 15_000;

/** Set by prepare-postgres.mjs: a data folder whose server has the database MIGRATED already. */
export const PREPARED = "PREPARED_POSTGRES_FOR_TESTS";
const MIGRATED = "vesper_migrated";
const FIRST = "vesper_test";
const PASSWORD = "vesper-test";
const START_LIMIT_MS = 60_000;
const LEASH = fileURLToPath(new URL("../../bin/up/leash.mjs", import.meta.url));

/**
 * Starts a real PostgreSQL, the one that `vesper up` runs, in a temporary folder on a free port, without fsync (its data
 * is thrown away). Takes one to two seconds. `stop` ends the server and removes the folder; so does the death of this process
 * for the server.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "vesper-pg-"));
  // As root the server runs as another user, who must get in here.
  await chmod(folder, 0o755);
  const port = await freePort();
  const prepared = process.env[PREPARED];
  if (prepared !== undefined) await copyData(prepared, folder);
  const { command, args } = await prepareOwnPostgres(folder, port, PASSWORD);
  const flags = ["-c", "fsync=off", "-c", "full_page_writes=off"];
  const log: string[] = [];
  const server = spawn(process.execPath, [LEASH, "SIGINT", "5000", command, ...args, ...flags], {
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
  server.stderr.on("data", (data: Buffer) => log.push(data.toString()));
  const halt = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = new Promise((resolve) => server.once("exit", resolve));
    server.stdin.destroy();
    await exit;
  };
  const stop = async (): Promise<void> => {
    await halt();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await waitForOwnPostgres(port, PASSWORD, START_LIMIT_MS);
  } catch (error) {
    await stop();
    throw new Error(`test PostgreSQL did not start: ${log.join("")}`, { cause: error });
  }

  const urlOf = (name: string): string => `postgresql://vesper:${PASSWORD}@127.0.0.1:${port}/${name}`;
  const createDatabase = async (name: string, template = "template1"): Promise<string> => {
    const client = new Client(urlOf("postgres"));
    await client.connect();
    try {
      await client.query(`create database "${name}" template "${template}"`);
    } finally {
      await client.end();
    }
    return urlOf(name);
  };
  const createMigrated = async (name: string): Promise<string> => {
    if (prepared !== undefined) return createDatabase(name, MIGRATED);
    const url = await createDatabase(name);
    await migrate(url);
    return url;
  };
  const url = await createDatabase(FIRST);
  return { url, pid: await serverPid(url), createDatabase, createMigrated, stop, halt, folder };
}

/** Makes the data folder that the servers of one run of the tests are copied from: `initdb` and migrations once for all. */
export async function preparePostgres(folder: string): Promise<void> {
  const server = await startPostgres();
  try {
    await migrate(await server.createDatabase(MIGRATED));
    const client = new Client(server.url.replace(/\w+$/, "postgres"));
    await client.connect();
    await client.query(`drop database ${FIRST}`);
    await client.end();
    await server.halt();
    await copyData(server.folder, folder);
  } finally {
    await server.stop();
  }
}

/** With owner and rights, of which PostgreSQL is particular. */
async function copyData(from: string, to: string): Promise<void> {
  await promisify(execFile)("cp", ["-a", join(from, "postgres"), join(to, "postgres")], { timeout: 60_000 });
}

/** Process id of the postmaster: first line of postmaster.pid. */
async function serverPid(url: string): Promise<number> {
  const client = new Client(url);
  await client.connect();
  try {
    const result = await client.query<{ pid: string }>(
      "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as pid",
    );
    return Number(result.rows[0]?.pid);
  } finally {
    await client.end();
  }
}
