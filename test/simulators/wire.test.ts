/** The rules of the wire, for every member of every device type, from the protocol's own table. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { performance } from "node:perf_hooks";
import { DEVICE_STATE, PLATFORM_7_INTERFACE_VERSION } from "../../protocol/device-state.ts";
import { COMMON_MEMBERS, MEMBERS } from "../../protocol/members.ts";
import type { AlpacaDeviceType, Member, Operation } from "../../protocol/member-types.ts";
import { wrongInAnswer, wrongInManagement } from "./openapi.ts";
import { ALL_DEVICES, EVERYTHING, startSimulators } from "./support.ts";
import type { Answer, TestServer } from "./support.ts";

let sim: TestServer;

beforeAll(async () => {
  sim = await startSimulators({ ...EVERYTHING, rate: 1 });
  await sim.command("telescope/0/unpark");
});
afterAll(async () => {
  await sim.close();
});

/** A value that is readable for each parameter and moves nothing that matters here. */
const VALUES: Readonly<Record<string, string>> = {
  Action: "sim:log",
  Parameters: "",
  Connected: "true",
  Axis: "0",
  Rate: "0",
  BinX: "1",
  BinY: "1",
  Position: "1",
  Brightness: "5",
  Duration: "1",
  Light: "false",
  RightAscension: "5.25",
  TargetRightAscension: "5.25",
  Declination: "10.5",
  TargetDeclination: "10.5",
  Azimuth: "100",
  Altitude: "50",
  NumX: "100",
  NumY: "100",
  Id: "7",
  State: "true",
  Value: "1",
  Name: "name",
  SensorName: "Temperature",
  SetCCDTemperature: "-20",
  UTCDate: "2026-11-10T06:00:00Z",
  Command: "x",
  Raw: "true",
  Direction: "0",
};
const valueFor = (name: string, type: string): string => VALUES[name] ?? (type === "boolean" ? "false" : "0");

/** Optional members that these devices do not have: 0x400 and nothing else. */
const ABSENT: Readonly<Record<string, readonly string[]>> = {
  telescope: [
    "destinationsideofpier",
    "sideofpier",
    "slewtoaltaz",
    "slewtocoordinates",
    "slewtotarget",
    "put siteelevation",
    "put sitelatitude",
    "put sitelongitude",
    "put utcdate",
  ],
  dome: ["altitude", "put slewtoaltitude", "put synctoazimuth"],
  camera: [
    "bayeroffsetx",
    "bayeroffsety",
    "fastreadout",
    "gain",
    "gainmax",
    "gainmin",
    "gains",
    "ispulseguiding",
    "offset",
    "offsetmax",
    "offsetmin",
    "offsets",
    "pulseguide",
    "subexposureduration",
  ],
  focuser: ["put tempcomp"],
  switch: ["put setswitchname"],
};
const COMMON_ABSENT = ["commandblind", "commandbool", "commandstring"];
const isAbsent = (type: string, verb: string, member: string): boolean =>
  [...COMMON_ABSENT, ...(ABSENT[type] ?? [])].some((name) => name === member || name === `${verb} ${member}`);

