import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import {
  ALARMS,
  alarmCauses,
  alarmsAfter,
  latches,
  NO_ALARMS,
  OFF_DELAY_WALL_MS,
  type AlarmCause,
  type AlarmFacts,
} from "../../domain/safety/alarms.ts";
import type { DeviceHealth, Healths } from "../../domain/safety/device-health.ts";
import { HOLD_KINDS, type Hold } from "../../domain/safety/holds.ts";
import type { WatchState } from "../../domain/safety/watch-state.ts";

const observatory = loadObservatory(path.join(projectFolder, "observatories", "colibri.json"), {});
const UP: DeviceHealth = { state: "UP", sinceMs: 0, why: "", recovery: null };
const LOST: DeviceHealth = { state: "DISABLED", sinceMs: 0, why: "No answer", recovery: null };

const QUIET = {
  safety: { safe: true, reasons: [] },
  weather: { safe: true, reasons: [] },
  dome: { shutter: "Closed" },
  telescope: { parked: true, tracking: false, slewing: false },
  guard: { tripped: false, silent: false, why: "" },
  plcAlarms: [],
  disk: { low: false, freeMiB: 9_000 },
} as unknown as WatchState;

function facts(change: Partial<AlarmFacts> = {}, watch: Partial<WatchState> = {}): AlarmFacts {
  return {
    observatory,
    clock: { startMs: 0, anchorMs: 0, rate: 1, epoch: 0 },
    watch: { ...QUIET, ...watch },
    healths: healthsWith({}),
    holds: [],
    closedByHand: false,
    nightOpen: false,
    nightParks: false,
    failing: null,
    wrongEnd: null,
    ...change,
  };
}

function healthsWith(lost: Healths): Healths {
  return { ...Object.fromEntries(observatory.devices.map(({ id }) => [id, UP])), ...lost };
}

const keys = (causes: readonly AlarmCause[]): string[] => causes.map(({ key }) => key).sort();
const shownKeys = (causes: readonly AlarmCause[]): string[] =>
  keys(causes.filter(({ hiddenBy }) => hiddenBy === null));

test("a quiet observatory has no alarm, and neither has one that nobody has looked at yet", () => {
  expect(alarmCauses(facts())).toEqual([]);
  expect(alarmCauses(facts({ watch: null, healths: {} }))).toEqual([]);
});

test("every alarm says what to do", () => {
  for (const { guidance, key } of ALARMS) expect([key, guidance.length > 40]).toEqual([key, true]);
  const plc = observatory.devices.find(({ id }) => id === "plc");
  expect(plc?.alarms?.length).toBeGreaterThan(0);
  for (const { guidance, id } of plc?.alarms ?? []) expect([id, guidance.length > 40]).toEqual([id, true]);
});

test("an open dome is no alarm in a night that observes; in the rain it is, after the time to close", () => {
  expect(alarmCauses(facts({ nightOpen: true }, { dome: { shutter: "Open" } }))).toEqual([]);
  const wet = facts(
    { nightOpen: true },
    {
      dome: { shutter: "Open" },
      weather: { ...QUIET.weather, safe: false, reasons: ["The rain is 3 mm/h."] },
    },
  );
  const [cause] = alarmCauses(wet);
  expect(cause).toMatchObject({ key: "dome-not-closed", level: "CRITICAL", onDelayWallMs: 190_000 });
  expect(cause?.text).toMatch(/not closed and it is unsafe: The rain is 3 mm\/h\./);
});

test("without a night an open dome is an alarm, but not while people work on it", () => {
  const open = { dome: { shutter: "Open" as const } };
  expect(keys(alarmCauses(facts({}, open)))).toEqual(["dome-not-closed"]);
  expect(alarmCauses(facts({ holds: [hold("maintenance")] }, open))).toEqual([]);
});

