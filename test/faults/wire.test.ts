/**
 * Answers that break the protocol, device by device and member by member: what each call makes of them, that a device is
 * as before when they are over, and that orders which bring hardware to rest go out though nothing can be read.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { createCameraActivities } from "../../activities/camera.ts";
import { createCoverActivities } from "../../activities/cover.ts";
import { createDomeActivities } from "../../activities/dome.ts";
import { createFilterWheelActivities } from "../../activities/filter-wheel.ts";
import { createTelescopeActivities } from "../../activities/telescope.ts";
import { createProbe } from "../../activities/watch-probe.ts";
import { createFrameStore, type FrameStore } from "../../activities/store-frame.ts";
import { createObservingConditionsClient } from "../../adapters/alpaca/conditions.ts";
import { createFilterWheelClient } from "../../adapters/alpaca/filter-wheel.ts";
import { AlpacaError, BadAnswer, DeviceTimeout, DeviceUnreachable } from "../../adapters/alpaca/errors.ts";
import { deviceOf, type Observatory } from "../../domain/observatory.ts";
import { weatherVerdict } from "../../domain/safety/weather-verdict.ts";
import { cameraDeps, frameOf } from "../activities/memory-store.ts";
import { asActivity, createRig, failureType, rawDevice, type Rig } from "../activities/rig.ts";
import {
  afterMs,
  createBrokenWire,
  dropped,
  halfClosed,
  httpStatus,
  slowLoris,
  withBody,
  withFields,
  withState,
  type BrokenWire,
  type Tampering,
} from "./wire.ts";

let rig: Rig;
let wire: BrokenWire;
let frames: FrameStore;
let beganWallMs: number;

beforeAll(async () => {
  rig = await createRig({
    rate: 60,
    wire: async (port) => {
      wire = await createBrokenWire(port);
      return wire;
    },
  });
  frames = createFrameStore({ home: rig.home, observatory: rig.observatory, software: "Vesper test" });
  // Refused as not connected, an order would be repeated after connecting: that is another matter.
  for (const { id, type } of rig.observatory.devices) {
    await rawDevice(rig, type, id).connect({ limitMs: BUSY_LIMIT_MS });
  }
}, 60_000);

beforeEach(() => {
  wire.tamper = () => null;
  beganWallMs = Date.now();
});

afterAll(async () => {
  await frames.close();
  await rig.close();
});

/** Spoils the answers of one member of one device, all others pass. */
function spoil(deviceId: string, member: string, tampering: Tampering, method?: "GET" | "PUT"): void {
  const { type, number } = deviceOf(rig.observatory, deviceId);
  const path = `/api/v1/${type}/${number}/${member}`;
  wire.tamper = (passage) =>
    passage.path === path && (method ?? passage.method) === passage.method ? tampering : null;
}

/** Spoils all that a device answers to questions; orders pass. */
function unreadable(deviceId: string, tampering: Tampering): void {
  const { type, number } = deviceOf(rig.observatory, deviceId);
  const path = `/api/v1/${type}/${number}/`;
  wire.tamper = ({ method, path: asked }) => (method === "GET" && asked.startsWith(path) ? tampering : null);
}

const commands = async (deviceId: string): Promise<string[]> => {
  wire.tamper = () => null;
  return (await rig.commands(deviceId, beganWallMs)).map(({ command }) => command);
};

type Ends = abstract new (...args: never[]) => Error;

/** A busy machine must not be taken for a device that is silent. */
const BUSY_LIMIT_MS = 20_000;
const limitFor = (ends: Ends): number => (ends === DeviceTimeout ? 250 : BUSY_LIMIT_MS);

const SPOILT: Readonly<Record<string, readonly [Tampering, Ends]>> = {
  "HTTP 500 with the text of a crash": [
    httpStatus(500, "NullReferenceException: at Driver.Get()"),
    BadAnswer,
  ],
  "HTTP 404": [httpStatus(404, "no such device"), BadAnswer],
  "a redirect": [httpStatus(302, "", { location: "http://127.0.0.1:1/login" }), BadAnswer],
  "an empty answer": [withBody(() => ""), BadAnswer],
  "a proxy's page": [withBody(() => "<html>502 Bad Gateway</html>"), BadAnswer],
  "half of the JSON": [withBody((body) => body.subarray(0, body.length / 2)), BadAnswer],
  "NaN, which is no JSON": [
    withBody((body) => body.toString().replace(/"Value":[^,]+/, '"Value":NaN')),
    BadAnswer,
  ],
  "a JSON text": [withBody(() => '"Idle"'), BadAnswer],
  "an ErrorNumber in words": [withFields(() => ({ ErrorNumber: "none" })), BadAnswer],
  "0x500 with a message": [
    withFields(() => ({ ErrorNumber: 0x500, ErrorMessage: "link lost" })),
    AlpacaError,
  ],
  "the answer to another question": [withFields(() => ({ ClientTransactionID: 1 })), BadAnswer],
  "a value of another type": [withFields(() => ({ Value: "12" })), BadAnswer],
  "a connection closed half way": [halfClosed, DeviceUnreachable],
  "a connection dropped": [dropped, DeviceUnreachable],
  "a byte at a time": [slowLoris, DeviceTimeout],
  "an answer after the time-out": [afterMs(400), DeviceTimeout],
};

