/** The rules of the wire, for every member of every device type, from the protocol's own table. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { performance } from "node:perf_hooks";
import { DEVICE_STATE, PLATFORM_7_INTERFACE_VERSION } from "../../protocol/device-state.ts";
import { COMMON_MEMBERS, MEMBERS } from "../../protocol/members.ts";
import type { Member, Operation, ValueType } from "../../protocol/member-types.ts";
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

function matches(type: ValueType, value: unknown): boolean {
  switch (type) {
    case "none":
      return value === undefined;
    case "string":
    case "boolean":
      return typeof value === type;
    case "int32":
      return Number.isInteger(value);
    case "double":
      return typeof value === "number" && Number.isFinite(value);
    case "string[]":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "int32[]":
    case "driveRates":
      return Array.isArray(value) && value.every(Number.isInteger);
    default:
      return Array.isArray(value);
  }
}

const devices = ALL_DEVICES.filter(({ number }) => number === 0);

function membersOf(type: keyof typeof MEMBERS): [string, Member][] {
  return Object.entries(MEMBERS[type]);
}

function form(
  operation: Operation,
  change: (name: string, value: string) => [string, string] | undefined,
): string {
  const body = new URLSearchParams();
  for (const { name, type } of operation.parameters) {
    const pair = change(name, valueFor(name, type));
    if (pair !== undefined) body.append(...pair);
  }
  return body.toString();
}

function checkEnvelope(answer: Answer, sentId: number): void {
  expect(answer.status).toBe(200);
  expect(answer.ClientTransactionID).toBe(sentId);
  expect(answer.ServerTransactionID).toBeGreaterThanOrEqual(1);
  expect(Number.isInteger(answer.ErrorNumber)).toBe(true);
  expect(answer.ErrorNumber === 0).toBe(answer.ErrorMessage === "");
  const known = [
    "status",
    "Value",
    "ClientTransactionID",
    "ServerTransactionID",
    "ErrorNumber",
    "ErrorMessage",
  ];
  expect(Object.keys(answer).filter((key) => ![...known, "Type", "Rank"].includes(key))).toEqual([]);
}

describe.each(devices.map(({ type }) => type))("%s", (type) => {
  test("GET: values of the promised type, names of parameters in any casing", async () => {
    for (const [member, { get }] of membersOf(type)) {
      if (get === undefined) continue;
      const query: Record<string, string> = { cLiEnTtRaNsAcTiOnId: "77" };
      for (const parameter of get.parameters) {
        query[parameter.name.toUpperCase()] = valueFor(parameter.name, parameter.type);
      }
      const answer = await sim.get(`${type}/0/${member}`, query);
      checkEnvelope(answer, 77);
      if (isAbsent(type, "get", member)) expect([member, answer.ErrorNumber]).toEqual([member, 0x400]);
      else if (answer.ErrorNumber !== 0) expect([0x402, 0x40b]).toContain(answer.ErrorNumber);
      else if (!matches(get.value, answer.Value)) {
        throw new Error(`${member}: Value is ${JSON.stringify(answer.Value)}, must be ${get.value}`);
      }
    }
  });

  test("GET: a missing or unreadable parameter is 400", async () => {
    for (const [member, { get }] of membersOf(type)) {
      for (const parameter of get?.parameters ?? []) {
        const others = (get?.parameters ?? [])
          .filter((other) => other !== parameter)
          .map((other): [string, string] => [other.name, valueFor(other.name, other.type)]);
        const missing = await sim.get(`${type}/0/${member}`, Object.fromEntries(others));
        expect([member, missing.status]).toEqual([member, 400]);
        expect(missing.ErrorMessage).toContain(parameter.name);
        if (parameter.type === "string") continue;
        const bad = await sim.get(`${type}/0/${member}`, {
          ...Object.fromEntries(others),
          [parameter.name]: "1,5x",
        });
        expect([member, bad.status]).toEqual([member, 400]);
      }
    }
  });

  test("PUT: a missing, wrongly cased or unreadable parameter is 400, as is one in the query", async () => {
    for (const [member, { put }] of membersOf(type)) {
      for (const parameter of put?.parameters ?? []) {
        // The official client leaves out the Parameters of an Action that has none.
        if (put === undefined || parameter.name === "Parameters") continue;
        const path = `/api/v1/${type}/0/${member}`;
        const status = async (body: string, query = ""): Promise<number> => {
          const response = await sim.raw("PUT", `${path}${query}`, body);
          const text = await response.text();
          expect([member, response.headers.get("content-type"), text.length > 5]).toEqual([
            member,
            "text/plain; charset=utf-8",
            true,
          ]);
          return response.status;
        };
        const without = form(put, (name, value) => (name === parameter.name ? undefined : [name, value]));
        expect([member, await status(without)]).toEqual([member, 400]);
        const query = `?${parameter.name}=${valueFor(parameter.name, parameter.type)}`;
        expect([member, await status(without, query)]).toEqual([member, 400]);
        const cased = form(put, (name, value) => [
          name === parameter.name ? name.toLowerCase() : name,
          value,
        ]);
        expect([member, await status(cased)]).toEqual([member, 400]);
        if (parameter.type === "string") continue;
        for (const bad of [
          "",
          "abc",
          "1,5",
          "NaN",
          ...(parameter.type === "int32" ? ["1.5", "3000000000"] : []),
        ]) {
          const unreadable = form(put, (name, value) => [name, name === parameter.name ? bad : value]);
          expect([member, bad, await status(unreadable)]).toEqual([member, bad, 400]);
        }
      }
    }
  });

  test("PUT: readable parameters in any order are taken within 100 ms, or refused with a number and a reason", async () => {
    let transaction = 500;
    for (const [member, { put }] of membersOf(type)) {
      // Taking the connection away would spoil the rest.
      if (put === undefined || member === "disconnect") continue;
      transaction += 1;
      const pairs = [...new URLSearchParams(form(put, (name, value) => [name, value]))].toReversed();
      const body = new URLSearchParams([
        ["Extra", "ignored"],
        ...pairs,
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
      const answer = { status: response.status, ...((await response.json()) as object) } as Answer;
      checkEnvelope(answer, transaction);
      if (isAbsent(type, "put", member)) expect([member, answer.ErrorNumber]).toEqual([member, 0x400]);
      else {
        expect([member, [0, 0x401, 0x402, 0x408, 0x409, 0x40b].includes(answer.ErrorNumber)]).toEqual([
          member,
          true,
        ]);
        if (answer.ErrorNumber === 0)
          expect([member, matches(put.value, answer.Value)]).toEqual([member, true]);
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
      `/api/v1/${type}/0/nosuchmember`,
      `/api/v1/${type}/0/Name`,
      `/api/v1/${type}/0`,
      `/api/v1/${type}/0/name/more`,
      `/api/v1/${type.toUpperCase()}/0/name`,
      `/api/v1/bad${type}/0/name`,
      `/api/v2/${type}/0/name`,
      `/api/V1/${type}/0/name`,
      `/api/v1/${type}/0/constructor`,
      `/api/v1/constructor/0/name`,
    ]) {
      const response = await sim.raw("GET", path);
      expect([path, response.status]).toEqual([path, 400]);
      expect((await response.text()).length).toBeGreaterThan(5);
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
    for (const [member, { get }] of membersOf(type)) {
      if (get === undefined) continue;
      const query = Object.fromEntries(get.parameters.map(({ name, type }) => [name, valueFor(name, type)]));
      const answer = await sim.get(`${type}/0/${member}`, query);
      expect(answer.status).toBe(200);
      if (member === "issafe") expect(answer).toMatchObject({ Value: false, ErrorNumber: 0 });
      else if (member === "devicestate" || !(member in COMMON_MEMBERS)) {
        expect([member, answer.ErrorNumber]).toEqual([member, 0x407]);
      } else expect([member, answer.ErrorNumber]).toEqual([member, 0]);
    }
    await sim.command(`${type}/0/connect`);
    expect(await sim.read(`${type}/0/connecting`)).toBe(true);
    await sim.until(`${type}/0/connecting`, false);
    expect(await sim.read(`${type}/0/connected`)).toBe(true);
  });

  test("odd transaction ids never break anything", async () => {
    for (const id of ["", " ", "-1", "abc", "1.5", "99999999999"]) {
      const read = await sim.get(`${type}/0/name`, { ClientID: id, ClientTransactionID: id });
      expect([id, read.status, read.ClientTransactionID]).toEqual([id, 200, 0]);
      const form = new URLSearchParams({ ClientID: id, ClientTransactionID: id, Connected: "True" });
      expect((await sim.raw("PUT", `/api/v1/${type}/0/connected`, form.toString())).status).toBe(200);
    }
    const cased = await sim.raw("PUT", `/api/v1/${type}/0/connected`, "Connected=TRUE&clienttransactionid=5");
    expect(((await cased.json()) as Answer).ClientTransactionID).toBe(0);
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
    const management = async (path: string): Promise<any> => (await sim.raw("GET", path)).json();
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
    expect((await sim.raw("GET", "/management/v1/nothing")).status).toBe(400);
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
