import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { MockActivityEnvironment } from "@temporalio/testing";
import { createWatchActivities, type WatchDeps } from "../../activities/watch.ts";
import { createProbe } from "../../activities/watch-probe.ts";
import type { DeviceRow, StatusRow, WatchStore, WeatherRow } from "../../activities/watch-recorder.ts";
import { createAlpacaTransport, type AlpacaTransport } from "../../adapters/alpaca/transport.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { WatchState } from "../../domain/safety/watch-state.ts";
import { createRig, type Rig } from "./rig.ts";

let rig: Rig;
let transport: AlpacaTransport;
let stopWatch: (() => Promise<void>) | undefined;

beforeEach(async () => {
  rig = await createRig();
  transport = createAlpacaTransport({ clientId: 7103 });
});

afterEach(async () => {
  await stopWatch?.();
  stopWatch = undefined;
  await transport.close();
  await rig.close();
});

/** Starts a watch whose signals, rows and Temporal are in memory. */
function startWatch(overrides: Partial<WatchDeps> = {}, observatory: Observatory = rig.observatory) {
  const states: WatchState[] = [];
  const rows: { devices: DeviceRow[]; statuses: StatusRow[]; weather: WeatherRow[] } = {
    devices: [],
    statuses: [],
    weather: [],
  };
  const store: WatchStore = {
    device: async (row) => void rows.devices.push(row),
    status: async (row) => void rows.statuses.push(row),
    weather: async (row) => void rows.weather.push(row),
  };
  const { watch } = createWatchActivities({
    createProbe: (file, device) => createProbe(transport, file, device, rig.clocks),
    askGuard: async () => ({ tripped: false, why: "", lastLoopWallAt: Date.now() }),
    leaseHolder: async () => null,
    isOpen: async () => true,
    signal: async (state) => void states.push(state),
    store: () => store,
    importGuardJournal: async () => undefined,
    freeDiskMiB: async () => 100_000,
    clocks: rig.clocks,
    ...overrides,
  });
  const environment = new MockActivityEnvironment();
  const running = environment.run(() => watch({ observatory })).catch(() => undefined);
  stopWatch = async () => {
    environment.cancel();
    await running;
  };
  return { states, rows, newest: () => states.at(-1) };
}

