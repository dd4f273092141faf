/** A cooled camera on the telescope. Exposures run on observatory time; a restart of the process loses the running one. */
import { SensorType } from "../../protocol/enums.ts";
import { absent, constant, requireWithin } from "../device.ts";
import type { AnyHandlers, Device, DeviceAction, DeviceContext, Handlers } from "../device.ts";
import { CLOCK_OFF_MS } from "../faults.ts";
import type { Renderer } from "../sky/renderer.ts";
import { createBadFlats } from "./bad-flats.ts";
import { createCooler } from "./cooler.ts";
import type { CoolerState } from "./cooler.ts";
import { createExposures } from "./exposure.ts";
import { createFrameJobs, pixelScaleOf } from "./frame-jobs.ts";
import type { OpticsOptions } from "./frame-jobs.ts";
import type { ReadoutScheme } from "./readout.ts";

export interface CameraOptions {
  readonly optics: OpticsOptions;
  readonly defaultSetPointC: number;
  readonly maxExposureS: number;
  readonly sensorName: string;
  /** Observatory seconds from the end of the exposure to the image. */
  readonly readoutS: number;
  readonly readout: ReadoutScheme;
  readonly renderer: Renderer;
  /** Actions of the sky, shared by all cameras. */
  readonly skyActions: Readonly<Record<string, DeviceAction>>;
}

const MAX_BIN = 4;

