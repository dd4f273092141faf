/** Builds the devices and lets them see each other's light: telescope, dome, cover, cloud, sky. */
import type { SimulatorOptions, SimulatorSettings } from "./server.ts";
import type { Device, DeviceContext, DeviceIdentity } from "./device.ts";
import { createCamera } from "./devices/camera.ts";
import { createCoverCalibrator } from "./devices/cover-calibrator.ts";
import type { SimulatedCoverCalibrator } from "./devices/cover-calibrator.ts";
import { createDome } from "./devices/dome.ts";
import type { SimulatedDome } from "./devices/dome.ts";
import { createFilterWheel } from "./devices/filter-wheel.ts";
import { createFocuser } from "./devices/focuser.ts";
import type { SimulatedFocuser } from "./devices/focuser.ts";
import { createObservingConditions } from "./devices/observing-conditions.ts";
import { createPlcAlarms } from "./devices/plc-alarms.ts";
import type { PlcAlarms } from "./devices/plc-alarms.ts";
import { SINGLE_READ, createRampReadout } from "./devices/readout.ts";
import { createSafetyMonitor } from "./devices/safety-monitor.ts";
import { createSwitch } from "./devices/switch.ts";
import { createTelescope } from "./devices/telescope.ts";
import type { SimulatedTelescope } from "./devices/telescope.ts";
import type { LightPath } from "./exposure-light.ts";
import { skyBrightness } from "./sky/brightness.ts";
import { hashText } from "./sky/random.ts";
import { createRenderer } from "./sky/renderer.ts";
import type { Renderer } from "./sky/renderer.ts";
import { createSky } from "./sky/sky.ts";
import type { Sky } from "./sky/sky.ts";
import { createWeather, unsafeReasons } from "./weather.ts";
import type { Weather } from "./weather.ts";

export interface CameraDescription {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pixelSizeUm: number;
  readonly gainEPerAdu: number;
  readonly readNoiseE: number;
  /** Position angle of the detector's up direction, from north through east, degrees. */
  readonly rotationDeg: number;
  readonly setPointC: number;
  readonly maxExposureS: number;
  readonly kind: "visible" | "near-infrared";
  /** Filter in the beam when no wheel moves one there. */
  readonly band: string;
}

export interface FilterWheelDescription {
  readonly filters: readonly string[];
  /** Focuser steps by filter; none when left out. */
  readonly focusOffsets?: readonly number[];
  /** Ids of the cameras that look through it: one, or all of them when it sits on the telescope. */
  readonly cameras: readonly string[];
}

/** Outlets of the devices. */
export interface Power {
  readonly isOn: (deviceId: string) => boolean;
  readonly set: (deviceId: string, on: boolean) => void;
}

export interface ObservatoryOptions extends Omit<SimulatorOptions, "settings"> {
  readonly settings: SimulatorSettings;
  readonly nowMs: () => number;
  readonly contextOf: (identity: DeviceIdentity) => DeviceContext;
  readonly connected: (deviceId: string) => boolean;
  readonly power: Power;
  readonly restored: (section: string) => unknown;
  readonly save: (section: string, state: object) => void;
}

export interface SimulatedObservatory {
  readonly devices: readonly Device[];
  readonly close: () => Promise<void>;
}

/** Everything the devices share. */
interface Surroundings {
  readonly weather: Weather;
  readonly renderer: Renderer;
  readonly light: LightPath;
  readonly skyMag: (atMs: number) => number;
  readonly sky: Sky;
  readonly unsafe: () => readonly string[];
  readonly alarms: PlcAlarms;
  readonly focuser: () => SimulatedFocuser | undefined;
  /** Filter before a camera, from the wheels it looks through. */
  readonly bandOf: (cameraId: string) => string | undefined;
}

/** The devices of the list. Throws when one has a type that is not simulated or a camera is not described. */
export function createObservatory(options: ObservatoryOptions): SimulatedObservatory {
  const { settings, site, nowMs } = options;
  refuseDoubles(options.devices);
  const weather = createWeather(nowMs, site.heightM, options.restored("weather"), (state) =>
    options.save("weather", state),
  );
  const renderer = createRenderer(settings.catalogueSeed);
  const sky = createSky(settings.catalogueSeed, options.restored("sky"), (state) =>
    options.save("sky", state),
  );
  const identityOf = (type: DeviceIdentity["type"]): DeviceIdentity | undefined =>
    options.devices.find((identity) => identity.type === type);

  const telescopeIdentity = identityOf("telescope");
  const telescope =
    telescopeIdentity &&
    createTelescope(options.contextOf(telescopeIdentity), {
      ...options.telescope,
      site,
      equatorialSystem: settings.equatorialSystem,
    });
  const domeIdentity = identityOf("dome");
  const dome =
    domeIdentity &&
    createDome(options.contextOf(domeIdentity), {
      deadManWallS: settings.deadManWallS,
      telescopeAzDeg: () => telescope?.horizontalAt(nowMs()).azDeg ?? 0,
    });
  const coverIdentity = identityOf("covercalibrator");
  const cover = coverIdentity && createCoverCalibrator(options.contextOf(coverIdentity));
  const focuserIdentity = identityOf("focuser");
  const focuser =
    focuserIdentity &&
    createFocuser(options.contextOf(focuserIdentity), { temperatureC: () => weather.reading().temperatureC });
  const wheels = options.devices
    .filter(({ type }) => type === "filterwheel")
    .map((identity) => {
      const description = options.filterWheels?.[identity.id];
      if (description === undefined) throw new Error(`filter wheel "${identity.id}" has no description`);
      const { filters, cameras, focusOffsets = filters.map(() => 0) } = description;
      return { cameras, ...createFilterWheel(options.contextOf(identity), { filters, focusOffsets }) };
    });
  const alarms = createPlcAlarms(nowMs, options.restored("alarms"), (state) => options.save("alarms", state));
  const surroundings: Surroundings = {
    alarms,
    focuser: () => focuser,
    bandOf: (cameraId) => wheels.find(({ cameras }) => cameras.includes(cameraId))?.filter(),
    weather,
    renderer,
    light: lightPath(telescope, dome, cover, weather),
    skyMag: (atMs) => skyBrightness(site, atMs),
    sky,
    unsafe: () => {
      const age = weather.kind() === "stale" ? ["the weather station's readings are stale"] : [];
      const alarmed = alarms
        .list()
        .filter(({ active, severity }) => active && severity === "critical")
        .map(({ text }) => text);
      return [...age, ...unsafeReasons(weather.reading(), settings.weatherLimits), ...alarmed];
    },
  };

  const devices = options.devices.map((identity): Device => {
    if (identity === telescopeIdentity && telescope !== undefined) {
      return { ...telescope.device, actions: { ...telescope.device.actions, ...sky.actions } };
    }
    const built = [dome, cover, focuser, ...wheels].find((one) => one?.device.identity === identity);
    if (built !== undefined) return built.device;
    return createOther(identity, options, surroundings);
  });
  return { devices, close: () => renderer.close() };
}

