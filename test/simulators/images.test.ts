/** One image in all its forms: JSON, ImageBytes and what the client makes of both, for every size and readout mode offered. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { decodeRawImage } from "../../adapters/alpaca/image.ts";
import type { PixelImage } from "../../adapters/alpaca/image.ts";
import { createAlpacaTransport } from "../../adapters/alpaca/transport.ts";
import { IMAGE_BYTES_TYPE } from "../../protocol/image-bytes.ts";
import { wrongInAnswer } from "./openapi.ts";
import { ALL_CAMERAS, ALL_DEVICES, startSimulators } from "./support.ts";
import type { TestServer } from "./support.ts";

/** Divided by none of the binnings, and not square: rows cannot pass for columns. */
const [WIDTH, HEIGHT] = [67, 41];

let sim: TestServer;
const transport = createAlpacaTransport({ clientId: 7100 });

beforeAll(async () => {
  const small = Object.entries(ALL_CAMERAS).map(([id, camera]) => [
    id,
    { ...camera, widthPx: WIDTH, heightPx: HEIGHT },
  ]);
  sim = await startSimulators({
    devices: ALL_DEVICES,
    cameras: Object.fromEntries(small) as typeof ALL_CAMERAS,
    rate: 200,
  });
  // A warm infrared detector saturates by itself.
  await sim.command("camera/1/cooleron", { CoolerOn: true });
  sim.skip(600);
  // Something to see: the lamp, in a closed dome.
  await sim.command("covercalibrator/0/calibratoron", { Brightness: 60 });
  await sim.until("covercalibrator/0/calibratorstate", 3);
});
afterAll(async () => {
  await transport.close();
  await sim.close();
});

interface Frame {
  readonly binX?: number;
  readonly binY?: number;
  /** In binned pixels; the whole frame when left out. */
  readonly region?: readonly [startX: number, startY: number, numX: number, numY: number];
  readonly mode?: number;
  readonly light?: boolean;
}

async function expose(camera: string, frame: Frame): Promise<{ numX: number; numY: number }> {
  const { binX = 1, binY = 1, mode = 0, light = true } = frame;
  const whole = [0, 0, Math.floor(WIDTH / binX), Math.floor(HEIGHT / binY)] as const;
  const [startX, startY, numX, numY] = frame.region ?? whole;
  await sim.command(`${camera}/binx`, { BinX: binX });
  await sim.command(`${camera}/biny`, { BinY: binY });
  await sim.command(`${camera}/startx`, { StartX: startX });
  await sim.command(`${camera}/starty`, { StartY: startY });
  await sim.command(`${camera}/numx`, { NumX: numX });
  await sim.command(`${camera}/numy`, { NumY: numY });
  await sim.command(`${camera}/readoutmode`, { ReadoutMode: mode });
  await sim.command(`${camera}/startexposure`, { Duration: 2, Light: light });
  await sim.until(`${camera}/imageready`, true, 20_000);
  return { numX, numY };
}

/** The pixels as JSON brings them, by rows; the body as it came beside them. */
async function asJson(
  camera: string,
  member: "imagearray" | "imagearrayvariant",
  accept = "application/json",
) {
  const response = await sim.raw("GET", `/api/v1/${camera}/${member}?ClientTransactionID=9`, undefined, {
    accept,
    base64handoff: "true",
  });
  expect(response.headers.get("content-type")).toContain("application/json");
  // The handoff in base64 was a draft: without the header in the answer a client takes the JSON as it is.
  expect(response.headers.has("base64handoff")).toBe(false);
  const body = new Uint8Array(await response.arrayBuffer());
  const answer = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
  expect(wrongInAnswer("camera", "get", member, answer)).toBe("");
  expect(answer).toMatchObject({ Type: 2, Rank: 2, ClientTransactionID: 9 });
  return { body, columns: answer["Value"] as number[][] };
}

async function sameInAllForms(camera: string, frame: Frame): Promise<PixelImage> {
  const { numX, numY } = await expose(camera, frame);
  const { body, columns } = await asJson(camera, "imagearray");
  expect([columns.length, columns[0]?.length]).toEqual([numX, numY]);
  const rows = Array.from({ length: numX * numY }, (_, at) => columns[at % numX]?.[Math.floor(at / numX)]);

  const address = {
    name: camera,
    type: "camera",
    address: sim.address,
    number: Number(camera.split("/")[1]),
  };
  const raw = await transport.getImage(address);
  expect(raw.format).toBe("imagebytes");
  const ours = decodeRawImage(raw);
  expect(ours).toMatchObject({ width: numX, height: numY, planes: 1 });
  expect([...ours.pixels]).toEqual(rows);

  const fromJson = decodeRawImage({ device: camera, format: "json", body, clientTransactionId: 9 });
  expect([...fromJson.pixels]).toEqual(rows);
  expect(Math.max(...ours.pixels)).toBeGreaterThan(Math.min(...ours.pixels));
  return ours;
}

