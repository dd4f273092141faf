import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Evidence, Violation } from "../chaos/evidence.ts";
import { gather } from "../chaos/gather.ts";
import { violationsOf } from "../chaos/invariants/all.ts";
import { endNight } from "../chaos/night.ts";
import { alertWhere, burst, routineFrame, skyNowMs, slewsTo, state } from "../integration/kit.ts";
import { outerEnvironment, waitFor } from "../support/stack.ts";
import { openBrowsers, type Browsers, type Seen } from "./browsers.ts";
import { refusedMessage, watchMajordome, type MajordomeSeen } from "./majordome.ts";
import { findTemporalServer, TEMPORAL_VERSION } from "./temporal-server.ts";
import { startProduction, type Production } from "./topology.ts";

const USAGE = `npm run production-test -- [--rate R]

Starts what docker-compose.yml describes as processes of this machine (Temporal server ${TEMPORAL_VERSION} on PostgreSQL, two control
workers, two web processes behind a proxy, simulated devices), runs a night on it, kills one control worker and one web
process in the middle of it, and ends with 1 when the night or the browser noticed. Needs Go once, to build the server.
  --rate R  observatory seconds per second, 60 unless told`;

const { values } = parseArgs({
  options: { rate: { type: "string", default: "60" }, help: { type: "boolean", default: false } },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const rate = Number(values.rate);
if (!(rate >= 1 && rate <= 120)) {
  console.error(`--rate ${values.rate}: a number from 1 to 120 is needed\n\n${USAGE}`);
  process.exit(1);
}

/** Of processes that end again and again. */
const SHOWN_RESTARTS = 5;
/** A busy machine has this long for what takes a quiet one seconds. */
const PATIENCE_MS = 120_000;
/** The majordome answers within this, whatever was killed: the other worker gives back what was begun within a second; the rest is for a busy machine. */
const SILENCE_LIMIT_MS = 4_000;
/** A live page is told something within this: the wait of a browser before it comes back, and what the start of a stream takes. */
const STREAM_LIMIT_MS = 10_000;
const say = (words: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${words}`);

const beganMs = performance.now();
let production: Production | null = null;
let exitCode = 1;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    say(`${signal}: stopping`);
    void (production?.stop() ?? Promise.resolve()).finally(() => process.exit(130));
  });
}
try {
  const programs = await findTemporalServer(outerEnvironment(), say);
  production = await startProduction(programs, rate, say);
  const problems = await night(production, programs.builtInMs);
  for (const { invariant, words } of problems) say(`VIOLATED ${invariant}: ${words}`);
  exitCode = problems.length === 0 ? 0 : 1;
  if (exitCode === 1) process.env["VESPER_TEST_KEEP"] = "1";
} catch (error) {
  process.env["VESPER_TEST_KEEP"] = "1";
  say(`FAILED ${(error as Error).message}`);
  for (const sentence of production?.restarts().slice(0, SHOWN_RESTARTS) ?? []) say(sentence);
} finally {
  await production?.stop();
}
say(
  `${exitCode === 0 ? "passed" : "failed"} after ${((performance.now() - beganMs) / 60_000).toFixed(1)} min`,
);
process.exit(exitCode);

/** One night with its kills. @returns what it or the browser noticed, and what must hold and does not */
async function night(production: Production, builtInMs: number): Promise<Violation[]> {
  const browsers = await openBrowsers(production.web);
  const majordome = watchMajordome(production);
  const withoutDevices = await untilDevicesHold(production);
  say(`without devices: ${withoutDevices}`);
  production.startDevices();
  const kills: Killed[] = [];
  await browsers.sendForm();
  await routineFrame(production, PATIENCE_MS);
  say("the devices are set up, the night has opened and takes frames");
  const openedMs = await skyNowMs(production);
  for (const part of ["control-1", "api-1"]) kills.push(await killed(production, part, browsers));
  const alert = await anAlert(production);
  say(`the alert was slewed to ${alert.slewMs} ms after it was posted, and has ${alert.images} images`);
  for (const part of ["api-2", "control-2"]) kills.push(await killed(production, part, browsers));
  await routineFrame(production, PATIENCE_MS);
  say("the night is ended");
  await endNight(production, say);
  const told = await majordome.close();
  const seen = await browsers.close();
  const masters = await production.query<{ camera: string; masters: number }>(
    "select camera_id as camera, count(*)::int as masters from master group by 1 order by 1",
  );
  const evidence = await gather(production, {
    rate,
    kills: [],
    simulatorGaps: [],
    bursts: [
      {
        ...alert.burst,
        ...alert.burst.place,
        postedWallMs: alert.postedWallMs,
        takenWallMs: alert.postedWallMs,
      },
    ],
    rains: [],
  });
  report(production, { builtInMs, kills, alert, told, seen, masters, evidence });
  return [
    ...violationsOf(evidence),
    ...noticed(kills, told, seen),
    ...holdsOf(evidence.holds, openedMs),
    ...(masters.length === 2
      ? []
      : [{ invariant: "the night ends with masters of both cameras", words: JSON.stringify(masters) }]),
    ...crashes(production, kills),
  ];
}

/**
 * Vesper started before its devices: it says that they do not answer, holds, and serves its pages.
 * @returns the devices that it waits for
 */
async function untilDevicesHold(production: Production): Promise<string> {
  const blocking = await waitFor(
    "the devices that do not answer hold the night",
    PATIENCE_MS,
    async () => {
      const { holds } = await state(production);
      const lost = holds.filter(({ kind }: { kind: string }) => kind.startsWith("device:"));
      return lost.length > 0 ? lost.map(({ kind }: { kind: string }) => kind).join(", ") : null;
    },
    () => state(production),
  );
  for (const page of ["/", "/night", "/devices", "/weather"]) {
    const { status, body } = await production.api(page);
    if (status !== 200 || !String(body).includes("Not observing")) {
      throw new Error(`without devices ${page} answers ${status} and does not say why nothing is observed`);
    }
  }
  return blocking;
}

interface Killed {
  readonly part: string;
  /** Wall ms until the next message to the majordome was handled. */
  readonly nextMessageMs: number;
  /** Wall ms until another frame was stored. */
  readonly nextFrameMs: number;
  /** Wall ms until it ran again. */
  readonly backMs: number;
}

/** Kills a process while a frame is exposed, and waits until the night has stored another one and the process is back. */
async function killed(production: Production, part: string, browsers: Browsers): Promise<Killed> {
  await waitFor(`${part} runs`, PATIENCE_MS, async () => production.pid(part) > 0);
  await routineFrame(production, PATIENCE_MS);
  const before = await framesStored(production);
  const pid = production.pid(part);
  process.kill(pid, "SIGKILL");
  const killedMs = performance.now();
  say(`killed ${part}`);
  const form = browsers.sendForm();
  const nextMessageMs = await refusedMessage(production);
  await waitFor(
    "another frame is stored",
    PATIENCE_MS,
    async () => (await framesStored(production)) > before,
  );
  const nextFrameMs = Math.round(performance.now() - killedMs);
  await waitFor(`${part} is back`, PATIENCE_MS, async () => production.pid(part) !== pid);
  const backMs = Math.round(performance.now() - killedMs);
  await form;
  // What has just been started takes its place in the proxy and on the queue.
  await sleep(8_000);
  return { part, nextMessageMs, nextFrameMs, backMs };
}

async function framesStored(production: Production): Promise<number> {
  const [row] = await production.query<{ frames: number }>("select count(*)::int as frames from image");
  return row?.frames ?? 0;
}

/** A burst through the proxy, observed, and let go. */
async function anAlert(production: Production) {
  await routineFrame(production, PATIENCE_MS);
  const posted = await burst(production, "9400001");
  const postedWallMs = Date.now();
  const { status, body } = await production.postPacket(posted.xml);
  if (status !== 200 && status !== 202)
    throw new Error(`the burst was answered ${status} ${JSON.stringify(body)}`);
  const slew = await waitFor(
    "the burst is slewed to",
    PATIENCE_MS,
    async () => slewsTo(production, posted.place, postedWallMs)[0],
  );
  const { images } = await alertWhere(
    production,
    posted.key,
    "has an image",
    (alert) => alert.images.length > 0,
    PATIENCE_MS,
  );
  return { burst: posted, postedWallMs, slewMs: slew.wallMs - postedWallMs, images: images.length as number };
}

/** What the kills of one control worker and one web process must not have done. */
function noticed(kills: readonly Killed[], told: MajordomeSeen, seen: Seen): Violation[] {
  const found: Violation[] = seen.troubles.map((words) => ({
    invariant: "the browser notices nothing",
    words,
  }));
  if (seen.longestSilenceMs > STREAM_LIMIT_MS) {
    found.push({
      invariant: "a live page goes on within seconds",
      words: `silent for ${seen.longestSilenceMs} ms`,
    });
  }
  if (seen.forms !== kills.length + 1) {
    found.push({ invariant: "every form is taken", words: `${seen.forms} of ${kills.length + 1}` });
  }
  if (told.longestSilenceMs > SILENCE_LIMIT_MS) {
    found.push({
      invariant: "the majordome answers on",
      words: `no answer for ${told.longestSilenceMs} ms`,
    });
  }
  return found;
}

/** Holds of the time since the night takes frames. */
function holdsOf(holds: Evidence["holds"], sinceMs: number): Violation[] {
  return holds
    .filter((hold) => hold.sinceMs > sinceMs)
    .map(({ kind }) => ({ invariant: "no hold", words: `the hold ${kind} was raised` }));
}

/** Nothing died but what was killed. */
function crashes(production: Production, kills: readonly Killed[]): Violation[] {
  const expected = kills.map(({ part }) => `${part} ended (SIGKILL)`);
  return production
    .restarts()
    .filter((sentence) => !expected.some((each) => sentence.startsWith(each)))
    .map((words) => ({ invariant: "nothing ends by itself", words }));
}

function report(production: Production, measured: Measured): void {
  const { builtInMs, kills, alert, told, seen, masters, evidence } = measured;
  const s = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
  const stored = evidence.exposures.filter(({ state }) => state === "stored").length;
  const lost = evidence.exposures.filter(({ state }) => state === "lost").length;
  const lines = [
    `Temporal server ${TEMPORAL_VERSION} built in ${builtInMs === 0 ? "no time (cached)" : s(builtInMs)}`,
    ...Object.entries(production.startedInMs).map(([what, ms]) => `start, ${what}: ${s(ms)}`),
    ...kills.map(
      ({ part, nextMessageMs, nextFrameMs, backMs }) =>
        `${part} killed: next message handled after ${s(nextMessageMs)}, next frame stored after ${s(nextFrameMs)}, back after ${s(backMs)}`,
    ),
    `alert: slew ${alert.slewMs} ms after the post, ${alert.images} images`,
    `majordome: asked ${told.asked} times, longest without an answer ${s(told.longestSilenceMs)}`,
    `browser: ${seen.pages} pages, slowest ${s(seen.slowestPageMs)}; ${seen.events} events, longest silence ${s(seen.longestSilenceMs)}, ${seen.reconnects} reconnects; ${seen.forms} forms`,
    `proxy: ${production
      .proxied()
      .map(({ answered, failed }) => `${answered} answered, ${failed} failed`)
      .join("; ")}`,
    `frames: ${stored} stored, ${lost} lost; ${masters.map(({ camera, masters }) => `${masters} masters of ${camera}`).join(", ")}`,
  ];
  console.log(["measured", ...lines].join("\n  "));
}

interface Measured {
  readonly builtInMs: number;
  readonly kills: readonly Killed[];
  readonly alert: { readonly slewMs: number; readonly images: number };
  readonly told: MajordomeSeen;
  readonly seen: Seen;
  readonly masters: readonly { readonly camera: string; readonly masters: number }[];
  readonly evidence: Awaited<ReturnType<typeof gather>>;
}
