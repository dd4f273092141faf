/** `vesper simulators` and `vesper sim` as processes: clock file, orders, sudden death, orderly end. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const vesper = fileURLToPath(new URL("../../bin/vesper.ts", import.meta.url));
const home = mkdtempSync(path.join(tmpdir(), "vesper-simulators-"));
const NIGHT_MS = Date.parse("2026-11-10T06:00:00Z");
let port = 0;
let child: ChildProcess | undefined;

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  VESPER_HOME: home,
  VESPER_ALPACA_PORT: String(port),
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function start(env: NodeJS.ProcessEnv = environment()): Promise<ChildProcess> {
  const started = spawn(process.execPath, [vesper, "simulators"], { env, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  started.stderr?.on("data", (text) => (said += text));
  started.stdout?.on("data", (text) => (said += text));
  const endAt = Date.now() + 15_000;
  while (!said.includes("Simulated devices at")) {
    if (started.exitCode !== null || Date.now() > endAt) throw new Error(`simulators did not start: ${said}`);
    await sleep(20);
  }
  return started;
}

const sim = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [vesper, "sim", ...args], { env: environment(), timeout: 20_000 });

async function read(member: string): Promise<any> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${member}`);
  return ((await response.json()) as { Value: unknown }).Value;
}

async function put(member: string, body: Record<string, string> = {}): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/${member}`, {
    method: "PUT",
    body: new URLSearchParams(body),
  });
  const answer = (await response.json()) as { ErrorNumber: number; ErrorMessage: string };
  expect([member, answer.ErrorMessage]).toEqual([member, ""]);
}

const writeClock = (startMs: number, rate: number, epoch: number): void =>
  writeFileSync(
    path.join(home, "clock.json"),
    JSON.stringify({ startMs, anchorMs: Date.now(), rate, epoch }),
  );

beforeAll(async () => {
  port = await freePort();
  writeClock(NIGHT_MS, 60, 0);
  child = await start();
});
afterAll(() => {
  child?.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true });
});

test("hosts the devices of the observatory file on its clock, and follows the clock file", async () => {
  await put("telescope/0/connected", { Connected: "true" });
  const shown = Date.parse(await read("telescope/0/utcdate"));
  expect(shown).toBeGreaterThanOrEqual(NIGHT_MS);
  expect(shown).toBeLessThan(NIGHT_MS + 3_600_000);
  writeClock(NIGHT_MS + 7_200_000, 60, 1);
  await sleep(400);
  expect(Date.parse(await read("telescope/0/utcdate"))).toBeGreaterThanOrEqual(NIGHT_MS + 7_200_000);
});

test("sim makes weather and faults, clears them, and shows the log", async () => {
  expect((await sim("weather", "rain")).stdout).toContain("Weather: rain");
  await put("safetymonitor/0/connected", { Connected: "true" });
  expect(await read("safetymonitor/0/issafe")).toBe(false);
  await sim("weather", "clear");
  expect(await read("safetymonitor/0/issafe")).toBe(true);
  expect((await sim("fault", "dome", "dead", "--seconds", "100")).stdout).toContain("dead for 100 s");
  await expect(read("dome/0/name")).rejects.toThrow();
  await sim("clear", "all");
  expect(await read("dome/0/name")).toBe("Dome");
  expect((await sim("log", "dome")).stdout).toContain('"command":"sim:fault"');
});

test("a wheel holds the filters of all instruments that look through it", async () => {
  const { simulatorOptions } = await import("../../bin/commands/simulators.ts");
  const { loadSettings } = await import("../../adapters/config/settings.ts");
  const { loadObservatory } = await import("../../adapters/config/observatory.ts");
  const settings = loadSettings({ VESPER_HOME: home }, home);
  const file = fileURLToPath(new URL("../../observatories/colibri.json", import.meta.url));
  const observatory = loadObservatory(file, {});
  const [first, second] = observatory.instruments;
  if (first === undefined || second === undefined) throw new Error("colibri.json has two instruments");
  const others = observatory.devices.filter(({ type }) => type !== "filterwheel");
  const [template] = observatory.devices.filter(({ type }) => type === "filterwheel");
  if (template === undefined) throw new Error("colibri.json has filter wheels");
  const options = simulatorOptions(settings, {
    ...observatory,
    devices: [
      ...others.map((device) =>
        device.type === "focuser" ? { ...device, address: "http://10.0.0.9:11111" } : device,
      ),
      { ...template, id: "shared", boundTo: "telescope" },
    ],
    instruments: [
      { ...first, filters: ["g", "r"] },
      { ...second, filters: ["r", "i"] },
    ],
  });
  expect(options.filterWheels).toEqual({
    shared: { filters: ["g", "r", "i"], cameras: [first.cameraId, second.cameraId] },
  });
  expect(options.devices.map(({ id }) => id)).not.toContain("focuser");
  expect(options.cameras[first.cameraId]?.kind).toBe("visible");
  expect(options.cameras[second.cameraId]?.kind).toBe("near-infrared");
});

test("sim refuses what it does not know with the choice and exit code 1", async () => {
  for (const [args, said] of [
    [["weather", "frogs"], 'weather is "frogs", must be one of clear, rain'],
    [["fault", "nothing", "dead"], 'device is "nothing", must be one of telescope, dome'],
    [["fault", "dome", "sad"], 'fault is "sad", must be one of dead'],
    [["weather", "rain", "--seconds", "soon"], '--seconds is "soon", must be a number above 0'],
    [["alarm", "frogs", "on"], 'alarm is "frogs", must be one of'],
    [[], "nothing asked for"],
  ] as const) {
    await expect(sim(...args)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
  }
});

test("killed in mid-motion, it goes on where mount and dome are by then; the exposure is lost", async () => {
  writeClock(NIGHT_MS, 1, 2);
  await sleep(300);
  for (const device of ["dome", "camera", "telescope"])
    await put(`${device}/0/connected`, { Connected: "true" });
  await put("dome/0/openshutter");
  await put("telescope/0/unpark");
  await put("telescope/0/tracking", { Tracking: "true" });
  await put("telescope/0/slewtocoordinatesasync", { RightAscension: "3", Declination: "20" });
  await put("camera/0/startexposure", { Duration: "900", Light: "true" });
  child?.kill("SIGKILL");
  if (child !== undefined) await once(child, "exit");
  // The clock stood still meanwhile, then two minutes pass at once.
  writeClock(NIGHT_MS + 120_000, 1, 3);
  child = await start();
  for (const device of ["dome", "camera", "telescope"])
    await put(`${device}/0/connected`, { Connected: "true" });
  expect(await read("dome/0/shutterstatus")).toBe(0);
  expect(await read("telescope/0/slewing")).toBe(false);
  expect(await read("telescope/0/tracking")).toBe(true);
  expect(await read("telescope/0/rightascension")).toBeCloseTo(3, 6);
  expect(await read("camera/0/camerastate")).toBe(0);
  const log = readFileSync(path.join(home, "simulators", "commands.jsonl"), "utf8");
  expect(log).toContain('"command":"startexposure"');
});

test("a taken port, and a wrong setting, are said in a sentence with exit code 1", async () => {
  const run = promisify(execFile);
  await expect(
    run(process.execPath, [vesper, "simulators"], { env: environment(), timeout: 20_000 }),
  ).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`port ${port}: another program listens there`),
  });
  const env = { ...environment(), VESPER_CLOCK_RATE: "-3" };
  await expect(run(process.execPath, [vesper, "simulators"], { env, timeout: 20_000 })).rejects.toMatchObject(
    {
      code: 1,
      stderr: expect.stringContaining("VESPER_CLOCK_RATE"),
    },
  );
});

test("ends within 2 s when told, and when its supervisor's pipe closes", async () => {
  const before = Date.now();
  child?.kill("SIGTERM");
  if (child !== undefined) await once(child, "exit");
  expect(child?.exitCode).toBe(0);
  expect(Date.now() - before).toBeLessThan(2_500);
  const supervised = await start({ ...environment(), VESPER_SUPERVISED: "1" });
  supervised.stdin?.end();
  await once(supervised, "exit");
  expect(supervised.exitCode).toBe(0);
});
