import { afterEach, expect, test } from "@jest/globals";
import type { ServerResponse } from "node:http";
import { createAlpacaDevice } from "../../adapters/alpaca/device.ts";
import { AlpacaError, BadAnswer, DeviceTimeout, DeviceUnreachable } from "../../adapters/alpaca/errors.ts";
import { decodeRawImage } from "../../adapters/alpaca/image.ts";
import { createCameraClient } from "../../adapters/alpaca/camera.ts";
import { createSafetyMonitorClient } from "../../adapters/alpaca/conditions.ts";
import { createDomeClient } from "../../adapters/alpaca/dome.ts";
import { checkIdentity } from "../../adapters/alpaca/management.ts";
import { createTelescopeClient } from "../../adapters/alpaca/telescope.ts";
import { createAlpacaTransport } from "../../adapters/alpaca/transport.ts";
import { createWireServer, reply, type Question } from "./server.ts";

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function wire(answer: (question: Question, response: ServerResponse) => void) {
  const server = await createWireServer(answer);
  const transport = createAlpacaTransport({ clientId: 7101 });
  closing.push(
    () => server.close(),
    () => transport.close(),
  );
  const address = { name: "Roof", type: "dome", address: server.address, number: 0 };
  return { server, transport, address };
}

test("asks in the query, orders in the body, with client and transaction ids", async () => {
  const seen: Record<string, string>[] = [];
  const { transport, address } = await wire((question, response) => {
    seen.push(Object.fromEntries(question.parameters));
    reply(question, response, { Value: 12.5 });
  });
  expect(await transport.get(address, "azimuth")).toBe(12.5);
  await transport.put(address, "slewtoazimuth", { Azimuth: 12.5 });
  expect(seen).toEqual([
    { ClientID: "7101", ClientTransactionID: "1" },
    { ClientID: "7101", ClientTransactionID: "2", Azimuth: "12.5" },
  ]);
});

test.each([
  ["no JSON", (_: Question, response: ServerResponse) => response.end("<html>"), "it is not JSON"],
  ["no object", (_: Question, response: ServerResponse) => response.end("[1]"), "it is not a JSON object"],
  [
    "another transaction",
    (question: Question, response: ServerResponse) => reply(question, response, { ClientTransactionID: 99 }),
    "ClientTransactionID is 99, the question had 1",
  ],
  [
    "an error number that is none",
    (question: Question, response: ServerResponse) => reply(question, response, { ErrorNumber: "x" }),
    'ErrorNumber is "x"',
  ],
  [
    "HTTP 400",
    (_: Question, response: ServerResponse) => response.writeHead(400).end("no such method"),
    'HTTP 400, "no such method"',
  ],
] as const)("%s is a bad answer, said in words", async (_name, answer, words) => {
  const { transport, address } = await wire(answer);
  const call = transport.get(address, "azimuth");
  await expect(call).rejects.toThrow(BadAnswer);
  await expect(call).rejects.toThrow(`Roof gave an answer to "GET azimuth" that cannot be used: ${words}`);
});

test("a refusal of the device carries its number and message", async () => {
  const { transport, address } = await wire((question, response) =>
    reply(question, response, { ErrorNumber: 0x408, ErrorMessage: "parked" }),
  );
  const call = transport.put(address, "openshutter");
  await expect(call).rejects.toThrow('Roof refused "PUT openshutter": InvalidWhileParked (0x408), "parked"');
  await expect(call).rejects.toMatchObject({ errorNumber: 0x408, deviceMessage: "parked" });
});

test("a refusal whose names are in another casing is a refusal", async () => {
  const { transport, address } = await wire((_, response) =>
    response.end(JSON.stringify({ errornumber: 0x40b, errorMessage: "not now", clientTransactionId: 1 })),
  );
  await expect(transport.put(address, "openshutter")).rejects.toMatchObject({
    errorNumber: 0x40b,
    deviceMessage: "not now",
  });
});

test("a server that does not echo the transaction is let pass", async () => {
  const { transport, address } = await wire((question, response) =>
    question.before === 0
      ? reply(question, response, { ClientTransactionID: 0, Value: 7 })
      : response.end(JSON.stringify({ Value: 8 })),
  );
  expect(await transport.get(address, "azimuth")).toBe(7);
  expect(await transport.get(address, "azimuth")).toBe(8);
});

