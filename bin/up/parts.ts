import path from "node:path";
import { fileURLToPath } from "node:url";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import type { PostgresCommand } from "./own-postgres.ts";
import { temporalServerArgs } from "./own-temporal.ts";
import type { Part } from "./supervisor.ts";

const LEASH = fileURLToPath(new URL("leash.mjs", import.meta.url));
const VESPER = path.join(projectFolder, "bin", "vesper.ts");

type Env = Readonly<Record<string, string | undefined>>;

/** What foreign programs get of our environment: enough to run, none of our secrets. */
function bareEnv(env: Env): Env {
  return Object.fromEntries(
    ["PATH", "HOME", "TMPDIR", "LANG", "TZ"].flatMap((key) =>
      env[key] === undefined ? [] : [[key, env[key]]],
    ),
  );
}

/** Of a part: a foreign program on a leash, ended by `stopSignal`. */
export function leashed(
  name: string,
  stopSignal: string,
  stopLimitMs: number,
  command: string,
  args: readonly string[],
) {
  return {
    name,
    command: process.execPath,
    // The leash kills a little earlier than the supervisor kills the leash.
    args: [LEASH, stopSignal, String(stopLimitMs - 500), command, ...args],
    stopLimitMs,
  };
}

/** PostgreSQL. SIGINT is its fast shutdown: sessions are cut, nothing is lost. */
export function postgresPart({ command, args }: PostgresCommand, port: number, env: Env): Part {
  return { ...leashed("postgres", "SIGINT", 4_000, command, args), ports: [port], env: bareEnv(env) };
}

/** The Temporal development server with its UI. */
export function temporalPart(cli: string, settings: Settings, env: Env): Part {
  const { home, temporalPort: port, temporalUiPort: uiPort, temporalNamespace: namespace } = settings;
  return {
    ...leashed("temporal", "SIGTERM", 4_000, cli, temporalServerArgs({ home, port, uiPort, namespace })),
    ports: [port, uiPort],
    env: bareEnv(env),
  };
}

/** One of our own commands as a part. */
export function command(
  name: string,
  args: readonly string[],
  ports: readonly number[],
  stopLimitMs: number,
  env: Env,
): Part {
  return { name, command: process.execPath, args: [VESPER, ...args], ports, stopLimitMs, env };
}

/** The simulated devices. */
export function simulatorsPart(settings: Settings, env: Env): Part {
  return command("simulators", ["simulators"], [settings.alpacaPort], 2_000, env);
}

/**
 * Of the workers that hold frames: what glibc's malloc takes for one of a megabyte or more goes back to the system when it is
 * freed. By default the first frame that is freed teaches it to keep them, and a night's worth of gaps stays with the process.
 * docker-compose.yml says the same.
 */
const FRAMES_GO_BACK: Env = { MALLOC_MMAP_THRESHOLD_: "1048576", MALLOC_ARENA_MAX: "2" };

/**
 * The workers. Two for the workflows: when one is killed the other gives back what it had begun, and takes over.
 * The rest one process each, so that image work never holds up a device.
 */
export function workerParts(env: Env): Part[] {
  const workers = [
    ["worker-control-1", "control", {}],
    ["worker-control-2", "control", {}],
    ["worker-site", "site", FRAMES_GO_BACK],
    ["worker-compute", "compute", FRAMES_GO_BACK],
    ["worker-feeds", "feeds", {}],
  ] as const;
  return workers.map(([name, group, memory], index) => {
    const { ports, env: own } = withMetricsPort(env, index + 1);
    return command(name, ["worker", group], ports, 7_000, { ...memory, ...own });
  });
}

/** A port of its own for the metrics of each part, counted on from VESPER_METRICS_PORT, which is the web's. */
function withMetricsPort(env: Env, offset: number): { readonly ports: number[]; readonly env: Env } {
  const first = Number(env["VESPER_METRICS_PORT"] ?? "");
  if (!(first > 0)) return { ports: [], env };
  return { ports: [first + offset], env: { ...env, VESPER_METRICS_PORT: String(first + offset) } };
}

/** The guard, which needs neither database nor workers. */
export function guardPart(settings: Settings, env: Env): Part {
  return command("guard", ["guard"], [settings.guardPort], 2_000, env);
}

/** The web pages and the API. */
export function apiPart(settings: Settings, env: Env): Part {
  const { ports } = withMetricsPort(env, 0);
  return command("api", ["api"], [settings.port, ...ports], 3_000, env);
}

/** The environment our own commands get: everything resolved, so that all agree. */
export function partEnv(settings: Settings, databaseUrl: string, mode: "demo" | "real", env: Env): Env {
  return {
    ...env,
    VESPER_HOME: settings.home,
    VESPER_OBSERVATORY: settings.observatoryFile,
    VESPER_CLOCK: mode,
    VESPER_CLOCK_RATE: undefined,
    VESPER_CLOCK_START: undefined,
    VESPER_ALPACA_PORT: String(settings.alpacaPort),
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: settings.temporalAddress,
    TEMPORAL_NAMESPACE: settings.temporalNamespace,
  };
}
