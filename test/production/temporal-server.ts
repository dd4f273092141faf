import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../adapters/temporal-cli/find.ts";
import { freePort } from "../support/postgres.ts";

const run = promisify(execFile);

/** Of docker-compose.yml; the unit tests compare. */
export const TEMPORAL_VERSION = "1.32.0";
/** Compiling it takes a quarter of an hour of one processor, once. */
const BUILD_LIMIT_MS = 45 * 60_000;

/** Programs of the Temporal server, under the names that its images give them. */
const PROGRAMS = [
  { name: "temporal-server", source: "go.temporal.io/server/cmd/server" },
  { name: "temporal-sql-tool", source: "go.temporal.io/server/cmd/tools/sql" },
] as const;

/** The server and the tool for its schema, in one folder that can be put on PATH. */
export interface TemporalPrograms {
  readonly folder: string;
  readonly server: string;
  /** Wall ms it took to build them; 0 when they were in the cache. */
  readonly builtInMs: number;
}

/**
 * The Temporal server that production runs, from the user's cache, else built there by Go.
 * @throws Error with a sentence when there is no Go or it cannot be built
 */
export async function findTemporalServer(
  env: NodeJS.ProcessEnv,
  say: (words: string) => void,
): Promise<TemporalPrograms> {
  const folder = path.join(cacheFolder(env), `temporal-server-${TEMPORAL_VERSION}`);
  const beganMs = performance.now();
  let built = false;
  for (const { name, source } of PROGRAMS) {
    if (existsSync(path.join(folder, name))) continue;
    built = true;
    say(`building ${name} ${TEMPORAL_VERSION} with Go; this takes a while and is done once`);
    await build(folder, name, `${source}@v${TEMPORAL_VERSION}`, env);
  }
  const server = path.join(folder, "temporal-server");
  const { stdout } = await run(server, ["--version"], { timeout: 20_000 });
  if (!stdout.includes(TEMPORAL_VERSION)) {
    throw new Error(`${server} says "${stdout.trim()}" and not ${TEMPORAL_VERSION}: remove ${folder}`);
  }
  return { folder, server, builtInMs: built ? performance.now() - beganMs : 0 };
}

/** Builds beside the cache and moves what is whole into it. */
async function build(folder: string, name: string, source: string, env: NodeJS.ProcessEnv): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const bin = mkdtempSync(path.join(folder, ".build-"));
  try {
    await run("go", ["install", source], {
      env: { ...env, GOBIN: bin, GOFLAGS: "-mod=mod" },
      timeout: BUILD_LIMIT_MS,
      maxBuffer: 16_000_000,
    });
    renameSync(path.join(bin, path.basename(source.split("@")[0] ?? "")), path.join(folder, name));
  } catch (error) {
    const { code, stderr = "" } = error as { code?: string; stderr?: string };
    const why = code === "ENOENT" ? "there is no Go" : stderr.trim().split("\n").at(-1);
    throw new Error(
      `Temporal's server ${TEMPORAL_VERSION} could not be built (${why}): install Go 1.26 or newer.`,
      {
        cause: error,
      },
    );
  } finally {
    rmSync(bin, { recursive: true, force: true });
  }
}

/** Variables of the server's ports, in its own configuration (config_template_embedded.yaml). */
const SERVICES = ["FRONTEND", "MATCHING", "HISTORY", "WORKER"] as const;

/** The ports of one server: each of its services has one for calls and one to find the others. */
export async function temporalPorts(): Promise<Record<string, number>> {
  const names = SERVICES.flatMap((service) => [`${service}_GRPC_PORT`, `${service}_MEMBERSHIP_PORT`]);
  const ports: Record<string, number> = {};
  for (const name of [...names, "FRONTEND_HTTP_PORT"]) {
    let port = await freePort();
    while (Object.values(ports).includes(port)) port = await freePort();
    ports[name] = port;
  }
  return ports;
}
