/** A cooled camera on the telescope. Exposures run on observatory time; a restart of the process loses the running one. */
import { ARCSEC_PER_DEG, MS_PER_SECOND, RAD_PER_DEG } from "../../domain/units.ts";
import { CameraState, SensorType } from "../../protocol/enums.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import type { PixelImage } from "../../protocol/image-bytes.ts";
import { AlpacaError, absent, constant, requireWithin } from "../device.ts";
import type { AnyHandlers, Device, DeviceAction, DeviceContext, Handlers } from "../device.ts";
import { exposureLight } from "../exposure-light.ts";
import type { LightPath } from "../exposure-light.ts";
import { CLOCK_OFF_MS } from "../faults.ts";
import { photometry } from "../sky/bands.ts";
import type { DetectorModel } from "../sky/detector.ts";
import type { FrameJob } from "../sky/frame.ts";
import { hash32 } from "../sky/random.ts";
import type { Renderer } from "../sky/renderer.ts";
import type { Transient } from "../sky/transients.ts";
import { createCooler } from "./cooler.ts";
import type { CoolerState } from "./cooler.ts";
import type { ReadoutScheme } from "./readout.ts";

export interface CameraOptions {
  readonly detector: DetectorModel;
  readonly pixelSizeUm: number;
  readonly rotationDeg: number;
  readonly defaultSetPointC: number;
  readonly maxExposureS: number;
  readonly sensorName: string;
  /** Observatory seconds from the end of the exposure to the image. */
  readonly readoutS: number;
  readonly fwhmPx: number;
  /** Dark current at the temperature `darkAtC`, electrons per second; it doubles every 6 C. */
  readonly darkES: number;
  readonly darkAtC: number;
  readonly readout: ReadoutScheme;
  readonly telescope: { readonly apertureM: number; readonly focalLengthMm: number };
  readonly light: LightPath;
  /** Blur of the focus, added in quadrature, pixels FWHM. */
  readonly blurPx: () => number;
  /** Filter in the beam. */
  readonly band: () => string;
  readonly skyMag: (atMs: number) => number;
  readonly transients: () => readonly Transient[];
  readonly renderer: Renderer;
  /** Actions of the sky, shared by all cameras. */
  readonly skyActions: Readonly<Record<string, DeviceAction>>;
}

interface Exposure {
  readonly startMs: number;
  /** Moves to the present when the exposure is stopped early. */
  durationS: number;
  readonly light: boolean;
  readonly binX: number;
  readonly binY: number;
  readonly region: FrameJob["region"];
  readonly modeIndex: number;
  drawing: boolean;
  image: PixelImage<Uint16Array> | undefined;
  failure: string | undefined;
}

const MAX_BIN = 4;
const LONGEST_SLEEP_MS = 1_000;

