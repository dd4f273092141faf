/**
 * What the interface definitions of ASCOM Platform 7 want of a device beyond the wire: what it can it does, what it
 * cannot it does not have; orders return at once, show that something moves, and end through their property.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { AlpacaDeviceType } from "../../protocol/member-types.ts";
import { ALL_DEVICES, EVERYTHING, startSimulators } from "./support.ts";
import type { TestServer } from "./support.ts";

/** Fast enough for the longest motion to end in seconds. */
const FAST = 300;

let sim: TestServer;
beforeAll(async () => {
  sim = await startSimulators({ ...EVERYTHING, rate: 1 });
});
afterAll(async () => {
  await sim.close();
});

type Values = Readonly<Record<string, string | number | boolean>>;

/** Members that a device has when the property says so, and answers with 0x400 when it does not. */
const ABILITIES: readonly [ability: string, verb: "get" | "put", member: string, values?: Values][] = [
  ["telescope/0/canfindhome", "put", "findhome"],
  ["telescope/0/canpark", "put", "park"],
  ["telescope/0/canunpark", "put", "unpark"],
  ["telescope/0/cansetpark", "put", "setpark"],
  ["telescope/0/canpulseguide", "put", "pulseguide", { Direction: 0, Duration: 0 }],
  ["telescope/0/canpulseguide", "get", "ispulseguiding"],
  ["telescope/0/cansetguiderates", "put", "guideratedeclination", { GuideRateDeclination: 0.002 }],
  ["telescope/0/cansetguiderates", "put", "guideraterightascension", { GuideRateRightAscension: 0.002 }],
  ["telescope/0/cansetdeclinationrate", "put", "declinationrate", { DeclinationRate: 0 }],
  ["telescope/0/cansetrightascensionrate", "put", "rightascensionrate", { RightAscensionRate: 0 }],
  ["telescope/0/cansettracking", "put", "tracking", { Tracking: false }],
  ["telescope/0/cansetpierside", "put", "sideofpier", { SideOfPier: 0 }],
  ["telescope/0/canslew", "put", "slewtocoordinates", { RightAscension: 1, Declination: 1 }],
  ["telescope/0/canslew", "put", "slewtotarget"],
  ["telescope/0/canslewaltaz", "put", "slewtoaltaz", { Azimuth: 1, Altitude: 50 }],
  ["telescope/0/canslewasync", "put", "slewtocoordinatesasync", { RightAscension: 1, Declination: 1 }],
  ["telescope/0/canslewasync", "put", "slewtotargetasync"],
  ["telescope/0/canslewaltazasync", "put", "slewtoaltazasync", { Azimuth: 1, Altitude: 50 }],
  ["telescope/0/cansync", "put", "synctocoordinates", { RightAscension: 1, Declination: 1 }],
  ["telescope/0/cansync", "put", "synctotarget"],
  ["telescope/0/cansyncaltaz", "put", "synctoaltaz", { Azimuth: 1, Altitude: 50 }],
  ["dome/0/canfindhome", "put", "findhome"],
  ["dome/0/canpark", "put", "park"],
  ["dome/0/cansetpark", "put", "setpark"],
  ["dome/0/cansetaltitude", "put", "slewtoaltitude", { Altitude: 45 }],
  ["dome/0/cansetaltitude", "get", "altitude"],
  ["dome/0/cansetazimuth", "put", "slewtoazimuth", { Azimuth: 10 }],
  ["dome/0/cansetazimuth", "get", "azimuth"],
  ["dome/0/cansetshutter", "put", "closeshutter"],
  ["dome/0/cansetshutter", "get", "shutterstatus"],
  ["dome/0/canslave", "put", "slaved", { Slaved: false }],
  ["dome/0/cansyncazimuth", "put", "synctoazimuth", { Azimuth: 10 }],
  ["camera/0/canabortexposure", "put", "abortexposure"],
  ["camera/0/canstopexposure", "put", "stopexposure"],
  ["camera/0/canpulseguide", "put", "pulseguide", { Direction: 0, Duration: 0 }],
  ["camera/0/canpulseguide", "get", "ispulseguiding"],
  ["camera/0/cansetccdtemperature", "put", "setccdtemperature", { SetCCDTemperature: -60 }],
  ["camera/0/cansetccdtemperature", "get", "setccdtemperature"],
  ["camera/0/cangetcoolerpower", "get", "coolerpower"],
  ["camera/0/canfastreadout", "get", "fastreadout"],
  ["camera/0/canfastreadout", "put", "fastreadout", { FastReadout: true }],
  ["focuser/0/tempcompavailable", "put", "tempcomp", { TempComp: true }],
];

