import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Database, openDatabase } from "../../db/orm.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";
import {
  builtSequence,
  newSession,
  openNight,
  plannedRow,
  storeAlert,
  storeRequest,
  T0,
} from "./fixtures.ts";

let server: TestPostgres;
let database: Database;
let requestId: string;
let nightId: string;
let planId: string;

beforeAll(async () => {
  server = await startPostgres();
  database = await openDatabase(await server.createMigrated("spine"));
  requestId = await storeRequest(database);
  nightId = await openNight(database);
  planId = `${requestId}-1-vis-1`;
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
});

test("a request is saved whole under readable ids and read back as plain data, exact to the millisecond", async () => {
  expect(requestId).toBe("R0001");
  const detail = await database.sequences.detail("R0001-1");
  expect(detail).toMatchObject({
    id: "R0001-1",
    requestId: "R0001",
    raDeg: 23.4621,
    windowStartMs: builtSequence().windowStartMs,
    preferredMs: null,
    durationS: 213.6,
    status: "submitted",
    attempt: 0,
    constraints: { minAltDeg: 30, maxAirmass: 2, minMoonSepDeg: 30, maxSunAltDeg: -18 },
    request: { name: "Triangulum", userId: "U0001" },
    programme: { id: "GALAXIES", kind: "routine" },
  });
  expect(detail?.albums[0]?.plans.map((plan) => [plan.id, plan.exposureS, plan.remainingFrames])).toEqual([
    ["R0001-1-vis-1", 60.5, [1, 2, 3]],
    ["R0001-1-vis-2", 0.1, [1]],
  ]);
  expect(structuredClone(detail)).toEqual(detail);
});

test("a request that breaks a rule of the database leaves nothing behind", async () => {
  const before = await database.requests.list();
  const bad = database.requests.create({
    name: "half",
    comment: "",
    programmeId: "GALAXIES",
    userId: "U0001",
    sequences: [builtSequence(), builtSequence({ decDeg: -91 })],
    submit: true,
    wallMs: T0,
  });
  await expect(bad).rejects.toThrow(/sequence_dec_check/);
  expect((await database.requests.list()).total).toBe(before.total);
});

test("an exposure's intended start is written once: a retry reads it", async () => {
  const key = { planId, n: 1, attempt: 1 };
  const start = { ...key, cameraId: "camera-vis", nightId, intendedStartMs: T0 + 1 };
  const first = await database.exposures.start(start);
  const again = await database.exposures.start({ ...start, intendedStartMs: T0 + 999_999 });
  expect(first).toEqual(again);
  expect(again).toMatchObject({ id: "R0001-1-vis-1/1/1", state: "starting", intendedStartMs: T0 + 1 });
});

test("an exposure moves only forward, and a stored frame stays stored", async () => {
  const key = { planId, n: 1, attempt: 1 };
  expect((await database.exposures.move(key, "exposing", { startMs: T0 + 40 })).moved).toBe(true);
  expect((await database.exposures.move(key, "stored", { endMs: T0 + 60_540 })).moved).toBe(true);
  const late = await database.exposures.move(key, "aborted", { reason: "rain" });
  expect(late.moved).toBe(false);
  expect(late.exposure).toMatchObject({
    state: "stored",
    startMs: T0 + 40,
    endMs: T0 + 60_540,
    reason: null,
  });
  expect(await database.exposures.storedFrames(planId)).toEqual([1]);
  expect(await database.exposures.nextAttempt(planId, 1)).toBe(2);
  expect(await database.exposures.nextAttempt(planId, 2)).toBe(1);
});

test("candidates are submitted, in their window, with frames left", async () => {
  const [found] = await database.sequences.candidates(T0, T0 + 3_600_000);
  expect(found?.id).toBe("R0001-1");
  expect(found?.albums[0]?.plans[0]?.remainingFrames).toEqual([2, 3]);
  const afterWindow = builtSequence().windowEndMs + 1;
  expect(await database.sequences.candidates(afterWindow, afterWindow + 1)).toEqual([]);
  await database.sequences.setStatus({ id: "R0001-1", status: "withdrawn", reason: "asked", wallMs: T0 });
  expect(await database.sequences.candidates(T0, T0 + 3_600_000)).toEqual([]);
  const refused = await database.sequences.setStatus({
    id: "R0001-1",
    status: "executing",
    reason: null,
    from: ["submitted", "planned"],
    wallMs: T0,
  });
  expect(refused).toBe(false);
  await database.sequences.setStatus({ id: "R0001-1", status: "submitted", reason: null, wallMs: T0 });
});