/** The camera with its exposure, read-out and cooler. */
export function createCamera(context: DeviceContext, options: CameraOptions): Device {
  const { optics, readout, renderer } = options;
  const { detector, pixelSizeUm } = optics;
  const cooler = createCooler(
    (context.restored as { cooler?: CoolerState } | undefined)?.cooler,
    options.defaultSetPointC,
    context.motionMs,
    () => context.fault() === "wrong-position",
  );
  const badFlats = createBadFlats();
  const frameJobs = createFrameJobs(optics, cooler.temperatureAt);
  const exposures = createExposures(context, {
    readoutS: options.readoutS,
    readNoiseE: detector.readNoiseE,
    readout,
    frameJobs: (request, startMs, durationS, read) =>
      badFlats.dimmed(frameJobs(request, startMs, durationS, read), startMs),
    renderer,
  });

  let binX = 1;
  let binY = 1;
  let startX = 0;
  let startY = 0;
  let numX = detector.width;
  let numY = detector.height;
  let readoutMode = 0;

  const save = (): void => context.save({ cooler: cooler.state() });
  const requireGeometry = (): void => {
    const across = Math.floor(detector.width / binX);
    const down = Math.floor(detector.height / binY);
    requireWithin("NumX", numX, 1, across);
    requireWithin("NumY", numY, 1, down);
    requireWithin("StartX", startX, 0, across - numX);
    requireWithin("StartY", startY, 0, down - numY);
  };

  const handlers: Handlers<"camera"> = {
    abortexposure: { put: exposures.abort },
    bayeroffsetx: absent("BayerOffsetX"),
    bayeroffsety: absent("BayerOffsetY"),
    binx: {
      get: () => binX,
      put: ({ BinX }) => {
        requireWithin("BinX", BinX, 1, MAX_BIN);
        binX = BinX;
      },
    },
    biny: {
      get: () => binY,
      put: ({ BinY }) => {
        requireWithin("BinY", BinY, 1, MAX_BIN);
        binY = BinY;
      },
    },
    camerastate: { get: exposures.state },
    cameraxsize: constant(detector.width),
    cameraysize: constant(detector.height),
    canabortexposure: constant(true),
    canasymmetricbin: constant(true),
    canfastreadout: constant(false),
    cangetcoolerpower: constant(true),
    canpulseguide: constant(false),
    cansetccdtemperature: constant(true),
    canstopexposure: constant(true),
    ccdtemperature: { get: cooler.temperatureC },
    cooleron: {
      get: cooler.on,
      put: ({ CoolerOn }) => {
        cooler.switchTo(CoolerOn);
        save();
      },
    },
    coolerpower: { get: cooler.powerPct },
    electronsperadu: constant(detector.gainEPerAdu),
    exposuremax: constant(options.maxExposureS),
    exposuremin: constant(0),
    exposureresolution: constant(0.001),
    fastreadout: absent("FastReadout"),
    fullwellcapacity: constant(detector.fullWellE),
    gain: absent("Gain"),
    gainmax: absent("GainMax"),
    gainmin: absent("GainMin"),
    gains: absent("Gains"),
    hasshutter: constant(true),
    heatsinktemperature: { get: cooler.heatSinkC },
    imagearray: { get: exposures.image },
    imagearrayvariant: { get: exposures.image },
    imageready: { get: exposures.imageReady },
    ispulseguiding: absent("IsPulseGuiding"),
    lastexposureduration: { get: () => exposures.last().durationS },
    lastexposurestarttime: {
      get: () => {
        const off = context.fault() === "clock-off" ? CLOCK_OFF_MS : 0;
        return new Date(exposures.last().startMs + off).toISOString().replace("Z", "");
      },
    },
    maxadu: constant(65_535),
    maxbinx: constant(MAX_BIN),
    maxbiny: constant(MAX_BIN),
    // Sizes and places are checked together when the exposure starts, as the interface wants it.
    numx: {
      get: () => numX,
      put: ({ NumX }) => {
        numX = NumX;
      },
    },
    numy: {
      get: () => numY,
      put: ({ NumY }) => {
        numY = NumY;
      },
    },
    offset: absent("Offset"),
    offsetmax: absent("OffsetMax"),
    offsetmin: absent("OffsetMin"),
    offsets: absent("Offsets"),
    percentcompleted: { get: exposures.percentCompleted },
    pixelsizex: constant(pixelSizeUm),
    pixelsizey: constant(pixelSizeUm),
    pulseguide: absent("PulseGuide"),
    readoutmode: {
      get: () => readoutMode,
      put: ({ ReadoutMode }) => {
        requireWithin("ReadoutMode", ReadoutMode, 0, readout.modes.length - 1);
        readoutMode = ReadoutMode;
      },
    },
    readoutmodes: constant(readout.modes),
    sensorname: constant(options.sensorName),
    sensortype: constant(SensorType.Monochrome),
    setccdtemperature: {
      get: cooler.setPointC,
      put: ({ SetCCDTemperature }) => {
        requireWithin("SetCCDTemperature", SetCCDTemperature, -200, 50);
        cooler.aimAt(SetCCDTemperature);
        save();
      },
    },
    startexposure: {
      put: ({ Duration, Light }) => {
        requireWithin("Duration", Duration, 0, options.maxExposureS);
        requireGeometry();
        exposures.start({
          durationS: Duration,
          light: Light,
          binX,
          binY,
          region: { x: startX * binX, y: startY * binY, width: numX * binX, height: numY * binY },
          modeIndex: readoutMode,
        });
      },
    },
    startx: {
      get: () => startX,
      put: ({ StartX }) => {
        startX = StartX;
      },
    },
    starty: {
      get: () => startY,
      put: ({ StartY }) => {
        startY = StartY;
      },
    },
    stopexposure: { put: exposures.stop },
    subexposureduration: absent("SubExposureDuration"),
  };

  return {
    identity: context.identity,
    description: `Simulated ${options.sensorName}, ${detector.width} x ${detector.height} pixels of ${pixelSizeUm} um, ${pixelScaleOf(optics).toFixed(3)}" each`,
    handlers: handlers as unknown as AnyHandlers,
    actions: { ...options.skyActions, ...badFlats.actions, ...readout.actions(exposures.progress) },
    state: () => ({
      CameraState: exposures.state(),
      CCDTemperature: cooler.temperatureC(),
      CoolerPower: cooler.powerPct(),
      HeatSinkTemperature: cooler.heatSinkC(),
      ImageReady: exposures.imageReady(),
      PercentCompleted: exposures.percentCompleted(),
    }),
    powerLost: () => {
      exposures.abort();
      cooler.switchTo(false);
      save();
    },
    close: exposures.close,
  };
}
