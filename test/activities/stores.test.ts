import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createExposureStore } from "../../activities/exposure-store.ts";
import type { ExposureInput, ExposureStore, FrameFacts, StoredFrame } from "../../activities/exposure.ts";
import { createWatchStore } from "../../activities/watch-store.ts";
import { openDatabase, type Database } from "../../db/orm.ts";
import type { DeviceDescription } from "../../domain/observatory.ts";
import { answered, UNKNOWN_DEVICE } from "../../domain/safety/device-condition.ts";
import { openNight, storeRequest, T0 } from "../db/fixtures.ts";
import { startPostgres, type TestPostgres } from "../support/postgres.ts";

let server: TestPostgres;
let database: Database;
let store: ExposureStore;
let input: ExposureInput;

beforeAll(async () => {
  server = await startPostgres();
  database = await openDatabase(await server.createMigrated("stores"));
  store = createExposureStore(database, () => T0);
  const requestId = await storeRequest(database);
  input = {
    lease: { siteId: "colibri", holder: "night/colibri/2026-11-19", generation: 1 },
    nightId: await openNight(database),
    sequenceId: `${requestId}-1`,
    albumId: `${requestId}-1-vis`,
    planId: `${requestId}-1-vis-1`,
    n: 1,
    attempt: 1,
    instrumentId: "vis",
    filter: "r",
    exposureS: 60.5,
    light: true,
    target: { name: "M 33", raDeg: 23.4621, decDeg: 30.6599 },
    requestName: "Triangulum",
    programmeId: "GALAXIES",
    alertKey: null,
  };
});

afterAll(async () => {
  await database?.close();
  await server?.stop();
});

const frameFor = (n: number): { readonly frame: StoredFrame; readonly facts: FrameFacts } => {
  const imageId = `${input.planId}-00${n}-1`;
  return {
    frame: {
      imageId,
      path: `images/2026-11-19/${imageId}.fits`,
      previewPath: `images/2026-11-19/${imageId}.png`,
      sha256: "ab".repeat(32),
      bytes: 2_102_400,
      width: 1_024,
      height: 1_024,
      header: { OBJECT: "M 33" },
      statistics: { median: 1_000 },
    },
    facts: {
      input: { ...input, n },
      instrument: { cameraId: "camera-vis" } as FrameFacts["instrument"],
      cameraName: "Visible camera",
      size: { width: 64, height: 64 },
      pixelSizeUm: 60,
      startMs: T0 + 100.4,
      pointing: { raDeg: 23.4622, decDeg: 30.66, measured: true },
      temperatureC: -60,
      filter: { name: "r", source: "wheel" },
      ramp: null,
      nightDate: "2026-11-19",
    },
  };
};

test("the intended start is written once, whoever begins again", async () => {
  const first = await store.begin(input, "camera-vis", T0);
  const again = await store.begin(input, "camera-vis", T0 + 5_000);
  expect(first).toEqual({ state: "starting", intendedStartMs: T0, startMs: null, reason: null });
  expect(again).toEqual(first);
  expect(await store.find({ ...input, n: 3 })).toBeNull();
});

test("a frame is exposing, then stored with its image; storing twice leaves one", async () => {
  await store.exposing(input, T0 + 100.4);
  expect(await store.find(input)).toMatchObject({ state: "exposing", startMs: T0 + 100 });
  expect(await store.imageOf(input)).toBeNull();

  const { frame, facts } = frameFor(1);
  await store.store(frame, facts);
  await store.store(frame, facts);
  const { imageId, path, sha256, bytes } = frame;
  expect(await store.imageOf(input)).toEqual({ imageId, path, sha256, bytes });
  expect(await store.find(input)).toMatchObject({ state: "stored" });
  expect((await database.images.list()).total).toBe(1);
  // What is stored stays stored.
  await store.end(input, "lost", "too late");
  expect(await store.find(input)).toMatchObject({ state: "stored", reason: null });
});

test("killed between image row and exposure row, the next look makes up for it", async () => {
  const second = { ...input, n: 2 };
  await store.begin(second, "camera-vis", T0);
  await store.exposing(second, T0);
  const { frame, facts } = frameFor(2);
  const killed = createExposureStore(
    {
      images: database.images,
      exposures: {
        ...database.exposures,
        move: () => Promise.reject(new Error("killed")),
      },
    },
    () => T0,
  );
  await expect(killed.store(frame, facts)).rejects.toThrow("killed");
  expect(await store.find(second)).toMatchObject({ state: "exposing" });
  expect(await store.imageOf(second)).toMatchObject({ imageId: frame.imageId });
  expect(await store.find(second)).toMatchObject({ state: "stored" });
});

test("an end is recorded with its reason and is final", async () => {
  const third = { ...input, n: 3 };
  await store.begin(third, "camera-vis", T0);
  await store.end(third, "aborted", "an alert came");
  await store.end(third, "lost", "too late");
  await store.exposing(third, T0);
  expect(await store.find(third)).toMatchObject({ state: "aborted", reason: "an alert came" });
});

test("devices, their history and the weather are stored", async () => {
  const watch = createWatchStore(database, "colibri");
  const device: DeviceDescription = {
    id: "dome",
    type: "dome",
    name: "Dome",
    address: "http://127.0.0.1:1",
    number: 0,
    uniqueId: "u-dome",
    blocking: true,
  };
  const record = answered(UNKNOWN_DEVICE, T0, T0);
  for (const shutter of ["Closed", "Open"]) {
    await watch.device({ device, record, sinceWallMs: T0, values: { shutter }, versions: null, wallMs: T0 });
    await watch.status({
      uniqueId: "u-dome",
      state: "UP",
      cause: "change",
      values: { shutter },
      atMs: T0,
      wallMs: T0,
    });
  }
  expect(await database.devices.one("dome")).toMatchObject({ state: "UP", values: { shutter: "Open" } });
  expect(await database.devices.history("dome", T0 - 1, T0 + 1)).toHaveLength(2);

  const values = {
    humidityPct: 40,
    temperatureC: 12,
    dewPointC: 2,
    windMS: 4,
    gustMS: 7,
    windDirectionDeg: 200,
    rainMmH: 1,
    cloudPct: null,
    pressureHPa: 730,
    skyQualityMagArcsec2: 21.5,
    skyTemperatureC: -30,
    seeingArcsec: null,
  };
  await watch.weather({ values, safe: false, reasons: ["It rains."], atMs: T0, wallMs: T0 });
  expect(await database.weather.latest("colibri")).toMatchObject({
    rainMmH: 1,
    cloudPct: null,
    skyQualityMag: 21.5,
    safe: false,
    reasons: ["It rains."],
  });
});
