import { createCameraClient } from "../adapters/alpaca/camera.ts";
import { createObservingConditionsClient, createSafetyMonitorClient } from "../adapters/alpaca/conditions.ts";
import { createCoverClient } from "../adapters/alpaca/cover.ts";
import { createFilterWheelClient } from "../adapters/alpaca/filter-wheel.ts";
import { createFocuserClient } from "../adapters/alpaca/focuser.ts";
import { createPlainDevice } from "../adapters/alpaca/plain-device.ts";
import { createDomeClient } from "../adapters/alpaca/dome.ts";
import { checkIdentity, type IdentityVerdict } from "../adapters/alpaca/management.ts";
import { BadAnswer } from "../adapters/alpaca/errors.ts";
import { createSwitchClient } from "../adapters/alpaca/switch.ts";
import { createTelescopeClient } from "../adapters/alpaca/telescope.ts";
import { readVersions } from "../adapters/alpaca/versions.ts";
import type { AlpacaTransport, CallOptions } from "../adapters/alpaca/transport.ts";
import type { DeviceDescription, Observatory } from "../domain/observatory.ts";
import type { DeviceVersions } from "../domain/safety/device-versions.ts";
import { clockOffsetMs } from "../domain/safety/exposure-identity.ts";
import type { Reading } from "../domain/safety/readings.ts";
import { nowMs, type Clocks } from "./clocks.ts";

/** One device as the watch looks at it. */
export interface DeviceProbe {
  /** One poll. Throws DeviceProblem when it is missed. */
  poll(): Promise<Reading>;
  /** Whether it is the device of the observatory file. */
  identify(): Promise<IdentityVerdict>;
  /** What it says it is. Throws DeviceProblem when it does not answer. */
  versions(): Promise<DeviceVersions>;
}

/** A device that hangs is given up for one poll after this long; the others have their own. */
const POLL_LIMIT_MS = 2_000;
/** The ages of single sensors are asked for this often: they are many calls, and the limit is a minute. */
const SENSOR_AGES_EVERY_WALL_MS = 5_000;

/** The mount's clock is looked at this often: clocks drift slowly. */
const MOUNT_CLOCK_EVERY_WALL_MS = 10_000;

/** Makes the probe of a device of any type. */
export function createProbe(
  transport: AlpacaTransport,
  observatory: Observatory,
  device: DeviceDescription,
  clocks: Clocks,
): DeviceProbe {
  const options: CallOptions = { limitMs: POLL_LIMIT_MS };
  return {
    poll: pollOf(transport, observatory, device, clocks, options),
    identify: () => checkIdentity(transport, device, options),
    versions: () => readVersions(transport, device.type, device, options),
  };
}

function pollOf(
  transport: AlpacaTransport,
  observatory: Observatory,
  device: DeviceDescription,
  clocks: Clocks,
  options: CallOptions,
): () => Promise<Reading> {
  switch (device.type) {
    case "telescope":
      return mountPoll(transport, device, clocks, options);
    case "dome": {
      const client = createDomeClient(transport, device);
      return async () => {
        const { shutter, azDeg } = await client.status(options);
        return { type: "dome", shutter, azDeg };
      };
    }
    case "camera": {
      const client = createCameraClient(transport, device);
      const setPointC =
        observatory.instruments.find(({ cameraId }) => cameraId === device.id)?.setPointC ?? null;
      return async () => {
        const { state, imageReady, temperatureC, coolerPowerPct, percentCompleted } =
          await client.status(options);
        return {
          type: "camera",
          state,
          imageReady,
          temperatureC,
          setPointC,
          coolerPowerPct,
          percentCompleted,
        };
      };
    }
    case "safetymonitor": {
      const client = createSafetyMonitorClient(transport, device);
      return async () => ({ type: "safetymonitor", isSafe: await client.isSafe(options) });
    }
    case "filterwheel": {
      const client = createFilterWheelClient(transport, device);
      return async () => ({ type: "filterwheel", filter: (await client.status(options)).filter });
    }
    case "focuser": {
      const client = createFocuserClient(transport, device);
      return async () => {
        const { position, moving } = await client.status(options);
        return { type: "focuser", position, moving };
      };
    }
    case "covercalibrator": {
      const client = createCoverClient(transport, device);
      return async () => ({ type: "covercalibrator", ...(await client.status(options)) });
    }
    case "observingconditions":
      return weatherPoll(transport, device, clocks, options);
    case "switch": {
      const client = createSwitchClient(transport, device);
      return async () => {
        const channels = await client.channels(options);
        checkAlarms(device, channels.length);
        const on = new Set(channels.filter((channel) => channel.on).map(({ number }) => number));
        return {
          type: "switch",
          channels: Object.fromEntries(channels.map(({ name, on }) => [name, on])),
          raised: (device.alarms ?? []).filter(({ number }) => on.has(number)).map(({ id }) => id),
        };
      };
    }
    default: {
      const client = createPlainDevice(transport, device.type, device);
      return async () => ({ type: "plain", values: await client.values(options) });
    }
  }
}