test("a dome without a dead-man takes no harm from the keep-alive; one that fails is told", async () => {
  let errorNumber = 0x40c;
  const { transport, address } = await wire((question, response) =>
    reply(question, response, { ErrorNumber: errorNumber, ErrorMessage: "no" }),
  );
  await createDomeClient(transport, address).keepAlive();
  errorNumber = 0x500;
  await expect(createDomeClient(transport, address).keepAlive()).rejects.toThrow(AlpacaError);
});

test("a device that hangs ends in a time-out that names the limit", async () => {
  const { transport, address } = await wire(() => undefined);
  const begun = performance.now();
  const call = transport.get(address, "azimuth", {}, { limitMs: 100 });
  await expect(call).rejects.toThrow(DeviceTimeout);
  await expect(call).rejects.toThrow('gave no answer to "GET azimuth" within 0.1 s');
  expect(performance.now() - begun).toBeLessThan(5_000);
});

test("an answer that never ends is cut off by the same limit", async () => {
  const { transport, address } = await wire((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write("{");
  });
  await expect(transport.get(address, "azimuth", {}, { limitMs: 100 })).rejects.toThrow(DeviceTimeout);
});

test("an endless answer does not fill the memory", async () => {
  const { transport, address } = await wire((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(Buffer.alloc(5 * 1024 * 1024, 32));
  });
  await expect(transport.get(address, "azimuth")).rejects.toThrow(DeviceUnreachable);
});

test("a dropped read is asked again once; a dropped order is not repeated", async () => {
  const { server, transport, address } = await wire((question, response) => {
    if (question.before === 0) response.destroy();
    else reply(question, response, { Value: 1 });
  });
  expect(await transport.get(address, "azimuth")).toBe(1);
  await expect(transport.put(address, "openshutter")).rejects.toThrow("the connection was dropped");
  expect(server.asked).toEqual(["GET azimuth", "GET azimuth", "PUT openshutter"]);
});

test("the caller's own abort ends the call with the caller's reason", async () => {
  const { transport, address } = await wire(() => undefined);
  const cancel = new AbortController();
  const call = transport.get(address, "azimuth", {}, { signal: cancel.signal });
  cancel.abort(new Error("the night ended"));
  await expect(call).rejects.toThrow("the night ended");
});

test("nobody there is unreachable", async () => {
  const { server, transport, address } = await wire(() => undefined);
  await server.close();
  await expect(transport.get(address, "azimuth")).rejects.toThrow(/Roof cannot be reached at .*refused/);
});

test("a value of the wrong type is a bad answer", async () => {
  const { transport, address } = await wire((question, response) =>
    reply(question, response, { Value: "open" }),
  );
  const dome = createAlpacaDevice(transport, "dome", address);
  await expect(dome.get("slewing", {})).rejects.toThrow('Value is "open", must be of type boolean');
});

test("a device that was switched off and on is connected, and asked again", async () => {
  let connected = false;
  const { server, transport, address } = await wire((question, response) => {
    if (question.member === "connect") connected = true;
    if (question.member === "connected") reply(question, response, { Value: connected });
    else if (question.member === "connecting") reply(question, response, { Value: false });
    else if (question.member === "connect") reply(question, response, {});
    else if (connected) reply(question, response, { Value: 90 });
    else reply(question, response, { ErrorNumber: 0x407, ErrorMessage: "not connected" });
  });
  expect(await createAlpacaDevice(transport, "dome", address).get("azimuth", {})).toBe(90);
  expect(server.asked).toEqual([
    "GET azimuth",
    "GET connected",
    "PUT connect",
    "GET connecting",
    "GET azimuth",
  ]);
});

test("a device older than Platform 7 is connected by its property and read member by member", async () => {
  let connected = false;
  const { transport, address } = await wire((question, response) => {
    const { member, method } = question;
    if (member === "connect" || member === "devicestate") response.writeHead(400).end("unknown");
    else if (member === "connected" && method === "PUT") {
      connected = question.parameters.get("Connected") === "true";
      reply(question, response, {});
    } else if (member === "connected") reply(question, response, { Value: connected });
    else if (!connected) reply(question, response, { ErrorNumber: 0x407 });
    else if (member === "shutterstatus") reply(question, response, { Value: 1 });
    else if (member === "azimuth") reply(question, response, { Value: 33.5 });
    else if (member === "altitude") reply(question, response, { ErrorNumber: 0x400 });
    else reply(question, response, { Value: false });
  });
  const dome = createAlpacaDevice(transport, "dome", address);
  await expect(dome.get("azimuth", {})).resolves.toBe(33.5);
  const state = await dome.state();
  expect(state.number("ShutterStatus")).toBe(1);
  expect(state.number("Azimuth")).toBe(33.5);
  expect(state.number("Altitude")).toBeNull();
  expect(state.boolean("Slewing")).toBe(false);
});

