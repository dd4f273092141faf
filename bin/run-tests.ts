// `npm test`: finds what the tests need, then checks types, format and lint rules, runs jest, and ends with the one line
// `N passed, N failed`. Arguments go to jest (`npm test -- test/bin`).
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { projectFolder } from "../adapters/config/read-settings.ts";
import { findTemporalCli } from "../adapters/temporal-cli/find.ts";
import { findTimeSkippingServer } from "../adapters/temporal-cli/time-skipping.ts";

const CHECK_LIMIT_MS = 5 * 60_000;
const JEST_LIMIT_MS = 40 * 60_000;

/** Tests that start everything `vesper up` starts: they have the machine for themselves. */
const ALONE = ["test/integration/", "test/bin/up.test"];

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** The report of jest, as far as it is read here. */
interface JestReport {
  readonly testResults: readonly JestFile[];
}
interface JestFile {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };
/** More failing files than this are no accident. */
const TRIED_AGAIN = 6;

const say = (sentence: string): void => console.log(sentence);
const folder = mkdtempSync(path.join(os.tmpdir(), "vesper-tests-"));
const total: Counts = { passed: 0, failed: 0, skipped: 0 };

try {
  const env = await testEnvironment();
  const jestArgs = process.argv.slice(2);
  await check("types", ["tsc", "--noEmit"]);
  await check("format", ["oxfmt", "--check", "."]);
  await check("lint", ["oxlint", "--type-aware", "--deny-warnings"]);
  if (jestArgs.length > 0) add(await jest(env, jestArgs));
  else {
    add(await jest(env, ["--testPathIgnorePatterns", ...ALONE]));
    // A whole observatory at once measures seconds: nothing else runs beside it.
    add(await jest(env, ["--runInBand", ...ALONE]));
  }
} catch (error) {
  say((error as Error).message);
  total.failed += 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (total.skipped > 0) say(`${total.skipped} skipped`);
say(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

/** What the tests are told: where the servers are. None of our own settings from outside may leak in. */
async function testEnvironment(): Promise<NodeJS.ProcessEnv> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) =>
        !["DATABASE_URL", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE"].includes(key) &&
        !key.startsWith("VESPER_"),
    ),
  );
  const timeSkipping = await findTimeSkippingServer(process.env, say);
  return {
    ...env,
    VESPER_TEMPORAL_CLI: await findTemporalCli(process.env, say),
    ...(timeSkipping === null ? {} : { VESPER_TIME_SKIPPING_SERVER: timeSkipping }),
  };
}

async function check(name: string, [program = "", ...args]: readonly string[]): Promise<void> {
  const code = await run([path.join("node_modules", ".bin", program), ...args], process.env, CHECK_LIMIT_MS);
  say(`${code === 0 ? "ok    " : "FAILED"}  ${name}`);
  if (code === 0) total.passed += 1;
  else total.failed += 1;
}

async function jest(env: NodeJS.ProcessEnv, args: readonly string[], again = false): Promise<Counts> {
  const report = path.join(folder, "jest.json");
  const program = path.join("node_modules", "jest", "bin", "jest.js");
  const flags = ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning"];
  const code = await run(
    // A connection that a test left open must not hold up the result.
    [...flags, program, "--forceExit", "--json", `--outputFile=${report}`, ...args],
    env,
    JEST_LIMIT_MS,
  );
  try {
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as JestReport;
    const failing = testResults.filter(({ status }) => status === "failed");
    const counts = testResults.map(countsOf).reduce(sum, NONE);
    // Jest also fails for reasons that are no test, such as a coverage threshold.
    if (code !== 0 && counts.failed === 0) return { ...counts, failed: 1 };
    if (again || failing.length === 0 || failing.length > TRIED_AGAIN) return counts;
    // Real servers on a busy machine: what fails among others may pass alone. What is wrong fails twice.
    const names = failing.map(({ name }) => path.relative(projectFolder, name));
    say(`tried again alone: ${names.join(", ")}`);
    const second = await jest(env, ["--runInBand", "--runTestsByPath", ...names], true);
    say(`unstable, failed once and ${second.failed === 0 ? "passed" : "failed again"}: ${names.join(", ")}`);
    return sum(
      testResults
        .filter(({ status }) => status === "passed")
        .map(countsOf)
        .reduce(sum, NONE),
      second,
    );
  } catch (error) {
    say(`jest left no report (exit code ${code}): ${(error as Error).message}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** What one test file came to; a file that could not even run counts as one failure. */
function countsOf({ status, assertionResults }: JestFile): Counts {
  const count = (wanted: readonly string[]): number =>
    assertionResults.filter((result) => wanted.includes(result.status)).length;
  const failed = count(["failed"]);
  return {
    passed: count(["passed"]),
    failed: status === "failed" && failed === 0 ? 1 : failed,
    skipped: count(["pending", "skipped", "todo"]),
  };
}

function sum(one: Counts, other: Counts): Counts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

function add(counts: Counts): void {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}

/** Runs a script with this Node in a process group of its own, which is ended with it. @returns its exit code, 1 after `limitMs`. */
function run(args: readonly string[], env: NodeJS.ProcessEnv, limitMs: number): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: projectFolder,
      stdio: ["ignore", "inherit", "inherit"],
      env,
      detached: true,
    });
    const end = (signal: NodeJS.Signals): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
    };
    const timer = setTimeout(() => {
      say(`${args.join(" ")} did not end within ${limitMs / 60_000} min and is killed`);
      end("SIGKILL");
    }, limitMs);
    const interrupted = (): void => {
      end("SIGTERM");
      setTimeout(() => end("SIGKILL"), 5_000).unref();
    };
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted).once("disconnect", interrupted);
    const done = (code: number): void => {
      clearTimeout(timer);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted).off("disconnect", interrupted);
      resolve(code);
    };
    child.on("error", () => done(127));
    child.on("exit", (code) => done(code ?? 1));
  });
}
