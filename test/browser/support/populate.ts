import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { encode } from "fast-png";
import type { Database } from "../../../db/orm.ts";
import { imageId } from "../../../db/repositories/images.ts";
import { loadStrategies, strategyFolder } from "../../../adapters/config/strategies.ts";
import { seed } from "../../../db/seed.ts";
import { NOW_MS } from "../../api/support/states.ts";
import { observatory, observatoryFile } from "../../api/support/web.ts";

const HOUR_MS = 3_600_000;

/** A database as in the middle of a demonstration night: requests, a schedule with refusals, images, a journal. */
export async function populate(database: Database, home: string, passwordHash: string): Promise<void> {
  const site = observatory.site.id;
  await seed(database, {
    observatory,
    nowMs: NOW_MS,
    wallMs: NOW_MS,
    strategies: loadStrategies(strategyFolder(observatoryFile)),
    demo: { passwordHash },
  });
  const night = await database.nights.open({
    site,
    date: "2026-11-20",
    openedBy: "test",
    phase: "observing",
    startedMs: NOW_MS - 4 * HOUR_MS,
    startedWallMs: NOW_MS,
    almanac: {},
  });
  const { items } = await database.requests.list({ kind: "routine", limit: 500 });
  // One short sequence of each of the first requests is planned; all the others are refused.
  const planned = items
    .flatMap(({ sequences: [sequence] }) => (sequence === undefined ? [] : [sequence]))
    .filter(({ durationS }) => durationS < 40 * 60)
    .slice(0, 24);
  const sequences = [
    ...planned,
    ...items.flatMap((request) => request.sequences).filter((sequence) => !planned.includes(sequence)),
  ];
  let tspMs = NOW_MS - 2 * HOUR_MS;
  await database.schedules.store({
    nightId: night.id,
    madeMs: NOW_MS - 2 * HOUR_MS,
    madeWallMs: NOW_MS,
    reason: "first of the night",
    problem: {},
    seed: 20_261_120,
    iterations: 400,
    objective: 812.5,
    policy: "priority",
    rows: sequences.map((sequence, i) => {
      const isPlanned = i < planned.length;
      const startMs = tspMs;
      const endMs = tspMs + (sequence.overheadS + sequence.durationS) * 1_000;
      if (isPlanned) tspMs = endMs + 60_000;
      return {
        sequenceId: sequence.id,
        order: i + 1,
        tspMs: isPlanned ? startMs : null,
        tepMs: isPlanned ? endMs : null,
        deltaTLMs: isPlanned ? 12 * 60_000 : null,
        deltaTRMs: isPlanned ? 40 * 60_000 : null,
        score: isPlanned ? sequence.priority : null,
        status: isPlanned
          ? endMs < NOW_MS
            ? i === 2
              ? "interrupted"
              : "done"
            : startMs < NOW_MS
              ? "executing"
              : "planned"
          : "refused",
        reasonCode: isPlanned ? null : "NOT_OBSERVABLE",
        reason: isPlanned
          ? i === 2
            ? "An alert took the telescope; 3 of 5 frames are kept."
            : null
          : "It is above 20° only 02:10 to 02:25 UTC (15 min) and needs 21 min.",
        numbers: null,
      };
    }),
  });

  const [first] = sequences;
  if (first === undefined) throw new Error("the seed has no request");
  const detail = await database.sequences.detail(first.id);
  const plan = detail?.albums[0]?.plans[0];
  if (plan === undefined) throw new Error("the first sequence has no plan");
  for (let n = 1; n <= Math.min(6, plan.count); n += 1) {
    const key = { planId: plan.id, n, attempt: 1 };
    const startMs = NOW_MS - 2 * HOUR_MS + n * 90_000;
    const exposure = await database.exposures.start({
      ...key,
      cameraId: "camera-vis",
      nightId: night.id,
      intendedStartMs: startMs,
    });
    await database.exposures.move(key, "exposing", { startMs });
    const id = imageId(key);
    const file = `images/2026-11-20/${id}`;
    await mkdir(path.join(home, "images/2026-11-20"), { recursive: true });
    const png = starField(n);
    await writeFile(path.join(home, `${file}.png`), png);
    await writeFile(path.join(home, `${file}.fits`), "SIMPLE  =                    T");
    await database.images.upsert({
      id,
      exposureId: exposure.id,
      sequenceId: first.id,
      nightId: night.id,
      cameraId: "camera-vis",
      filter: plan.filter,
      exposureS: plan.exposureS,
      startMs,
      raDeg: first.raDeg,
      decDeg: first.decDeg,
      path: `${file}.fits`,
      sha256: createHash("sha256").update(png).digest("hex"),
      bytes: 2_102_400,
      width: 1024,
      height: 1024,
      previewPath: `${file}.png`,
      header: {
        SIMPLE: true,
        BITPIX: 16,
        OBJECT: first.targetName,
        EXPTIME: plan.exposureS,
        FILTER: plan.filter,
      },
      statistics: { medianAdu: 412, maxAdu: 31_204 },
      storedWallMs: NOW_MS,
    });
    await database.exposures.move(key, "stored", { endMs: startMs + 60_000 });
  }

  await populateSite(database);
  await database.journal.append(
    ...Array.from({ length: 40 }, (_, i) => ({
      atWallMs: NOW_MS - (40 - i) * 60_000,
      atMs: NOW_MS - (40 - i) * 60_000,
      level: i === 31 ? ("alarm" as const) : i % 9 === 4 ? ("warning" as const) : ("info" as const),
      module: ["night", "dome", "alert", "watch"][i % 4] ?? "night",
      text:
        i === 31
          ? "The dome reports half open and does not move. Look at the camera, then press Close again."
          : `Sequence R00${10 + (i % 20)}-1: exposure ${(i % 5) + 1} of 5 in r stored, 60 s, max 61 % of full well.`,
    })),
  );
}

