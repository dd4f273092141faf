/**
 * The table of docs/faults.md, run on the simulated devices. All rows that are not of one device run at the same time, each
 * on simulators of its own: what they do most of the time is wait.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createWatchRound } from "../../activities/watch.ts";
import { createProbe } from "../../activities/watch-probe.ts";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { deviceOf } from "../../domain/observatory.ts";
import type { WatchState } from "../../domain/safety/watch-state.ts";
import { FAULT_KINDS, type FaultKind } from "../../simulators/faults.ts";
import { asActivity, createRig, type Rig } from "../activities/rig.ts";
import { endOf, endWithFaultBefore, endWithFaultDuring, worksOf, type Work } from "./phases.ts";
import { ENDS, PHASES, readFaultTable, type Cell, type Phase } from "./table.ts";

/** Motions of seconds: long enough to meet them in the middle. Wheels and the cover are quicker than the others. */
const RATE = 20;
const RATES: Readonly<Record<string, number>> = { "wheel-vis": 5, "wheel-nir": 5, cover: 5 };
const AT_ONCE = 16;
const TRIES = 3;
/** Readings are stale after this long here, wall seconds: longer than the station's own period and the watch's together. */
const STALE_AFTER_S = 20;
const WATCHED_WALL_MS = (STALE_AFTER_S + 7) * 1_000;
/** The dome's dead-man is a test of its own. */
const SETTINGS = { deadManWallS: 3_600 };

const TABLE = readFaultTable();
const CELLS = TABLE.flatMap(({ cells }) => cells);
const isAsked = ({ seen }: Cell): boolean => seen !== null && seen !== "–";
const keyOf = ({ deviceId, fault, phase }: Omit<Cell, "seen" | "ends">): string =>
  `${deviceId} ${fault} ${phase}`;

/** What was seen, by key; filled before the first test is judged. */
const seen = new Map<string, string>();
/** How the same work ended when the fault had gone, by key. */
const afterwards = new Map<string, string>();

const rigs: Rig[] = [];

async function openRig(rate: number, change = (rig: Rig["observatory"]) => rig): Promise<Rig> {
  const rig = await createRig({ rate, frame: 32, settings: SETTINGS, change });
  rigs.push(rig);
  return rig;
}

/** One device in one phase, fault after fault. */
async function runCells(deviceId: string, phase: Phase): Promise<void> {
  const cells = CELLS.filter((cell) => cell.deviceId === deviceId && cell.phase === phase && isAsked(cell));
  if (cells.length === 0) return;
  const rig = await openRig(RATES[deviceId] ?? RATE);
  const works = worksOf(rig);
  for (const cell of cells) {
    // A busy machine answers late now and then, which is a fault too, but not this one.
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const { end, after } = await runCell(rig, works, cell);
      seen.set(keyOf(cell), end);
      afterwards.set(keyOf(cell), after);
      if (end === cell.seen && isWell(after)) break;
    }
  }
}

/** How the work ends with the fault, and how the same work ends when it has gone. */
async function runCell(
  rig: Rig,
  works: ReturnType<typeof worksOf>,
  cell: Cell,
): Promise<{ readonly end: string; readonly after: string }> {
  const { deviceId, fault, phase } = cell;
  const faults = new Map([[deviceId, fault]]);
  const work = workOf(works, cell);
  // Where a motion ends is decided when it is ordered.
  const before = phase === "idle" || fault === "wrong-position";
  const end = await endOf(
    before ? endWithFaultBefore(rig, work, faults) : endWithFaultDuring(rig, work, faults),
  );
  await rig.clearFault(deviceId);
  // Nothing may be left in a state that the next order, or the next night, does not get out of.
  return { end, after: await endOf(work.prepare().then(() => work.run())) };
}

const isWell = (end: string): boolean => end === "none" || end === "stored";

function workOf(works: ReturnType<typeof worksOf>, { deviceId, fault, phase }: Cell): Work {
  switch (phase) {
    case "idle":
      return works.atWork(deviceId, fault);
    case "slewing":
      return works.motion(deviceId);
    case "exposing":
      return works.frame(deviceId, ["Exposing"]);
    case "reading":
      return works.frame(deviceId, ["Reading", "Download"]);
    default:
      return works.closing(deviceId);
  }
}

/** All devices that nothing asks in a phase fail at the same time: what goes on ends well. */
async function runBystanders(phase: Phase): Promise<void> {
  const rig = await openRig(RATE);
  const works = worksOf(rig);
  const work: readonly Work[] = {
    idle: [],
    slewing: [works.motion("telescope")],
    exposing: [works.frame("camera-vis", ["Exposing"])],
    reading: [works.frame("camera-vis", ["Reading", "Download"])],
    closing: ["dome", "telescope", "cover"].map((id) => works.closing(id)),
  }[phase];
  for (const fault of FAULT_KINDS) {
    const bystanders = CELLS.filter(
      (cell) => cell.phase === phase && cell.fault === fault && cell.seen === "–",
    );
    const faults = new Map(bystanders.map(({ deviceId }) => [deviceId, fault]));
    for (let tries = 1, well = false; tries <= TRIES && !well; tries += 1) {
      const ends = [];
      for (const each of work) {
        ends.push(await endOf(endWithFaultDuring(rig, each, faults)));
        for (const deviceId of faults.keys()) await rig.clearFault(deviceId);
      }
      well = ends.every(isWell);
      for (const cell of bystanders) seen.set(keyOf(cell), well ? "–" : ends.join(", "));
    }
  }
}