describe("one property, asked for", () => {
  test.each(Object.entries(SPOILT))("%s", async (_name, [tampering, ends]) => {
    const ask = () => rig.camera.pixelSizeUm({ limitMs: limitFor(ends) });
    const rightUm = await rig.camera.pixelSizeUm({ limitMs: BUSY_LIMIT_MS });
    spoil("camera-vis", "pixelsizex", tampering);
    await expect(ask()).rejects.toBeInstanceOf(ends);
    wire.tamper = () => null;
    // What comes late is never taken for the answer to the next question.
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (let times = 0; times < 3; times += 1) {
      expect(await rig.camera.pixelSizeUm({ limitMs: BUSY_LIMIT_MS })).toBe(rightUm);
    }
  });

  test("a device that counts no transactions of its own is taken as it is: nothing hangs on them", async () => {
    spoil(
      "camera-vis",
      "pixelsizex",
      withFields(() => ({ ServerTransactionID: undefined })),
    );
    await expect(rig.camera.pixelSizeUm()).resolves.toBeGreaterThan(0);
  });
});

test.each(Object.entries(SPOILT).filter(([name]) => !/value|NaN|late/.test(name)))(
  "an order whose answer is spoilt is not given twice: %s",
  async (_name, [tampering, ends]) => {
    spoil("focuser", "halt", tampering, "PUT");
    await expect(rig.focuser.halt({ limitMs: limitFor(ends) })).rejects.toBeInstanceOf(ends);
    expect(await commands("focuser")).toEqual(["halt"]);
  },
);

/* ---- Orders that bring hardware to rest --------------------------------------------------------------------- */

describe("what cannot be read is ordered to rest all the same", () => {
  const nonsense = httpStatus(500, "the driver has crashed");

  test("the dome closes", async () => {
    const { openDome, closeDome } = createDomeActivities(rig);
    await asActivity(() => openDome({ lease: rig.lease, limitS: 180 }));
    beganWallMs = Date.now();
    unreadable("dome", nonsense);
    expect(await failureType(asActivity(() => closeDome({ limitS: 180, why: "rain" })))).toBe("DeviceFault");
    expect(await commands("dome")).toContain("closeshutter");
    // Asked again, as Temporal does, it finds the dome closing and closed.
    await asActivity(() => closeDome({ limitS: 180, why: "rain" }));
    expect((await rig.dome.status()).shutter).toBe("Closed");
  });

  test("the mount stops, ends its tracking, and parks", async () => {
    const { startSlew, stopMount, stopTracking, park } = createTelescopeActivities(rig);
    await asActivity(() => startSlew({ lease: rig.lease, target: rig.target(), minAltDeg: 20 }));
    beganWallMs = Date.now();
    unreadable("telescope", nonsense);
    await asActivity(() => stopMount());
    await asActivity(() => stopTracking());
    expect(await failureType(asActivity(() => park({ limitS: 180 })))).toBe("DeviceFault");
    expect((await commands("telescope")).filter((command) => command !== "action")).toEqual([
      "abortslew",
      "tracking",
      "park",
    ]);
  });

  test("the cover closes", async () => {
    const { openCover, closeCover } = createCoverActivities(rig);
    await asActivity(() => openCover({ lease: rig.lease, limitS: 60 }));
    beganWallMs = Date.now();
    unreadable("cover", nonsense);
    expect(await failureType(asActivity(() => closeCover({ limitS: 60 })))).toBe("DeviceFault");
    expect(await commands("cover")).toContain("closecover");
  });
});

/* ---- States that are not what they seem ----------------------------------------------------------------------- */

