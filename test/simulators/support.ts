/** A simulator server of its own for each test file, spoken to over HTTP alone. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClockFact } from "../../domain/clock.ts";
import { observatoryMs } from "../../domain/clock.ts";
import { IMAGE_BYTES_TYPE, decodeImageBytes } from "../../protocol/image-bytes.ts";
import type { PixelImage } from "../../protocol/image-bytes.ts";
import type { DeviceIdentity } from "../../simulators/device.ts";
import { createSimulatorServer } from "../../simulators/server.ts";
import type { SimulatorOptions, SimulatorSettings } from "../../simulators/server.ts";

/** San Pedro Mártir, in a moonless night. */
export const SITE = { name: "test site", latDeg: 31.0442, lonDeg: -115.4637, heightM: 2800 };
export const NIGHT_MS = Date.parse("2026-11-10T06:00:00Z");
export const PIXEL_ARCSEC = ((0.06 / 7_930) * 180 * 3_600) / Math.PI;

const CAMERA = {
  widthPx: 1_024,
  heightPx: 1_024,
  pixelSizeUm: 60,
  gainEPerAdu: 1.5,
  readNoiseE: 8,
  rotationDeg: 0,
  setPointC: -60,
  maxExposureS: 3_600,
  kind: "visible",
  band: "r",
} as const;

export interface Answer {
  readonly status: number;
  readonly Value?: any;
  readonly ErrorNumber: number;
  readonly ErrorMessage: string;
  readonly ClientTransactionID: number;
  readonly ServerTransactionID: number;
}

export interface TestServer {
  readonly address: string;
  readonly home: string;
  /** Observatory time, Unix ms. */
  readonly nowMs: () => number;
  /** Moves the observatory clock forward. */
  readonly skip: (seconds: number) => void;
  /** Runs the observatory clock at another rate; 1 to look at a motion under way, however busy the machine is. */
  readonly atRate: (rate: number) => void;
  readonly raw: (
    method: string,
    path: string,
    body?: string,
    headers?: Record<string, string>,
  ) => Promise<Response>;
  readonly get: (member: string, query?: Record<string, string>) => Promise<Answer>;
  readonly put: (member: string, body?: Record<string, string | number | boolean>) => Promise<Answer>;
  /** Value of a member; throws with the device's message when it refuses. */
  readonly read: (member: string, query?: Record<string, string>) => Promise<any>;
  /** PUT that must be accepted. */
  readonly command: (member: string, body?: Record<string, string | number | boolean>) => Promise<void>;
  /** Result of an Action, parsed. */
  readonly act: (device: string, name: string, parameters?: object) => Promise<any>;
  readonly until: (member: string, value: unknown, limitWallMs?: number) => Promise<void>;
  readonly image: (camera?: string) => Promise<PixelImage>;
  /** Takes one frame and fetches it. */
  readonly expose: (durationS: number, light?: boolean, camera?: string) => Promise<PixelImage>;
  /** Opens the dome, unparks, tracks and slews to a place that stands high at this moment. */
  readonly lookUp: (offsetHours?: number, decDeg?: number) => Promise<{ raDeg: number; decDeg: number }>;
  /** Ends the process' worth of state; `again` starts another on the same home and clock. */
  readonly close: () => Promise<void>;
  readonly again: () => Promise<TestServer>;
}

export interface TestServerOptions {
  readonly rate?: number;
  readonly startMs?: number;
  readonly settings?: Partial<SimulatorSettings>;
  readonly devices?: readonly DeviceIdentity[];
  readonly cameras?: SimulatorOptions["cameras"];
  readonly filterWheels?: NonNullable<SimulatorOptions["filterWheels"]>;
}

export const DEVICES: readonly DeviceIdentity[] = [
  { id: "telescope", type: "telescope", number: 0, name: "Mount", uniqueId: "test-1" },
  { id: "dome", type: "dome", number: 0, name: "Dome", uniqueId: "test-2" },
  { id: "camera-vis", type: "camera", number: 0, name: "Camera", uniqueId: "test-3" },
  { id: "safety", type: "safetymonitor", number: 0, name: "Interlock", uniqueId: "test-4" },
  { id: "weather", type: "observingconditions", number: 0, name: "Weather station", uniqueId: "test-5" },
];
export const CAMERAS: SimulatorOptions["cameras"] = { "camera-vis": CAMERA };

/** One of each type, and a second camera. */
export const ALL_DEVICES: readonly DeviceIdentity[] = [
  ...DEVICES,
  { id: "camera-nir", type: "camera", number: 1, name: "Infrared camera", uniqueId: "test-6" },
  { id: "wheel-vis", type: "filterwheel", number: 0, name: "Filter wheel", uniqueId: "test-7" },
  { id: "wheel-nir", type: "filterwheel", number: 1, name: "Infrared wheel", uniqueId: "test-8" },
  { id: "focuser", type: "focuser", number: 0, name: "Focuser", uniqueId: "test-9" },
  { id: "cover", type: "covercalibrator", number: 0, name: "Cover and lamp", uniqueId: "test-10" },
  { id: "plc", type: "switch", number: 0, name: "PLC", uniqueId: "test-11" },
];
export const ALL_CAMERAS: SimulatorOptions["cameras"] = {
  "camera-vis": CAMERA,
  "camera-nir": { ...CAMERA, pixelSizeUm: 25, setPointC: -150, kind: "near-infrared", band: "J" },
};
export const FILTER_WHEELS: NonNullable<SimulatorOptions["filterWheels"]> = {
  "wheel-vis": { filters: ["g", "r", "i", "z"], focusOffsets: [-40, 0, 25, 60], cameras: ["camera-vis"] },
  "wheel-nir": { filters: ["J", "H"], cameras: ["camera-nir"] },
};

