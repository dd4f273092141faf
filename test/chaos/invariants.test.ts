import { describe, expect, test } from "@jest/globals";
import type { CommandEntry } from "../../simulators/command-log.ts";
import { observatory } from "../integration/kit.ts";
import { duskAndDawn } from "../workflows/rig.ts";
import { KILL_KINDS, type Evidence, type ExposureRow, type Kill } from "./evidence.ts";
import { violationsOf } from "./invariants/all.ts";
import { eachHitAnOpenShutter, nextMessageInTime } from "./invariants/kills.ts";
import { growthOf, historiesShort, memoryFlat } from "./invariants/quiet.ts";
import { planKills } from "./killer.ts";

/** Ten minutes after dusk: observatory and wall time run side by side here, 60 to 1. */
const T0 = duskAndDawn().duskMs + 600_000;
const WALL0 = 1_800_000_000_000;
const RATE = 60;
const PLACE = { raDeg: 120, decDeg: 30 };
const FRAMES = 10;
const FRAME_MS = 130_000;

const wallAt = (skyMs: number): number => WALL0 + (skyMs - T0) / RATE;

function command(
  device: string,
  name: string,
  skyMs: number,
  parameters: CommandEntry["parameters"] = {},
): CommandEntry {
  return {
    wallMs: wallAt(skyMs),
    observatoryMs: skyMs,
    device,
    command: name,
    parameters,
    clientId: 7101,
    client: "site worker",
    cause: "command",
  };
}

function slew(skyMs: number, { raDeg, decDeg }: typeof PLACE): CommandEntry {
  return command("telescope", "slewtocoordinatesasync", skyMs, {
    RightAscension: String(raDeg / 15),
    Declination: String(decDeg),
  });
}

function startOf(n: number): number {
  return T0 + n * FRAME_MS;
}

function exposure(n: number, change: Partial<ExposureRow> = {}): ExposureRow {
  return {
    id: `S1-vis-1/${n}/1`,
    planId: "S1-vis-1",
    n,
    attempt: 1,
    state: "stored",
    reason: null,
    cameraId: "camera-vis",
    intendedStartMs: startOf(n),
    startMs: startOf(n),
    exposureS: 120,
    sequenceId: "S1",
    ...PLACE,
    ...change,
  };
}

function killed(kind: Kill["kind"], skyMs: number, change: Partial<Kill> = {}): Kill {
  const wallMs = wallAt(skyMs);
  return {
    kind,
    part: kind,
    wallMs,
    observatoryMs: skyMs,
    openShutters: ["camera-vis"],
    backWallMs: wallMs + 2_000,
    taskInHand: false,
    nextMessageMs: null,
    ...change,
  };
}

/** A night that went well: one sequence of ten frames, one burst that was observed, all closed and parked. */
function goodNight(change: Partial<Evidence> = {}): Evidence {
  const frames = Array.from({ length: FRAMES }, (_, index) => index + 1);
  const endMs = startOf(FRAMES + 2);
  return {
    site: observatory.site,
    siteId: "colibri",
    rate: RATE,
    observingSunAltDeg: observatory.night.observingSunAltDeg,
    kills: [],
    simulatorGaps: [],
    rains: [],
    bursts: [{ key: "swift-1", raDeg: 50, decDeg: 20, postedWallMs: WALL0, takenWallMs: WALL0 + 100 }],
    commands: [
      command("dome", "openshutter", T0 - 300_000),
      slew(T0, PLACE),
      ...frames.map((n) =>
        command("camera-vis", "startexposure", startOf(n), { Duration: "120", Light: "True" }),
      ),
      command("dome", "closeshutter", endMs),
    ],
    exposures: frames.map((n) => exposure(n)),
    images: frames.map((n) => ({
      id: `S1-vis-1-00${n}-1`,
      exposureId: `S1-vis-1/${n}/1`,
      path: `images/${n}.fits`,
      fileIsWhole: true,
      startMs: startOf(n),
      ...PLACE,
    })),
    orphanFiles: [],
    plans: [{ id: "S1-vis-1", sequenceId: "S1", count: FRAMES }],
    sequences: [{ id: "S1", status: "executed", reason: null, attempt: 1, alertKey: null }],
    quota: [
      { programmeId: "P", sequenceId: "S1", attempt: 1, kind: "reserved", seconds: 1_340 },
      { programmeId: "P", sequenceId: "S1", attempt: 1, kind: "spent", seconds: 1_340 },
      { programmeId: "P", sequenceId: "S1", attempt: 1, kind: "returned", seconds: 0 },
    ],
    alerts: [
      {
        key: "swift-1",
        status: "observed",
        reason: "",
        closed: false,
        generation: 1,
        requests: 1,
        notices: 1,
      },
    ],
    pendingAlerts: [],
    lostDevices: [],
    holds: [],
    nights: [{ id: "colibri/2026-11-20", status: "ended", reason: "ended by x" }],
    executions: [
      { workflowId: "observatory/colibri", type: "observatory", status: "RUNNING", events: 50 },
      { workflowId: "alert/colibri/swift-1", type: "alert", status: "RUNNING", events: 30 },
      { workflowId: "night/colibri/2026-11-20", type: "night", status: "COMPLETED", events: 90 },
    ],
    lease: { holder: "observatory/colibri", generation: 3 },
    atEnd: { domeClosed: true, parked: true },
    ...change,
  };
}