test("there is one image per exposure, whatever runs twice", async () => {
  const image = {
    id: `${planId}-001-1`,
    exposureId: `${planId}/1/1`,
    sequenceId: "R0001-1",
    nightId,
    cameraId: "camera-vis",
    filter: "r",
    exposureS: 60.5,
    startMs: T0 + 40,
    raDeg: 23.4621,
    decDeg: 30.6599,
    path: "images/2026-11-19/R0001-1-vis-1-001-1.fits",
    sha256: "ab".repeat(32),
    bytes: 2_102_400,
    width: 1024,
    height: 1024,
    previewPath: null,
    header: { OBJECT: "M 33" },
    statistics: { median: 312.5 },
    storedWallMs: T0,
  };
  expect(await database.images.upsert(image)).toEqual(image);
  const rewritten = { ...image, sha256: "cd".repeat(32), storedWallMs: T0 + 5 };
  expect(await database.images.upsert(rewritten)).toEqual(rewritten);
  expect(await database.images.list({ sequenceId: "R0001-1" })).toEqual({ items: [rewritten], total: 1 });
  expect(await database.images.list({ filter: "g" })).toEqual({ items: [], total: 0 });
});

test("a lease is granted to one holder per generation", async () => {
  const lease = { site: "colibri", holder: "night/colibri/2026-11-19", generation: 1, wallMs: T0 };
  expect(await database.lease.read("colibri")).toBeNull();
  expect(await database.lease.write(lease)).toBe(true);
  expect(await database.lease.write(lease)).toBe(true);
  expect(await database.lease.write({ ...lease, holder: "calibration/colibri/2026-11-19/1" })).toBe(false);
  expect(await database.lease.write({ ...lease, holder: null, generation: 2 })).toBe(true);
  expect(await database.lease.write(lease)).toBe(false);
  expect(await database.lease.read("colibri")).toMatchObject({ holder: null, generation: 2 });
});

test("the clock ticks forward only, and only in its own epoch", async () => {
  expect(await database.clock.read()).toBeNull();
  const clock = { startMs: T0, anchorMs: T0 + 7, rate: 60, epoch: 1 };
  expect(await database.clock.write(clock)).toBe(true);
  await database.clock.tick(1, T0 + 60_000, T0 + 1_007);
  await database.clock.tick(1, T0 + 30_000, T0 + 507);
  await database.clock.tick(0, T0 + 90_000, T0 + 1_507);
  expect(await database.clock.read()).toEqual({ clock, lastTickMs: T0 + 60_000, lastTickWallMs: T0 + 1_007 });
  expect(await database.clock.write({ ...clock, epoch: 0 })).toBe(false);
});

test("a night opened by another run is run n+1; by the same run, the same", async () => {
  const facts = {
    site: "colibri",
    date: "2026-11-19",
    phase: "preparing",
    startedMs: T0,
    startedWallMs: T0,
    almanac: {},
  };
  expect((await database.nights.open({ ...facts, openedBy: "run-a" })).run).toBe(1);
  expect(await database.nights.end({ id: nightId, run: 1, endedMs: T0 + 9, reason: "terminated" })).toBe(
    true,
  );
  const second = await database.nights.open({ ...facts, openedBy: "run-b" });
  expect(second).toMatchObject({ run: 2, status: "open", endedMs: null, endReason: null });
  expect((await database.nights.open({ ...facts, openedBy: "run-b" })).run).toBe(2);
  expect(await database.nights.end({ id: nightId, run: 1, endedMs: T0 + 99, reason: "late" })).toBe(false);
  await database.nights.setPhase(nightId, "observing");
  expect(await database.nights.latest("colibri")).toMatchObject({
    id: nightId,
    phase: "observing",
    status: "open",
  });
});