describe("what a device can it does, what it cannot it does not have", () => {
  test.each(ABILITIES)("%s and %s %s", async (ability, verb, member, values = {}) => {
    const can: boolean = await sim.read(ability);
    const device = ability.slice(0, ability.lastIndexOf("/") + 1);
    const answer =
      verb === "get" ? await sim.get(`${device}${member}`) : await sim.put(`${device}${member}`, values);
    expect(answer.status).toBe(200);
    expect(answer.ErrorNumber === 0x400).toBe(!can);
  });

  test("the camera's limits agree with what it has", async () => {
    for (const camera of ["camera/0", "camera/1"]) {
      const read = (member: string): Promise<any> => sim.read(`${camera}/${member}`);
      expect(await read("numx")).toBe(await read("cameraxsize"));
      expect(await read("numy")).toBe(await read("cameraysize"));
      expect(await read("exposuremin")).toBeLessThan(await read("exposuremax"));
      expect(await read("exposureresolution")).toBeGreaterThanOrEqual(0);
      expect(await read("maxadu")).toBeGreaterThan(0);
      expect(await read("readoutmode")).toBeLessThan((await read("readoutmodes")).length);
      // Neither a list of gains nor limits: the member itself is missing too. A monochrome sensor has no Bayer matrix.
      expect(await read("sensortype")).toBe(0);
      for (const member of ["gain", "gains", "gainmin", "gainmax", "offset", "offsets", "bayeroffsetx"]) {
        expect([member, (await sim.get(`${camera}/${member}`)).ErrorNumber]).toEqual([member, 0x400]);
      }
      const most: number = await read("maxbinx");
      for (let bin = 1; bin <= most; bin++) await sim.command(`${camera}/binx`, { BinX: bin });
      await sim.command(`${camera}/binx`, { BinX: 1 });
    }
  });

  test("each filter has its focus offset, each axis its rates, each switch a range that its step divides", async () => {
    for (const wheel of ["filterwheel/0", "filterwheel/1"]) {
      const names: string[] = await sim.read(`${wheel}/names`);
      expect(await sim.read(`${wheel}/focusoffsets`)).toHaveLength(names.length);
    }
    for (const Axis of ["0", "1", "2"]) {
      const rates: { Minimum: number; Maximum: number }[] = await sim.read("telescope/0/axisrates", { Axis });
      expect(rates.length > 0).toBe(await sim.read("telescope/0/canmoveaxis", { Axis }));
      for (const { Minimum, Maximum } of rates) expect(Minimum >= 0 && Minimum <= Maximum).toBe(true);
    }
    const count: number = await sim.read("switch/0/maxswitch");
    const ids = Array.from({ length: count }, (_, id) => id);
    await Promise.all(ids.map(checkSwitch));
  });

  async function checkSwitch(id: number): Promise<void> {
    const of = (member: string): Promise<any> => sim.read(`switch/0/${member}`, { Id: String(id) });
    const [least, most, step, value, on, canWrite] = await Promise.all(
      ["minswitchvalue", "maxswitchvalue", "switchstep", "getswitchvalue", "getswitch", "canwrite"].map(of),
    );
    expect([id, most > least, step > 0, (most - least) % step]).toEqual([id, true, true, 0]);
    expect([id, value >= least && value <= most, on]).toEqual([id, true, value > least]);
    const set = await sim.put("switch/0/setswitchvalue", { Id: id, Value: value });
    expect([id, set.ErrorNumber]).toEqual([id, canWrite ? 0 : 0x400]);
  }

  test("humidity and dew point agree, no wind has no direction, every sensor has a word and an age", async () => {
    const read = (member: string): Promise<number> => sim.read(`observingconditions/0/${member}`);
    expect(await read("dewpoint")).toBeLessThanOrEqual(await read("temperature"));
    expect(await read("windgust")).toBeGreaterThanOrEqual(await read("windspeed"));
    expect((await read("windspeed")) > 0 || (await read("winddirection")) === 0).toBe(true);
    const state: { Name: string; Value: unknown }[] = await sim.read("observingconditions/0/devicestate");
    for (const { Name: SensorName } of state.filter(({ Name }) => Name !== "TimeStamp")) {
      const word: string = await sim.read("observingconditions/0/sensordescription", { SensorName });
      expect(word.length).toBeGreaterThan(3);
      const age: number = await sim.read("observingconditions/0/timesincelastupdate", { SensorName });
      expect(age).toBeGreaterThanOrEqual(0);
    }
  });

  test("DeviceState says what the properties say", async () => {
    for (const { type, number } of ALL_DEVICES) {
      if (type === "switch") continue;
      const read = async (): Promise<{ Name: string; Value: unknown }[]> =>
        sim.read(`${type}/${number}/devicestate`);
      for (const { Name, Value } of (await read()).filter((entry) => entry.Name !== "TimeStamp")) {
        const value: unknown = await sim.read(`${type}/${number}/${Name.toLowerCase()}`);
        expect([type, Name, typeof value]).toEqual([type, Name, typeof Value]);
        // What moves on meanwhile lies between two states, however busy the machine is.
        const later = (await read()).find((entry) => entry.Name === Name)?.Value;
        if (typeof value === "number") {
          const [least = 0, most = 0] = [Number(Value), Number(later)].sort((a, b) => a - b);
          expect(value).toBeGreaterThan(least - 0.1);
          expect(value).toBeLessThan(most + 0.1);
        } else if (Name !== "UTCDate") expect([type, Name, value]).toEqual([type, Name, Value]);
      }
    }
  });

  test("Connect, Connected and Disconnect agree, whatever was before", async () => {
    for (const type of new Set(ALL_DEVICES.map((device): AlpacaDeviceType => device.type))) {
      const device = `${type}/0`;
      for (const [method, after] of [
        ["connect", true],
        ["disconnect", false],
        ["disconnect", false],
        ["connect", true],
      ] as const) {
        await sim.command(`${device}/${method}`);
        await sim.until(`${device}/connecting`, false);
        expect([type, method, await sim.read(`${device}/connected`)]).toEqual([type, method, after]);
      }
      await sim.command(`${device}/connected`, { Connected: false });
      expect(await sim.read(`${device}/connected`)).toBe(false);
      await sim.command(`${device}/connected`, { Connected: true });
      expect(await sim.read(`${device}/connected`)).toBe(true);
    }
  });
});