test("a blocking device down is HIGH, another LOW; a call for a human is not delayed", () => {
  const causes = alarmCauses(facts({ healths: healthsWith({ "camera-vis": LOST, focuser: LOST }) }));
  expect(causes).toMatchObject([
    { key: "device:camera-vis", level: "HIGH", onDelayWallMs: 20_000 },
    { key: "device:focuser", level: "LOW", onDelayWallMs: 60_000 },
  ]);
  const recovery = {
    step: 3,
    steps: 3,
    doing: "",
    nextWallMs: null,
    lastTrouble: "",
    without: false,
    calls: true,
  };
  const [called] = alarmCauses(facts({ healths: healthsWith({ focuser: { ...LOST, recovery } }) }));
  expect(called).toMatchObject({ level: "HIGH", onDelayWallMs: 0 });
});

test("a lost PLC hides its alarms and counts them", () => {
  const raised = { plcAlarms: ["plc/fire", "plc/mains-lost"] };
  expect(shownKeys(alarmCauses(facts({}, raised)))).toEqual(["plc:plc/fire", "plc:plc/mains-lost"]);
  const causes = alarmCauses(facts({ healths: healthsWith({ plc: LOST }) }, raised));
  expect(shownKeys(causes)).toEqual(["device:plc"]);
  expect(causes.filter(({ hiddenBy }) => hiddenBy === "device:plc")).toHaveLength(2);
  expect(causes.find(({ key }) => key === "device:plc")?.text).toMatch(/hides 6/);
});

test("one silent server is one alarm, not one for each of its devices", () => {
  const all = Object.fromEntries(observatory.devices.map(({ id }) => [id, LOST]));
  const causes = alarmCauses(facts({ healths: all }));
  expect(shownKeys(causes)).toEqual([`server:${observatory.devices[0]?.address}`]);
  expect(causes).toHaveLength(observatory.devices.length + 1);
});

test("people at work hide the alarms of devices", () => {
  const causes = alarmCauses(
    facts({ healths: healthsWith({ telescope: LOST }), holds: [hold("maintenance")] }),
  );
  expect(causes).toMatchObject([{ key: "device:telescope", hiddenBy: "maintenance" }]);
});

test("guard, watch, disk and a wrong end", () => {
  const causes = alarmCauses(
    facts(
      {
        wrongEnd: { date: "2026-11-20", outcome: "terminated" },
        holds: [{ ...hold("safety"), who: "watch", why: "Not watched for 100 s." }],
      },
      {
        guard: { tripped: true, silent: true, why: "silent for 20 s" },
        disk: { low: true, freeMiB: 700 },
      },
    ),
  );
  expect(keys(causes)).toEqual([
    "disk-low",
    "guard-silent",
    "guard-tripped",
    "night-ended-wrongly",
    "watch-silent",
  ]);
});

test("a mount that is not parked is an alarm without a night and at its end, not during it and not by hand", () => {
  const unparked = { telescope: { parked: false, tracking: false, slewing: false } };
  const [cause] = alarmCauses(facts({}, unparked));
  expect(cause).toMatchObject({ key: "mount-not-parked", level: "HIGH", onDelayWallMs: 380_000 });
  expect(keys(alarmCauses(facts({ nightOpen: true, nightParks: true }, unparked)))).toEqual([
    "mount-not-parked",
  ]);
  expect(alarmCauses(facts({ nightOpen: true }, unparked))).toEqual([]);
  expect(alarmCauses(facts({ holds: [hold("maintenance")] }, unparked))).toEqual([]);
  // One that is lost has said it long ago.
  const lost = facts({ healths: healthsWith({ telescope: LOST }) }, unparked);
  expect(keys(alarmCauses(lost))).toEqual(["device:telescope"]);
  const unknown = { telescope: { parked: null, tracking: null, slewing: null } };
  expect(alarmCauses(facts({}, unknown))).toEqual([]);
});

