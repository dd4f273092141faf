import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { ConfigurationError } from "../../adapters/config/explain.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { readSettings } from "../../adapters/config/read-settings.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import type { ClockFact } from "../../domain/clock.ts";
import type { DeviceDescription, Observatory } from "../../domain/observatory.ts";
import { createSimulatorServer } from "../../simulators/server.ts";
import type { SimulatorOptions } from "../../simulators/server.ts";
import { simulatedCameras, simulatedWheels } from "../simulated-devices.ts";
import { untilTold } from "../until-told.ts";

const STOP_LIMIT_MS = 1_800;
const CLOCK_LOOK_WALL_MS = 200;

/** `vesper simulators`: the simulated devices of the observatory file, until told to stop. */
export async function simulatorsCommand(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    throw new ConfigurationError("vesper simulators takes no arguments", [
      `${args.join(" ")}: use the settings of .env.example`,
    ]);
  }
  const told = untilTold(process.env, STOP_LIMIT_MS);
  const settings = readSettings(process.env);
  const observatory = loadObservatory(settings.observatoryFile, process.env);
  const server = await createSimulatorServer(simulatorOptions(settings, observatory)).catch((error) => {
    throw portProblem(error, settings.alpacaPort);
  });
  console.log(`Simulated devices at ${server.address}/setup`);
  await told;
  await server.close();
  return 0;
}

/** A sentence for a port that cannot be had; any other error as it is. */
function portProblem(error: unknown, port: number): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== "EADDRINUSE" && code !== "EACCES") return error;
  const why = code === "EADDRINUSE" ? "another program listens there" : "it may not be listened on";
  return new ConfigurationError("The simulated devices cannot start", [
    `port ${port}: ${why}; end it or set VESPER_ALPACA_PORT to another port`,
  ]);
}

/** What the simulators need of the settings and the observatory file. Devices at other addresses are left to themselves. */
export function simulatorOptions(settings: Settings, observatory: Observatory): SimulatorOptions {
  const devices = observatory.devices.filter((device) => isSimulated(device, settings.alpacaPort));
  const { weather, telescope, site } = observatory;
  return {
    port: settings.alpacaPort,
    clock: clockOf(settings),
    home: settings.home,
    site,
    telescope,
    devices,
    cameras: simulatedCameras(observatory),
    filterWheels: simulatedWheels(observatory),
    partners: { ic: settings.icSecret, fsc: settings.fscSecret },
    discovery: settings.alpacaDiscovery,
    settings: { weatherLimits: weather },
    report: (message) => console.error(message),
  };
}

function isSimulated(device: DeviceDescription, port: number): boolean {
  const url = new URL(device.address);
  return ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname) && url.port === String(port);
}

/**
 * The clock of VESPER_HOME/clock.json, read again when the file changes. Without one the simulators run alone: then
 * the settings decide, and observatory time starts now at VESPER_CLOCK_START, else at wall time.
 */
function clockOf(settings: Settings): () => ClockFact {
  const file = path.join(settings.home, "clock.json");
  const wallMs = Date.now();
  const { mode, rate, startMs } = settings.clock;
  let fact: ClockFact =
    mode === "real"
      ? { startMs: 0, anchorMs: 0, rate: 1, epoch: 0 }
      : { startMs: startMs ?? wallMs, anchorMs: wallMs, rate, epoch: 0 };
  let lookedWallMs = 0;
  let readAtMs: number | undefined;
  return () => {
    const now = Date.now();
    if (now - lookedWallMs < CLOCK_LOOK_WALL_MS) return fact;
    lookedWallMs = now;
    const changedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (changedMs === undefined || changedMs === readAtMs) return fact;
    const read = readClock(file);
    // A file caught half-written is read again at the next look.
    if (read === undefined) return fact;
    readAtMs = changedMs;
    fact = read;
    return fact;
  };
}

function readClock(file: string): ClockFact | undefined {
  let parsed: Partial<ClockFact>;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8")) as Partial<ClockFact>;
  } catch {
    return undefined;
  }
  const { startMs, anchorMs, rate, epoch } = parsed;
  const whole =
    Number.isFinite(startMs) && Number.isFinite(anchorMs) && Number.isFinite(epoch) && (rate ?? 0) > 0;
  return whole ? (parsed as ClockFact) : undefined;
}