interface Operation {
  readonly name: string;
  /** What must be so before. */
  readonly prepare?: () => Promise<void>;
  readonly order: string;
  readonly values?: Values;
  /** What the property reads while it is under way, and in the end. */
  readonly property: string;
  readonly query?: Record<string, string>;
  readonly moving: unknown;
  readonly done: unknown;
}

const ready = async (): Promise<void> => {
  await sim.command("telescope/0/unpark");
  await sim.command("telescope/0/tracking", { Tracking: false });
};
const tracking = async (): Promise<void> => {
  await ready();
  await sim.command("telescope/0/tracking", { Tracking: true });
};
const high = (): Values => {
  // The sidereal time of the site in hours, near enough.
  const RightAscension = ((sim.nowMs() / 86_164_090.5) * 24 + 6.65 - 115.46 / 15 + 48) % 24;
  return { RightAscension, Declination: 40 };
};
const lights = { Id: "7" };

/** Every order that takes its time, with the property that tells its end (research of the interfaces, section 5). */
const OPERATIONS: readonly Operation[] = [
  {
    name: "open the shutter",
    order: "dome/0/openshutter",
    property: "dome/0/shutterstatus",
    moving: 2,
    done: 0,
  },
  {
    name: "close the shutter",
    order: "dome/0/closeshutter",
    property: "dome/0/shutterstatus",
    moving: 3,
    done: 1,
  },
  {
    name: "turn the dome",
    order: "dome/0/slewtoazimuth",
    values: { Azimuth: 120 },
    property: "dome/0/slewing",
    moving: true,
    done: false,
  },
  { name: "home the dome", order: "dome/0/findhome", property: "dome/0/athome", moving: false, done: true },
  {
    name: "turn the dome again",
    order: "dome/0/slewtoazimuth",
    values: { Azimuth: 90 },
    property: "dome/0/slewing",
    moving: true,
    done: false,
  },
  { name: "park the dome", order: "dome/0/park", property: "dome/0/atpark", moving: false, done: true },
  {
    name: "slew on the sky",
    prepare: tracking,
    order: "telescope/0/slewtocoordinatesasync",
    property: "telescope/0/slewing",
    moving: true,
    done: false,
  },
  {
    name: "slew to the target",
    prepare: async () => sim.command("telescope/0/targetdeclination", { TargetDeclination: 10 }),
    order: "telescope/0/slewtotargetasync",
    property: "telescope/0/slewing",
    moving: true,
    done: false,
  },
  {
    name: "slew over the ground",
    prepare: ready,
    order: "telescope/0/slewtoaltazasync",
    values: { Azimuth: 200, Altitude: 50 },
    property: "telescope/0/slewing",
    moving: true,
    done: false,
  },
  {
    name: "home the mount",
    prepare: ready,
    order: "telescope/0/findhome",
    property: "telescope/0/athome",
    moving: false,
    done: true,
  },
  {
    name: "guide",
    prepare: tracking,
    order: "telescope/0/pulseguide",
    values: { Direction: 0, Duration: 5_000 },
    property: "telescope/0/ispulseguiding",
    moving: true,
    done: false,
  },
  {
    name: "park the mount",
    order: "telescope/0/park",
    property: "telescope/0/atpark",
    moving: false,
    done: true,
  },
  {
    name: "expose",
    order: "camera/0/startexposure",
    values: { Duration: 20, Light: false },
    property: "camera/0/imageready",
    moving: false,
    done: true,
  },
  {
    name: "expose the infrared camera",
    order: "camera/1/startexposure",
    values: { Duration: 20, Light: false },
    property: "camera/1/imageready",
    moving: false,
    done: true,
  },
  {
    name: "turn a filter wheel",
    order: "filterwheel/0/position",
    values: { Position: 3 },
    property: "filterwheel/0/position",
    moving: -1,
    done: 3,
  },
  {
    name: "move the focuser",
    order: "focuser/0/move",
    values: { Position: 12_000 },
    property: "focuser/0/ismoving",
    moving: true,
    done: false,
  },
  {
    name: "close the cover",
    order: "covercalibrator/0/closecover",
    property: "covercalibrator/0/covermoving",
    moving: true,
    done: false,
  },
  {
    name: "open the cover",
    order: "covercalibrator/0/opencover",
    property: "covercalibrator/0/coverstate",
    moving: 2,
    done: 3,
  },
  {
    name: "light the lamp",
    order: "covercalibrator/0/calibratoron",
    values: { Brightness: 50 },
    property: "covercalibrator/0/calibratorchanging",
    moving: true,
    done: false,
  },
  {
    name: "set a switch",
    order: "switch/0/setasyncvalue",
    values: { Id: 7, Value: 60 },
    property: "switch/0/statechangecomplete",
    query: lights,
    moving: false,
    done: true,
  },
  {
    name: "turn a switch",
    order: "switch/0/setasync",
    values: { Id: 7, State: true },
    property: "switch/0/statechangecomplete",
    query: lights,
    moving: false,
    done: true,
  },
];