test("a mount that tracks on beyond its limits, a clock that is off, and sequences that fail one after another", () => {
  const mount = { parked: false, tracking: true, slewing: false };
  const stray = { telescope: { ...mount, stray: "It stands 3.0° high.", clockOffS: -3.2 } };
  const causes = alarmCauses(facts({ nightOpen: true, failing: { count: 3, why: "No image" } }, stray));
  expect(causes.map(({ key, level, text }) => [key, level, text])).toEqual([
    ["mount-astray", "CRITICAL", "It stands 3.0° high."],
    ["mount-clock", "LOW", "The mount's clock is 3.2 s behind; more than 1 s is an alarm."],
    ["sequences-fail", "HIGH", "The last 3 sequences failed without a frame. No image."],
  ]);
  expect(alarmCauses(facts({ nightOpen: true, failing: { count: 2, why: "No image" } }))).toEqual([]);
});

test("docs/operating.md names every alarm with its level, and every kind of hold; and none that there is not", () => {
  const text = readFileSync(path.join(projectFolder, "docs", "operating.md"), "utf8");
  /** First and second column of the table under a heading. */
  const rowsUnder = (heading: string): { readonly name: string; readonly second: string }[] => {
    const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? "";
    return [...section.matchAll(/^\| `([^`]+)` +\| +([^|]+?) +\|/gm)].map(([, name = "", second = ""]) => ({
      name,
      second,
    }));
  };
  const made = ["plc:<switch>/<id> as the file says", "server:<address> HIGH", "device:<id> HIGH or LOW"];
  const alarms = [...ALARMS.map(({ key, level }) => `${key} ${level}`), ...made];
  expect(
    rowsUnder("Alarms")
      .map(({ name, second }) => `${name} ${second}`)
      .toSorted(),
  ).toEqual(alarms.toSorted());
  const holds: string[] = [...HOLD_KINDS, "device:<id>"];
  expect(
    rowsUnder("Holds")
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(holds.toSorted());
});

/* ---- Delays ---- */

const CAUSE: AlarmCause = {
  key: "k",
  level: "HIGH",
  text: "t",
  guidance: "g",
  page: "/",
  hiddenBy: null,
  onDelayWallMs: 1_000,
};

test("a cause becomes an alarm after its delay, and says when to look again", () => {
  const first = alarmsAfter(NO_ALARMS, [CAUSE], 0);
  expect(first).toMatchObject({ changed: false, nextWallMs: 1_000, book: { raised: {} } });
  const second = alarmsAfter(first.book, [CAUSE], 1_000);
  expect(second).toMatchObject({ changed: true, nextWallMs: null });
  expect(Object.keys(second.book.raised)).toEqual(["k"]);
  // Numbers that move are no news.
  expect(alarmsAfter(second.book, [{ ...CAUSE, text: "other" }], 1_100).changed).toBe(false);
});

test("one that was too short is nothing; one that chatters stays one alarm", () => {
  const short = alarmsAfter(alarmsAfter(NO_ALARMS, [CAUSE], 0).book, [], 500);
  expect(short).toMatchObject({ changed: false, nextWallMs: null, book: NO_ALARMS });
  const raised = alarmsAfter(NO_ALARMS, [{ ...CAUSE, onDelayWallMs: 0 }], 0).book;
  const gone = alarmsAfter(raised, [], 1_000);
  expect(gone).toMatchObject({ changed: false, nextWallMs: 1_000 + OFF_DELAY_WALL_MS });
  const again = alarmsAfter(gone.book, [CAUSE], 2_000);
  expect(again).toMatchObject({ changed: false, nextWallMs: null });
  const over = alarmsAfter(alarmsAfter(again.book, [], 3_000).book, [], 3_000 + OFF_DELAY_WALL_MS);
  expect(over).toMatchObject({ changed: true, nextWallMs: null, book: NO_ALARMS });
});

test("LOW latches only when it lasted a minute", () => {
  expect(latches("LOW", 59_000)).toBe(false);
  expect(latches("LOW", 60_000)).toBe(true);
  expect(latches("HIGH", 0)).toBe(true);
});

function hold(kind: Hold["kind"]): Hold {
  return { kind, who: "someone", why: "a reason", sinceMs: 0, sinceWallMs: 0 };
}