describe("a mount", () => {
  test("that leaves Slewing out of its state is asked for it: one that moves does not pass for one that stands", async () => {
    spoil("telescope", "devicestate", withState({ Slewing: null, Tracking: null, AtPark: null }));
    const { slewing, tracking, parked } = await rig.telescope.status();
    expect([typeof slewing, typeof tracking, typeof parked]).toEqual(["boolean", "boolean", "boolean"]);
    wire.tamper = ({ member }) =>
      member === "devicestate"
        ? withState({ Slewing: null })
        : member === "slewing"
          ? withFields(() => ({ Value: true }))
          : null;
    expect((await rig.telescope.status()).slewing).toBe(true);
  });

  test.each([
    { RightAscension: 25 },
    { RightAscension: -1 },
    { Declination: 1_000 },
    { Declination: "north" },
  ])("that points at %j does not say where it points, and is not on target", async (change) => {
    spoil(
      "telescope",
      "devicestate",
      withState({ ...change, Slewing: false, Tracking: true, AtPark: false }),
    );
    expect(await rig.telescope.status()).toMatchObject({ raDeg: null, decDeg: null });
    const { awaitOnTarget } = createTelescopeActivities(rig);
    const target = rig.target();
    expect(await failureType(asActivity(() => awaitOnTarget({ target, limitS: 60 })))).toBe("NotOnTarget");
  });
});

describe("a weather station", () => {
  const verdict = async (change: (observatory: Observatory) => void) => {
    change(rig.observatory);
    const station = createObservingConditionsClient(rig.transport, deviceOf(rig.observatory, "weather"));
    const [values, ageS] = await Promise.all([station.values(), station.oldestAgeS()]);
    return weatherVerdict(values, ageS / rig.clocks.fact().rate, rig.observatory.weather);
  };

  test("is safe when all is well", async () => {
    expect(await verdict(() => undefined)).toMatchObject({ safe: true });
  });

  test.each([
    ["whose sensor has never been updated, which Alpaca says by a negative age", { Value: -1 }],
    ["whose sensor fails", { ErrorNumber: 0x500, ErrorMessage: "no signal" }],
    ["that tells the age of no sensor", { ErrorNumber: 0x400, ErrorMessage: "not implemented" }],
  ])("%s is stale, and unsafe", async (_name, fields) => {
    const { safe, crossed } = await verdict(() =>
      spoil(
        "weather",
        "timesincelastupdate",
        withFields(() => fields),
      ),
    );
    expect({ safe, crossed }).toEqual({ safe: false, crossed: ["stale"] });
  });

  test("that refuses the question for its ages has not answered", async () => {
    await expect(
      verdict(() => spoil("weather", "timesincelastupdate", httpStatus(403, "forbidden"))),
    ).rejects.toBeInstanceOf(BadAnswer);
  });

  test.each([{ Humidity: -9_999 }, { WindSpeed: -32_768 }, { CloudCover: "clear" }, { DewPoint: null }])(
    "that reads %j is unsafe",
    async (change) => {
      expect(await verdict(() => spoil("weather", "devicestate", withState(change)))).toMatchObject({
        safe: false,
      });
    },
  );
});

test("a PLC with a nonsensical number of channels, or without those of its alarms, has not answered", async () => {
  for (const channels of [2_000_000_000, 0, -1, 3]) {
    const probe = createProbe(rig.transport, rig.observatory, deviceOf(rig.observatory, "plc"), rig.clocks);
    spoil(
      "plc",
      "maxswitch",
      withFields(() => ({ Value: channels })),
    );
    await expect(probe.poll()).rejects.toBeInstanceOf(BadAnswer);
  }
});

test("a device without DeviceState of which every property fails does not pass for one that works", async () => {
  const { type, number } = deviceOf(rig.observatory, "dome");
  wire.tamper = ({ path, method, member }) => {
    if (method !== "GET" || !path.startsWith(`/api/v1/${type}/${number}/`)) return null;
    if (member === "devicestate") return httpStatus(400, "unknown member");
    return withFields(() => ({ ErrorNumber: 0x500, ErrorMessage: "no link to the controller" }));
  };
  const probe = createProbe(rig.transport, rig.observatory, deviceOf(rig.observatory, "dome"), rig.clocks);
  await expect(probe.poll()).rejects.toBeInstanceOf(AlpacaError);
});

test("a wheel whose names are no texts has not answered", async () => {
  spoil(
    "wheel-vis",
    "names",
    withFields(() => ({ Value: [1, null] })),
  );
  const { setFilter } = createFilterWheelActivities(rigWithFreshWheel());
  const turn = () => setFilter({ lease: rig.lease, wheelId: "wheel-vis", filter: "r", limitS: 60 });
  expect(await failureType(asActivity(turn))).toBe("DeviceFault");
});

