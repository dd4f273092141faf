/**
 * From the post of an alert to the slew, on what `npm start` runs, a frame exposing at each shot; beside it, shot by
 * shot, the floor: start of a workflow, signal, two activities in the same processes.
 *
 *   node bench/alert-latency/run.mjs [--shots 30] [--url http://127.0.0.1:3000] [--out bench/results/alert-latency.json]
 *
 * Needs ALERT_TOKEN (a token of an administrator: `npx vesper token --user admin@vesper.example`).
 * The slew is the line that the simulated mount wrote in VESPER_HOME/simulators/commands.jsonl.
 */
import { randomInt } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { readSettings } from "../../adapters/config/read-settings.ts";
import { readClockFile } from "../../adapters/home/home-files.ts";
import { createTemporalClient } from "../../adapters/temporal/client.ts";
import { typicalPacket } from "../../domain/alerts/typical.ts";
import { altAz, lastDeg } from "../../domain/astronomy/alt-az.ts";
import { moonSeparationDeg } from "../../domain/astronomy/sun-moon.ts";
import { observatoryMs } from "../../domain/clock.ts";
import { wrap360 } from "../../domain/units.ts";
import { taskQueues } from "../../workflows/names.ts";

interface Sample {
  readonly alertId: string;
  readonly postToSlewMs: number;
  readonly postToAnswerMs: number;
  readonly floorMs: number;
}

