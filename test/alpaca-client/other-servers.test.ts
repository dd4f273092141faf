/**
 * The same devices behind servers that are not ours: older than Platform 7, with names in another casing, without
 * ImageBytes, closing each connection, with other device numbers. Whatever the server, the clients see the same.
 */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createCameraClient } from "../../adapters/alpaca/camera.ts";
import {
  createObservingConditionsClient,
  createSafetyMonitorClient,
} from "../../adapters/alpaca/conditions.ts";
import { createCoverClient } from "../../adapters/alpaca/cover.ts";
import { createAlpacaDevice } from "../../adapters/alpaca/device.ts";
import { createDomeClient } from "../../adapters/alpaca/dome.ts";
import { AlpacaError, BadAnswer } from "../../adapters/alpaca/errors.ts";
import { createFilterWheelClient } from "../../adapters/alpaca/filter-wheel.ts";
import { createFocuserClient } from "../../adapters/alpaca/focuser.ts";
import { decodeRawImage } from "../../adapters/alpaca/image.ts";
import { checkIdentity } from "../../adapters/alpaca/management.ts";
import { createSwitchClient } from "../../adapters/alpaca/switch.ts";
import { createTelescopeClient } from "../../adapters/alpaca/telescope.ts";
import { readVersions } from "../../adapters/alpaca/versions.ts";
import { deviceOf, type DeviceDescription } from "../../domain/observatory.ts";
import { createRig, type Rig } from "../activities/rig.ts";

interface Manners {
  /** No Connect, Connecting, Disconnect, DeviceState: HTTP 400 or 404, as servers have it. */
  readonly beforePlatform7?: 400 | 404;
  /** JSON names as no standard wants them. */
  readonly lowerCase?: boolean;
  /** Never ImageBytes. */
  readonly jsonImages?: boolean;
  /** The connection ends with each answer, announced or not. */
  readonly closes?: "announced" | "silently";
  /** Added to each device number. */
  readonly numbersFrom?: number;
  /** ClientTransactionID is not echoed. */
  readonly echoesNothing?: boolean;
}

const PLATFORM_7 = ["connect", "disconnect", "connecting", "devicestate"];

/** Stands before the simulators and answers for them, with manners of its own. */
async function createForeignServer(behind: string, manners: Manners) {
  const { beforePlatform7, lowerCase, jsonImages, closes, numbersFrom = 0, echoesNothing } = manners;
  let connections = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, api, version, type, number, member] = new URL(request.url ?? "/", behind).pathname.split("/");
    const { search } = new URL(request.url ?? "/", behind);
    if (beforePlatform7 !== undefined && PLATFORM_7.includes(member ?? "")) {
      response.writeHead(beforePlatform7).end("no such method");
      return;
    }
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const path =
      api === "api"
        ? `/${api}/${version}/${type}/${Number(number) - numbersFrom}/${member}${search}`
        : (request.url ?? "/");
    const got = await fetch(`${behind}${path}`, {
      method: request.method ?? "GET",
      headers: {
        accept: jsonImages === true ? "application/json" : (request.headers.accept ?? "*/*"),
        ...(body === "" ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      },
      ...(body === "" ? {} : { body }),
    });
    const contentType = got.headers.get("content-type") ?? "";
    if (closes === "announced") response.setHeader("connection", "close");
    if (closes === "silently") response.once("finish", () => response.socket?.end());
    response.setHeader("content-type", contentType);
    response.statusCode = got.status;
    if (!contentType.includes("json")) {
      response.end(Buffer.from(await got.arrayBuffer()));
      return;
    }
    const fields = (await got.json()) as Record<string, unknown>;
    if (echoesNothing === true) delete fields["ClientTransactionID"];
    response.end(JSON.stringify(respelt(fields)));
  }

  const respelt = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return (value as unknown[]).map((item) =>
        respelt(
          typeof item === "object" && item !== null && "DeviceNumber" in item
            ? { ...item, DeviceNumber: Number(item.DeviceNumber) + numbersFrom }
            : item,
        ),
      );
    }
    if (typeof value !== "object" || value === null || lowerCase !== true) {
      return typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, respelt(inner)]))
        : value;
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        `${key.charAt(0).toLowerCase()}${key.slice(1)}`,
        respelt(inner),
      ]),
    );
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.on("connection", () => (connections += 1));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    close: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

let rig: Rig;
beforeAll(async () => {
  rig = await createRig({ rate: 600, frame: 24 });
});
afterAll(async () => {
  await rig.close();
});

const SERVERS: readonly [string, Manners][] = [
  ["as the standard wants it", {}],
  ["older than Platform 7, with 400 for what it does not know", { beforePlatform7: 400 }],
  [
    "older, without ImageBytes, closing each connection, its devices numbered from 3",
    { beforePlatform7: 404, jsonImages: true, closes: "announced", numbersFrom: 3 },
  ],
  [
    "with names in another casing, without ImageBytes, echoing no transaction",
    { lowerCase: true, jsonImages: true, echoesNothing: true },
  ],
  ["closing each connection without a word", { closes: "silently" }],
];