/** Names are asked for once: a rig whose wheel has not been asked. */
function rigWithFreshWheel(): Rig {
  const fresh = createFilterWheelClient(rig.transport, deviceOf(rig.observatory, "wheel-vis"));
  return { ...rig, wheels: new Map([["wheel-vis", fresh]]) };
}

/* ---- Images ----------------------------------------------------------------------------------------------------- */

const IMAGES: Readonly<Record<string, Tampering>> = {
  "half of an image": withBody((body) => body.subarray(0, body.length / 2)),
  "less than a header": withBody((body) => body.subarray(0, 20)),
  "an image of another size": withBody(halvedWidth),
  "the image of another question": withBody((body) => {
    body.writeUInt32LE(4_000_000_000, 8);
    return body;
  }),
  "an error in the image's header": withBody((body) => {
    body.writeInt32LE(0x500, 4);
    return body;
  }),
  "dimensions without end": withBody((body) => {
    body.writeInt32LE(2_000_000_000, 32);
    return body;
  }),
  "HTTP 500 with a text": httpStatus(500, "OutOfMemoryException"),
};

function halvedWidth(body: Buffer): Buffer {
  body.writeInt32LE(body.readInt32LE(32) / 2, 32);
  return body;
}

describe("a camera that sends", () => {
  test.each(Object.entries(IMAGES))(
    "%s is asked again; at the fifth time the frame is lost, and the next attempt is stored",
    async (_name, tampering) => {
      const { deps, rows } = cameraDeps(rig, { storeFrame: frames.storeFrame });
      const { startExposure, fetchExposure } = createCameraActivities(deps);
      const dark = frameOf(rig, 1, { light: false, exposureS: 1 });
      await asActivity(() => startExposure(dark));
      spoil("camera-vis", "imagearray", tampering);
      expect(await failureType(asActivity(() => fetchExposure(dark)))).toBe("DeviceFault");
      expect([...rows.values()].map(({ state }) => state)).toEqual(["exposing"]);
      const given = await asActivity(() => fetchExposure(dark), 5);
      expect(given.kind).toBe("lost");
      wire.tamper = () => null;
      const again = { ...dark, attempt: 2 };
      await asActivity(() => startExposure(again));
      expect(await asActivity(() => fetchExposure(again))).toMatchObject({ kind: "stored" });
      expect([...rows.values()].map(({ state }) => state)).toEqual(["lost", "stored"]);
    },
  );

  test("a part of its detector, because somebody left it so, sends the whole one again after the loss", async () => {
    const { deps } = cameraDeps(rig, { storeFrame: frames.storeFrame });
    const { startExposure, fetchExposure } = createCameraActivities(deps);
    const dark = frameOf(rig, 7, { light: false, exposureS: 1 });
    await rig.transport.put(deviceOf(rig.observatory, "camera-vis"), "numx", { NumX: 32 });
    await asActivity(() => startExposure(dark));
    const given = await asActivity(() => fetchExposure(dark), 5);
    expect(given).toMatchObject({ kind: "lost" });
    expect((given as { reason: string }).reason).toMatch(/sent 32 x 64 pixels, its detector has 64 x 64/);
    const again = { ...dark, attempt: 2 };
    await asActivity(() => startExposure(again));
    expect(await asActivity(() => fetchExposure(again))).toMatchObject({ kind: "stored" });
  });

  test("its image and will not be aborted does not keep the frame from being lost", async () => {
    const { deps } = cameraDeps(rig);
    const { startExposure, fetchExposure } = createCameraActivities({
      ...deps,
      observatory: withReadoutLimit(rig.observatory, 1),
    });
    const dark = frameOf(rig, 9, { light: false, exposureS: 30 });
    await asActivity(() => startExposure(dark));
    await rig.fault("camera-vis", "stuck");
    spoil("camera-vis", "abortexposure", httpStatus(500, "crash"), "PUT");
    const started = Date.now();
    expect(await asActivity(() => fetchExposure(dark))).toMatchObject({ kind: "lost" });
    expect(Date.now() - started).toBeLessThan(20_000);
    wire.tamper = () => null;
    await rig.clearFault("camera-vis");
    await rig.camera.abortExposure();
  }, 30_000);
});

function withReadoutLimit(observatory: Observatory, readoutLimitS: number): Observatory {
  return {
    ...observatory,
    instruments: observatory.instruments.map((instrument) => ({ ...instrument, readoutLimitS })),
  };
}