/** The good night with row `n` of its exposures changed. */
function withExposure(n: number, change: Partial<ExposureRow>, rest: Partial<Evidence> = {}): Evidence {
  const good = goodNight();
  return {
    ...good,
    exposures: good.exposures.map((row) => (row.n === n ? { ...row, ...change } : row)),
    ...rest,
  };
}

/** The good night with frame 4 lost, and taken again as attempt 2. */
function withLostFrame(rest: Partial<Evidence> = {}): Evidence {
  const good = goodNight();
  const again = startOf(FRAMES + 1);
  return {
    ...good,
    commands: [
      ...good.commands.slice(0, -1),
      command("camera-vis", "startexposure", again, { Duration: "120", Light: "True" }),
      command("dome", "closeshutter", startOf(FRAMES + 3)),
    ],
    exposures: [
      ...good.exposures.map((row) =>
        row.n === 4 ? { ...row, state: "lost", reason: "no image came" } : row,
      ),
      exposure(4, { id: "S1-vis-1/4/2", attempt: 2, startMs: again, intendedStartMs: again }),
    ],
    images: good.images.map((image) =>
      image.exposureId === "S1-vis-1/4/1" ? { ...image, exposureId: "S1-vis-1/4/2" } : image,
    ),
    ...rest,
  };
}

const namesOf = (evidence: Evidence): string[] => violationsOf(evidence).map(({ invariant }) => invariant);

describe("a night that went well", () => {
  test("violates nothing", () => {
    expect(violationsOf(goodNight())).toEqual([]);
  });

  test("a frame that was exposing when the devices were killed may be lost and taken again", () => {
    expect(violationsOf(withLostFrame({ kills: [killed("simulators", startOf(4) + 60_000)] }))).toEqual([]);
    expect(violationsOf(withLostFrame({ kills: [killed("up", startOf(4) + 60_000)] }))).toEqual([]);
  });

  test("a frame may be lost to a hold", () => {
    const holds = [{ kind: "weather", sinceMs: startOf(4) + 60_000, liftedMs: null }];
    expect(violationsOf(withLostFrame({ holds }))).toEqual([]);
  });
});

