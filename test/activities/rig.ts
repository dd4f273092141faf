import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { MockActivityEnvironment } from "@temporalio/testing";
import { DefaultLogger } from "@temporalio/worker";
import type { Clocks } from "../../activities/clocks.ts";
import { createStartGate, type StartGate } from "../../activities/start-gate.ts";
import { createAlpacaTransport, type AlpacaTransport } from "../../adapters/alpaca/transport.ts";
import { createAlpacaDevice } from "../../adapters/alpaca/device.ts";
import { createTelescopeClient, type TelescopeClient } from "../../adapters/alpaca/telescope.ts";
import { createDomeClient, type DomeClient } from "../../adapters/alpaca/dome.ts";
import { createCoverClient, type CoverClient } from "../../adapters/alpaca/cover.ts";
import { createFilterWheelClient, type FilterWheelClient } from "../../adapters/alpaca/filter-wheel.ts";
import { createFocuserClient, type FocuserClient } from "../../adapters/alpaca/focuser.ts";
import { createCameraClient, type CameraClient } from "../../adapters/alpaca/camera.ts";
import { createSafetyMonitorClient, type SafetyMonitorClient } from "../../adapters/alpaca/conditions.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { lastDeg } from "../../domain/astronomy/alt-az.ts";
import { observatoryMs, type ClockFact } from "../../domain/clock.ts";
import { deviceOf, type DeviceType, type Observatory } from "../../domain/observatory.ts";
import { simulatedCameras, simulatedWheels } from "../../bin/simulated-devices.ts";
import type { CommandEntry } from "../../simulators/command-log.ts";
import type { FaultKind } from "../../simulators/faults.ts";
import {
  createSimulatorServer,
  type SimulatorServer,
  type SimulatorSettings,
} from "../../simulators/server.ts";
import type { Lease, TargetPosition } from "../../workflows/messages.ts";

/** Faults are put and lifted also when the machine is busy. */
const CONTROL_LIMIT_MS = 60_000;
/** 22:00 local time at San Pedro Mártir: dark. */
const NIGHT_MS = Date.parse("2026-11-21T06:00:00Z");

export interface Rig {
  readonly observatory: Observatory;
  readonly clocks: Clocks;
  readonly home: string;
  readonly transport: AlpacaTransport;
  readonly telescope: TelescopeClient;
  readonly dome: DomeClient;
  /** The visible camera. */
  readonly camera: CameraClient;
  readonly cameraNir: CameraClient;
  readonly cover: CoverClient;
  readonly focuser: FocuserClient;
  /** By device id. */
  readonly wheels: ReadonlyMap<string, FilterWheelClient>;
  readonly safety: SafetyMonitorClient;
  readonly lease: Lease;
  /** What the table `lease` says; tests change it. */
  readonly stored: { holder: string; generation: number };
  readLease(): Promise<{ holder: string; generation: number }>;
  readonly gate: StartGate;
  /** A place near the zenith now, offset in declination. */
  target(offsetDeg?: number): TargetPosition;
  action(deviceId: string, name: string, parameters?: object): Promise<string>;
  fault(deviceId: string, kind: FaultKind, seconds?: number): Promise<void>;
  clearFault(deviceId: string): Promise<void>;
  /** Commands that a device took, oldest first. */
  commands(deviceId: string, sinceWallMs?: number): Promise<readonly CommandEntry[]>;
  /** Ends the simulators and starts them again on the same port, with what they kept. */
  restart(): Promise<void>;
  stopSimulators(): Promise<void>;
  close(): Promise<void>;
}

export interface RigOptions {
  readonly rate?: number;
  readonly settings?: Partial<SimulatorSettings>;
  readonly clientId?: number;
  readonly frame?: number;
  /** Something between the clients and the simulators. */
  readonly wire?: (simulatorPort: number) => Promise<{ readonly port: number; close(): Promise<void> }>;
  /** Changes the observatory of simulators and clients. */
  readonly change?: (observatory: Observatory) => Observatory;
}

