import { cancellationSignal, sleep } from "@temporalio/activity";
import { createCameraClient, type CameraClient } from "../adapters/alpaca/camera.ts";
import { createAlpacaDevice, type DeviceState } from "../adapters/alpaca/device.ts";
import { createDomeClient } from "../adapters/alpaca/dome.ts";
import { createFocuserClient } from "../adapters/alpaca/focuser.ts";
import { createTelescopeClient } from "../adapters/alpaca/telescope.ts";
import type { CallOptions } from "../adapters/alpaca/transport.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import { deviceOf, type DeviceDescription, type Observatory } from "../domain/observatory.ts";
import type { Lease } from "../workflows/messages.ts";
import { nowMs } from "./clocks.ts";
import { isIntegrating } from "./exposure.ts";
import { failure, FAILURE, isFailure } from "./failures.ts";
import { createFocuserActivities } from "./focuser.ts";
import { checkLease } from "./lease-check.ts";
import { readOrNull } from "./read-or-null.ts";
import type { RecoveryDeps } from "./recovery.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

/** A detector this near to its set point is cold, Celsius. */
const SET_POINT_TOLERANCE_C = 1;
/** Wheel, cover and focuser end what they were at within this, observatory seconds. */
const SMALL_MOTION_S = 60;
/** CoverState of ICoverCalibratorV2: 0 not present, 1 closed, 3 open; 2 is moving. */
const KNOWN_COVER_STATES: readonly number[] = [0, 1, 3];
const COVER_MOVING = 2;
/** A device is verified by this many good answers in a row. */
const GOOD_ANSWERS = 3;
const ANSWER_EVERY_WALL_MS = 300;

/** The lease of the night, or of the calibration after it, that is open and may be worked for; or null. */
type NightLease = Lease | null;

/**
 * Sets up a device that answers again and verifies it, each type in its way: connected; a camera at its set point while a
 * night is open; a mount that knows where it points and tracks; wheel, cover, dome and focuser with a known position.
 * What moves needs the lease of the open night, and nothing moves under maintenance.
 */