test("a schedule is stored with its rows once, and the newest is current", async () => {
  const row = { ...plannedRow("R0001-1", 1, T0 + 60_000), deltaTRMs: 5_000, score: 1.5 };
  const schedule = {
    nightId,
    madeMs: T0,
    madeWallMs: T0,
    reason: "first of the night",
    problem: { tasks: [1, 2] },
    seed: 2 ** 40 + 1,
    iterations: 10,
    objective: 1.25,
    policy: "v1",
    rows: [row],
  };
  const { id } = await database.schedules.store(schedule);
  expect(await database.schedules.store(schedule)).toEqual({ id, isNew: false });
  expect(await database.schedules.newest(nightId)).toBe(id);
  expect(await database.schedules.plannedRows(id)).toEqual([{ ...row, scheduleId: id }]);
  const orphan = { ...schedule, madeMs: T0 + 1, rows: [{ ...row, sequenceId: "R9999-1" }] };
  await expect(database.schedules.store(orphan)).rejects.toThrow(/foreign key/);
  expect((await database.schedules.list()).total).toBe(1);
  expect(
    await database.schedules.markRow({
      scheduleId: id,
      sequenceId: "R0001-1",
      status: "skipped",
      reasonCode: "too-low",
      reason: "altitude 12.3 below 30",
      numbers: { altDeg: 12.3 },
    }),
  ).toBe(true);
  expect(await database.schedules.plannedRows(id)).toEqual([]);
  const current = await database.schedules.current();
  expect(current).toMatchObject({ id, seed: 2 ** 40 + 1 });
  expect(await database.schedules.problem(id)).toEqual({ tasks: [1, 2] });
  expect(current?.rows[0]).toMatchObject({
    tspMs: T0 + 60_000,
    status: "skipped",
    numbers: { altDeg: 12.3 },
    request: { id: "R0001", name: "Triangulum" },
  });
  expect((await database.schedules.list({ nightId })).items[0]).toMatchObject({ planned: 1, refused: 0 });
});

test("a hold is recorded once while it is open", async () => {
  const hold = {
    site: "colibri",
    kind: "weather",
    who: "station",
    why: "rain 2 mm/h",
    sinceMs: T0,
    sinceWallMs: T0,
  };
  expect(await database.holds.record(hold)).toBe(true);
  expect(await database.holds.record({ ...hold, sinceMs: T0 + 5, sinceWallMs: T0 + 5 })).toBe(false);
  expect(await database.holds.open("colibri")).toHaveLength(1);
  const lift = {
    site: "colibri",
    kind: "weather",
    liftedMs: T0 + 9,
    liftedWallMs: T0 + 9,
    liftedBy: "15 min safe",
  };
  expect(await database.holds.lift(lift)).toBe(true);
  expect(await database.holds.lift(lift)).toBe(false);
  expect(await database.holds.open("colibri")).toEqual([]);
  expect((await database.holds.list()).items[0]).toMatchObject({
    why: "rain 2 mm/h",
    liftedBy: "15 min safe",
  });
});

test("the journal scrolls back to its first line, filtered, and takes a line once", async () => {
  for (let n = 1; n <= 25; n += 1) {
    await database.journal.append({
      atMs: T0 + n,
      atWallMs: T0 + n,
      level: n % 5 === 0 ? "warning" : "info",
      module: n % 2 === 0 ? "night" : "dome",
      text: `line ${n} of 100%`,
      onceKey: `line-${n}`,
    });
  }
  await database.journal.append({
    atMs: T0,
    atWallMs: T0,
    level: "info",
    module: "night",
    text: "twin",
    onceKey: "line-3",
  });
  const seen: string[] = [];
  let beforeId: number | undefined;
  for (let pages = 0; pages < 10; pages += 1) {
    const page = await database.journal.list({ limit: 10, ...(beforeId === undefined ? {} : { beforeId }) });
    expect(page.total).toBe(25);
    seen.push(...page.items.map((entry) => entry.text));
    if (page.nextBeforeId === null) break;
    beforeId = page.nextBeforeId;
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `line ${25 - index} of 100%`));
  const warnings = await database.journal.list({ levels: ["warning"], module: "dome", text: "100%" });
  expect(warnings.items.map((entry) => entry.text)).toEqual([
    "line 25 of 100%",
    "line 15 of 100%",
    "line 5 of 100%",
  ]);
  expect((await database.journal.list({ text: "100_" })).total).toBe(0);
});

