// What every entry point does before any TypeScript can run: check the Node that started us, install the
// dependencies when they are missing or no longer what package-lock.json says, and find the Node 24 among them.
// Plain JavaScript for Node 20.3, and no dependency: on a fresh clone there is none yet.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const projectFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** The Node that runs everything: the npm package `node`, so that the machine's own may be older. */
export const nodeBinary = path.join(projectFolder, "node_modules", "node", "bin", "node");

const LEAST_NODE = [20, 3];

/** A sentence saying what is wrong with this Node version, or null. */
export function nodeVersionProblem(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return null;
  return `Node ${version} is too old: Vesper needs Node ${LEAST_NODE.join(".")} or newer to start (it then brings its own Node 24).`;
}

/**
 * What of package-lock.json is not installed, as a phrase, or null when all is there.
 * npm keeps node_modules/.package-lock.json as the record of what it installed; packages are compared by version.
 * Optional packages may be absent (they are for other platforms), development ones when `production` is set.
 */
export function missingFromInstall(folder, { production = false } = {}) {
  const installedFile = path.join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) return "they are not there yet";
  const wanted = JSON.parse(readFileSync(path.join(folder, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  for (const [where, entry] of Object.entries(wanted)) {
    if (!where.startsWith("node_modules/")) continue;
    const found = installed[where];
    if (found === undefined) {
      if (entry.optional || entry.devOptional || entry.peer || (production && entry.dev)) continue;
      return `${where.slice("node_modules/".length)} is missing`;
    }
    if (!entry.link && found.version !== entry.version) {
      return `${where.slice("node_modules/".length)} is ${found.version}, package-lock.json says ${entry.version}`;
    }
  }
  return existsSync(path.join(folder, "node_modules", "node", "bin", "node"))
    ? null
    : "the Node 24 package is incomplete";
}

/** Runs `npm ci` when the dependencies are not what package-lock.json says. Exits with a sentence when that fails. */
export function ensureInstalled({ production = false } = {}) {
  const problem = nodeVersionProblem(process.version);
  if (problem !== null) fail(problem);
  const missing = missingFromInstall(projectFolder, { production });
  if (missing === null) return;
  process.stderr.write(`Installing the dependencies (${missing}): npm ci, a minute or two …\n`);
  // A project .npmrc or a production environment must not leave out what the tests need.
  const env = production ? process.env : { ...process.env, NODE_ENV: "development" };
  let npm = runNpm(["ci"], env);
  // A lock file made where other platforms' packages were not to be had: the versions it names are taken all the same.
  if (npm.status !== 0 && npm.stderr?.includes("EUSAGE")) npm = runNpm(["install", "--no-save"], env);
  if (npm.error)
    fail(
      `npm could not be started (${npm.error.message}): install npm, which comes with Node, and start again.`,
    );
  if (npm.status !== 0) {
    process.stderr.write(npm.stderr ?? "");
    fail(
      "npm could not install the dependencies, its message is above. Without a network there is nothing to install from: connect and start again.",
    );
  }
  const still = missingFromInstall(projectFolder, { production });
  if (still !== null) fail(`npm ci ended well but ${still}: remove node_modules and start again.`);
}

function runNpm(command, env) {
  return spawnSync("npm", [...command, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: projectFolder,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    env,
  });
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/**
 * Runs a script with our Node 24 in the foreground and resolves to its exit code.
 * Signals sent to this process are passed on; when this process dies without a word the script sees its channel close.
 */
export function runWithOurNode(args, { env = process.env, channel = true } = {}) {
  return new Promise((resolve) => {
    const child = spawn(nodeBinary, args, {
      stdio: channel ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
      env,
    });
    const passOn = (signal) => child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, passOn);
    const stopWatching = watchParent(() => child.kill("SIGTERM"));
    child.on("error", (error) => {
      process.stderr.write(
        `Our Node 24 (${nodeBinary}) could not be started: ${error.message}. Remove node_modules and start again.\n`,
      );
      resolve(1);
    });
    child.on("exit", (code, signal) => {
      stopWatching();
      resolve(code ?? 128 + signalNumber(signal));
    });
  });
}

/** `npm start` killed with SIGKILL passes nothing on: under npm, notice that the parent changed. */
function watchParent(gone) {
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, 1_000);
  timer.unref();
  return () => clearInterval(timer);
}

function signalNumber(signal) {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1;
}