function mountPoll(
  transport: AlpacaTransport,
  device: DeviceDescription,
  clocks: Clocks,
  options: CallOptions,
): () => Promise<Reading> {
  const client = createTelescopeClient(transport, device, () => nowMs(clocks));
  let clockOffMs = 0;
  let askedWallMs = Number.NEGATIVE_INFINITY;

  /** A mount points by its own clock: one second is 15 arcsec that it does not know of itself. */
  async function lookAtClock(): Promise<void> {
    askedWallMs = clocks.wallMs();
    const askedMs = nowMs(clocks);
    const mountMs = await client.clockMs(options);
    clockOffMs = mountMs === null ? 0 : clockOffsetMs(mountMs, askedMs, nowMs(clocks));
  }

  return async () => {
    const { parked, tracking, slewing, raDeg, decDeg, altDeg, azDeg } = await client.status(options);
    if (clocks.wallMs() - askedWallMs >= MOUNT_CLOCK_EVERY_WALL_MS) await lookAtClock();
    return { type: "telescope", parked, tracking, slewing, raDeg, decDeg, altDeg, azDeg, clockOffMs };
  };
}

/** An alarm whose channel does not exist would never be raised. */
function checkAlarms({ name, alarms = [] }: DeviceDescription, channels: number): void {
  const missing = alarms.find(({ number }) => number >= channels);
  if (missing === undefined) return;
  throw new BadAnswer(
    name,
    "GET maxswitch",
    `it has ${channels} channels, and the observatory file reads alarm ${missing.id} at number ${missing.number}`,
  );
}

function weatherPoll(
  transport: AlpacaTransport,
  device: DeviceDescription,
  clocks: Clocks,
  options: CallOptions,
): () => Promise<Reading> {
  const client = createObservingConditionsClient(transport, device);
  let ages: { readonly oldestWallS: number; readonly askedWallMs: number } | null = null;
  return async () => {
    const wallMs = clocks.wallMs();
    const due = ages === null || wallMs - ages.askedWallMs >= SENSOR_AGES_EVERY_WALL_MS;
    const [values, oldestAgeS] = await Promise.all([
      client.values(options),
      due ? client.oldestAgeS(options) : undefined,
    ]);
    // The station counts in seconds of the observatory clock; staleness is a matter of wall time.
    if (oldestAgeS !== undefined) {
      ages = { oldestWallS: oldestAgeS / clocks.fact().rate, askedWallMs: wallMs };
    }
    const sinceAskedS = ages === null ? 0 : (wallMs - ages.askedWallMs) / 1_000;
    return {
      type: "observingconditions",
      values,
      ageWallS: (ages?.oldestWallS ?? Number.POSITIVE_INFINITY) + sinceAskedS,
    };
  };
}
