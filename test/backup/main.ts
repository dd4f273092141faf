import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { gather } from "../chaos/gather.ts";
import { violationsOf } from "../chaos/invariants/all.ts";
import { endNight } from "../chaos/night.ts";
import { burst, state } from "../integration/kit.ts";
import { startStack, waitFor, type Stack } from "../support/stack.ts";

const USAGE = `node test/backup/main.ts [--keep-home] [--without-workflows] [--fresh-devices] [--mix older|newer] [--rate R]

Starts a private stack, backs it up in mid-night, lets it go on, stops it, wipes its folder, restores, starts it again,
ends the night, and checks what must hold after every night (test/chaos/invariants).
  --keep-home          the folder is not wiped: restored with --replace, images since the backup are orphans
  --without-workflows  Temporal's state is left out: the night begins its next run from the rows
  --fresh-devices      the devices were closed and parked meanwhile, as in life
  --mix older|newer    Temporal's state is of an older, or a newer, backup than the rows
  --rate R             observatory seconds per second, 60 unless told`;

const { values } = parseArgs({
  options: {
    "keep-home": { type: "boolean", default: false },
    "without-workflows": { type: "boolean", default: false },
    "fresh-devices": { type: "boolean", default: false },
    mix: { type: "string" },
    rate: { type: "string", default: "60" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const LIMIT_MS = 600_000;
const FRAMES = 6;
const STARTS = 3;
/** The clock is written down each second; a busy machine may be late. */
const CLOCK_WALL_MS = 5_000;
const say = (words: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${words}`);
const wrong: string[] = [];
const expect = (what: string, holds: boolean): void => {
  say(`${holds ? "ok    " : "WRONG "} ${what}`);
  if (!holds) wrong.push(what);
};

const backups = mkdtempSync(path.join(tmpdir(), "vesper-backups-"));
const stack = await startStack({ rate: Number(values.rate) });
try {
  say(`a night begins in ${stack.home}`);
  await framesBeyond(stack, FRAMES / 2);
  const followed = await burst(stack, "9100001");
  expect("a burst is taken", (await stack.postPacket(followed.xml)).status < 300);
  const older = await backUp(stack);
  await framesBeyond(stack, FRAMES);
  const newer = values.mix === undefined ? older : await backUp(stack);
  const atBackup = await counts(stack);
  const lost = await burst(stack, "9100002");
  await stack.postPacket(lost.xml);
  await framesBeyond(stack, atBackup.frames + FRAMES / 2);
  const night = (await state(stack)).night as { readonly date: string; readonly run: number };
  await stack.interrupt();
  const lostFrames = (await imagesIn(stack)) - filesIn(older, "images");
  if (!values["keep-home"]) wipe(stack.home);

  const [rows, workflows] = values.mix === "newer" ? [older, newer] : [newer, older];
  if (values["keep-home"]) {
    const refused = await stack.vesper("restore", rows);
    expect(
      "a home that is not empty is refused",
      refused.code === 1 && refused.printed.includes("--replace"),
    );
  }
  const options = [
    ...(values["keep-home"] ? ["--replace"] : []),
    ...(values["without-workflows"] ? ["--without-workflows"] : []),
  ];
  const restored = await stack.vesper("restore", rows, ...options);
  say(restored.printed.trim());
  expect("the restore ends well", restored.code === 0);
  if (values["keep-home"]) {
    expect(
      `${lostFrames} images are told as orphans`,
      restored.printed.includes(`${lostFrames} images were taken`),
    );
  }
  if (values.mix !== undefined) await putTemporalOf(workflows, stack.home);
  if (values["fresh-devices"]) rmSync(path.join(stack.home, "simulators"), { recursive: true, force: true });

  await startAgain(stack);
  const again = await counts(stack);
  say(`started again: ${again.frames} frames are known, ${atBackup.frames} were when it was backed up`);
  const { madeAt } = JSON.parse(readFileSync(path.join(stack.home, "restored.json"), "utf8")) as {
    madeAt: string;
  };
  const [clock] = await stack.query<{ at: Date }>("select start_at as at from clock");
  const offMs = Math.abs((clock?.at.getTime() ?? 0) - Date.parse(madeAt));
  expect("the clock goes on where it was backed up", offMs < CLOCK_WALL_MS * Number(values.rate));
  await framesBeyond(stack, again.frames + FRAMES);
  const after = (await state(stack)).night as typeof night;
  expect(
    `the night of ${night.date} goes on (run ${night.run}, now ${after?.run})`,
    after?.date === night.date &&
      (values["without-workflows"] ? after.run > night.run : after.run >= night.run),
  );
  await sleep(20_000);
  await endNight(stack, say);
  const evidence = await gather(stack, {
    rate: Number(values.rate),
    kills: [],
    // While nothing ran the devices had no power.
    simulatorGaps: [],
    bursts: [
      {
        key: followed.key,
        ...followed.place,
        postedWallMs: Date.now(),
        takenWallMs: Date.now(),
      },
    ],
    rains: [],
  });
  // The restore says which frames were under way: these may end with their camera.
  const underWay = (/Exposures that were under way[^:]*: (.*)\.$/m.exec(restored.printed)?.[1] ?? "").split(
    ", ",
  );
  const violations = violationsOf(evidence).filter(
    ({ words }) => !underWay.some((id) => id !== "" && words.startsWith(`${id} (`)),
  );
  for (const { invariant, words } of violations) expect(`${invariant}: ${words}`, false);
  say(
    `${evidence.images.length} images, ${evidence.executions.length} workflows, ${violations.length} violations`,
  );
} catch (error) {
  wrong.push((error as Error).message);
  say((error as Error).message);
} finally {
  if (wrong.length > 0) process.env["VESPER_TEST_KEEP"] = "1";
  await stack.stop();
  if (wrong.length === 0) rmSync(backups, { recursive: true, force: true });
}
console.log(wrong.length === 0 ? "all holds" : `${wrong.length} do not hold`);
process.exit(wrong.length === 0 ? 0 : 1);

async function backUp(from: Stack): Promise<string> {
  const made = await from.vesper("backup", "--to", backups);
  say(made.printed.trim());
  const folder = /Backed up to (\S+):/.exec(made.printed)?.[1];
  if (made.code !== 0 || folder === undefined) throw new Error(`vesper backup ended with ${made.code}`);
  return folder;
}

/** As a service manager does: a busy machine may take longer than `up` waits for all to be ready. */
async function startAgain(of: Stack): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await of.startAgain();
    } catch (error) {
      say((error as Error).message.trim());
      if (tries === STARTS) throw error;
    }
  }
}

async function counts(of: Stack): Promise<{ readonly frames: number }> {
  const [row] = await of.query<{ frames: number }>("select count(*)::int as frames from image");
  return { frames: row?.frames ?? 0 };
}

function framesBeyond(of: Stack, than: number): Promise<boolean> {
  return waitFor(
    `more than ${than} frames are stored`,
    LIMIT_MS,
    async () => (await counts(of)).frames > than,
    () => state(of),
  );
}

async function imagesIn({ home }: Stack): Promise<number> {
  return filesIn(home, "images");
}

function filesIn(folder: string, below: string): number {
  const where = [path.join(folder, below), path.join(folder, "files", below)].find((each) =>
    existsSync(each),
  );
  if (where === undefined) return 0;
  return readdirSync(where, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".fits"))
    .length;
}

function wipe(home: string): void {
  for (const name of readdirSync(home)) rmSync(path.join(home, name), { recursive: true, force: true });
}

/** Temporal's state of another backup than the rows: as when each is restored by its own means. */
async function putTemporalOf(folder: string, home: string): Promise<void> {
  const { copyFileSync } = await import("node:fs");
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path.join(home, `temporal.db${suffix}`), { force: true });
  copyFileSync(path.join(folder, "temporal", "temporal.db"), path.join(home, "temporal.db"));
}