function createOther(identity: DeviceIdentity, options: ObservatoryOptions, around: Surroundings): Device {
  const context = options.contextOf(identity);
  switch (identity.type) {
    case "camera":
      return createOneCamera(context, options, around);
    case "safetymonitor":
      return createSafetyMonitor(context, {
        reasons: around.unsafe,
        connected: () => options.connected(identity.id),
      });
    case "observingconditions":
      return createObservingConditions(context, {
        weather: around.weather,
        skyQuality: () => around.skyMag(options.nowMs()),
      });
    case "switch":
      return createSwitch(context, {
        alarms: around.alarms,
        outlets: options.devices
          .filter(({ type }) => type !== "switch" && type !== "dome")
          .map(({ id, name }) => ({ deviceId: id, name })),
        power: options.power,
      });
    default:
      throw new Error(`device "${identity.id}": a second ${identity.type} is not simulated`);
  }
}

function createOneCamera(context: DeviceContext, options: ObservatoryOptions, around: Surroundings): Device {
  const { id, name } = context.identity;
  const camera = options.cameras[id];
  if (camera === undefined) throw new Error(`camera "${id}" has no description`);
  const infrared = camera.kind === "near-infrared";
  return createCamera(context, {
    optics: {
      detector: {
        seed: hashText(id),
        width: camera.widthPx,
        height: camera.heightPx,
        gainEPerAdu: camera.gainEPerAdu,
        readNoiseE: camera.readNoiseE,
        biasAdu: 1_000,
        fullWellE: 65_535 * camera.gainEPerAdu,
      },
      pixelSizeUm: camera.pixelSizeUm,
      rotationDeg: camera.rotationDeg,
      fwhmPx: 2.2,
      darkES: infrared ? 0.1 : 0.01,
      darkAtC: camera.setPointC,
      telescope: options.telescope,
      light: around.light,
      blurPx: () => around.focuser()?.blurPx() ?? 0,
      band: () => around.bandOf(id) ?? camera.band,
      skyMag: around.skyMag,
      transients: around.sky.transients,
    },
    defaultSetPointC: camera.setPointC,
    maxExposureS: camera.maxExposureS,
    sensorName: `${name} sensor`,
    readoutS: 4,
    readout: infrared ? createRampReadout() : SINGLE_READ,
    renderer: around.renderer,
    skyActions: around.sky.actions,
  });
}

function lightPath(
  telescope: SimulatedTelescope | undefined,
  dome: SimulatedDome | undefined,
  cover: SimulatedCoverCalibrator | undefined,
  weather: Weather,
): LightPath {
  return {
    // Without a mount the camera stares at the pole.
    directionAt: (atMs) => telescope?.directionAt(atMs) ?? { x: 0, y: 0, z: 1 },
    horizontalAt: (atMs) => telescope?.horizontalAt(atMs) ?? { altDeg: 45, azDeg: 0 },
    openFractionAt: (atMs) => (dome?.openFractionAt(atMs) ?? 1) * (cover?.coverOpenAt(atMs) ?? 1),
    lampAt: (atMs) => cover?.lampAt(atMs) ?? 0,
    cloudTransmission: () => 1 - 0.95 * Math.max(0, (weather.reading().cloudCoverPct - 20) / 80),
    changes: (fromMs, toMs) => [
      ...(telescope?.changes(fromMs, toMs) ?? []),
      ...(dome?.changes(fromMs, toMs) ?? []),
      ...(cover?.changes(fromMs, toMs) ?? []),
    ],
  };
}

function refuseDoubles(devices: readonly DeviceIdentity[]): void {
  const seen = new Set<string>();
  for (const { id, type, number } of devices) {
    const place = `${type}/${number}`;
    if (seen.has(place)) throw new Error(`device "${id}": ${place} is taken by another device`);
    seen.add(place);
  }
}