test("stages of an alert keep their first stamp; its facts may change", async () => {
  const alert = await storeAlert(database);
  expect(alert).toMatchObject({ key: "swift-1016881", closed: false, stages: {} });
  await Promise.all([
    database.alerts.stamp("swift-1016881", { T0, receivedAt: T0 + 20 }),
    database.alerts.stamp("swift-1016881", { decidedAt: T0 + 30 }),
  ]);
  await database.alerts.stamp("swift-1016881", { receivedAt: T0 + 999, slewStartedAt: T0 + 50 });
  expect(await database.alerts.update("swift-1016881", { status: "observing", updatedWallMs: T0 + 60 })).toBe(
    true,
  );
  expect(await database.alerts.update("swift-1", { status: "observing", updatedWallMs: T0 })).toBe(false);
  const later = await database.alerts.one("swift-1016881");
  expect(later).toMatchObject({ status: "observing", createdWallMs: T0, updatedWallMs: T0 + 60 });
  expect(later?.stages).toEqual({ T0, receivedAt: T0 + 20, decidedAt: T0 + 30, slewStartedAt: T0 + 50 });
});

test("an alert's request and sequence are there once per generation, and stay out of the routine lists", async () => {
  await database.programmes.upsert({
    id: "ALERT",
    name: "Alerts",
    kind: "alert",
    priority: 100,
    description: "",
    active: true,
  });
  const request = {
    alertKey: "swift-1016881",
    name: "Swift 1016881",
    comment: "",
    programmeId: "ALERT",
    generation: 1,
    sequence: builtSequence({ targetName: "Swift 1016881" }),
    wallMs: T0,
  };
  expect(await database.requests.upsertForAlert(request)).toBe("swift-1016881-g1");
  expect(await database.requests.upsertForAlert(request)).toBe("swift-1016881-g1");
  expect(await database.requests.upsertForAlert({ ...request, generation: 2 })).toBe("swift-1016881-g2");
  const chain = await database.alerts.chain("swift-1016881");
  expect(chain?.request?.id).toBe("swift-1016881");
  expect(chain?.sequences.map((sequence) => [sequence.id, sequence.status])).toEqual([
    ["swift-1016881-g1", "cancelled"],
    ["swift-1016881-g2", "submitted"],
  ]);
  expect((await database.requests.list({ kind: "routine" })).items.map((item) => item.id)).toEqual(["R0001"]);
  const found = await database.requests.list({ text: "swift" });
  expect(found.items.map((item) => [item.id, item.sequences.length])).toEqual([["swift-1016881", 2]]);
  expect((await database.sequences.candidates(T0, T0 + 1)).map((sequence) => sequence.id)).toEqual([
    "R0001-1",
  ]);
});

test("what waits is asked for and no candidate; what is over is never planned", async () => {
  const statusOf = async () => (await database.sequences.record("R0001-1"))?.status;
  const idsOf = (found: readonly { readonly id: string }[]) => found.map(({ id }) => id);
  const set = (status: "waiting" | "withdrawn" | "submitted") =>
    database.sequences.setStatus({ id: "R0001-1", status, reason: null, wallMs: T0 });
  await set("waiting");
  expect(idsOf(await database.sequences.candidates(T0, T0 + 1))).toEqual([]);
  expect(idsOf(await database.sequences.asked(T0, T0 + 1))).toEqual(["R0001-1"]);
  expect(idsOf(await database.sequences.asked(T0, T0 + 1, ["submitted"]))).toEqual([]);
  await set("withdrawn");
  expect(await database.sequences.asked(T0, T0 + 1)).toEqual([]);
  await database.sequences.setPlanned(["R0001-1"], T0);
  expect(await statusOf()).toBe("withdrawn");
  await set("submitted");
  await database.sequences.setPlanned(["R0001-1", "R9999-1"], T0);
  expect(await statusOf()).toBe("planned");
  const programme = { id: "GALAXIES", name: "Nearby galaxies", priority: 1, description: "" };
  await database.programmes.upsert({ ...programme, kind: "routine", active: false });
  expect(await database.sequences.candidates(T0, T0 + 1)).toEqual([]);
  await database.programmes.upsert({ ...programme, kind: "routine", active: true });
  expect(await database.sequences.candidates(T0, T0 + 1)).toEqual(
    await database.sequences.details(["R0001-1"]),
  );
});

