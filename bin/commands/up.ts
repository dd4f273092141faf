import { rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { readSettings } from "../../adapters/config/read-settings.ts";
import { withSecretFiles } from "../../adapters/config/secret-files.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import { KEPT_IN_HOME } from "../../adapters/home/kept.ts";
import { refuseHalfRestored, restoringFile } from "../../adapters/home/restoring.ts";
import { createRunList, endProcess } from "../../adapters/processes/run-list.ts";
import { announce } from "../up/announce.ts";
import { createUpJournal } from "../up/journal.ts";
import { checkPrerequisites } from "../up/prerequisites.ts";
import { createStack, StoppedError } from "../up/stack.ts";
import type { Stack } from "../up/stack.ts";
import { listenForStop } from "../up/stop-signal.ts";

/** All parts have stopped, or are killed, within this time after Ctrl-C. */
const STOP_LIMIT_MS = 14_000;
const LEFT_OVER_GRACE_MS = 5_000;

const say = (sentence: string): void => console.log(sentence);

/**
 * `vesper up`: runs everything until Ctrl-C.
 * @returns exit code: 0 after an orderly stop, 1 when something needed is missing or did not start.
 */
export async function upCommand(options: {
  readonly fresh: boolean;
  readonly yes: boolean;
}): Promise<number> {
  const env = withSecretFiles(process.env);
  const settings = readSettings(env);
  const runList = createRunList(path.join(settings.home, "run"));
  const living = runList.living();
  const other = living.find((record) => record.part === "up");
  if (other !== undefined) {
    console.error(
      `Vesper is running already in ${settings.home} (pid ${other.pid}): stop it there with Ctrl-C first, or set VESPER_HOME to another folder and other ports.`,
    );
    return 1;
  }
  if (living.some((record) => record.part === "restore")) {
    console.error(`A backup is being restored into ${settings.home}: wait until it is back.`);
    return 1;
  }
  let stack: Stack | null = null;
  const stopSignal = listenForStop(() => {
    stack?.killAll();
    runList.remove("up");
    console.error("Killed.");
    process.exit(1);
  });

  const { findings, observatory, temporalCli } = await checkPrerequisites(settings, env, living, say);
  const missing = findings.filter((finding) => !finding.ok);
  if (missing.length > 0 || observatory === null) {
    for (const { words } of missing) console.error(words);
    return 1;
  }
  if (stopSignal.isTold()) return 0;
  // A supervisor that was killed leaves parts behind when they hang: they are ended, never a stranger's process.
  for (const record of living) {
    if (!(await endProcess(record, LEFT_OVER_GRACE_MS))) {
      console.error(
        `${record.part} (pid ${record.pid}) is left over from an earlier run and does not end: end it by hand.`,
      );
      return 1;
    }
    runList.remove(record.part);
  }
  if (options.fresh && !(await removeHome(settings, options.yes))) return 1;
  refuseHalfRestored(settings.home);

  const journal = createUpJournal(settings.home, say);
  runList.add("up", process.pid, []);
  const started = createStack({ settings, env, observatory, temporalCli, journal, say });
  stack = started;
  let exitCode = 0;
  try {
    const up = started.start();
    // When stopped while starting, its failure is expected and looked at by nobody.
    up.catch(() => {});
    const result = await Promise.race([up, stopSignal.told.then(() => null)]);
    if (result !== null) {
      announce({ settings, observatory, ...result }, say);
      journal.write("info", "up", "all parts run, the web pages answer");
      await stopSignal.told;
    }
  } catch (error) {
    if (!(error instanceof StoppedError)) {
      console.error((error as Error).message);
      exitCode = 1;
    }
  }
  await stopInTime(started);
  runList.remove("up");
  return exitCode;
}

async function stopInTime(stack: Stack): Promise<void> {
  say("Stopping …");
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), STOP_LIMIT_MS);
  });
  const outcome = await Promise.race([stack.stop().then(() => "stopped" as const), limit]);
  clearTimeout(timer);
  if (outcome === "late") stack.killAll();
  say(outcome === "late" ? "Stopped; what had not ended in time was killed." : "Stopped.");
}

/** Asks (unless told yes) and removes what Vesper keeps. @returns whether it was removed. */
async function removeHome(settings: Settings, yes: boolean): Promise<boolean> {
  if (settings.databaseIsExternal || settings.temporalIsExternal) {
    console.error(
      "--fresh removes only what Vesper itself keeps; DATABASE_URL or TEMPORAL_ADDRESS is set, empty those by hand.",
    );
    return false;
  }
  if (!yes) {
    if (!process.stdin.isTTY) {
      console.error(
        `--fresh removes everything in ${settings.home}: images, database, histories. There is nobody to ask here; add --yes to mean it.`,
      );
      return false;
    }
    const terminal = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await terminal.question(
      `Remove everything Vesper keeps in ${settings.home}: images, database, histories? Type yes: `,
    );
    terminal.close();
    if (answer.trim().toLowerCase() !== "yes") {
      console.error("Nothing was removed.");
      return false;
    }
  }
  for (const name of KEPT_IN_HOME) rmSync(path.join(settings.home, name), { recursive: true, force: true });
  rmSync(restoringFile(settings.home), { force: true });
  return true;
}