describe("orders return at once and end through their property", () => {
  beforeEach(() => sim.atRate(1));

  test.each(OPERATIONS)("$name", async ({ prepare, order, values, property, query, moving, done }) => {
    await prepare?.();
    await sim.command(order, order.endsWith("slewtocoordinatesasync") ? high() : values);
    // Had it waited for the end, this would be over. That it took less than 100 ms is seen in wire.test.ts.
    expect(await sim.read(property, query)).toBe(moving);
    sim.atRate(FAST);
    for (let tries = 0; (await sim.read(property, query)) !== done; tries++) {
      if (tries > 2_000) throw new Error(`${property} does not become ${String(done)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  test("each abort is silent when nothing moves, and ends what does", async () => {
    for (const [order, undone, values, property, still] of [
      ["dome/0/openshutter", "dome/0/abortslew", {}, "dome/0/slewing", false],
      [
        "camera/0/startexposure",
        "camera/0/abortexposure",
        { Duration: 60, Light: true },
        "camera/0/camerastate",
        0,
      ],
      ["focuser/0/move", "focuser/0/halt", { Position: 30_000 }, "focuser/0/ismoving", false],
      [
        "covercalibrator/0/closecover",
        "covercalibrator/0/haltcover",
        {},
        "covercalibrator/0/covermoving",
        false,
      ],
    ] as const) {
      await sim.command(undone);
      expect([property, await sim.read(property)]).toEqual([property, still]);
      await sim.command(order, values);
      expect(await sim.read(property)).not.toBe(still);
      await sim.command(undone);
      expect([property, await sim.read(property)]).toEqual([property, still]);
    }
    expect(await sim.read("camera/0/imageready")).toBe(false);
    expect((await sim.get("camera/0/imagearray")).ErrorNumber).not.toBe(0);
  });
});

test("what is refused while parked, slaved or in motion", async () => {
  sim.atRate(1);
  const refusal = async (member: string, values?: Values): Promise<string> =>
    `${member} ${(await sim.put(member, values)).ErrorNumber.toString(16)}`;
  expect(await sim.read("telescope/0/atpark")).toBe(true);
  for (const [member, values] of [
    ["slewtocoordinatesasync", high()],
    ["slewtotargetasync", {}],
    ["slewtoaltazasync", { Azimuth: 1, Altitude: 50 }],
    ["synctocoordinates", high()],
    ["synctotarget", {}],
    ["synctoaltaz", { Azimuth: 1, Altitude: 50 }],
    ["moveaxis", { Axis: 0, Rate: 0 }],
    ["pulseguide", { Direction: 0, Duration: 10 }],
    ["findhome", {}],
    ["abortslew", {}],
    ["tracking", { Tracking: true }],
  ] as const) {
    expect(await refusal(`telescope/0/${member}`, values)).toBe(`telescope/0/${member} 408`);
  }
  expect(await refusal("telescope/0/park")).toBe("telescope/0/park 0");
  await sim.command("dome/0/slaved", { Slaved: true });
  for (const [member, values] of [
    ["slewtoazimuth", { Azimuth: 10 }],
    ["park", {}],
    ["findhome", {}],
  ] as const) {
    expect(await refusal(`dome/0/${member}`, values)).toBe(`dome/0/${member} 409`);
  }
  await sim.command("dome/0/abortslew");
  expect(await sim.read("dome/0/slaved")).toBe(false);
  await sim.command("camera/0/startexposure", { Duration: 60, Light: false });
  expect(await refusal("camera/0/startexposure", { Duration: 1, Light: false })).toBe(
    "camera/0/startexposure 40b",
  );
  await sim.command("camera/0/abortexposure");
});
