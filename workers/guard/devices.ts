import { createCameraClient } from "../../adapters/alpaca/camera.ts";
import {
  createObservingConditionsClient,
  createSafetyMonitorClient,
} from "../../adapters/alpaca/conditions.ts";
import { createDomeClient } from "../../adapters/alpaca/dome.ts";
import { createTelescopeClient } from "../../adapters/alpaca/telescope.ts";
import type { AlpacaTransport } from "../../adapters/alpaca/transport.ts";
import { soleDevice, type Observatory } from "../../domain/observatory.ts";
import type { ShutterWord, WeatherValues } from "../../domain/safety/watch-state.ts";

/** The devices as the guard uses them: each call has a limit of 2 s, orders of 5 s. */
export interface GuardDevices {
  readonly shutter: () => Promise<ShutterWord>;
  readonly parked: () => Promise<boolean>;
  readonly isSafe: () => Promise<boolean>;
  readonly weather: () => Promise<{ readonly values: WeatherValues; readonly oldestAgeS: number }>;
  readonly keepAlive: () => Promise<void>;
  readonly closeShutter: () => Promise<void>;
  readonly park: () => Promise<void>;
  /** Aborts what every camera integrates; frames being read out are left alone. */
  readonly abortExposures: () => Promise<void>;
}

const LOOK = { limitMs: 2_000 };

/** Clients of all devices that the guard speaks to. */
export function createGuardDevices(
  transport: AlpacaTransport,
  observatory: Observatory,
  nowMs: () => number,
): GuardDevices {
  const dome = createDomeClient(transport, soleDevice(observatory, "dome"));
  const telescope = createTelescopeClient(transport, soleDevice(observatory, "telescope"), nowMs);
  const safety = createSafetyMonitorClient(transport, soleDevice(observatory, "safetymonitor"));
  const conditions = createObservingConditionsClient(
    transport,
    soleDevice(observatory, "observingconditions"),
  );
  const cameras = observatory.devices
    .filter(({ type }) => type === "camera")
    .map((device) => createCameraClient(transport, device));
  return {
    shutter: async () => (await dome.status(LOOK)).shutter,
    parked: async () => (await telescope.status(LOOK)).parked,
    isSafe: () => safety.isSafe(LOOK),
    async weather() {
      const [values, oldestAgeS] = await Promise.all([conditions.values(LOOK), conditions.oldestAgeS(LOOK)]);
      return { values, oldestAgeS };
    },
    keepAlive: () => dome.keepAlive(LOOK),
    closeShutter: () => dome.closeShutter(),
    park: () => telescope.park(),
    async abortExposures() {
      const results = await Promise.allSettled(
        cameras.map(async (camera) => {
          const { state } = await camera.status(LOOK);
          if (state === "Exposing" || state === "Waiting") await camera.abortExposure();
        }),
      );
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
  };
}