describe.each(SERVERS)("a server %s", (_name, manners) => {
  let server: Awaited<ReturnType<typeof createForeignServer>>;
  /** The device as an observatory file has it that names this server instead of the simulators. */
  const moved = (id: string): DeviceDescription => {
    const device = deviceOf(rig.observatory, id);
    return { ...device, address: server.address, number: device.number + (manners.numbersFrom ?? 0) };
  };
  const until = async (what: string, look: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; !(await look()); tries++) {
      if (tries > 400) throw new Error(`${what}: not in ${tries} tries`);
      await sleep(20);
    }
  };

  beforeAll(async () => {
    server = await createForeignServer(deviceOf(rig.observatory, "dome").address, manners);
  });
  afterAll(async () => {
    await server.close();
  });

  test("every device is found, is the one of the file, and is connected when it was not", async () => {
    for (const { id, type } of rig.observatory.devices) {
      const device = moved(id);
      expect([id, await checkIdentity(rig.transport, device)]).toEqual([id, { kind: "same" }]);
      const client = createAlpacaDevice(rig.transport, type as "dome", device);
      await client.disconnect();
      expect([id, await client.get("connected", {})]).toEqual([id, false]);
      await client.connect();
      expect([id, await client.get("connected", {})]).toEqual([id, true]);
      expect(await readVersions(rig.transport, type, device)).toMatchObject({ name: device.name });
    }
  });

  test("each client sees what it sees at the simulators themselves", async () => {
    const { transport, observatory } = rig;
    const here = {
      telescope: createTelescopeClient(transport, moved("telescope"), Date.now),
      dome: createDomeClient(transport, moved("dome")),
      cover: createCoverClient(transport, moved("cover")),
      focuser: createFocuserClient(transport, moved("focuser")),
      wheel: createFilterWheelClient(transport, moved("wheel-nir")),
      safety: createSafetyMonitorClient(transport, moved("safety")),
      weather: createObservingConditionsClient(transport, moved("weather")),
      plc: createSwitchClient(transport, moved("plc")),
    };
    expect(await here.dome.status()).toEqual(await rig.dome.status());
    expect(await here.cover.status()).toEqual(await rig.cover.status());
    // The temperature goes on changing.
    const { temperatureC, ...focus } = await here.focuser.status();
    expect(temperatureC).not.toBeNull();
    expect(await rig.focuser.status()).toMatchObject(focus);
    expect(await here.wheel.status()).toEqual(await rig.wheels.get("wheel-nir")?.status());
    expect(await here.safety.isSafe()).toBe(await rig.safety.isSafe());
    const { parked, tracking, altDeg } = await here.telescope.status();
    const direct = await rig.telescope.status();
    expect({ parked, tracking }).toEqual({ parked: direct.parked, tracking: direct.tracking });
    expect(altDeg).toBeCloseTo(direct.altDeg ?? 0, 3);
    const station = createObservingConditionsClient(transport, deviceOf(observatory, "weather"));
    const [values, directly] = [await here.weather.values(), await station.values()];
    expect(Object.values(values).every((value) => value !== null)).toBe(true);
    expect(values.humidityPct).toBeCloseTo(directly.humidityPct ?? 0, 0);
    expect(await here.weather.oldestAgeS()).toBeLessThan(120);
    const switches = createSwitchClient(transport, deviceOf(observatory, "plc"));
    expect(await here.plc.channels()).toEqual(await switches.channels());
    await here.dome.keepAlive();
  });

  test("orders are carried out once, and refusals are refusals", async () => {
    const dome = createDomeClient(rig.transport, moved("dome"));
    const since = Date.now();
    for (let turn = 0; turn < 10; turn++) {
      await dome.closeShutter();
      await dome.status();
    }
    const orders = await rig.commands("dome", since);
    expect(orders.map(({ command }) => command)).toEqual(Array.from({ length: 10 }, () => "closeshutter"));
    const wheel = createFilterWheelClient(rig.transport, moved("wheel-vis"));
    const turned = wheel.turnTo(77);
    await expect(turned).rejects.toThrow(AlpacaError);
    await expect(turned).rejects.toMatchObject({ errorNumber: 0x401 });
    await wheel.turnTo(1);
    await until("the wheel has turned", async () => (await wheel.status()).slot === 1);
    await wheel.turnTo(0);
    await until("the wheel is back", async () => (await wheel.status()).slot === 0);
  });

  test("a frame comes as it came to the camera", async () => {
    const camera = createCameraClient(rig.transport, moved("camera-vis"));
    await camera.configure(-60);
    await camera.startExposure(1, false);
    await until("the image is ready", async () => (await camera.status()).imageReady);
    const raw = await camera.download();
    expect(raw.format).toBe(manners.jsonImages === true ? "json" : "imagebytes");
    const { width, height, pixels } = decodeRawImage(raw);
    const direct = decodeRawImage(await rig.camera.download());
    expect({ width, height, pixels: [...pixels] }).toEqual({
      width: 24,
      height: 24,
      pixels: [...direct.pixels],
    });
    expect((await camera.lastExposure())?.durationS).toBe(1);
  });
});

test("a server whose program fails is told from a device that lacks the member", async () => {
  const server = createServer((_, response) => {
    response.writeHead(500, { "content-type": "text/plain" }).end("Traceback (most recent call last)");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  const device = { ...deviceOf(rig.observatory, "dome"), address: `http://127.0.0.1:${port}` };
  try {
    const dome = createDomeClient(rig.transport, device);
    for (const call of [() => dome.connect(), () => dome.status(), () => dome.keepAlive()]) {
      await expect(call()).rejects.toThrow(BadAnswer);
      await expect(call()).rejects.toThrow('HTTP 500, "Traceback (most recent call last)"');
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