describe("doctored evidence is found out", () => {
  test.each<[string, string, Evidence]>([
    ["a frame stored twice", "each frame is stored once", withExposure(5, { n: 4 })],
    [
      "a stored frame without its image",
      "each frame is stored once",
      goodNight({ images: goodNight().images.slice(1) }),
    ],
    ["an image of a frame that is lost", "each frame is stored once", withExposure(4, { state: "lost" })],
    ["a frame left exposing", "each frame is stored once", withExposure(4, { state: "exposing" })],
    [
      "a file that was cut short",
      "each frame is stored once",
      goodNight({
        images: goodNight().images.map((image, index) => ({ ...image, fileIsWhole: index !== 2 })),
      }),
    ],
    ["a file of no image", "each frame is stored once", goodNight({ orphanFiles: ["2026/x.fits"] })],
    [
      "an executed sequence that misses a frame",
      "each frame is stored once",
      goodNight({ plans: [{ id: "S1-vis-1", sequenceId: "S1", count: FRAMES + 1 }] }),
    ],
    ["a frame lost for no reason", "no frame is lost by a kill of software", withLostFrame()],
    ...(
      ["worker-site", "worker-control", "api", "guard", "temporal", "postgres", "worker-compute"] as const
    ).map((kind): [string, string, Evidence] => [
      `a frame lost when only ${kind} was killed`,
      "no frame is lost by a kill of software",
      withLostFrame({ kills: [killed(kind, startOf(4) + 60_000)] }),
    ]),
    [
      "a frame lost long before the devices were killed",
      "no frame is lost by a kill of software",
      withLostFrame({ kills: [killed("simulators", startOf(9))] }),
    ],
    [
      "fewer than nine of ten frames stored",
      "at least 90 % of the frames due are stored",
      goodNight({
        exposures: goodNight().exposures.slice(0, 8),
        images: goodNight().images.slice(0, 8),
        sequences: [{ id: "S1", status: "executed", reason: null, attempt: 1, alertKey: null }],
      }),
    ],
    [
      "a burst with two alerts",
      "one alert per burst",
      goodNight({ alerts: [...goodNight().alerts, ...goodNight().alerts] }),
    ],
    ["a burst without an alert", "one alert per burst", goodNight({ alerts: [] })],
    [
      "a burst that was never taken",
      "one alert per burst",
      goodNight({ bursts: [{ ...goodNight().bursts[0]!, takenWallMs: null }] }),
    ],
    [
      "an alert that waits for ever",
      "one alert per burst",
      goodNight({ alerts: [{ ...goodNight().alerts[0]!, status: "queued" }] }),
    ],
    [
      "a burst with two workflows",
      "one alert per burst",
      goodNight({
        executions: [
          ...goodNight().executions,
          { workflowId: "alert/colibri/swift-1", type: "alert", status: "COMPLETED", events: 30 },
        ],
      }),
    ],
    ["a reservation that is settled wrongly", "the quota ledger adds up", withQuota("spent", 1_300)],
    [
      "an attempt settled by half",
      "the quota ledger adds up",
      goodNight({ quota: goodNight().quota.slice(0, 2) }),
    ],
    [
      "an executed sequence that is not settled",
      "the quota ledger adds up",
      goodNight({ quota: goodNight().quota.slice(0, 1) }),
    ],
    [
      "a line written twice",
      "the quota ledger adds up",
      goodNight({ quota: [...goodNight().quota, goodNight().quota[0]!] }),
    ],
    [
      "an interrupted attempt that paid for more than it stored",
      "the quota ledger adds up",
      goodNight({
        quota: [
          { programmeId: "P", sequenceId: "S1", attempt: 1, kind: "reserved", seconds: 1_340 },
          { programmeId: "P", sequenceId: "S1", attempt: 1, kind: "spent", seconds: 1_320 },
          { programmeId: "P", sequenceId: "S1", attempt: 1, kind: "returned", seconds: 20 },
        ],
      }),
    ],
    [
      "an exposure under the closed dome",
      "no exposure with the dome closed",
      goodNight({ commands: goodNight().commands.slice(1) }),
    ],
    [
      "a frame stored though the dome closed in it",
      "no exposure with the dome closed",
      // Two hours of exposure: the two seconds of an abort are two minutes of sky at this rate.
      withExposure(10, { exposureS: 7_200 }),
    ],
    ["an exposure with the Sun up", "no exposure with the Sun up", shifted(12 * 3_600_000)],
    [
      "a frame taken elsewhere",
      "no exposure off target",
      goodNight({
        commands: goodNight().commands.map((entry) =>
          entry.device === "telescope" ? slew(T0, { raDeg: 121, decDeg: 30 }) : entry,
        ),
      }),
    ],
    [
      "an image that says it was taken elsewhere",
      "no exposure off target",
      goodNight({ images: goodNight().images.map((image) => ({ ...image, decDeg: 30.2 })) }),
    ],
    [
      "a start that no camera was told of",
      "no exposure off target",
      withExposure(4, { startMs: startOf(4) + 60_000 }),
    ],
    [
      "rain on an open dome",
      "the dome is closed when it is unsafe",
      goodNight({
        rains: [{ fromWallMs: wallAt(startOf(2)), untilWallMs: wallAt(startOf(2)) + 40_000 }],
        commands: goodNight().commands.slice(0, -1),
      }),
    ],
    [
      "a dome opened in the rain",
      "the dome is closed when it is unsafe",
      goodNight({
        rains: [{ fromWallMs: WALL0 - 60_000, untilWallMs: WALL0 + 60_000 }],
      }),
    ],
    [
      "a dome left open",
      "the dome is closed when it is unsafe",
      goodNight({ atEnd: { domeClosed: false, parked: true } }),
    ],
    [
      "a sequence that still runs",
      "nothing runs that nobody owns",
      goodNight({
        executions: [
          ...goodNight().executions,
          { workflowId: "sequence/S1/1", type: "sequence", status: "RUNNING", events: 12 },
        ],
      }),
    ],
    [
      "a recovery of a device that is up",
      "nothing runs that nobody owns",
      goodNight({
        executions: [
          ...goodNight().executions,
          { workflowId: "recovery/colibri/dome", type: "deviceRecovery", status: "RUNNING", events: 12 },
        ],
      }),
    ],
    [
      "an open alert whose workflow is gone",
      "nothing runs that nobody owns",
      goodNight({ executions: goodNight().executions.filter(({ type }) => type !== "alert") }),
    ],
    [
      "a workflow that failed",
      "nothing runs that nobody owns",
      goodNight({
        executions: [
          ...goodNight().executions,
          { workflowId: "sequence/S1/1", type: "sequence", status: "FAILED", events: 12 },
        ],
      }),
    ],
    [
      "a night that never ended",
      "nothing runs that nobody owns",
      goodNight({ nights: [{ id: "n", status: "open", reason: null }] }),
    ],
    [
      "a lease that the night kept",
      "nothing runs that nobody owns",
      goodNight({ lease: { holder: "night/colibri/x", generation: 3 } }),
    ],
  ])("%s", (_, invariant, evidence) => {
    expect(namesOf(evidence)).toContain(invariant);
  });
});