interface Command {
  readonly wallMs: number;
  readonly device: string;
  readonly command: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A shot waits this long for a frame to expose, and for its slew. */
const FRAME_LIMIT_WALL_MS = 180_000;
const SLEW_LIMIT_WALL_MS = 30_000;
const MIN_ALT_DEG = 40;

const { values } = parseArgs({
  options: {
    shots: { type: "string", default: "30" },
    url: { type: "string" },
    out: { type: "string", default: "bench/results/alert-latency.json" },
  },
});
const settings = readSettings(process.env);
const observatory = loadObservatory(settings.observatoryFile, process.env);
const { site } = observatory;
const url = values.url ?? `http://127.0.0.1:${settings.port}`;
const token = process.env["ALERT_TOKEN"] ?? "";
const shots = Number(values.shots);
const temporal = createTemporalClient({
  address: settings.temporalAddress,
  namespace: settings.temporalNamespace,
});
const queue = taskQueues(site.id).control;
const benchId = `probe/${Date.now().toString(36)}`;

const target = await temporal.client.workflow.start("probeTarget", {
  workflowId: benchId,
  taskQueue: queue,
  args: [{ siteId: site.id, shots }],
});
const samples: Omit<Sample, "floorMs">[] = [];
const probesStartedWallMs: number[] = [];
for (let shot = 1; shot <= shots; shot += 1) {
  await untilExposing();
  samples.push(await shootAlert());
  await untilExposing();
  probesStartedWallMs.push(Date.now());
  await temporal.client.workflow.start("probe", {
    workflowId: `${benchId}/${shot}`,
    taskQueue: queue,
    args: [{ target: benchId, shot }],
  });
  const last = samples.at(-1);
  console.log(`shot ${shot}: ${last?.alertId} slew ${last?.postToSlewMs} ms after the post`);
  await sleep(500);
}
const arrivedWallMs = (await target.result()) as readonly number[];
const all: Sample[] = samples.map((sample, index) => ({
  ...sample,
  floorMs: (arrivedWallMs[index] ?? Number.NaN) - (probesStartedWallMs[index] ?? 0),
}));
await report(all);
await temporal.close();

/** Posts a typical alert, high in the sky and away from where the telescope points, and finds its slew. */
async function shootAlert(): Promise<Omit<Sample, "floorMs">> {
  const nowMs = await observatoryNowMs();
  const { raDeg, decDeg } = visiblePlace(nowMs);
  const triggerId = String(randomInt(8_000_000, 9_999_999));
  const body = typicalPacket("swift-bat", {
    triggerId,
    t0Ms: nowMs - 30_000,
    noticeMs: nowMs,
    raDeg,
    decDeg,
  });
  const postedWallMs = Date.now();
  const response = await fetch(`${url}/api/voevents`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/xml" },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  const answeredWallMs = Date.now();
  if (response.status !== 202)
    throw new Error(`the alert was answered ${response.status}: ${await response.text()}`);
  const { alertId } = (await response.json()) as { alertId: string };
  const slewWallMs = await slewAfter(postedWallMs, raDeg, decDeg);
  return {
    alertId,
    postToSlewMs: slewWallMs - postedWallMs,
    postToAnswerMs: answeredWallMs - postedWallMs,
  };
}

async function slewAfter(postedWallMs: number, raDeg: number, decDeg: number): Promise<number> {
  const log = path.join(settings.home, "simulators", "commands.jsonl");
  const deadline = Date.now() + SLEW_LIMIT_WALL_MS;
  while (Date.now() < deadline) {
    const commands = (await readFile(log, "utf8"))
      .trimEnd()
      .split("\n")
      .slice(-400)
      .map((line) => JSON.parse(line) as Command);
    const slew = commands.find(
      (command) =>
        command.wallMs >= postedWallMs &&
        command.command === "slewtocoordinatesasync" &&
        Math.abs(Number(command.parameters["RightAscension"]) * 15 - raDeg) < 0.01 &&
        Math.abs(Number(command.parameters["Declination"]) - decDeg) < 0.01,
    );
    if (slew !== undefined) return slew.wallMs;
    await sleep(50);
  }
  throw new Error(`no slew to RA ${raDeg} Dec ${decDeg} within ${SLEW_LIMIT_WALL_MS / 1_000} s of the post`);
}

/** Waits until the camera is exposing, asked of the camera itself. */
async function untilExposing(): Promise<void> {
  const camera = observatory.devices.find((device) => device.type === "camera");
  const deadline = Date.now() + FRAME_LIMIT_WALL_MS;
  while (Date.now() < deadline) {
    const response = await fetch(`${camera?.address}/api/v1/camera/${camera?.number}/camerastate`, {
      signal: AbortSignal.timeout(5_000),
    });
    if (((await response.json()) as { Value: number }).Value === 2) return;
    await sleep(25);
  }
  throw new Error(`no frame was exposing for ${FRAME_LIMIT_WALL_MS / 1_000} s: is the night observing?`);
}

async function observatoryNowMs(): Promise<number> {
  const clock = await readClockFile(settings.home);
  if (clock === null) throw new Error(`there is no clock in ${settings.home}`);
  return observatoryMs(clock, Date.now());
}

function visiblePlace(nowMs: number): { readonly raDeg: number; readonly decDeg: number } {
  for (;;) {
    const raDeg = wrap360(lastDeg(site, nowMs) + randomInt(-40, 41));
    const decDeg = site.latDeg + randomInt(-30, 31);
    const high = altAz(site, raDeg, decDeg, nowMs).altDeg > MIN_ALT_DEG;
    if (high && moonSeparationDeg(site, raDeg, decDeg, nowMs) > 40) return { raDeg, decDeg };
  }
}

async function report(all: readonly Sample[]): Promise<void> {
  const slew = summary(all.map((sample) => sample.postToSlewMs));
  const floor = summary(all.map((sample) => sample.floorMs));
  const limitMs = Math.max(150, 2 * floor.p50);
  const verdict = slew.p50 <= limitMs && slew.max < 1_000 ? "within" : "OUTSIDE";
  console.log(`post -> slew   p50 ${slew.p50} ms, p90 ${slew.p90} ms, max ${slew.max} ms`);
  console.log(`floor          p50 ${floor.p50} ms, p90 ${floor.p90} ms, max ${floor.max} ms`);
  console.log(`${verdict} the limits: p50 <= max(150 ms, 2 x floor) = ${limitMs} ms, max < 1000 ms`);
  await mkdir(path.dirname(values.out), { recursive: true });
  const machine = { cores: cpus().length, model: cpus()[0]?.model, load1: loadavg()[0] };
  const text = JSON.stringify(
    { at: new Date().toISOString(), machine, slew, floor, limitMs, samples: all },
    null,
    2,
  );
  await writeFile(values.out, `${text}\n`);
  process.exitCode = verdict === "within" ? 0 : 1;
}

function summary(numbers: readonly number[]) {
  const sorted = [...numbers].sort((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p90: at(0.9), max: sorted.at(-1) ?? 0, n: sorted.length };
}