/** Six hours of weather, and every device with what it says. */
async function populateSite(database: Database): Promise<void> {
  for (let atMs = NOW_MS - 6 * HOUR_MS; atMs <= NOW_MS; atMs += HOUR_MS / 3) {
    const phase = (atMs / HOUR_MS) % (2 * Math.PI);
    await database.weather.insert({
      site: observatory.site.id,
      atMs,
      atWallMs: atMs,
      temperatureC: 8.4 + 2 * Math.cos(phase),
      humidityPct: 48 + 12 * Math.sin(phase),
      dewPointC: -2.1,
      pressureHPa: 723.4,
      windMS: 4.2 + Math.sin(3 * phase),
      gustMS: 6.8 + 2 * Math.sin(3 * phase),
      windDirectionDeg: 240,
      rainMmH: 0,
      cloudPct: 3,
      skyTemperatureC: -30,
      skyQualityMag: 21.3,
      seeingArcsec: 1.4,
      safe: true,
      reasons: [],
    });
  }
  for (const { uniqueId, id: deviceId, type, name, blocking } of observatory.devices) {
    const values = SAID[type] ?? {};
    const seen = { uniqueId, state: "UP" as const, values };
    await database.devices.upsert({
      ...seen,
      deviceId,
      type,
      name,
      blocking,
      sinceWallMs: NOW_MS - 5 * HOUR_MS,
      seenWallMs: Date.now(),
      versions: null,
    });
    for (let hours = 5; hours >= 0; hours -= 1) {
      const atMs = NOW_MS - hours * HOUR_MS;
      await database.devices.sample({ ...seen, atMs, atWallMs: atMs, cause: "sample" });
    }
  }
}

/** What each kind of device says in the middle of a good night. */
const SAID: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  telescope: { tracking: true, slewing: false, parked: false, altitudeDeg: 62.4, azimuthDeg: 118.2 },
  dome: { shutter: "Open" },
  camera: { state: "Exposing", temperatureC: -60.1, setPointC: -60, coolerPowerPct: 61 },
  safetymonitor: { isSafe: true },
  observingconditions: { temperatureC: 8.4, humidityPct: 42, windMS: 4.2 },
  filterwheel: { filter: "r" },
  focuser: { position: 25_000, moving: false },
  covercalibrator: { cover: "Open", lamp: "Off" },
  switch: {},
};

/** A little sky, so that a preview looks like one. */
function starField(seedNumber: number): Uint8Array {
  const size = 256;
  const data = new Uint8Array(size * size);
  let state = 12_345;
  const random = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  for (let i = 0; i < data.length; i += 1) data[i] = 18 + Math.floor(random() * 14) + seedNumber;
  for (let star = 0; star < 90; star += 1) {
    const x = random() * size;
    const y = random() * size;
    const peak = 60 + random() ** 3 * 195;
    for (let dy = -4; dy <= 4; dy += 1) {
      for (let dx = -4; dx <= 4; dx += 1) {
        const at = Math.round(y + dy) * size + Math.round(x + dx);
        const light = peak * Math.exp(-(dx * dx + dy * dy) / 3);
        if (at >= 0 && at < data.length) data[at] = Math.min(255, (data[at] ?? 0) + light);
      }
    }
  }
  return encode({ width: size, height: size, data, channels: 1, depth: 8 });
}