test("a request that executes is not withdrawn; otherwise it is, and may be submitted again", async () => {
  await database.sequences.setStatus({ id: "R0001-1", status: "executing", reason: null, wallMs: T0 });
  expect(await database.requests.withdraw("R0001", "no longer needed", T0)).toEqual({
    withdrawn: false,
    refusedBy: ["R0001-1"],
  });
  await database.sequences.setStatus({ id: "R0001-1", status: "interrupted", reason: "alert", wallMs: T0 });
  expect(await database.requests.withdraw("R0001", "no longer needed", T0)).toMatchObject({
    withdrawn: true,
  });
  expect(await database.sequences.detail("R0001-1")).toMatchObject({
    status: "withdrawn",
    statusReason: "no longer needed",
  });
  expect(await database.requests.submit("R0001", T0)).toBe(true);
  expect(await database.sequences.detail("R0001-1")).toMatchObject({
    status: "submitted",
    statusReason: null,
  });
});

test("a sequence whose window has closed expires, and a request with nothing left is over", async () => {
  const request = {
    name: "two windows",
    comment: "",
    programmeId: "GALAXIES",
    userId: "U0001",
    sequences: [builtSequence({ windowEndMs: T0 + 1_000 }), builtSequence({ windowEndMs: T0 + 2_000 })],
    submit: true,
    wallMs: T0,
  };
  const { id } = await database.requests.create(request);
  expect(await database.sequences.expire(T0 + 999, T0)).toEqual([]);
  expect(await database.sequences.expire(T0 + 1_500, T0)).toEqual([`${id}-1`]);
  expect(await database.sequences.detail(`${id}-1`)).toMatchObject({
    status: "expired",
    statusReason: "its window closed at 2026-11-20 03:00 UTC",
  });
  expect(await database.requests.one(id)).toMatchObject({ status: "submitted" });
  await database.sequences.setStatus({ id: `${id}-2`, status: "executed", reason: null, wallMs: T0 });
  expect(await database.requests.one(id)).toMatchObject({ status: "completed" });

  const unlucky = await database.requests.create({ ...request, name: "unlucky" });
  expect(await database.sequences.expire(T0 + 2_000, T0)).toEqual([`${unlucky.id}-1`, `${unlucky.id}-2`]);
  expect(await database.requests.one(unlucky.id)).toMatchObject({ status: "closed" });
});

test("the use of a session and of a token is noted once a minute, by one of many requests at once", async () => {
  const userId = (await database.users.byMail("maria@vesper.example"))?.id ?? "";
  await database.sessions.create(newSession("noted", userId, T0 + 1e9));
  const touch = (atMs: number) =>
    database.sessions.touch("noted", atMs - 60_000, { seenWallMs: atMs, expiresWallMs: atMs + 1e9 });
  const seen = async () => (await database.sessions.find("noted", T0))?.session.seenWallMs;
  await touch(T0 + 59_999);
  expect(await seen()).toBe(T0);
  await Promise.all([touch(T0 + 60_000), touch(T0 + 60_000), touch(T0 + 60_000)]);
  await touch(T0 + 60_500);
  expect(await seen()).toBe(T0 + 60_000);
  expect(await database.sessions.removeOfUser(userId)).toBe(1);

  const token = { hash: "n", name: "noted", profile: "feed" as const, userId: null, createdWallMs: T0 };
  await database.tokens.create({ ...token, expiresWallMs: null });
  const used = async () =>
    (await database.tokens.list()).find(({ name }) => name === "noted")?.lastUsedWallMs;
  await database.tokens.use("n", T0);
  await database.tokens.use("n", T0 + 59_999);
  expect(await used()).toBe(T0);
  await database.tokens.use("n", T0 + 60_000);
  expect(await used()).toBe(T0 + 60_000);
});

