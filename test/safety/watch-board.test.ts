import { expect, test } from "@jest/globals";
import path from "node:path";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { lastDeg } from "../../domain/astronomy/alt-az.ts";
import { answered, missed, UNKNOWN_DEVICE } from "../../domain/safety/device-condition.ts";
import type { Reading } from "../../domain/safety/readings.ts";
import {
  discreteFacts,
  isComplete,
  watchStateOf,
  weatherOf,
  type WatchBoard,
} from "../../domain/safety/watch-board.ts";
import { FINE } from "./fine-weather.ts";

const OBSERVATORY = loadObservatory(path.resolve(import.meta.dirname, "../../observatories/colibri.json"), {
  VESPER_ALPACA_PORT: "11111",
});
const READINGS: Readonly<Record<string, Reading>> = {
  telescope: {
    type: "telescope",
    parked: false,
    tracking: true,
    slewing: false,
    raDeg: 1,
    decDeg: 2,
    altDeg: 60,
    azDeg: 100,
    clockOffMs: 0,
  },
  dome: { type: "dome", shutter: "Open", azDeg: 100 },
  "camera-vis": {
    type: "camera",
    state: "Idle",
    imageReady: false,
    temperatureC: -41.2,
    setPointC: -60,
    coolerPowerPct: 80,
    percentCompleted: 0,
  },
  safety: { type: "safetymonitor", isSafe: true },
  weather: { type: "observingconditions", values: FINE, ageWallS: 3 },
  "camera-nir": {
    type: "camera",
    state: "Exposing",
    imageReady: false,
    temperatureC: -150,
    setPointC: -150,
    coolerPowerPct: 90,
    percentCompleted: 40,
  },
  "wheel-vis": { type: "filterwheel", filter: "r" },
  "wheel-nir": { type: "filterwheel", filter: null },
  focuser: { type: "focuser", position: 25_000, moving: false },
  cover: { type: "covercalibrator", cover: "Open", lamp: "Off", brightness: 0 },
  plc: { type: "plain", values: {} },
};

/** A board of which everything answered at wall 0. */
function board(changes: Readonly<Record<string, Partial<Reading>>> = {}): WatchBoard {
  return {
    devices: new Map(
      Object.entries(READINGS).map(([id, reading]) => [
        id,
        { record: answered(UNKNOWN_DEVICE, 0, 0), reading: { ...reading, ...changes[id] } as Reading },
      ]),
    ),
    guard: { tripped: false, why: "", loopWallMs: 0 },
    closedLeaseHolder: null,
    disk: { low: false, freeMiB: 100_000 },
  };
}

/** The place of the mount above, RA 1°, Dec 2°, stands high at that time. */
const NIGHT_MS = Date.parse("2026-11-21T04:00:00Z");

const stateAt = (of: WatchBoard, wallMs: number) =>
  watchStateOf(of, OBSERVATORY, { wallMs, atMs: NIGHT_MS + wallMs * 60 }, { seq: 1, runWallMs: 0 });
const factsAt = (of: WatchBoard, wallMs: number) =>
  discreteFacts(of, stateAt(of, wallMs), weatherOf(of, OBSERVATORY, wallMs));

test("the state says what each device is doing, in words", () => {
  const { devices } = stateAt(board(), 100);
  expect(Object.values(devices).map(({ detail }) => detail)).toEqual([
    "tracking",
    "open",
    "idle, \u221241.2 of \u221260.0 °C",
    "safe",
    "12.0 °C, 40 %, wind 4.0 m/s",
    "exposing, \u2212150.0 °C",
    "filter r",
    "turning",
    "step 25000",
    "open, lamp off",
    "answers",
  ]);
});

test("an interlock's word counts for 5 s, the weather's for 60 s, the guard's for 15 s", () => {
  expect(stateAt(board(), 5_000)).toMatchObject({ safety: { safe: true }, guard: { silent: false } });
  expect(stateAt(board(), 5_001).safety).toMatchObject({
    safe: false,
    reasons: [expect.stringContaining("The interlock has not answered for more than 5 s.")],
  });
  expect(stateAt(board(), 15_001).guard).toMatchObject({ silent: true });
  expect(stateAt(board(), 57_000).weather.safe).toBe(true);
  expect(stateAt(board(), 57_001).weather.reasons[0]).toMatch(/^The weather readings are \d+ s old/);
});