/** Real simulators on a free port, real clients, a clock of their own. */
export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const home = await mkdtemp(path.join(tmpdir(), "vesper-rig-"));
  const clock: ClockFact = { startMs: NIGHT_MS, anchorMs: Date.now(), rate: options.rate ?? 60, epoch: 1 };
  const clocks: Clocks = { fact: () => clock, wallMs: Date.now };
  const nowMs = (): number => observatoryMs(clock, Date.now());
  const load = (port: number): Observatory => {
    const loaded = loadObservatory(path.resolve(import.meta.dirname, "../../observatories/colibri.json"), {
      VESPER_ALPACA_PORT: String(port),
    });
    return options.change?.(loaded) ?? loaded;
  };

  const start = (port: number): Promise<SimulatorServer> => {
    const observatory = load(port === 0 ? 1 : port);
    const { site, telescope, devices } = observatory;
    return createSimulatorServer({
      port,
      clock: () => clock,
      home,
      site,
      telescope,
      devices,
      cameras: simulatedCameras(observatory, options.frame ?? 64),
      filterWheels: simulatedWheels(observatory),
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    });
  };
  let server: SimulatorServer | null = await start(0);
  const { port } = server;
  const wire = await options.wire?.(port);
  const observatory = load(wire?.port ?? port);
  const transport = createAlpacaTransport({ clientId: options.clientId ?? 7101 });
  const lease: Lease = { siteId: "colibri", holder: "night/colibri/2026-11-20", generation: 3 };
  const stored = { holder: lease.holder, generation: lease.generation };

  const action = async (deviceId: string, name: string, parameters?: object): Promise<string> => {
    const device = deviceOf(observatory, deviceId);
    const value = await transport.put(
      device,
      "action",
      { Action: name, Parameters: parameters === undefined ? "" : JSON.stringify(parameters) },
      { limitMs: CONTROL_LIMIT_MS },
    );
    return String(value);
  };
  const stopSimulators = async (): Promise<void> => {
    await server?.close();
    server = null;
  };

  return {
    observatory,
    clocks,
    home,
    transport,
    telescope: createTelescopeClient(transport, deviceOf(observatory, "telescope"), nowMs),
    dome: createDomeClient(transport, deviceOf(observatory, "dome")),
    camera: createCameraClient(transport, deviceOf(observatory, "camera-vis")),
    cameraNir: createCameraClient(transport, deviceOf(observatory, "camera-nir")),
    cover: createCoverClient(transport, deviceOf(observatory, "cover")),
    focuser: createFocuserClient(transport, deviceOf(observatory, "focuser")),
    wheels: new Map(
      observatory.devices
        .filter(({ type }) => type === "filterwheel")
        .map((device) => [device.id, createFilterWheelClient(transport, device)]),
    ),
    safety: createSafetyMonitorClient(transport, deviceOf(observatory, "safety")),
    lease,
    stored,
    readLease: async () => stored,
    gate: createStartGate(),
    target: (offsetDeg = 0) => ({
      name: `field ${offsetDeg}`,
      raDeg: (lastDeg(observatory.site, nowMs()) + 360 - 20) % 360,
      decDeg: 30 + offsetDeg,
    }),
    action,
    async fault(deviceId, kind, seconds) {
      await action(deviceId, "sim:fault", { kind, ...(seconds === undefined ? {} : { seconds }) });
    },
    async clearFault(deviceId) {
      await action(deviceId, "sim:clear");
    },
    async commands(deviceId, sinceWallMs = 0) {
      return JSON.parse(await action(deviceId, "sim:log", { sinceWallMs })) as CommandEntry[];
    },
    async restart() {
      await stopSimulators();
      server = await start(port);
    },
    stopSimulators,
    async close() {
      await stopSimulators();
      await transport.close();
      await wire?.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Failures are what these tests look for: the worker's word of them is not printed. */
const QUIET = new DefaultLogger("ERROR", () => undefined);

/** Runs the body of an activity as a worker would, for the first time or again. */
export async function asActivity<R>(body: () => Promise<R>, attempt = 1): Promise<R> {
  return new MockActivityEnvironment({ attempt }, { logger: QUIET }).run(body);
}

/** The type of the failure that a call ends with; `none` when it succeeds. */
export async function failureType(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "none";
  } catch (error) {
    return (error as { type?: string }).type ?? (error as Error).name;
  }
}

/** A plain Alpaca device for tests that look behind the clients. */
export function rawDevice<T extends DeviceType>(rig: Rig, type: T, deviceId: string) {
  return createAlpacaDevice(rig.transport, type, deviceOf(rig.observatory, deviceId));
}