/** The camera with its exposure, read-out and cooler. */
export function createCamera(context: DeviceContext, options: CameraOptions): Device {
  const { detector, readout } = options;
  const cooler = createCooler(
    (context.restored as { cooler?: CoolerState } | undefined)?.cooler,
    options.defaultSetPointC,
    context.motionMs,
    () => context.fault() === "wrong-position",
  );
  const pixelScaleArcsec =
    ((options.pixelSizeUm / 1_000 / options.telescope.focalLengthMm) * ARCSEC_PER_DEG) / RAD_PER_DEG;

  let exposure: Exposure | undefined;
  let lastStartMs: number | undefined;
  let lastDurationS: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let binX = 1;
  let binY = 1;
  let startX = 0;
  let startY = 0;
  let numX = detector.width;
  let numY = detector.height;
  let readoutMode = 0;

  const save = (): void => context.save({ cooler: cooler.state() });
  const exposureEndMs = (running: Exposure): number => running.startMs + running.durationS * MS_PER_SECOND;
  const readEndMs = (running: Exposure): number => exposureEndMs(running) + options.readoutS * MS_PER_SECOND;

  const state = (): CameraState => {
    if (exposure === undefined) return CameraState.Idle;
    if (exposure.failure !== undefined) return CameraState.Error;
    const now = context.motionMs();
    if (now < exposureEndMs(exposure)) return CameraState.Exposing;
    if (now < readEndMs(exposure)) return CameraState.Reading;
    return exposure.image === undefined ? CameraState.Download : CameraState.Idle;
  };
  const imageReady = (): boolean => state() === CameraState.Idle && exposure?.image !== undefined;
  const image = (): PixelImage<Uint16Array> => {
    if (exposure?.failure !== undefined) throw new AlpacaError(ErrorNumber.DriverBase, exposure.failure);
    if (imageReady() && exposure?.image !== undefined) return exposure.image;
    throw new AlpacaError(ErrorNumber.InvalidOperation, "there is no image: ImageReady is false");
  };
  const percentCompleted = (): number => {
    if (exposure === undefined) return 0;
    if (exposure.durationS === 0) return 100;
    const elapsedS = (context.motionMs() - exposure.startMs) / MS_PER_SECOND;
    return Math.max(0, Math.min(100, Math.floor((100 * elapsedS) / exposure.durationS)));
  };

  /** The frame after `durationS` of the exposure, with the noise that `seed` gives. */
  const frameJob = (running: Exposure, durationS: number, readNoiseE: number, read: number): FrameJob => {
    const endMs = running.startMs + durationS * MS_PER_SECOND;
    const nothing = { samples: [], skyS: 0, lampS: 0 };
    const light = running.light
      ? exposureLight(options.light, running.startMs, endMs, pixelScaleArcsec)
      : nothing;
    const band = options.band();
    const middleMs = (running.startMs + endMs) / 2;
    const flux = photometry(band, options.telescope.apertureM, pixelScaleArcsec, options.skyMag(middleMs));
    const darkDoublings = (cooler.temperatureC() - options.darkAtC) / 6;
    return {
      seed: hash32(detector.seed, Math.floor(running.startMs / 1_000), running.startMs % 1_000, read),
      detector: { ...detector, readNoiseE },
      exposureS: durationS,
      samples: light.samples,
      band,
      zeroPointES: flux.zeroPointES,
      pixelScaleArcsec,
      rotationDeg: options.rotationDeg,
      fwhmPx: Math.hypot(options.fwhmPx, options.blurPx()),
      skyE: flux.skyES * light.skyS,
      lampE: flux.lampES * light.lampS,
      transients: options.transients(),
      darkES: options.darkES * 2 ** darkDoublings,
      binX: running.binX,
      binY: running.binY,
      region: running.region,
    };
  };
  const draw = (running: Exposure): void => {
    running.drawing = true;
    const readNoiseE = readout.readNoiseE(running.modeIndex, detector.readNoiseE);
    options.renderer.draw(frameJob(running, running.durationS, readNoiseE, 0)).then(
      (pixels) => {
        running.image = { ...sizeOf(running), planes: 1, pixels };
      },
      (error: unknown) => {
        running.failure = `the frame could not be read: ${error instanceof Error ? error.message : String(error)}`;
      },
    );
  };
  /** One raw read of a detector that is read on the way. */
  const readAfter = async (running: Exposure, afterS: number, read: number) => {
    const job = frameJob(running, afterS, detector.readNoiseE, read);
    return { ...sizeOf(running), pixels: await options.renderer.draw(job) };
  };
  const sizeOf = ({ region, binX, binY }: Exposure): { width: number; height: number } => ({
    width: Math.floor(region.width / binX),
    height: Math.floor(region.height / binY),
  });
  const giveUp = (): void => {
    clearTimeout(timer);
    exposure = undefined;
  };
  /** Waits for the end of the integration; looks again at least once a second, as the clock may be anchored anew. */
  const awaitEnd = (): void => {
    clearTimeout(timer);
    if (exposure === undefined || exposure.drawing) return;
    if (context.motionMs() >= exposureEndMs(exposure)) {
      draw(exposure);
      return;
    }
    const waitMs = Math.ceil(context.wallMsOf(exposureEndMs(exposure)) - Date.now());
    timer = setTimeout(awaitEnd, Math.max(1, Math.min(LONGEST_SLEEP_MS, waitMs)));
    timer.unref();
  };

  const requireGeometry = (): void => {
    const across = Math.floor(detector.width / binX);
    const down = Math.floor(detector.height / binY);
    requireWithin("NumX", numX, 1, across);
    requireWithin("NumY", numY, 1, down);
    requireWithin("StartX", startX, 0, across - numX);
    requireWithin("StartY", startY, 0, down - numY);
  };

  const handlers: Handlers<"camera"> = {
    abortexposure: {
      put: () => {
        if (state() !== CameraState.Idle) giveUp();
      },
    },
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
    camerastate: { get: state },
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
    imagearray: { get: image },
    imagearrayvariant: { get: image },
    imageready: { get: imageReady },
    ispulseguiding: absent("IsPulseGuiding"),
    lastexposureduration: {
      get: () => {
        if (lastDurationS !== undefined) return lastDurationS;
        throw new AlpacaError(ErrorNumber.InvalidOperation, "no exposure has been made yet");
      },
    },
    lastexposurestarttime: {
      get: () => {
        if (lastStartMs === undefined) {
          throw new AlpacaError(ErrorNumber.InvalidOperation, "no exposure has been made yet");
        }
        const off = context.fault() === "clock-off" ? CLOCK_OFF_MS : 0;
        return new Date(lastStartMs + off).toISOString().replace("Z", "");
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
    percentcompleted: { get: percentCompleted },
    pixelsizex: constant(options.pixelSizeUm),
    pixelsizey: constant(options.pixelSizeUm),
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
        const now = state();
        if (now !== CameraState.Idle && now !== CameraState.Error) {
          throw new AlpacaError(
            ErrorNumber.InvalidOperation,
            "an exposure is under way; abort it or wait for its end",
          );
        }
        requireGeometry();
        lastStartMs = context.nowMs();
        lastDurationS = Duration;
        exposure = {
          startMs: context.motionMs(),
          durationS: Duration,
          light: Light,
          binX,
          binY,
          region: { x: startX * binX, y: startY * binY, width: numX * binX, height: numY * binY },
          modeIndex: readoutMode,
          drawing: false,
          image: undefined,
          failure: undefined,
        };
        awaitEnd();
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
    stopexposure: {
      put: () => {
        if (exposure === undefined || state() !== CameraState.Exposing) return;
        exposure.durationS = Math.max(0, (context.motionMs() - exposure.startMs) / MS_PER_SECOND);
        lastDurationS = exposure.durationS;
        awaitEnd();
      },
    },
    subexposureduration: absent("SubExposureDuration"),
  };

  return {
    identity: context.identity,
    description: `Simulated ${options.sensorName}, ${detector.width} x ${detector.height} pixels of ${options.pixelSizeUm} um, ${pixelScaleArcsec.toFixed(3)}" each`,
    handlers: handlers as unknown as AnyHandlers,
    actions: {
      ...options.skyActions,
      ...readout.actions(() => {
        const running = exposure;
        if (running === undefined) return undefined;
        const { startMs, durationS, modeIndex } = running;
        return {
          startMs,
          durationS,
          modeIndex,
          nowMs: context.motionMs(),
          readAfter: (afterS, read) => readAfter(running, afterS, read),
        };
      }),
    },
    state: () => ({
      CameraState: state(),
      CCDTemperature: cooler.temperatureC(),
      CoolerPower: cooler.powerPct(),
      HeatSinkTemperature: cooler.heatSinkC(),
      ImageReady: imageReady(),
      PercentCompleted: percentCompleted(),
    }),
    powerLost: () => {
      giveUp();
      cooler.switchTo(false);
      save();
    },
    close: () => clearTimeout(timer),
  };
}