test("what was never heard is unsafe, and the board not complete", () => {
  const empty: WatchBoard = { ...board(), devices: new Map() };
  expect(isComplete(empty, OBSERVATORY)).toBe(false);
  expect(stateAt(empty, 0)).toMatchObject({
    safety: { safe: false },
    weather: { safe: false },
    dome: { shutter: "Unknown" },
    telescope: { parked: null },
  });
  expect(isComplete(board(), OBSERVATORY)).toBe(true);
});

test("a dome that is given up shows no old shutter, and its sentence says why", () => {
  const silent = board();
  let record = answered(UNKNOWN_DEVICE, 0, 0);
  for (let poll = 1; poll <= 10; poll += 1) record = missed(record, "Dome cannot be reached.", poll, poll);
  const devices = new Map(silent.devices).set("dome", { record, reading: READINGS["dome"] ?? null });
  const state = stateAt({ ...silent, devices }, 100);
  expect(state.dome.shutter).toBe("Unknown");
  expect(state.devices["dome"]).toMatchObject({ state: "DISABLED", detail: "Dome cannot be reached." });
});

test("numbers that move change no fact; words that change do", () => {
  const before = factsAt(board(), 100);
  const moving = board({
    telescope: { altDeg: 61, slewing: true, tracking: false },
    "camera-vis": { temperatureC: -50, state: "Exposing" },
    weather: { values: { ...FINE, windMS: 14.9 } },
  });
  expect(factsAt(moving, 900)).toBe(before);
  for (const change of [
    { telescope: { parked: true } },
    { dome: { shutter: "Closing" as const } },
    { safety: { isSafe: false } },
    { weather: { values: { ...FINE, windMS: 15.1 } } },
  ]) {
    expect(factsAt(board(change), 100)).not.toBe(before);
  }
  expect(factsAt({ ...board(), closedLeaseHolder: "night/x" }, 100)).not.toBe(before);
  // A second limit crossed is news, a worse number of the first is not.
  const windy = factsAt(board({ weather: { values: { ...FINE, windMS: 16 } } }), 100);
  expect(factsAt(board({ weather: { values: { ...FINE, windMS: 18 } } }), 100)).toBe(windy);
  expect(factsAt(board({ weather: { values: { ...FINE, windMS: 16, rainMmH: 1 } } }), 100)).not.toBe(windy);
});

test("a mount that tracks too low or near the Sun is astray; one that stands, is parked or does not say is not", () => {
  const strayAt = (change: Partial<Extract<Reading, { type: "telescope" }>>, atMs: number) =>
    watchStateOf(board({ telescope: change }), OBSERVATORY, { wallMs: 0, atMs }, { seq: 1, runWallMs: 0 })
      .telescope.stray;
  const eveningMs = Date.parse("2026-11-21T06:00:00Z");
  const zenithDeg = lastDeg(OBSERVATORY.site, eveningMs);
  const setting = { raDeg: (zenithDeg + 360 - 80) % 360, decDeg: 0 };
  expect(strayAt({ raDeg: zenithDeg, decDeg: 31 }, eveningMs)).toBeNull();
  expect(strayAt(setting, eveningMs)).toMatch(/stands \d+\.\d° high, the limit is 15\.0°/);
  expect(strayAt({ ...setting, tracking: false }, eveningMs)).toBeNull();
  expect(strayAt({ ...setting, slewing: true }, eveningMs)).toBeNull();
  expect(strayAt({ ...setting, parked: true }, eveningMs)).toBeNull();
  expect(strayAt({ raDeg: null, decDeg: null }, eveningMs)).toBeNull();
  // The Sun stands at RA 236°, Dec -20° on that day.
  const noonMs = Date.parse("2026-11-20T20:00:00Z");
  expect(strayAt({ raDeg: 240, decDeg: -18 }, noonMs)).toMatch(/from the Sun, the limit is 25\.0°/);
  const facts = (raDeg: number) => {
    const at = board({ telescope: { raDeg, decDeg: 0 } });
    const state = watchStateOf(at, OBSERVATORY, { wallMs: 0, atMs: eveningMs }, { seq: 1, runWallMs: 0 });
    return discreteFacts(at, state, weatherOf(at, OBSERVATORY, 0));
  };
  expect(facts(setting.raDeg)).not.toBe(facts(zenithDeg));
});