/** All devices, for tests that need more than the first five. */
export const EVERYTHING: TestServerOptions = { devices: ALL_DEVICES, cameras: ALL_CAMERAS };

/** Starts the simulators on a free port with a fast clock and connects all devices. */
export async function startSimulators(options: TestServerOptions = {}): Promise<TestServer> {
  const home = await mkdtemp(path.join(tmpdir(), "vesper-simulators-"));
  const fact: ClockFact = {
    startMs: options.startMs ?? NIGHT_MS,
    anchorMs: Date.now(),
    rate: options.rate ?? 200,
    epoch: 0,
  };
  return start(home, { fact }, options);
}

async function start(
  home: string,
  clock: { fact: ClockFact },
  options: TestServerOptions,
): Promise<TestServer> {
  const devices = options.devices ?? DEVICES;
  const server = await createSimulatorServer({
    port: 0,
    clock: () => clock.fact,
    home,
    site: SITE,
    telescope: { apertureM: 1.3, focalLengthMm: 7_930 },
    devices,
    cameras: options.cameras ?? CAMERAS,
    filterWheels: options.filterWheels ?? FILTER_WHEELS,
    settings: options.settings ?? {},
    report: (message) => process.stderr.write(`${message}\n`),
  });
  const { address } = server;
  let transaction = 0;

  const raw: TestServer["raw"] = (method, path, body, headers) =>
    fetch(`${address}${path}`, {
      method,
      ...(body === undefined ? {} : { body }),
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
        ...headers,
      },
      signal: AbortSignal.timeout(15_000),
    });
  const parsed = async (response: Response): Promise<Answer> => {
    const text = await response.text();
    if (response.status !== 200) return { status: response.status, ErrorMessage: text } as Answer;
    return { status: 200, ...(JSON.parse(text) as Omit<Answer, "status">) };
  };
  const get: TestServer["get"] = async (member, query = {}) =>
    parsed(await raw("GET", `/api/v1/${member}?${new URLSearchParams(query).toString()}`));
  const put: TestServer["put"] = async (member, body = {}) => {
    transaction += 1;
    const form = new URLSearchParams({ ClientID: "7100", ClientTransactionID: String(transaction) });
    for (const [name, value] of Object.entries(body)) form.append(name, String(value));
    return parsed(await raw("PUT", `/api/v1/${member}`, form.toString()));
  };
  const accepted = (what: string, answer: Answer): Answer => {
    if (answer.status === 200 && answer.ErrorNumber === 0) return answer;
    throw new Error(`${what}: HTTP ${answer.status}, error ${answer.ErrorNumber}: ${answer.ErrorMessage}`);
  };
  const read: TestServer["read"] = async (member, query) =>
    accepted(`GET ${member}`, await get(member, query)).Value;
  const command: TestServer["command"] = async (member, body) => {
    accepted(`PUT ${member}`, await put(member, body));
  };
  const until: TestServer["until"] = async (member, value, limitWallMs = 8_000) => {
    const endWallMs = Date.now() + limitWallMs;
    while ((await read(member)) !== value) {
      if (Date.now() > endWallMs)
        throw new Error(`${member} did not become ${String(value)} in ${limitWallMs} ms`);
      await sleep(5);
    }
  };
  const image: TestServer["image"] = async (camera = "camera/0") => {
    const response = await raw("GET", `/api/v1/${camera}/imagearray`, undefined, {
      accept: IMAGE_BYTES_TYPE,
    });
    const answer = decodeImageBytes(new Uint8Array(await response.arrayBuffer()));
    if ("errorMessage" in answer) throw new Error(answer.errorMessage);
    return answer.image;
  };

  for (const { type, number } of devices) await command(`${type}/${number}/connected`, { Connected: true });
  return {
    address,
    home,
    nowMs: () => observatoryMs(clock.fact, Date.now()),
    skip: (seconds) => {
      clock.fact = {
        ...clock.fact,
        startMs: clock.fact.startMs + seconds * 1_000,
        epoch: clock.fact.epoch + 1,
      };
    },
    atRate: (rate) => {
      const wallMs = Date.now();
      clock.fact = {
        startMs: observatoryMs(clock.fact, wallMs),
        anchorMs: wallMs,
        rate,
        epoch: clock.fact.epoch + 1,
      };
    },
    raw,
    get,
    put,
    read,
    command,
    until,
    image,
    act: async (device, name, parameters) => {
      const body = { Action: name, Parameters: parameters === undefined ? "" : JSON.stringify(parameters) };
      const answer = accepted(`Action ${name}`, await put(`${device}/action`, body));
      return answer.Value === "" ? undefined : JSON.parse(answer.Value);
    },
    expose: async (durationS, light = true, camera = "camera/0") => {
      await command(`${camera}/startexposure`, { Duration: durationS, Light: light });
      await until(`${camera}/imageready`, true);
      return image(camera);
    },
    lookUp: async (offsetHours = 0.5, decDeg = 25) => {
      await command("dome/0/openshutter");
      await command("telescope/0/unpark");
      await command("telescope/0/tracking", { Tracking: true });
      const raHours = ((await read("telescope/0/siderealtime")) + offsetHours) % 24;
      await command("telescope/0/slewtocoordinatesasync", { RightAscension: raHours, Declination: decDeg });
      await until("telescope/0/slewing", false);
      await until("dome/0/shutterstatus", 0);
      return { raDeg: raHours * 15, decDeg };
    },
    close: async () => {
      await server.close();
      await rm(home, { recursive: true, force: true });
    },
    again: async () => {
      await server.close();
      return start(home, clock, options);
    },
  };
}