/** Values that are readable, but that no device takes: 0x401, and nothing moves. */
const OUT_OF_RANGE: Readonly<Partial<Record<AlpacaDeviceType, readonly OutOfRange[]>>> = {
  camera: [
    ["put", "binx", "BinX", [0, -1, 5]],
    ["put", "biny", "BinY", [0, -1, 5]],
    ["put", "readoutmode", "ReadoutMode", [-1, 9]],
    ["put", "setccdtemperature", "SetCCDTemperature", [-280, 101]],
    ["put", "startexposure", "Duration", [-1, -0.001, 1e6]],
  ],
  telescope: [
    ["put", "slewtocoordinatesasync", "RightAscension", [-0.1, 24, 25]],
    ["put", "slewtocoordinatesasync", "Declination", [-90.1, 91]],
    ["put", "synctocoordinates", "RightAscension", [-0.1, 24]],
    ["put", "synctocoordinates", "Declination", [-90.1, 91]],
    ["put", "slewtoaltazasync", "Azimuth", [-1, 361]],
    ["put", "slewtoaltazasync", "Altitude", [-91, 91]],
    ["put", "synctoaltaz", "Azimuth", [-1, 361]],
    ["put", "synctoaltaz", "Altitude", [-91, 91]],
    ["put", "targetrightascension", "TargetRightAscension", [-0.1, 24]],
    ["put", "targetdeclination", "TargetDeclination", [-91, 91]],
    ["put", "trackingrate", "TrackingRate", [-1, 4]],
    ["put", "slewsettletime", "SlewSettleTime", [-1, 1_000]],
    ["put", "guideratedeclination", "GuideRateDeclination", [-1, 1]],
    ["put", "guideraterightascension", "GuideRateRightAscension", [-1, 1]],
    ["put", "moveaxis", "Axis", [-1, 2, 3]],
    ["put", "moveaxis", "Rate", [-5, 5]],
    ["put", "pulseguide", "Direction", [-1, 4]],
    ["put", "pulseguide", "Duration", [-1]],
    ["get", "axisrates", "Axis", [-1, 3]],
    ["get", "canmoveaxis", "Axis", [-1, 3]],
  ],
  dome: [["put", "slewtoazimuth", "Azimuth", [-1, 361]]],
  filterwheel: [["put", "position", "Position", [-1, 4]]],
  covercalibrator: [["put", "calibratoron", "Brightness", [-1, 101]]],
  observingconditions: [
    ["put", "averageperiod", "AveragePeriod", [-1, 1]],
    ["get", "sensordescription", "SensorName", ["Bananas", ""]],
    ["get", "timesincelastupdate", "SensorName", ["Bananas"]],
  ],
  switch: [
    ...membersWith("switch", "Id").map(([verb, member]): OutOfRange => [verb, member, "Id", [-1, 99]]),
    ["put", "setswitchvalue", "Value", [-1, 101]],
    ["put", "setasyncvalue", "Value", [-1, 101]],
  ],
};
type OutOfRange = readonly [
  verb: "get" | "put",
  member: string,
  parameter: string,
  values: readonly (number | string)[],
];

/** What cannot be read as a parameter of each type. */
const UNREADABLE = {
  string: [],
  boolean: ["", " ", "abc", "1", "yes", "truefalse"],
  double: ["", " ", "abc", "1,5", "NaN", "Infinity", "1e999", "0x10", "1 2"],
  int32: ["", " ", "abc", "1,5", "NaN", "1.5", "1e3", "0x10", "3000000000", "-2147483649"],
} as const;

const devices = ALL_DEVICES.filter(({ number }) => number === 0);

function membersOf(type: AlpacaDeviceType): [string, Member][] {
  return Object.entries(MEMBERS[type]);
}

/** Operations of a type that take a parameter of that name. */
function membersWith(type: AlpacaDeviceType, parameter: string): ["get" | "put", string][] {
  return membersOf(type).flatMap(([member, operations]) =>
    (["get", "put"] as const)
      .filter((verb) => operations[verb]?.parameters.some(({ name }) => name === parameter))
      .map((verb): ["get" | "put", string] => [verb, member]),
  );
}

/** A query or body with readable values for all parameters of an operation, but for the changed ones. */
function valuesFor(
  { parameters }: Operation,
  changed: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    parameters.map(({ name, type }) => [name, changed[name] ?? valueFor(name, type)]),
  );
}

/** An answer of status 200 as the OpenAPI description wants it, with the id that was sent. */
function checkAnswer(
  type: AlpacaDeviceType,
  verb: "get" | "put",
  member: string,
  { status, ...body }: Answer,
  sentId: number,
): void {
  expect([member, status, body.ErrorMessage]).toEqual([member, 200, expect.any(String)]);
  expect([member, wrongInAnswer(type, verb, member, body)]).toEqual([member, ""]);
  expect([member, body.ClientTransactionID]).toEqual([member, sentId]);
  expect([member, body.ErrorNumber === 0]).toEqual([member, body.ErrorMessage === ""]);
}