test.each<[string, Frame]>([
  ["whole", {}],
  ["dark", { light: false }],
  ["binned by 2", { binX: 2, binY: 2 }],
  ["binned by 3", { binX: 3, binY: 3 }],
  ["binned by 4", { binX: 4, binY: 4 }],
  ["binned by 1 x 4", { binX: 1, binY: 4 }],
  ["binned by 3 x 2", { binX: 3, binY: 2 }],
  ["a part", { region: [5, 7, 30, 11] }],
  ["a part, binned", { binX: 2, binY: 2, region: [3, 4, 25, 9] }],
  ["the last pixel", { region: [WIDTH - 1, HEIGHT - 1, 1, 1], light: false }],
  ["one row", { region: [0, 20, WIDTH, 1] }],
  ["one column", { region: [20, 0, 1, HEIGHT] }],
])("a frame %s is the same in JSON, in ImageBytes and in the client", async (name, frame) => {
  if (name === "the last pixel") {
    await expose("camera/0", frame);
    const { columns } = await asJson("camera/0", "imagearray");
    expect(columns).toEqual([[(await sim.image()).pixels[0]]]);
    return;
  }
  await sameInAllForms("camera/0", frame);
});

test("so is that of each readout mode of the infrared detector", async () => {
  const modes: string[] = await sim.read("camera/1/readoutmodes");
  expect(modes.length).toBeGreaterThan(2);
  for (const mode of modes.keys())
    await sameInAllForms("camera/1", { mode, region: [1, 2, 31, 17], light: false });
});

test("a part of the frame is that part, binned pixels are sums of their pixels' light", async () => {
  const part = await sameInAllForms("camera/0", { region: [10, 12, 20, 15], light: false });
  const whole = await sameInAllForms("camera/0", { light: false });
  expect(part.width * part.height).toBeLessThan(whole.width * whole.height);
  const mean = ({ pixels }: PixelImage): number =>
    [...pixels].reduce((sum, value) => sum + value, 0) / pixels.length;
  const lit = mean(await sameInAllForms("camera/0", {})) - mean(whole);
  const binned =
    mean(await sameInAllForms("camera/0", { binX: 2, binY: 2 })) -
    mean(await sameInAllForms("camera/0", { binX: 2, binY: 2, light: false }));
  expect(binned / lit).toBeCloseTo(4, 0);
});

test("the form is the one that the client accepts", async () => {
  await expose("camera/0", {});
  const type = async (member: string, accept?: string): Promise<string | null> =>
    (
      await sim.raw("GET", `/api/v1/camera/0/${member}`, undefined, accept === undefined ? {} : { accept })
    ).headers.get("content-type");
  const json = "application/json; charset=utf-8";
  expect(await type("imagearray", IMAGE_BYTES_TYPE)).toBe(IMAGE_BYTES_TYPE);
  expect(await type("imagearray", `application/json, ${IMAGE_BYTES_TYPE}, text/json`)).toBe(IMAGE_BYTES_TYPE);
  expect(await type("imagearray", "Application/ImageBytes")).toBe(IMAGE_BYTES_TYPE);
  expect(await type("imagearray", "*/*")).toBe(json);
  expect(await type("imagearray")).toBe(json);
  expect(await type("imagearrayvariant", IMAGE_BYTES_TYPE)).toBe(IMAGE_BYTES_TYPE);
  const [plain, variant] = [
    await asJson("camera/0", "imagearray"),
    await asJson("camera/0", "imagearrayvariant"),
  ];
  expect(variant.columns).toEqual(plain.columns);
  expect((await sim.raw("GET", "/api/v1/camera/0/imagearraybase64")).status).toBe(400);
});

test("geometry that does not fit is refused when the exposure starts, and not before", async () => {
  await expose("camera/0", { binX: 2, binY: 2 });
  for (const [member, name, value] of [
    ["numx", "NumX", 34],
    ["numx", "NumX", 0],
    ["numy", "NumY", 21],
    ["startx", "StartX", 1],
    ["startx", "StartX", -1],
    ["starty", "StartY", 99],
  ] as const) {
    const before = Number(await sim.read(`camera/0/${member}`));
    await sim.command(`camera/0/${member}`, { [name]: value });
    const { ErrorNumber, ErrorMessage } = await sim.put("camera/0/startexposure", {
      Duration: 1,
      Light: true,
    });
    expect([member, value, ErrorNumber]).toEqual([member, value, 0x401]);
    expect(ErrorMessage).toContain(name.slice(-4));
    await sim.command(`camera/0/${member}`, { [name]: before });
  }
});

test("an image that is not there is an error in the form asked for", async () => {
  sim.atRate(1);
  await sim.command("camera/0/startexposure", { Duration: 100, Light: false });
  await sim.command("camera/0/abortexposure");
  expect((await sim.get("camera/0/imagearray")).ErrorNumber).toBe(0x40b);
  await expect(sim.image()).rejects.toThrow("there is no image");
});
