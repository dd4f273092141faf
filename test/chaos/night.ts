import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { burst, observatory, skyNowMs, state } from "../integration/kit.ts";
import type { Observed } from "../support/observed.ts";
import { startStack, waitFor, type Stack } from "../support/stack.ts";
import type { Evidence, Gap, Kill, PostedBurst, Rain } from "./evidence.ts";
import { growthWords } from "./invariants/quiet.ts";
import { gather } from "./gather.ts";
import { kill, type PlannedKill } from "./killer.ts";
import { startMemorySampler, type MemorySample } from "./memory.ts";

/** Killing ends this long before dawn: what was hit last gets its chance, observatory ms. */
const BEFORE_DAWN_MS = 30 * 60_000;
/** A feed goes on trying; on a busy machine `up` needs minutes to come back. */
const TAKEN_LIMIT_MS = 300_000;
/** The night closes, and takes its calibrations. */
const END_LIMIT_MS = 1_800_000;
/** After the last kill the night goes on for a while before it is ended, wall ms. */
const AFTERMATH_MS = 20_000;
/** Between two kills, wall ms. */
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 12_000;
/** Between two bursts, observatory ms: what one interrupts has its chance before the next. */
const SHORTEST_BURST_MS = 40 * 60_000;
const LONGEST_BURST_MS = 90 * 60_000;
/** Between two rains, and their length, observatory ms. */
const SHORTEST_DRY_MS = 120 * 60_000;
const LONGEST_DRY_MS = 240 * 60_000;
const SHORTEST_RAIN_MS = 10 * 60_000;
const LONGEST_RAIN_MS = 40 * 60_000;

export interface ChaosNight {
  readonly evidence: Evidence;
  readonly memory: readonly MemorySample[];
}

export interface ChaosNightOptions {
  readonly rate: number;
  /** ISO instant the clock starts at; shortly before dusk of the demonstration's night when null. */
  readonly start: string | null;
  /** Kills still to be made, taken from the front. */
  readonly deck: PlannedKill[];
  readonly random: () => number;
  /** First of the trigger numbers that this night may use. */
  readonly firstTrigger: number;
  /** Goes on until dawn though nothing is left to kill. */
  readonly wholeNight: boolean;
  readonly say: (words: string) => void;
}