describe.each(devices.map(({ type }) => type))("%s", (type) => {
  test("GET: as described, names of parameters in any casing, others ignored", async () => {
    for (const [member, { get }] of membersOf(type)) {
      if (get === undefined) continue;
      const named = Object.entries(valuesFor(get)).map(([name, value]) => [name.toUpperCase(), value]);
      const answer = await sim.get(`${type}/0/${member}`, {
        ...(Object.fromEntries(named) as Record<string, string>),
        cLiEnTtRaNsAcTiOnId: "77",
        Extra: "ignored",
      });
      checkAnswer(type, "get", member, answer, 77);
      if (isAbsent(type, "get", member)) expect([member, answer.ErrorNumber]).toEqual([member, 0x400]);
      // Nothing has been exposed, and no target been set.
      else expect([member, [0, 0x402, 0x40b].includes(answer.ErrorNumber)]).toEqual([member, true]);
    }
  });

  test("GET: a missing, unreadable or contradictory parameter is 400", async () => {
    for (const [member, { get }] of membersOf(type)) {
      for (const parameter of get?.parameters ?? []) {
        if (get === undefined) continue;
        const { [parameter.name]: value, ...others } = valuesFor(get);
        const path = `/api/v1/${type}/0/${member}?${new URLSearchParams(others).toString()}`;
        const status = async (query: string): Promise<string> => {
          const response = await sim.raw("GET", `${path}&${query}`);
          const text = await response.text();
          return response.status === 400 && !text.includes(parameter.name)
            ? "does not name the parameter"
            : `${query}: ${response.status}`;
        };
        const pair = `${parameter.name}=${value}`;
        for (const bad of [
          "",
          `${pair}&${parameter.name}=other`,
          ...UNREADABLE[parameter.type].map((text) => `${parameter.name}=${encodeURIComponent(text)}`),
        ]) {
          expect([member, await status(bad)]).toEqual([member, `${bad}: 400`]);
        }
        expect([member, await status(`${pair}&${pair}`)]).toEqual([member, `${pair}&${pair}: 200`]);
      }
    }
  });

  test("PUT: a missing, wrongly cased, unreadable or contradictory parameter is 400, as is one in the query", async () => {
    for (const [member, { put }] of membersOf(type)) {
      for (const parameter of put?.parameters ?? []) {
        // The official client leaves out the Parameters of an Action that has none, and repeats them when there are several.
        if (put === undefined || parameter.name === "Parameters") continue;
        const { name } = parameter;
        const { [name]: value = "", ...others } = valuesFor(put);
        const without = new URLSearchParams(others).toString();
        const refused = async (what: string, body: string, query = ""): Promise<void> => {
          const response = await sim.raw("PUT", `/api/v1/${type}/0/${member}${query}`, body);
          const text = await response.text();
          expect([member, what, response.status, response.headers.get("content-type")]).toEqual([
            member,
            what,
            400,
            "text/plain; charset=utf-8",
          ]);
          expect([member, what, text.includes(name)]).toEqual([member, what, true]);
        };
        const pair = `${name}=${encodeURIComponent(value)}`;
        await refused("missing", without);
        await refused("in the query", without, `?${pair}`);
        await refused("lower case", `${without}&${name.toLowerCase()}=${value}`);
        await refused("upper case", `${without}&${name.toUpperCase()}=${value}`);
        for (const bad of UNREADABLE[parameter.type]) {
          await refused(JSON.stringify(bad), `${without}&${name}=${encodeURIComponent(bad)}`);
        }
        if (name !== "Action") await refused("contradictory", `${without}&${pair}&${name}=other`);
      }
    }
  });

  test("values that no device takes are 0x401 with a reason, and change nothing", async () => {
    const log = async (): Promise<unknown> => sim.act(`${type}/0`, "sim:log");
    const before = await log();
    for (const [verb, member, parameter, values] of OUT_OF_RANGE[type] ?? []) {
      const operation = (MEMBERS[type] as Readonly<Record<string, Member>>)[member]?.[verb];
      if (operation === undefined) throw new Error(`${type} has no ${verb} ${member}`);
      for (const value of values) {
        const answer = await sim[verb](
          `${type}/0/${member}`,
          valuesFor(operation, { [parameter]: String(value) }),
        );
        const expected = isAbsent(type, verb, member) && parameter !== "Id" ? 0x400 : 0x401;
        expect([member, parameter, value, answer.ErrorNumber]).toEqual([member, parameter, value, expected]);
        expect(answer.ErrorMessage).toContain(String(value));
      }
    }
    expect(await log()).toEqual(before);
  });

  test("PUT: readable parameters in any order are taken within 100 ms, or refused with a number and a reason", async () => {
    let transaction = 500;
    for (const [member, { put }] of membersOf(type)) {
      // Taking the connection away would spoil the rest.
      if (put === undefined || member === "disconnect") continue;
      transaction += 1;
      const body = new URLSearchParams([
        ["Extra", "ignored"],
        ...Object.entries(valuesFor(put)).toReversed(),
        ["ClientTransactionID", String(transaction)],
        ["ClientID", "7100"],
      ]);
      const send = (): Promise<Response> =>
        sim.raw("PUT", `/api/v1/${type}/0/${member}`, body.toString(), {
          "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        });
      const sentAt = performance.now();
      const response = await send();
      let tookMs = performance.now() - sentAt;
      expect([member, response.headers.get("content-type")]).toEqual([
        member,
        expect.stringContaining(response.status === 200 ? "application/json" : "text/plain"),
      ]);
      const answer = { status: response.status, ...((await response.json()) as object) } as Answer;
      checkAnswer(type, "put", member, answer, transaction);
      if (isAbsent(type, "put", member)) expect([member, answer.ErrorNumber]).toEqual([member, 0x400]);
      else {
        expect([member, [0, 0x401, 0x402, 0x408, 0x409, 0x40b].includes(answer.ErrorNumber)]).toEqual([
          member,
          true,
        ]);
      }
      // On a busy machine one answer may wait; what waits for a motion waits each time.
      for (let again = 0; tookMs >= 100 && again < 12; again++) {
        const sentAgainAt = performance.now();
        await (await send()).arrayBuffer();
        tookMs = performance.now() - sentAgainAt;
      }
      expect(`${member} took ${tookMs < 100 ? "less than 100" : tookMs.toFixed(0)} ms`).toBe(
        `${member} took less than 100 ms`,
      );
    }
  });

  test("verbs that a member does not have are 400", async () => {
    for (const [member, operations] of membersOf(type)) {
      for (const verb of ["GET", "PUT", "POST", "DELETE"] as const) {
        if ((verb === "GET" && operations.get) || (verb === "PUT" && operations.put)) continue;
        const response = await sim.raw(verb, `/api/v1/${type}/0/${member}`, verb === "GET" ? undefined : "");
        await response.arrayBuffer();
        expect([member, verb, response.status]).toEqual([member, verb, 400]);
      }
    }
  });

  test("every path that is not exactly right is 400", async () => {
    for (const path of [
      `/api/v1/${type}/9/name`,
      `/api/v1/${type}/-1/name`,
      `/api/v1/${type}/A/name`,
      `/api/v1/${type}/00/name`,
      `/api/v1/${type}//name`,
      `/api/v1/${type}/4294967296/name`,
      `/api/v1/${type}/0/nosuchmember`,
      `/api/v1/${type}/0/Name`,
      `/api/v1/${type}/0`,
      `/api/v1/${type}/0/name/more`,
      `/api/v1/${type.toUpperCase()}/0/name`,
      `/api/v1/bad${type}/0/name`,
      `/api/v2/${type}/0/name`,
      `/api/V1/${type}/0/name`,
      `/API/v1/${type}/0/name`,
      `/api/${type}/0/name`,
      `/api/v1/${type}/0/constructor`,
      `/api/v1/constructor/0/name`,
    ]) {
      for (const verb of ["GET", "PUT"] as const) {
        const response = await sim.raw(verb, path, verb === "PUT" ? "Connected=true" : undefined);
        // What does not begin with /api is no Alpaca at all.
        const expected = path.startsWith("/API") ? 404 : 400;
        expect([verb, path, response.status, response.headers.get("content-type")]).toEqual([
          verb,
          path,
          expected,
          "text/plain; charset=utf-8",
        ]);
        expect((await response.text()).length).toBeGreaterThan(5);
      }
    }
  });

  test("DeviceState has the names of Platform 7 and nothing else but the time", async () => {
    const state: { Name: string; Value: unknown }[] = await sim.read(`${type}/0/devicestate`);
    const allowed: readonly string[] = [...DEVICE_STATE[type], "TimeStamp"];
    for (const { Name, Value } of state) {
      expect(allowed).toContain(type === "switch" ? Name.replace(/\d+$/, "") : Name);
      expect(Value).not.toBeNull();
    }
    expect(state.find(({ Name }) => Name === "TimeStamp")?.Value).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(state.length).toBeGreaterThan(1);
    expect(await sim.read(`${type}/0/interfaceversion`)).toBe(PLATFORM_7_INTERFACE_VERSION[type]);
  });

  test("disconnected, its own members are 0x407 and the common ones answer; Connect returns at once", async () => {
    await sim.command(`${type}/0/disconnect`);
    expect(await sim.read(`${type}/0/connected`)).toBe(false);
    const log = async (): Promise<unknown> => sim.act(`${type}/0`, "sim:log");
    const before = await log();
    for (const [member, { get, put }] of membersOf(type)) {
      const own = member === "devicestate" || !(member in COMMON_MEMBERS);
      if (get !== undefined) {
        const answer = await sim.get(`${type}/0/${member}`, { ...valuesFor(get), ClientTransactionID: "3" });
        checkAnswer(type, "get", member, answer, 3);
        if (member === "issafe") expect(answer).toMatchObject({ Value: false, ErrorNumber: 0 });
        else expect([member, answer.ErrorNumber]).toEqual([member, own ? 0x407 : 0]);
      }
      if (put !== undefined && own) {
        const { ErrorNumber } = await sim.put(`${type}/0/${member}`, valuesFor(put));
        expect([member, ErrorNumber]).toEqual([member, 0x407]);
      }
    }
    expect(await log()).toEqual(before);
    await sim.command(`${type}/0/connect`);
    expect(await sim.read(`${type}/0/connecting`)).toBe(true);
    await sim.until(`${type}/0/connecting`, false);
    expect(await sim.read(`${type}/0/connected`)).toBe(true);
  });

  test("odd transaction ids never break anything, right ones come back", async () => {
    const LARGEST = "4294967295";
    for (const id of ["", " ", "-1", "abc", "1.5", "NaN", "4294967296", "99999999999", LARGEST]) {
      const echoed = id === LARGEST ? Number(LARGEST) : 0;
      const read = await sim.get(`${type}/0/name`, { ClientID: id, ClientTransactionID: id });
      expect([id, read.status, read.ClientTransactionID]).toEqual([id, 200, echoed]);
      const form = new URLSearchParams({ ClientID: id, ClientTransactionID: id, Connected: "True" });
      const written = await sim.raw("PUT", `/api/v1/${type}/0/connected`, form.toString());
      expect([id, written.status]).toEqual([id, 200]);
      expect(((await written.json()) as Answer).ClientTransactionID).toBe(echoed);
    }
    expect((await sim.get(`${type}/0/name`)).ClientTransactionID).toBe(0);
    const cased = await sim.raw("PUT", `/api/v1/${type}/0/connected`, "Connected=TRUE&clienttransactionid=5");
    expect(((await cased.json()) as Answer).ClientTransactionID).toBe(0);
    const garbled = await sim.raw("PUT", `/api/v1/${type}/0/connected`, "Connected=true&%ZZ=%&&==");
    expect(garbled.status).toBe(200);
  });

  test("unknown Actions are 0x40C, known ones are listed and found in any casing", async () => {
    const unknown = await sim.put(`${type}/0/action`, { Action: "no:such", Parameters: "" });
    expect(unknown.ErrorNumber).toBe(0x40c);
    const names: string[] = await sim.read(`${type}/0/supportedactions`);
    expect(names).toEqual(expect.arrayContaining(["sim:fault", "sim:clear", "sim:log"]));
    const shouted = await sim.put(`${type}/0/action`, { Action: "SIM:LOG", Parameters: "" });
    expect(shouted.ErrorNumber).toBe(0);
    // The official client repeats the field when there are several arguments, and leaves it out when there is none.
    expect((await sim.raw("PUT", `/api/v1/${type}/0/action`, "Action=sim:log")).status).toBe(200);
    expect(
      (await sim.raw("PUT", `/api/v1/${type}/0/action`, "Action=sim:log&Parameters=&Parameters=")).status,
    ).toBe(200);
  });

  test("has a set-up page", async () => {
    const response = await sim.raw("GET", `/setup/v1/${type}/0/setup`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(await response.text()).toContain("<h1>");
    const elsewhere = await sim.raw("GET", `/setup/v1/${type}/9/setup`);
    expect([elsewhere.status, elsewhere.headers.get("content-type")]).toEqual([
      403,
      "text/html; charset=utf-8",
    ]);
  });
});

describe("the server", () => {
  test("numbers its transactions upwards", async () => {
    const numbers: number[] = [];
    for (let call = 0; call < 5; call++) numbers.push((await sim.get("dome/0/name")).ServerTransactionID);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(5);
  });

  test("describes itself and its devices", async () => {
    const management = async (path: string): Promise<any> => {
      const answer: unknown = await (await sim.raw("GET", path)).json();
      expect(wrongInManagement(path.split("?")[0] ?? "", answer)).toBe("");
      return answer;
    };
    expect(await management("/management/apiversions?ClientTransactionID=3")).toMatchObject({
      Value: [1],
      ClientTransactionID: 3,
    });
    expect((await management("/management/v1/description")).Value).toMatchObject({
      ServerName: "Vesper simulators",
      Location: "test site",
    });
    const configured = (await management("/management/v1/configureddevices")).Value;
    expect(configured).toEqual(
      ALL_DEVICES.map(({ name, type, number, uniqueId }) => ({
        DeviceName: name,
        DeviceType: type,
        DeviceNumber: number,
        UniqueID: uniqueId,
      })),
    );
    for (const [verb, path] of [
      ["GET", "/management/v1/nothing"],
      ["GET", "/management/v2/description"],
      ["GET", "/management/v1/Description"],
      ["GET", "/management/description"],
      ["PUT", "/management/apiversions"],
      ["POST", "/management/v1/description"],
    ] as const) {
      const { status } = await sim.raw(verb, path, verb === "GET" ? undefined : "");
      expect([verb, path, status]).toEqual([verb, path, 400]);
    }
    for (const id of ["-1", "abc", "", "4294967296"]) {
      expect(
        await management(`/management/apiversions?ClientID=${id}&clienttransactionid=${id}`),
      ).toMatchObject({ Value: [1], ClientTransactionID: 0 });
    }
    expect(await (await sim.raw("GET", "/setup")).text()).toContain("Infrared camera");
    expect((await sim.raw("GET", "/favicon.ico")).status).toBe(404);
  });

  test("refuses bodies that are too long or no form, and goes on", async () => {
    const long = await sim.raw("PUT", "/api/v1/dome/0/connected", `Connected=${"x".repeat(100_000)}`);
    expect(long.status).toBe(400);
    const json = await sim.raw("PUT", "/api/v1/dome/0/connected", '{"Connected":true}', {
      "content-type": "application/json",
    });
    expect(json.status).toBe(400);
    expect(await sim.read("dome/0/connected")).toBe(true);
  });

  test("rejects a port that is taken, naming it", async () => {
    const { createSimulatorServer } = await import("../../simulators/server.ts");
    const start = createSimulatorServer({
      port: Number(new URL(sim.address).port),
      clock: () => ({ startMs: 0, anchorMs: 0, rate: 1, epoch: 0 }),
      home: sim.home,
      site: { name: "x", latDeg: 0, lonDeg: 0, heightM: 0 },
      telescope: { apertureM: 1, focalLengthMm: 1_000 },
      devices: [],
      cameras: {},
    });
    await expect(start).rejects.toThrow(/EADDRINUSE/);
  });
});