test("users, sessions and tokens: found while they may enter, not after", async () => {
  const user = await database.users.byMail(" MARIA@vesper.example ");
  expect(user).toMatchObject({ id: "U0001", mail: "maria@vesper.example", profile: "user" });
  const userId = user?.id ?? "";
  await database.sessions.create(newSession("hash", userId, T0 + 1_000));
  expect(await database.sessions.find("hash", T0 + 999)).toMatchObject({ user: { id: userId } });
  expect(await database.sessions.find("hash", T0 + 1_000)).toBeNull();
  await database.users.update(userId, { state: "disabled" });
  expect(await database.sessions.find("hash", T0)).toBeNull();
  expect(await database.sessions.removeOfUser(userId)).toBe(1);

  const token = { hash: "t", name: "feed", profile: "feed" as const, userId: null, createdWallMs: T0 };
  const stored = await database.tokens.create({ ...token, expiresWallMs: T0 + 100 });
  expect(await database.tokens.use("t", T0)).toMatchObject({ id: stored.id, profile: "feed" });
  expect(await database.tokens.use("t", T0 + 100)).toBeNull();
  expect(await database.tokens.revoke(stored.id, T0)).toBe(true);
  expect(await database.tokens.use("t", T0)).toBeNull();
});

test("devices and weather keep their history", async () => {
  const device = {
    uniqueId: "7b0d6d1e",
    deviceId: "dome",
    type: "dome",
    name: "Dome",
    blocking: true,
    state: "UP" as const,
    sinceWallMs: T0,
    values: { shutter: "open" },
    seenWallMs: T0,
    versions: { name: "Dome Simulator", driverInfo: "info", driverVersion: "1.0", interfaceVersion: 3 },
  };
  await database.devices.upsert(device);
  // What a device says is one thing, its state another: the observatory alone changes that.
  await database.devices.upsert({ ...device, state: "DISABLED", seenWallMs: T0 + 1 });
  expect(await database.devices.list()).toEqual([{ ...device, seenWallMs: T0 + 1, recovery: null }]);
  const { uniqueId, deviceId, type, name, blocking } = device;
  const recovery = {
    step: 1,
    steps: 3,
    doing: "asked again",
    nextWallMs: T0,
    lastTrouble: "",
    without: false,
    calls: false,
  };
  const lost = {
    device: { uniqueId, deviceId, type, name, blocking },
    state: "DISABLED" as const,
    recovery,
    why: "It is silent.",
    from: "UP" as const,
    atMs: T0 - 120_000,
    wallMs: T0 + 2,
  };
  await database.devices.setHealth(lost);
  await database.devices.setHealth(lost);
  expect(await database.devices.one("dome")).toMatchObject({
    state: "DISABLED",
    sinceWallMs: T0 + 2,
    recovery,
  });
  expect(await database.devices.history("dome", T0 - 120_000, T0 - 120_000)).toMatchObject([
    { state: "DISABLED", cause: "change", values: { why: "It is silent." } },
  ]);
  const told = await database.outbox.list({ topic: "ic.status" });
  expect(told.items.map(({ payload }) => payload["state"])).toEqual(["DISABLED"]);
  const status = { uniqueId: "7b0d6d1e", atMs: T0, atWallMs: T0, state: "UP" as const, values: {} };
  await database.devices.sample({ ...status, cause: "change" });
  await database.devices.sample({ ...status, atMs: T0 + 60_000, cause: "sample" });
  expect((await database.devices.history("dome", T0 + 1, T0 + 60_000)).map((row) => row.cause)).toEqual([
    "sample",
  ]);

  const reading = {
    site: "colibri",
    atMs: T0,
    atWallMs: T0,
    temperatureC: 4.5,
    humidityPct: 80.25,
    dewPointC: null,
    pressureHPa: 735.1,
    windMS: 3,
    gustMS: null,
    windDirectionDeg: 270,
    rainMmH: 0,
    cloudPct: 5,
    skyTemperatureC: null,
    skyQualityMag: null,
    seeingArcsec: 0.9,
    safe: true,
    reasons: [],
  };
  await database.weather.insert(reading);
  await database.weather.insert({ ...reading, atMs: T0 + 1, safe: false, reasons: ["rain 2 mm/h"] });
  expect(await database.weather.latest("colibri")).toMatchObject({ safe: false, reasons: ["rain 2 mm/h"] });
  expect((await database.weather.range("colibri", T0, T0)).map(({ id: _id, ...rest }) => rest)).toEqual([
    reading,
  ]);
});