describe("the kills", () => {
  test("each kind is planned in the first round, aimed; the same seed gives the same plan", () => {
    const random = (): (() => number) => {
      let state = 7;
      return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
    };
    const planned = planKills(30, KILL_KINDS, random());
    expect(planned).toHaveLength(30);
    expect(new Set(planned.slice(0, 11).map(({ kind }) => kind)).size).toBe(11);
    expect(planned.slice(0, 11).every(({ aimed }) => aimed)).toBe(true);
    expect(planKills(30, KILL_KINDS, random())).toEqual(planned);
    const chosen = planKills(3, ["api", "guard"], random()).map(({ kind }) => kind);
    expect(chosen.toSorted()).toEqual(expect.arrayContaining(["api", "guard"]));
    expect(new Set(chosen).size).toBe(2);
  });

  test("a kind that never hit an open shutter, or was never killed, is named", () => {
    const night = goodNight({ kills: [killed("api", T0), killed("guard", T0, { openShutters: [] })] });
    const words = eachHitAnOpenShutter([night], KILL_KINDS).map((violation) => violation.words);
    expect(words).toContain("guard: 1 kills, none of them while a shutter was open");
    expect(words).toContain("temporal: 0 kills, none of them while a shutter was open");
    expect(words.some((each) => each.startsWith("api"))).toBe(false);
    expect(eachHitAnOpenShutter([night], ["api"])).toEqual([]);
  });

  test("a message that took a second after a killed control worker is named", () => {
    const slow = goodNight({ kills: [killed("worker-control", T0, { nextMessageMs: 1_000 })] });
    const quick = goodNight({ kills: [killed("worker-control", T0, { nextMessageMs: 480 })] });
    const inHand = goodNight({ kills: [killed("worker-control", T0, { nextMessageMs: 2_400 })] });
    const late = goodNight({ kills: [killed("worker-control", T0, { nextMessageMs: 3_000 })] });
    expect(nextMessageInTime([slow])).toHaveLength(1);
    expect(nextMessageInTime([quick, quick, late])).toHaveLength(1);
    expect(nextMessageInTime([quick, quick, inHand])).toEqual([]);
  });
});

describe("a quiet night", () => {
  const samples = (mibAt: (index: number) => number, count = 40) =>
    Array.from({ length: count }, (_, index) => ({
      wallMs: index,
      rssMiB: { api: mibAt(index), guard: 80 },
    }));

  test("memory that fills in the first quarter is flat; what grows on by more than a tenth is named with its numbers", () => {
    expect(memoryFlat(samples((index) => (index < 10 ? 100 + index * 10 : 200)))).toEqual([]);
    expect(memoryFlat(samples((index) => 200 + index / 2))).toEqual([]);
    const leak = samples((index) => 200 + index * 4);
    expect(growthOf(leak)).toContainEqual({ part: "api", secondMiB: 260, lastMiB: 340 });
    const [violation, ...more] = memoryFlat(leak);
    expect(more).toEqual([]);
    expect(violation?.words).toBe("api: 260 MiB in the second quarter, 340 MiB in the last");
  });

  test("a part that is gone at the end, and too few samples, do not pass for flat", () => {
    const gone = samples(() => 100).map((sample, index) =>
      index < 30 ? sample : { ...sample, rssMiB: { guard: 80 } },
    );
    expect(memoryFlat(gone)).toHaveLength(1);
    expect(memoryFlat(samples(() => 100, 12))).toHaveLength(1);
  });

  test("a history beyond 4000 events is named", () => {
    const long = {
      workflowId: "night/colibri/2026-11-20",
      type: "night",
      status: "COMPLETED",
      events: 4_001,
    };
    expect(historiesShort(goodNight({ executions: [{ ...long, events: 4_000 }] }))).toEqual([]);
    expect(historiesShort(goodNight({ executions: [long] }))).toHaveLength(1);
  });
});

function withQuota(kind: string, seconds: number): Evidence {
  return goodNight({
    quota: goodNight().quota.map((line) => (line.kind === kind ? { ...line, seconds } : line)),
  });
}

/** The good night, all of its sky later. */
function shifted(byMs: number): Evidence {
  const good = goodNight();
  return {
    ...good,
    commands: good.commands.map((entry) => ({ ...entry, observatoryMs: entry.observatoryMs + byMs })),
    exposures: good.exposures.map((row) => ({ ...row, startMs: (row.startMs ?? 0) + byMs })),
  };
}