async function until(what: string, condition: () => boolean, limitMs = 8_000): Promise<number> {
  const begun = performance.now();
  while (!condition()) {
    if (performance.now() - begun > limitMs) throw new Error(`waited ${limitMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - begun;
}

test("the first state is whole: every device heard, nothing unsafe by mere ignorance", async () => {
  const watch = startWatch();
  await until("a state", () => watch.states.length > 0);
  const [first] = watch.states;
  expect(first?.seq).toBe(1);
  expect(Object.values(first?.devices ?? {}).map(({ state }) => state)).toEqual(
    rig.observatory.devices.map(() => "UP"),
  );
  expect(first).toMatchObject({
    safety: { safe: true },
    weather: { safe: true, values: { humidityPct: expect.any(Number) } },
    dome: { shutter: "Closed" },
    telescope: { parked: true },
    guard: { tripped: false, silent: false },
    closedLeaseHolder: null,
  });
  await until("rows", () => watch.rows.devices.length >= 5 && watch.rows.weather.length >= 1);
});

test("a discrete change is signalled at once, a moving number is not", async () => {
  const watch = startWatch();
  await until("a state", () => watch.states.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(watch.states).toHaveLength(1);

  await rig.action("weather", "sim:weather", { kind: "rain" });
  const tookMs = await until("the rain", () => watch.newest()?.weather.safe === false);
  expect(tookMs).toBeLessThan(5_000);
  await until("the interlock", () => watch.newest()?.safety.safe === false);
  expect(watch.newest()?.weather.reasons.join(" ")).toMatch(
    /The rain is \d+\.\d+ mm\/h, the limit is 0 mm\/h\./,
  );
  expect(watch.newest()?.safety.reasons).toEqual(["The interlock says unsafe."]);
});

test("the shutter is followed through its states", async () => {
  const watch = startWatch();
  await until("a state", () => watch.states.length > 0);
  await rig.dome.openShutter();
  await until("open", () => watch.newest()?.dome.shutter === "Open");
  const words = watch.states.map(({ dome }) => dome.shutter);
  expect(words).toContain("Opening");
  await until("a row of it", () => watch.rows.statuses.some(({ values }) => values["shutter"] === "Open"));
});

test("a device that hangs delays nobody, and goes UNKNOWN, DEGRADED, DISABLED and back", async () => {
  const watch = startWatch();
  await until("a state", () => watch.states.length > 0);
  await rig.fault("camera-vis", "slow");
  await rig.action("weather", "sim:weather", { kind: "rain" });
  expect(await until("the rain", () => watch.newest()?.weather.safe === false)).toBeLessThan(2_000);
  await rig.fault("camera-vis", "dead");
  await until("degraded", () => watch.newest()?.devices["camera-vis"]?.state === "DEGRADED");
  await until("disabled", () => watch.newest()?.devices["camera-vis"]?.state === "DISABLED", 15_000);
  expect(watch.newest()?.devices["camera-vis"]).toMatchObject({
    blocking: true,
    detail: expect.stringContaining("Visible camera"),
  });
  await rig.clearFault("camera-vis");
  await until("up again", () => watch.newest()?.devices["camera-vis"]?.state === "UP");
  const words = watch.rows.statuses
    .filter(({ uniqueId }) => uniqueId === rig.observatory.devices[2]?.uniqueId)
    .map(({ state }) => state);
  expect([...new Set(words)]).toEqual(["UP", "DEGRADED", "DISABLED"]);
});

test("devices that start after the watch are taken in", async () => {
  await rig.stopSimulators();
  const watch = startWatch();
  await until("a state", () => watch.newest()?.devices["dome"]?.state === "DEGRADED");
  expect(watch.newest()).toMatchObject({ safety: { safe: false }, weather: { safe: false } });
  await rig.restart();
  await until("all up", () =>
    Object.values(watch.newest()?.devices ?? {}).every(({ state }) => state === "UP"),
  );
  await until("safe", () => watch.newest()?.safety.safe === true && watch.newest()?.weather.safe === true);
});

test("another device at an address is never taken for ours", async () => {
  const observatory = {
    ...rig.observatory,
    devices: rig.observatory.devices.map((device) =>
      device.id === "dome" ? { ...device, uniqueId: "another" } : device,
    ),
  };
  const watch = startWatch({}, observatory);
  await until("a state", () => watch.states.length > 0);
  expect(watch.newest()?.devices["dome"]).toMatchObject({
    state: "DISABLED",
    detail: expect.stringContaining("the observatory file expects another"),
  });
  expect(watch.newest()?.dome.shutter).toBe("Unknown");
});

test("while Temporal is away the watch goes on, and signals the newest state when it is back", async () => {
  let away = true;
  const states: WatchState[] = [];
  startWatch({
    signal: async (state) => {
      if (away) throw new Error("14 UNAVAILABLE");
      states.push(state);
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 800));
  await rig.action("weather", "sim:weather", { kind: "rain" });
  await new Promise((resolve) => setTimeout(resolve, 800));
  away = false;
  await until("a state", () => states.length > 0);
  expect(states[0]?.weather.safe).toBe(false);
  expect(states[0]?.seq).toBeGreaterThan(1);
});

test("a database that is away loses no change", async () => {
  let away = true;
  const statuses: StatusRow[] = [];
  const write = async (keep: () => void): Promise<void> => {
    if (away) throw new Error("database is away");
    keep();
  };
  const watch = startWatch({
    store: () => ({
      device: () => write(() => undefined),
      status: (row) => write(() => statuses.push(row)),
      weather: () => write(() => undefined),
    }),
  });
  await until("a state", () => watch.states.length > 0);
  await rig.dome.openShutter();
  await until("open", () => watch.newest()?.dome.shutter === "Open");
  away = false;
  await until("the rows", () => statuses.some(({ values }) => values["shutter"] === "Opening"));
});

test("a guard that tripped is told; one that is silent for 15 s is told", async () => {
  let lastLoopWallAt = Date.now();
  let tripped = false;
  let asked = 0;
  const watch = startWatch({
    askGuard: async () => {
      asked += 1;
      return { tripped, why: "rain with an open dome", lastLoopWallAt };
    },
  });
  await until("a state", () => watch.states.length > 0);
  // Just started again, it has not looked yet.
  lastLoopWallAt = 0;
  const before = asked;
  await until("three answers", () => asked > before + 3);
  expect(watch.states.some(({ guard }) => guard.silent)).toBe(false);
  lastLoopWallAt = Date.now();
  tripped = true;
  await until("the trip", () => watch.newest()?.guard.tripped === true);
  expect(watch.newest()?.guard.why).toBe("rain with an open dome");
  tripped = false;
  lastLoopWallAt = Date.now() - 16_000;
  await until("the silence", () => watch.newest()?.guard.silent === true);
  expect(watch.newest()?.guard.why).toMatch(/The guard has been silent for 1\d s\./);
});

test("a stranger on the guard's port is not the guard", async () => {
  const clock = rig.clocks.fact();
  let aheadMs = 0;
  const watch = startWatch({
    askGuard: async () => ({ hello: "world" }) as never,
    clocks: { fact: () => clock, wallMs: () => Date.now() + aheadMs },
  });
  await until("a state", () => watch.states.length > 0);
  expect(watch.newest()?.guard.silent).toBe(false);
  aheadMs = 16_000;
  await until("the silence", () => watch.newest()?.guard.silent === true);
});

test("a lease holder that is no longer open is reported, one that cannot be asked is not", async () => {
  let open: boolean | null = true;
  const asked: string[] = [];
  const watch = startWatch({
    leaseHolder: async () => "night/colibri/2026-11-20",
    isOpen: async (workflowId) => {
      asked.push(workflowId);
      return open;
    },
  });
  await until("a state", () => watch.states.length > 0);
  expect(watch.newest()?.closedLeaseHolder).toBeNull();
  open = null;
  await until("a second look", () => asked.length >= 2, 8_000);
  expect(watch.newest()?.closedLeaseHolder).toBeNull();
  open = false;
  await until("the closed holder", () => watch.newest()?.closedLeaseHolder === "night/colibri/2026-11-20");
});

test("samples come each 60 s of observatory time at most, and at most once a second", async () => {
  const watch = startWatch();
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  const samples = watch.rows.statuses.filter(
    ({ uniqueId, cause }) => uniqueId === rig.observatory.devices[0]?.uniqueId && cause === "sample",
  );
  expect(samples.length).toBeGreaterThanOrEqual(2);
  expect(samples.length).toBeLessThanOrEqual(3);
});

test("on the real sky too a device that dies is disabled within 3 s, though it is polled each second", async () => {
  await rig.close();
  rig = await createRig({ rate: 1 });
  const watch = startWatch();
  await until("a state", () => watch.states.length > 0, 20_000);
  await rig.fault("camera-vis", "dead");
  const tookMs = await until(
    "the lost camera",
    () => watch.newest()?.devices["camera-vis"]?.state === "DISABLED",
    20_000,
  );
  // 3 s on a quiet machine.
  expect(tookMs).toBeLessThan(9_000);
  await rig.clearFault("camera-vis");
  await until("its answer", () => watch.newest()?.devices["camera-vis"]?.state === "UP", 20_000);
}, 60_000);
