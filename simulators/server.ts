/** The simulators: one Alpaca server with all devices of an observatory and the sky they see. */
import { createServer } from "node:http";
import { isIPv6 } from "node:net";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { observatoryMs, wallMsOf } from "../domain/clock.ts";
import type { ClockFact } from "../domain/clock.ts";
import { openCommandLog, clientName } from "./command-log.ts";
import type { Device, DeviceContext, DeviceIdentity } from "./device.ts";
import { answerDiscovery } from "./http/discovery.ts";
import { createFaultState } from "./faults.ts";
import { createConnection, hostDevice } from "./host.ts";
import type { HostedDevice } from "./host.ts";
import { createRouter } from "./http/router.ts";
import { createObservatory } from "./observatory.ts";
import type { CameraDescription, FilterWheelDescription, Power } from "./observatory.ts";
import { createPartnerReceiver } from "./partners/receiver.ts";
import { openStateFile } from "./state-file.ts";
import type { GeographicPlace } from "./sky/directions.ts";
import type { WeatherLimits } from "./weather.ts";

export interface SimulatorSettings {
  /** What the mount reports and takes. */
  readonly equatorialSystem: "J2000" | "topocentric";
  readonly catalogueSeed: number;
  /** Wall seconds without keep-alive after which the open dome closes. */
  readonly deadManWallS: number;
  /** What the interlock takes for unsafe. */
  readonly weatherLimits: WeatherLimits;
}

export const DEFAULT_SETTINGS: SimulatorSettings = {
  equatorialSystem: "J2000",
  catalogueSeed: 1,
  deadManWallS: 180,
  weatherLimits: {
    maxHumidityPct: 85,
    maxWindMS: 15,
    maxGustMS: 20,
    maxRainMmH: 0,
    maxCloudPct: 90,
    minDewMarginC: 2,
  },
};

export interface SimulatorOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Address to listen on; loopback when left out. */
  readonly host?: string;
  readonly clock: () => ClockFact;
  /** Folder of the observatory's data; the simulators keep to `simulators/` in it. */
  readonly home: string;
  readonly site: GeographicPlace & { readonly name: string };
  readonly telescope: { readonly apertureM: number; readonly focalLengthMm: number };
  readonly devices: readonly DeviceIdentity[];
  /** By device id of the camera. */
  readonly cameras: Readonly<Record<string, CameraDescription>>;
  /** By device id of the wheel. */
  readonly filterWheels?: Readonly<Record<string, FilterWheelDescription>>;
  /** Secrets by name of the simulated partners (`ic`, `fsc`), at `/partners/<name>`; none when left out. */
  readonly partners?: Readonly<Record<string, string | null>>;
  /** Answer Alpaca discovery on UDP 32227; off when left out. */
  readonly discovery?: boolean;
  readonly settings?: Partial<SimulatorSettings>;
  /** What people should know: damaged state, failures in handlers. */
  readonly report?: (message: string) => void;
}

export interface SimulatorServer {
  /** e.g. `http://127.0.0.1:11111`. */
  readonly address: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

const TICK_WALL_MS = 250;
/** A device that got its power back answers after this long. */
const BOOT_WALL_MS = 1_500;

/**
 * Starts the server and its devices. Rejects when the port is taken, when two devices share type and number,
 * or when a camera of the list is not described.
 */
export async function createSimulatorServer(options: SimulatorOptions): Promise<SimulatorServer> {
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const report = options.report ?? ((): void => undefined);
  const folder = path.join(options.home, "simulators");
  const stateFile = openStateFile(folder, report);
  const log = openCommandLog(folder);
  const nowMs = (): number => observatoryMs(options.clock(), Date.now());

  const faults = new Map(options.devices.map(({ id }) => [id, createFaultState(Date.now, nowMs)]));
  const connections = new Map(options.devices.map(({ id }) => [id, createConnection()]));
  const faultOf = (id: string) => faults.get(id) ?? createFaultState(Date.now, nowMs);
  const connectionOf = (id: string) => connections.get(id) ?? createConnection();

  const contextOf = (identity: DeviceIdentity): DeviceContext => {
    const fault = faultOf(identity.id);
    return {
      identity,
      nowMs,
      motionMs: () => (fault.current() === "stuck" ? fault.sinceMs() : nowMs()),
      wallMsOf: (instantMs) => wallMsOf(options.clock(), instantMs),
      fault: fault.current,
      restored: stateFile.section(identity.id),
      save: (state) => stateFile.save(identity.id, state),
      logOwn: (command, cause) =>
        log.append({
          wallMs: Date.now(),
          observatoryMs: nowMs(),
          device: identity.id,
          command,
          parameters: {},
          clientId: 0,
          client: clientName(0),
          cause,
        }),
    };
  };

  const off = new Set<string>();
  const bootingUntilWallMs = new Map<string, number>();
  const power: Power = {
    isOn: (id) => !off.has(id),
    set: (id, on) => {
      // Without power a device forgets its connection and most of its troubles.
      if (on === !off.has(id)) return;
      connectionOf(id).set(false);
      if (on) {
        off.delete(id);
        bootingUntilWallMs.set(id, Date.now() + BOOT_WALL_MS);
        faultOf(id).clear();
      } else {
        off.add(id);
        observatory.devices.find(({ identity }) => identity.id === id)?.powerLost?.();
      }
    },
  };
  const observatory = createObservatory({
    ...options,
    settings,
    nowMs,
    contextOf,
    power,
    connected: (id) => connectionOf(id).connected(),
    restored: (section) => stateFile.section(section),
    save: (section, state) => stateFile.save(section, state),
  });
  const hosted: HostedDevice[] = observatory.devices.map((device: Device) =>
    hostDevice(device, faultOf(device.identity.id), connectionOf(device.identity.id), {
      log,
      nowMs,
      powered: () =>
        power.isOn(device.identity.id) && Date.now() >= (bootingUntilWallMs.get(device.identity.id) ?? 0),
    }),
  );

  const server = createServer({ keepAliveTimeout: 30_000 });
  const router = createRouter({ devices: hosted, log, nowMs, location: options.site.name, report });
  const partners = new Map(
    Object.entries(options.partners ?? {}).map(([name, secret]) => [
      name,
      createPartnerReceiver({ name, folder: path.join(folder, "partners"), secret, nowWallMs: Date.now }),
    ]),
  );
  server.on("request", (request, response) => {
    const [, root, name = "", below = ""] = (request.url ?? "").split("?")[0]?.split("/") ?? [];
    const partner = root === "partners" ? partners.get(name) : undefined;
    const answered =
      partner === undefined ? router(request, response) : partner.answer(request, response, below);
    answered.catch((error: unknown) => {
      report(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : String(error)}`);
      response.destroy();
    });
  });
  const ticker = setInterval(() => {
    for (const { device } of hosted) device.tick?.(Date.now());
  }, TICK_WALL_MS);

  let stopDiscovery = (): Promise<void> => Promise.resolve();
  const close = async (): Promise<void> => {
    clearInterval(ticker);
    await stopDiscovery();
    for (const { device } of hosted) device.close?.();
    await observatory.close();
    server.closeAllConnections();
    if (!server.listening) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };

  const host = options.host ?? "127.0.0.1";
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options.port, host, () => resolve());
    });
  } catch (error) {
    await close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  if (options.discovery === true) stopDiscovery = await answerDiscovery(host, port, report);
  return { address: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`, port, close };
}