test("an interlock that is not connected is connected before its false counts", async () => {
  let connected = false;
  const { transport, address } = await wire((question, response) => {
    if (question.member === "connect") connected = true;
    if (question.member === "issafe" || question.member === "connected") {
      reply(question, response, { Value: connected });
    } else reply(question, response, { Value: false });
  });
  expect(await createSafetyMonitorClient(transport, { ...address, type: "safetymonitor" }).isSafe()).toBe(
    true,
  );
});

test("an image in JSON is read by columns", async () => {
  const { transport, address } = await wire((question, response) =>
    reply(question, response, {
      Type: 2,
      Rank: 2,
      Value: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    }),
  );
  const camera = createCameraClient(transport, { ...address, type: "camera" });
  const { width, height, pixels } = decodeRawImage(await camera.download());
  expect({ width, height, pixels: [...pixels] }).toEqual({ width: 2, height: 3, pixels: [1, 4, 2, 5, 3, 6] });
});

test("an image that a server wraps into its Value is found there", async () => {
  const { transport, address } = await wire((question, response) =>
    reply(question, response, { Value: { Type: 2, Rank: 2, Value: [[1, 2, 3]] } }),
  );
  const raw = await createCameraClient(transport, { ...address, type: "camera" }).download();
  expect(decodeRawImage(raw)).toMatchObject({ width: 1, height: 3, pixels: Int32Array.of(1, 2, 3) });
});

test.each([
  [{ Value: [[1], [2]], Rank: 4 }, "Rank is 4, must be 2 or 3"],
  [{ Value: [[1, 2], [3]], Rank: 2 }, "Value[1] has 1 pixels, Value[0] has 2"],
  [{ Value: [[1], ["x"]], Rank: 2 }, 'Value[1][0] is "x", not a number'],
  [{ Value: 7, Rank: 2 }, "Value is not a list"],
])("an image that is none is said to be none: %j", async (fields, words) => {
  const { transport, address } = await wire((question, response) => reply(question, response, fields));
  const raw = await transport.getImage(address);
  expect(() => decodeRawImage(raw)).toThrow(words);
});

test("an error instead of an image is the device's error", async () => {
  const { transport, address } = await wire((question, response) =>
    reply(question, response, { ErrorNumber: 0x40b, ErrorMessage: "no image" }),
  );
  const raw = await transport.getImage(address);
  expect(() => decodeRawImage(raw)).toThrow(AlpacaError);
});

test("a mount in an equinox we cannot convert is refused, not misread", async () => {
  const { transport, address } = await wire((question, response) => {
    if (question.member === "equatorialsystem") reply(question, response, { Value: 4 });
    else reply(question, response, {});
  });
  const mount = createTelescopeClient(transport, { ...address, type: "telescope" }, Date.now);
  await expect(mount.slewTo({ raDeg: 10, decDeg: 10 })).rejects.toThrow("EquatorialSystem is 4");
});

test("another device at the address is told by its UniqueID", async () => {
  const { transport, address } = await wire((question, response) =>
    reply(question, response, {
      Value: [{ DeviceName: "Shed", DeviceType: "Dome", DeviceNumber: 0, UniqueID: "b" }],
    }),
  );
  const device = { ...address, type: "dome" as const, id: "dome", uniqueId: "a", blocking: true };
  expect(await checkIdentity(transport, { ...device, uniqueId: "B" })).toEqual({ kind: "same" });
  expect(await checkIdentity(transport, device)).toMatchObject({
    kind: "other",
    why: expect.stringContaining('is "Shed" with UniqueID b; the observatory file expects a'),
  });
  expect(await checkIdentity(transport, { ...device, number: 3 })).toMatchObject({ kind: "other" });
});