/** One night on a stack of its own: kills, bursts and rain until the kills are used up or dawn is near, then its end. */
export async function chaosNight(
  options: ChaosNightOptions,
  judge: (night: ChaosNight) => boolean,
): Promise<ChaosNight> {
  const { rate, start, deck, wholeNight, say } = options;
  const folder = mkdtempSync(path.join(tmpdir(), "vesper-chaos-"));
  // After a whole night the final images of its calibration may take until the next dusk, at rate 60 a quarter of an hour.
  const quiet = wholeNight && deck.length === 0;
  const file = quiet ? { VESPER_OBSERVATORY: withoutAutoStart(folder) } : {};
  const stack = await startStack({ rate, env: file, ...(start === null ? {} : { start }) });
  say(`a night begins in ${stack.home}`);
  let keep = true;
  try {
    if (quiet) await startByHand(stack);
    const kills: Kill[] = [];
    const gaps: Gap[] = [];
    const over = new AbortController();
    const memory = startMemorySampler(stack);
    const [bursts, rains] = await allOver(over, [
      postBursts(stack, options, over.signal),
      makeRain(stack, options, over.signal),
      killUntilDawn(stack, options, over.signal, kills, gaps).finally(() => over.abort()),
    ]);
    // Of the night alone: calibrations are another work, and their images other memory.
    const samples = memory.stop();
    if (quiet) say(`memory, ${growthWords(samples)}`);
    await endNight(stack, say);
    const evidence = await gather(stack, { rate, kills, simulatorGaps: gaps, bursts, rains });
    const night = { evidence, memory: samples };
    keep = !judge(night);
    return night;
  } finally {
    if (keep) process.env["VESPER_TEST_KEEP"] = "1";
    await stack.stop();
    delete process.env["VESPER_TEST_KEEP"];
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The observatory of the demonstration, whose nights are started by their button alone here. @returns the path of its file */
function withoutAutoStart(folder: string): string {
  const demonstration = path.join(projectFolder, "observatories");
  cpSync(demonstration, folder, { recursive: true });
  const file = JSON.parse(readFileSync(path.join(demonstration, "colibri.json"), "utf8")) as {
    night: object;
  };
  const copy = path.join(folder, "colibri.json");
  writeFileSync(copy, JSON.stringify({ ...file, night: { ...file.night, autoStart: false } }));
  return copy;
}

async function startByHand(stack: Stack): Promise<void> {
  await waitFor("the night is started by its button", TAKEN_LIMIT_MS, async () => {
    await stack.api("/api/nights/start", { method: "POST" });
    return (await state(stack)).night !== null;
  });
}

/** Waits for all; when one fails the others are told to end, and have ended before this throws: the stack is stopped next. */
async function allOver<T extends readonly Promise<unknown>[]>(
  over: AbortController,
  deeds: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  for (const deed of deeds) deed.catch(() => over.abort());
  await Promise.allSettled(deeds);
  return (await Promise.all(deeds)) as { -readonly [K in keyof T]: Awaited<T[K]> };
}

async function killUntilDawn(
  stack: Stack,
  { deck, random, wholeNight, say }: ChaosNightOptions,
  over: AbortSignal,
  kills: Kill[],
  gaps: Gap[],
): Promise<void> {
  const dawnMs = await waitFor(
    "the night is open",
    120_000,
    async () => ((await state(stack)).night === null ? null : (await state(stack)).tonight?.dawnMs),
    () => state(stack),
  );
  const isNight = async (): Promise<boolean> => {
    const nowMs = await waitFor("the api tells the time", TAKEN_LIMIT_MS, () => skyNowMs(stack));
    return nowMs < dawnMs - BEFORE_DAWN_MS;
  };
  while (deck.length > 0 && (await isNight())) {
    if (!(await pause(between(random, SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS), over))) return;
    const planned = deck.shift() as PlannedKill;
    const done = await kill(stack, planned, random);
    kills.push(done.kill);
    if (done.gap !== null) gaps.push(done.gap);
    const { part, openShutters, taskInHand, wallMs, backWallMs, nextMessageMs } = done.kill;
    const hit = openShutters.length === 0 ? "no shutter open" : `open: ${openShutters.join(", ")}`;
    const hands = taskInHand ? ", a task in its hands" : "";
    const message = nextMessageMs === null ? "" : `${hands}, next message after ${nextMessageMs} ms`;
    say(`killed ${part} (${hit}), back after ${((backWallMs - wallMs) / 1_000).toFixed(1)} s${message}`);
  }
  if (wholeNight) await untilNot(isNight, over);
  await pause(AFTERMATH_MS, over);
}

async function untilNot(isStill: () => Promise<boolean>, over: AbortSignal): Promise<void> {
  while (await isStill()) if (!(await pause(5_000, over))) return;
}

/** Bursts come in as a feed sends them: again and again until they are taken. */
async function postBursts(
  stack: Stack,
  { rate, random, firstTrigger, say }: ChaosNightOptions,
  over: AbortSignal,
): Promise<PostedBurst[]> {
  const posted: PostedBurst[] = [];
  while (await pause(between(random, SHORTEST_BURST_MS, LONGEST_BURST_MS) / rate, over)) {
    // After dawn an alert is kept for the next night, and this stack has none.
    const open = await waitFor("the api says whether it is night", TAKEN_LIMIT_MS, async () => {
      const { night } = await state(stack);
      return { night };
    });
    if (open.night === null) continue;
    const trigger = String(firstTrigger + posted.length);
    const { xml, key, place } = await waitFor("a burst is made", TAKEN_LIMIT_MS, () => burst(stack, trigger));
    const postedWallMs = Date.now();
    const taken = await waitFor(`burst ${key} is taken`, TAKEN_LIMIT_MS, async () => {
      const { status } = await stack.postPacket(xml);
      return status === 200 || status === 202;
    }).catch(() => false);
    const takenWallMs = taken ? Date.now() : null;
    posted.push({ key, ...place, postedWallMs, takenWallMs });
    say(
      `burst ${key} ${taken ? `taken after ${((Date.now() - postedWallMs) / 1_000).toFixed(1)} s` : "was not taken"}`,
    );
  }
  return posted;
}

async function makeRain(
  stack: Stack,
  { rate, random, say }: ChaosNightOptions,
  over: AbortSignal,
): Promise<Rain[]> {
  const rains: Rain[] = [];
  const weather = async (kind: "rain" | "clear"): Promise<number> => {
    await waitFor(`the weather is ${kind}`, TAKEN_LIMIT_MS, async () => {
      await stack.act("observingconditions", "sim:weather", { kind });
      return true;
    });
    say(`weather: ${kind}`);
    return Date.now();
  };
  while (await pause(between(random, SHORTEST_DRY_MS, LONGEST_DRY_MS) / rate, over)) {
    // A tripped guard wants minutes of good weather: rain within them would keep the dome closed for the whole night.
    const { holds } = await waitFor("the api tells the holds", TAKEN_LIMIT_MS, () => state(stack));
    if (holds.some(({ kind }: { kind: string }) => kind === "guard")) continue;
    const fromWallMs = await weather("rain");
    await sleep(between(random, SHORTEST_RAIN_MS, LONGEST_RAIN_MS) / rate);
    rains.push({ fromWallMs, untilWallMs: await weather("clear") });
  }
  return rains;
}

/** Ends the night by its button and waits until the majordome has the telescope back. */
export async function endNight(stack: Observed, say: (words: string) => void): Promise<void> {
  const untilMs = Date.now() + END_LIMIT_MS;
  while ((await state(stack).catch(() => null))?.night !== null && Date.now() < untilMs) {
    await stack.api("/api/nights/current/end", { method: "POST" }).catch(() => undefined);
    await sleep(2_000);
  }
  const ended = await waitFor("the night has ended", END_LIMIT_MS, async () => {
    const [lease] = await stack.query<{ holder: string }>("select holder from lease");
    const [{ open } = { open: 1 }] = await stack.query<{ open: number }>(
      "select count(*)::int as open from night where status = 'open'",
    );
    const now = await state(stack);
    const closed = lease?.holder === `observatory/${observatory.site.id}` && open === 0 && now.night === null;
    return closed && (await nothingRuns(stack));
  }).catch(() => false);
  say(ended ? "the night has ended" : "the night did not end");
  // What runs is listed a moment after it ended; frames that were under way are settled.
  await sleep(8_000);
}

/** Calibrations and analyses come after the night. */
async function nothingRuns(stack: Observed): Promise<boolean> {
  const query =
    "ExecutionStatus = 'Running' and WorkflowType in ('night', 'sequence', 'calibration', 'analysis')";
  return (await stack.temporal.client.workflow.count(query)).count === 0;
}

async function pause(ms: number, over: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal: over }).catch(() => undefined);
  return !over.aborted;
}

function between(random: () => number, least: number, most: number): number {
  return least + random() * (most - least);
}
