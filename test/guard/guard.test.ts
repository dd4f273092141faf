import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { freshGuard, type Permission } from "../../domain/safety/guard.ts";
import { createAlpacaTransport } from "../../adapters/alpaca/transport.ts";
import { observatoryMs } from "../../domain/clock.ts";
import { createGuardDevices } from "../../workers/guard/devices.ts";
import { createGuardLoop } from "../../workers/guard/loop.ts";
import type { GuardStatus } from "../../workers/guard/status-port.ts";
import { startGuard } from "../../workers/guard.ts";
import { createRig, type Rig } from "../activities/rig.ts";
import { freePort } from "../support/postgres.ts";

let rig: Rig;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  rig = await createRig();
  await rig.dome.connect();
  await rig.telescope.connect();
});

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await rig.close();
});

const shutter = async () => (await rig.dome.status()).shutter;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what: string, condition: () => Promise<boolean>, limitMs = 15_000): Promise<number> {
  const begun = performance.now();
  while (!(await condition())) {
    if (performance.now() - begun > limitMs) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await wait(50);
  }
  return performance.now() - begun;
}

async function openDome(): Promise<void> {
  await rig.dome.openShutter();
  await until("an open dome", async () => (await shutter()) === "Open");
}

/** One guard loop on the simulators, with Temporal's answer given by the test. */
function loopOf(permission: () => Permission | Promise<Permission>) {
  const transport = createAlpacaTransport({ clientId: 7102 });
  closing.push(() => transport.close());
  return createGuardLoop(
    {
      devices: createGuardDevices(transport, rig.observatory, () =>
        observatoryMs(rig.clocks.fact(), Date.now()),
      ),
      limits: rig.observatory.weather,
      rate: async () => 60,
      answerable: async () => "night/colibri/2026-11-20",
      askPermission: async () => permission(),
      wallMs: Date.now,
      report: () => undefined,
    },
    freshGuard(Date.now()),
  );
}

/** The guard as a process has it, on the simulators; Temporal is a port where nothing listens. */
async function startProcess() {
  const guardPort = await freePort();
  const { hostname, port } = new URL(rig.observatory.devices[0]?.address ?? "");
  process.env["VESPER_ALPACA_PORT"] = port;
  await writeFile(path.join(rig.home, "clock.json"), JSON.stringify(rig.clocks.fact()));
  const settings = {
    home: rig.home,
    guardHost: "127.0.0.1",
    guardPort,
    observatoryFile: path.resolve(import.meta.dirname, "../../observatories/colibri.json"),
    temporalAddress: `${hostname}:${await freePort()}`,
    temporalNamespace: "default",
    logLevel: "silent",
  };
  const guard = await startGuard(settings);
  let closed = false;
  const close = async (): Promise<void> => {
    if (!closed) await guard.close();
    closed = true;
  };
  closing.push(close);
  const status = async (): Promise<GuardStatus> =>
    (await (await fetch(`http://127.0.0.1:${guardPort}/`)).json()) as GuardStatus;
  return { status, close, settings };
}

test("while all is well the dome's dead-man is fed; without the guard it closes the dome, and the log says so", async () => {
  await openDome();
  await rig.action("dome", "deadman:seconds", { seconds: 4 });
  const loop = loopOf(() => ({ kind: "allows", announces: false }));
  for (let turn = 0; turn < 10; turn += 1) {
    expect(await loop.run()).toMatchObject({ keepAlive: true, event: null });
    await wait(500);
  }
  expect(await shutter()).toBe("Open");
  await until("the dead-man", async () => (await shutter()) === "Closed");
  expect((await rig.commands("dome")).at(-1)).toMatchObject({ command: "closeshutter", cause: "dead-man" });
});

test("a phase that does not allow an open dome: it aborts, closes and parks by itself, named in the devices' logs", async () => {
  await openDome();
  await rig.telescope.unpark();
  await rig.camera.connect();
  await rig.camera.startExposure(600, true);
  const loop = loopOf(() => ({ kind: "forbids", why: "night/colibri/2026-11-20 is parking." }));
  expect(await loop.run()).toMatchObject({ event: "tripped" });
  await until("closed and parked", async () => {
    await loop.run();
    return (await shutter()) === "Closed" && (await rig.telescope.status()).parked;
  });
  expect((await rig.camera.status()).state).toBe("Idle");
  const orders = (await rig.commands("dome")).filter(({ command }) => command === "closeshutter");
  expect(orders[0]).toMatchObject({ clientId: 7102, client: "guard" });
  expect(loop.state()).toMatchObject({ tripped: true, why: "night/colibri/2026-11-20 is parking." });
});

test("devices that break do not end a loop; the others are still ordered", async () => {
  await openDome();
  const loop = loopOf(() => ({ kind: "refused", why: "it has ended." }));
  await rig.fault("camera-vis", "dead");
  await rig.fault("telescope", "garbage");
  await rig.fault("weather", "error");
  expect(await loop.run()).toMatchObject({ event: "tripped", close: true });
  await until("a closed dome", async () => {
    await loop.run();
    return (await shutter()) === "Closed";
  });
});

test("while it is unsafe two questions may be under way at once: settled waits for the first too", async () => {
  await openDome();
  await rig.action("weather", "sim:weather", { kind: "rain" });
  const answers: (() => void)[] = [];
  const loop = loopOf(
    () =>
      new Promise((resolve) => {
        answers.push(() => resolve({ kind: "silent", why: "Temporal is slow" }));
      }),
  );
  await until("two questions", async () => {
    await loop.run();
    return answers.length >= 2;
  });
  const [first, ...others] = answers;
  let settled = false;
  const settling = loop.settled().then(() => {
    settled = true;
  });
  for (const answer of others) answer();
  await wait(50);
  expect(settled).toBe(false);
  first?.();
  await settling;
});

test("without Temporal and database, rain over an open dome: the guard process closes it and remembers why", async () => {
  await openDome();
  const { status, close, settings } = await startProcess();
  await until("a first loop", async () => (await status()).lastLoopWallAt > 0);
  expect(await status()).toMatchObject({ tripped: false });

  await rig.action("weather", "sim:weather", { kind: "rain" });
  expect(await until("a trip", async () => (await status()).tripped)).toBeLessThan(12_000);
  await until("a closed dome", async () => (await shutter()) === "Closed");
  const { why, since } = await status();
  expect(why).toMatch(/The dome stayed open although it is unsafe: .*(interlock|rain)/);
  await until("a remembered trip", async () => {
    const kept = await readFile(path.join(rig.home, "guard.json"), "utf8");
    return (JSON.parse(kept) as GuardStatus).tripped;
  });
  const journal = (await readFile(path.join(rig.home, "guard-journal.jsonl"), "utf8")).trim().split("\n");
  expect(journal.map((line) => JSON.parse(line) as object)).toEqual([
    { wallMs: expect.any(Number), event: "tripped", why },
  ]);

  // Started again it is still tripped: a restart proves nothing.
  await close();
  const again = await startGuard(settings);
  closing.push(() => again.close());
  const kept = (await (await fetch(`http://127.0.0.1:${settings.guardPort}/`)).json()) as GuardStatus;
  expect(kept).toMatchObject({ tripped: true, since, why });
});

test("a port that is taken is said in a sentence", async () => {
  const { settings } = await startProcess();
  await expect(startGuard(settings)).rejects.toThrow(
    `The guard cannot listen on 127.0.0.1:${settings.guardPort}`,
  );
});
