import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import { copyFile, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { createCameraActivities } from "../../activities/camera.ts";
import { createDomeActivities } from "../../activities/dome.ts";
import { createFilterWheelActivities } from "../../activities/filter-wheel.ts";
import { createFrameStore, type FrameStore } from "../../activities/store-frame.ts";
import { createTelescopeActivities } from "../../activities/telescope.ts";
import { detectSources } from "../../domain/imaging/detect-sources.ts";
import { textOf } from "../../domain/imaging/fits/card.ts";
import { imageFloat32 } from "../../domain/imaging/fits/read-image.ts";
import { readFits } from "../../domain/imaging/fits/reader.ts";
import { headerRecord } from "../../domain/imaging/headers.ts";
import { offsetPlace } from "../../domain/sequence/dither.ts";
import { pixelOfSky, wcsOfCards } from "../../domain/imaging/wcs.ts";
import { fitsverify } from "../imaging/shared.ts";
import { cameraDeps, frameOf } from "./memory-store.ts";
import { asActivity, createRig, failureType, type Rig } from "./rig.ts";

const SIDE = 512;
let rig: Rig;
let frames: FrameStore;

beforeAll(async () => {
  rig = await createRig({ frame: SIDE });
  frames = createFrameStore({ home: rig.home, observatory: rig.observatory, software: "Vesper test" });
});

afterAll(async () => {
  await frames.close();
  await rig.close();
});

test("a frame of the sky is stored with its preview, verifies, and its stars are where its WCS puts them", async () => {
  const target = { ...rig.target(), decDeg: 60 };
  const mount = createTelescopeActivities(rig);
  const dome = createDomeActivities(rig);
  const wheels = createFilterWheelActivities(rig);
  const { deps, images } = cameraDeps(rig, { storeFrame: frames.storeFrame });
  const camera = createCameraActivities(deps);
  const frame = frameOf(rig, 1, { target, exposureS: 60 });
  const fetched = await asActivity(async () => {
    await mount.startSlew({ lease: rig.lease, target, minAltDeg: 20 });
    await dome.openDome({ lease: rig.lease, limitS: 180 });
    await mount.awaitOnTarget({ target, limitS: 180 });
    await wheels.setFilter({ lease: rig.lease, wheelId: "wheel-vis", filter: "r", limitS: 60 });
    await camera.startExposure(frame);
    return camera.fetchExposure(frame);
  });
  expect(fetched).toMatchObject({ kind: "stored", path: "images/2026-11-20/R0001-1-vis-1-001-1.fits" });
  const bytes = await readFile(path.join(rig.home, "images/2026-11-20/R0001-1-vis-1-001-1.fits"));
  expect(fetched).toMatchObject({
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
  expect((await readdir(path.join(rig.home, "images/2026-11-20"))).toSorted()).toEqual([
    "R0001-1-vis-1-001-1.fits",
    "R0001-1-vis-1-001-1.png",
  ]);
  expect([...images.values()][0]?.frame.statistics["sources"]).toBeGreaterThan(3);
  // Null where fitsverify is not installed.
  expect(fitsverify(bytes) ?? "").toBe("");

  const [hdu] = readFits(bytes);
  const cards = hdu?.cards ?? [];
  expect(textOf(cards, "OBJECT")).toBe("field 0");
  expect(textOf(cards, "WCSSRC")).toBe("MOUNT");
  expect(textOf(cards, "FILTER")).toBe("r");
  expect(textOf(cards, "FILTSRC")).toBe("WHEEL");
  expect(textOf(cards, "READOUTM")).toBeUndefined();
  const wcs = wcsOfCards(cards);
  if (hdu === undefined || wcs === undefined) throw new Error("the frame has no image or no WCS");
  const found = detectSources(imageFloat32(hdu), SIDE);
  const stars = JSON.parse(
    await rig.action("camera-vis", "sky:stars", {
      raDeg: target.raDeg,
      decDeg: target.decDeg,
      radiusDeg: 0.2,
    }),
  ) as { raDeg: number; decDeg: number; mag: number }[];
  const offsets = stars
    .toSorted((a, b) => a.mag - b.mag)
    .map((star) => pixelOfSky(wcs, star.raDeg, star.decDeg))
    .filter((pixel) => pixel !== undefined)
    .filter(({ x, y }) => Math.min(x, y) > 10 && Math.max(x, y) < SIDE - 10)
    .slice(0, 5)
    .map(({ x, y }) => Math.min(...found.map((source) => Math.hypot(source.x - x, source.y - y))));
  expect(offsets.length).toBeGreaterThanOrEqual(3);
  expect(Math.max(...offsets)).toBeLessThan(1);
});

test("a frame up the ramp says how it was read, through which filter, and where in the dither pattern", async () => {
  const target = { ...rig.target(), decDeg: 60 };
  const offset = { eastArcsec: 15, northArcsec: -15 };
  const place = offsetPlace(target, offset);
  const mount = createTelescopeActivities(rig);
  const dome = createDomeActivities(rig);
  const wheels = createFilterWheelActivities(rig);
  const { deps } = cameraDeps(rig, { storeFrame: frames.storeFrame });
  const planId = "R0001-1-nir-1";
  const frame = frameOf(rig, 1, { target, offset, planId, instrumentId: "nir", filter: "H", exposureS: 60 });
  const first = createCameraActivities(deps);
  await asActivity(async () => {
    await mount.startSlew({ lease: rig.lease, target: place, minAltDeg: 20, toleranceArcsec: 3 });
    await dome.openDome({ lease: rig.lease, limitS: 180 });
    await mount.awaitOnTarget({ target: place, limitS: 180, toleranceArcsec: 3 });
  });
  // The wheel holds another filter: no frame is taken under a wrong name.
  expect(await failureType(asActivity(() => first.startExposure(frame)))).toBe("NotReady");
  const again = { ...frame, attempt: 2 };
  await asActivity(async () => {
    await wheels.setFilter({ lease: rig.lease, wheelId: "wheel-nir", filter: "H", limitS: 60 });
    await first.startExposure(again);
  });
  // Another process fetches it: what it did not see at the start, it asks for.
  await asActivity(() => createCameraActivities(deps).fetchExposure(again));
  const bytes = await readFile(path.join(rig.home, `images/2026-11-20/${planId}-001-2.fits`));
  const cards = readFits(bytes)[0]?.cards ?? [];
  expect(textOf(cards, "FILTER")).toBe("H");
  expect(textOf(cards, "FILTSRC")).toBe("WHEEL");
  expect(textOf(cards, "READOUTM")).toBe("UTR");
  expect(textOf(cards, "WCSSRC")).toBe("MOUNT");
  const record = headerRecord(cards);
  expect(record).toMatchObject({ NREADS: 16, NREADEND: 16, NRESETS: 1, NGROUPS: 1 });
  expect(record).toMatchObject({ DITHEAST: 15, DITHNORT: -15, RA: target.raDeg, DEC: target.decDeg });
  expect(Number(record["CRVAL2"])).toBeCloseTo(place.decDeg, 4);
});

test("a file that was written before the database went away is adopted, though the camera has forgotten the frame", async () => {
  const { deps, images, rows } = cameraDeps(rig, { ...frames });
  const camera = createCameraActivities(deps);
  const away = createCameraActivities({
    ...deps,
    exposures: {
      ...deps.exposures,
      store: async () => {
        throw new Error("the database does not answer");
      },
    },
  });
  for (const [planId, settles] of [
    ["adopted", false],
    ["adopted-when-settled", true],
  ] as const) {
    const frame = frameOf(rig, 1, { planId, light: false, exposureS: 10 });
    await asActivity(() => camera.startExposure(frame));
    await expect(asActivity(() => away.fetchExposure(frame))).rejects.toThrow("does not answer");
    const other = frameOf(rig, 2, { planId: `${planId}-next`, light: false, exposureS: 1 });
    await asActivity(async () => {
      await camera.startExposure(other);
      await camera.fetchExposure(other);
    });
    const fetched = await asActivity<object>(() =>
      settles ? camera.settleAborted(frame) : camera.fetchExposure(frame),
    );
    const file = `images/2026-11-20/${planId}-001-1.fits`;
    const bytes = await readFile(path.join(rig.home, file));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(fetched).toMatchObject({ kind: "stored", path: file, bytes: bytes.length, sha256 });
    expect(rows.get(`${planId}/1/1`)?.state).toBe("stored");
    const { frame: found } = images.get(`${planId}/1/1`) ?? {};
    expect(found).toMatchObject({ width: SIDE, height: SIDE, header: { PLANID: planId, IMAGETYP: "DARK" } });
    expect(Number(found?.statistics["median"])).toBeGreaterThan(0);
  }
});

test("a file of another frame under its name is not adopted", async () => {
  const { deps } = cameraDeps(rig, { ...frames });
  const camera = createCameraActivities(deps);
  const frame = frameOf(rig, 1, { planId: "taken", light: false, exposureS: 1 });
  await asActivity(async () => {
    await camera.startExposure(frame);
    await camera.fetchExposure(frame);
  });
  const folder = path.join(rig.home, "images/2026-11-20");
  await copyFile(path.join(folder, "taken-001-1.fits"), path.join(folder, "mixed-up-001-1.fits"));
  const other = frameOf(rig, 1, { planId: "mixed-up", light: false, exposureS: 1 });
  await asActivity(() => camera.startExposure(other));
  await expect(asActivity(() => camera.fetchExposure(other))).rejects.toThrow(
    /is frame taken\/1\/1, must be mixed-up\/1\/1/,
  );
});

test("a dark has no sky in its header; a bias is named so", async () => {
  const { deps } = cameraDeps(rig, { storeFrame: frames.storeFrame });
  const camera = createCameraActivities(deps);
  for (const [exposureS, word] of [
    [10, "DARK"],
    [0, "BIAS"],
  ] as const) {
    const frame = frameOf(rig, 1, { planId: `cal-${word}`, light: false, exposureS });
    await asActivity(async () => {
      await camera.startExposure(frame);
      await camera.fetchExposure(frame);
    });
    const bytes = await readFile(path.join(rig.home, `images/2026-11-20/cal-${word}-001-1.fits`));
    const cards = readFits(bytes)[0]?.cards ?? [];
    expect(textOf(cards, "IMAGETYP")).toBe(word);
    expect(textOf(cards, "OBJECT")).toBeUndefined();
  }
});

test("a camera that sends what is no image is a fault; a home that cannot be written says why", async () => {
  const facts = {
    size: { width: 2, height: 2 },
    input: frameOf(rig),
    instrument: rig.observatory.instruments[0],
    cameraName: "Visible camera",
    pixelSizeUm: 60,
    startMs: Date.parse("2026-11-21T06:00:00Z"),
    pointing: { raDeg: 1, decDeg: 2, measured: false },
    temperatureC: null,
    filter: { name: "r", source: "wheel" },
    ramp: null,
    nightDate: "2026-11-20",
  };
  const raw = (body: string) => ({
    device: "Visible camera",
    format: "json" as const,
    body: new TextEncoder().encode(body),
    clientTransactionId: 1,
  });
  const garbage = frames.storeFrame(raw("<html>"), facts as never);
  await expect(garbage).rejects.toThrow("it is not JSON");
  expect(await failureType(frames.storeFrame(raw("<html>"), facts as never))).toBe("DeviceFault");

  const nowhere = createFrameStore({ home: "/dev/null", observatory: rig.observatory, software: "test" });
  const image = {
    ClientTransactionID: 1,
    ErrorNumber: 0,
    Rank: 2,
    Type: 2,
    Value: [
      [1, 2],
      [3, 4],
    ],
  };
  await expect(nowhere.storeFrame(raw(JSON.stringify(image)), facts as never)).rejects.toThrow(
    /The frame could not be written: .*(ENOTDIR|EEXIST)/,
  );
  const halfOfIt = { ...image, Value: [[1, 2]] };
  await expect(frames.storeFrame(raw(JSON.stringify(halfOfIt)), facts as never)).rejects.toThrow(
    /its detector has 2 x 2/,
  );
  const tooBright = {
    ...image,
    Value: [
      [1, 2],
      [3, 70_000],
    ],
  };
  await expect(frames.storeFrame(raw(JSON.stringify(tooBright)), facts as never)).rejects.toThrow(
    "a count of 70000, must be 0 to 65535",
  );
  await nowhere.close();
});