/** Every device with the same fault, under the watch. */
async function runWatch(fault: FaultKind): Promise<void> {
  const rig = await openRig(1, (observatory) => ({
    ...observatory,
    weather: { ...observatory.weather, staleAfterWallS: STALE_AFTER_S },
  }));
  let newest: WatchState | null = null;
  await asActivity(async () => {
    const round = createWatchRound(
      {
        createProbe: (file, device) => createProbe(rig.transport, file, device, rig.clocks),
        askGuard: async () => ({ tripped: false, why: "", lastLoopWallAt: Date.now() }),
        leaseHolder: async () => null,
        isOpen: async () => true,
        signal: async (state) => {
          newest = state;
        },
        store: () => ({
          device: async () => undefined,
          status: async () => undefined,
          weather: async () => undefined,
        }),
        importGuardJournal: async () => undefined,
        freeDiskMiB: async () => 100_000,
        clocks: rig.clocks,
      },
      rig.observatory,
    );
    const ticking = setInterval(() => round.tick(), 100);
    await sleep(1_500);
    for (const { id } of rig.observatory.devices) await rig.fault(id, fault);
    await sleep(WATCHED_WALL_MS);
    clearInterval(ticking);
  });
  for (const { id } of rig.observatory.devices) seen.set(`${id} ${fault}`, watchWords(rig, newest, id));
}

function watchWords({ observatory }: Rig, state: WatchState | null, deviceId: string): string {
  if (state === null) return "never heard";
  const { type } = deviceOf(observatory, deviceId);
  const unsafe =
    (type === "safetymonitor" && !state.safety.safe) ||
    (type === "observingconditions" && !state.weather.safe);
  const clock = type === "telescope" && (state.telescope.clockOffS ?? 0) !== 0;
  return [state.devices[deviceId]?.state, ...(unsafe ? ["unsafe"] : []), ...(clock ? ["clock"] : [])].join(
    ", ",
  );
}

beforeAll(async () => {
  const devices = [...new Set(TABLE.map(({ deviceId }) => deviceId))];
  const jobs = [
    ...PHASES.flatMap((phase) => devices.map((deviceId) => () => runCells(deviceId, phase))),
    ...PHASES.filter((phase) => phase !== "idle").map((phase) => () => runBystanders(phase)),
    ...FAULT_KINDS.map((fault) => () => runWatch(fault)),
  ];
  const next = async (): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}, 600_000);

afterAll(async () => {
  await Promise.all(rigs.map((rig) => rig.close()));
}, 60_000);

describe("the table of faults", () => {
  test("has every device, every fault and every phase, and a test for whatever a fault ends with", () => {
    const [rig] = rigs;
    const wanted = (rig?.observatory.devices ?? []).flatMap(({ id }) =>
      FAULT_KINDS.map((fault) => `${id} ${fault}`),
    );
    expect(TABLE.map(({ deviceId, fault }) => `${deviceId} ${fault}`).toSorted()).toEqual(wanted.toSorted());
    const tests = ["workflows", "safety"].flatMap((folder) =>
      readdirSync(path.join(projectFolder, "test", folder))
        .filter((name) => name.endsWith(".test.ts"))
        .map((name) => readFileSync(path.join(projectFolder, "test", folder, name), "utf8")),
    );
    for (const name of Object.values(ENDS)) {
      expect([name, tests.some((text) => text.includes(name))]).toEqual([name, true]);
    }
  });

  test("holds what blocks, skips or goes on without what does not", () => {
    const [rig] = rigs;
    for (const { deviceId, watch, cells } of TABLE) {
      const { blocking } = deviceOf((rig as Rig).observatory, deviceId);
      const ends = cells.flatMap((cell) => cell.ends);
      const lost = watch.startsWith("DISABLED");
      expect([deviceId, watch, ends.includes("hold")]).toEqual([deviceId, watch, lost && blocking]);
    }
  });

  describe.each(TABLE)("$deviceId $fault", ({ deviceId, fault, watch, cells }) => {
    test(`is seen by the watch as ${watch}`, () => {
      expect(seen.get(`${deviceId} ${fault}`)).toBe(watch);
    });
    for (const cell of cells.filter((each) => each.seen !== null)) {
      test(`${cell.phase}: ${cell.seen}`, () => {
        expect(seen.get(keyOf(cell))).toBe(cell.seen);
        // As it was: the work ends well when the fault has gone.
        const after = afterwards.get(keyOf(cell)) ?? "none";
        expect([after, isWell(after)]).toEqual([after, true]);
      });
    }
  });
});
