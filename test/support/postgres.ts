import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "pg";
import { prepareOwnPostgres, waitForOwnPostgres } from "../../bin/up/own-postgres.ts";

export interface TestPostgres {
  /** URL of an empty database of its own. */
  readonly url: string;
  /** Process id of the server, for tests that freeze it. */
  readonly pid: number;
  /** Another database on the same server: empty, or a copy of one that nobody is connected to. */
  createDatabase(name: string, template?: string): Promise<string>;
  stop(): Promise<void>;
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
  const { command, args } = await prepareOwnPostgres(folder, port, PASSWORD);
  const flags = ["-c", "fsync=off", "-c", "full_page_writes=off"];
  const log: string[] = [];
  const server = spawn(process.execPath, [LEASH, "SIGINT", "5000", command, ...args, ...flags], {
    detached: true,
    stdio: ["pipe", "ignore", "pipe"],
  });
  server.stderr.on("data", (data: Buffer) => log.push(data.toString()));
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      const exit = new Promise((resolve) => server.once("exit", resolve));
      server.stdin.destroy();
      await exit;
    }
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
  const url = await createDatabase("vesper_test");
  return {
    url,
    pid: await serverPid(url),
    createDatabase,
    stop,
  };
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