export function createDeviceSetup({ transport, readLease, underMaintenance, journal, clocks }: RecoveryDeps) {
  /** Throws DeviceFault with what is not as it should be, LimitExceeded, LeaseLost, DeviceUnreachable. */
  async function setUpDevice({
    observatory,
    deviceId,
  }: {
    readonly observatory: Observatory;
    readonly deviceId: string;
  }): Promise<void> {
    const device = deviceOf(observatory, deviceId);
    const options: CallOptions = { signal: cancellationSignal() };
    const plain = createAlpacaDevice(transport, device.type, device);
    await plain.connect(options);
    const night = await openNight(observatory.site.id);
    switch (device.type) {
      case "camera":
        await setUpCamera(device, observatory, night);
        break;
      case "telescope":
        await setUpMount(device, observatory, night);
        break;
      case "dome":
        await setUpDome(device, observatory);
        break;
      case "filterwheel":
        await awaitState(device, SMALL_MOTION_S, "its wheel to stand at a filter", (state) =>
          isAtLeast(state.number("Position"), 0),
        );
        break;
      case "focuser":
        await setUpFocuser(device, observatory, night);
        break;
      case "covercalibrator":
        await setUpCover(device, night);
        break;
      default:
        // Interlock, station and switch have nothing to be set up: what they say is judged by the watch.
        break;
    }
    for (let good = 0; good < GOOD_ANSWERS; good += 1) {
      await plain.state(options);
      await sleep(ANSWER_EVERY_WALL_MS);
    }
  }

  async function openNight(siteId: string): Promise<NightLease> {
    const stored = await readLease(siteId);
    if (stored === null || !/^(?:night|calibration)\//.test(stored.holder ?? "")) return null;
    if (await underMaintenance(siteId)) return null;
    return { siteId, holder: stored.holder ?? "", generation: stored.generation };
  }

  /** By day it is left as it is: the night cools it when it is prepared. */
  async function setUpCamera(
    device: DeviceDescription,
    observatory: Observatory,
    night: NightLease,
  ): Promise<void> {
    const instrument = observatory.instruments.find(({ cameraId }) => cameraId === device.id);
    if (night === null || instrument === undefined) return;
    const { setPointC } = instrument;
    const camera = createCameraClient(transport, device);
    const limits = motionLimits(observatory.night.coolLimitS);
    await freeCamera(device, camera, limits);
    await camera.configure(setPointC, { signal: cancellationSignal() });
    try {
      await waitUntil({ what: `${device.name} to reach ${setPointC} °C`, ...limits }, async (signal) => {
        const { temperatureC } = await camera.status({ signal });
        const cold = temperatureC !== null && Math.abs(temperatureC - setPointC) <= SET_POINT_TOLERANCE_C;
        return cold ? true : undefined;
      });
    } catch (error) {
      if (!isFailure(error, FAILURE.LimitExceeded)) throw error;
      // As at dusk: warm frames are better than none.
      await journal({
        level: "warning",
        module: "devices",
        deviceId: device.id,
        text: `${device.name} works again, but did not reach its set point of ${setPointC} °C. It is used as warm as it is.`,
      });
    }
  }

  /**
   * Waits until a camera is idle. While a blocking one was lost a hold stood: what it exposes is nobody's. Another arm may
   * still want its frame, but none is longer than the limit: then it is thrown away.
   */
  async function freeCamera(
    device: DeviceDescription,
    camera: CameraClient,
    limits: ReturnType<typeof motionLimits>,
  ): Promise<void> {
    try {
      await waitUntil({ what: `${device.name} to be idle`, ...limits }, async (signal) => {
        const status = await camera.status({ signal });
        if (status.state === "Idle") return true;
        if (status.state === "Error" || (device.blocking && isIntegrating(status))) {
          await camera.abortExposure({ signal });
        }
        return undefined;
      });
    } catch (error) {
      if (isFailure(error, FAILURE.LimitExceeded)) {
        await readOrNull(() => camera.abortExposure({ signal: cancellationSignal() }));
      }
      throw error;
    }
  }

  /** A mount that has lost its position looks for its home; an unparked one tracks, as the night left it. */
  async function setUpMount(
    device: DeviceDescription,
    observatory: Observatory,
    night: NightLease,
  ): Promise<void> {
    const mount = createTelescopeClient(transport, device, () => nowMs(clocks));
    const limits = motionLimits(observatory.telescope.slewLimitS);
    const still = await waitUntil({ what: "the mount to stand still", ...limits }, async (signal) => {
      const status = await mount.status({ signal });
      return status.slewing ? undefined : status;
    });
    const lost = still.raDeg === null || still.decDeg === null;
    if (lost && night !== null) {
      await checkLease(readLease, night);
      await createAlpacaDevice(transport, "telescope", device).put("findhome", {});
      await waitUntil({ what: "the mount to find its home", ...limits }, async (signal) => {
        const status = await mount.status({ signal });
        return !status.slewing && status.raDeg !== null ? true : undefined;
      });
    } else if (lost) {
      throw failure(FAILURE.DeviceFault, "The mount does not say where it points.");
    }
    if (night === null || still.parked || still.tracking) return;
    await checkLease(readLease, night);
    await mount.setTracking(true);
    await waitUntil({ what: "the mount to track", ...limits }, async (signal) =>
      (await mount.status({ signal })).tracking ? true : undefined,
    );
  }

  /** One that lost its power may have lost its position too: it is brought to the one of the night. */
  async function setUpFocuser(
    device: DeviceDescription,
    { telescope, night: limits }: Observatory,
    night: NightLease,
  ): Promise<void> {
    const still = (state: DeviceState): boolean => state.boolean("IsMoving") === false;
    await awaitState(device, SMALL_MOTION_S, "it to stand still", still);
    if (night === null || telescope.focusSteps === undefined) return;
    const { moveFocuser } = createFocuserActivities({
      focuser: createFocuserClient(transport, device),
      readLease,
      clocks,
    });
    await moveFocuser({ lease: night, position: telescope.focusSteps, limitS: limits.focusLimitS });
  }

  /** A dome that knows its shutter: neither moving nor in error. What it should be is for the night to order. */
  async function setUpDome(device: DeviceDescription, observatory: Observatory): Promise<void> {
    const dome = createDomeClient(transport, device);
    await waitUntil(
      { what: "the dome to know its shutter", ...motionLimits(observatory.night.domeLimitS) },
      async (signal) => {
        const { shutter } = await dome.status({ signal });
        if (shutter === "Error") throw failure(FAILURE.DeviceFault, "The dome's shutter reports an error.");
        return shutter === "Open" || shutter === "Closed" ? true : undefined;
      },
    );
  }

  /** A cover that stopped half way is brought to where the night needs it: open, and closed by day. */
  async function setUpCover(device: DeviceDescription, night: NightLease): Promise<void> {
    const cover = createAlpacaDevice(transport, "covercalibrator", device);
    const isKnown = async (): Promise<boolean> => {
      const state = await waitUntil(
        { what: "the cover to stand still", ...motionLimits(SMALL_MOTION_S) },
        async (signal) => {
          const now = await cover.get("coverstate", {}, { signal });
          return now === COVER_MOVING ? undefined : now;
        },
      );
      return KNOWN_COVER_STATES.includes(state);
    };
    if (await isKnown()) return;
    if (night !== null) {
      await checkLease(readLease, night);
      await cover.put("opencover", {});
    } else {
      await cover.put("closecover", {});
    }
    if (!(await isKnown())) {
      throw failure(FAILURE.DeviceFault, `${device.name} does not know whether its cover is open.`);
    }
  }

  async function awaitState(
    device: DeviceDescription,
    limitS: number,
    what: string,
    isGood: (state: DeviceState) => boolean,
  ): Promise<void> {
    const client = createAlpacaDevice(transport, device.type, device);
    await waitUntil({ what: `${device.name}: ${what}`, ...motionLimits(limitS) }, async (signal) =>
      isGood(await client.state({ signal })) ? true : undefined,
    );
  }

  function motionLimits(limitS: number) {
    const clock = clocks.fact();
    return { limitWallMs: motionLimitWallMs(clock, limitS), pollWallMs: motionPollWallMs(clock) };
  }

  return setUpDevice;
}

function isAtLeast(value: number | null, least: number): boolean {
  return value !== null && value >= least;
}
