import { CameraState } from "../../protocol/enums.ts";
import type { RampDescription } from "../../domain/observatory.ts";
import { createAlpacaDevice, utcMs } from "./device.ts";
import { AlpacaError, BadAnswer } from "./errors.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress, RawImage } from "./transport.ts";

export type CameraWord = "Idle" | "Waiting" | "Exposing" | "Reading" | "Download" | "Error";

export interface CameraStatus {
  readonly state: CameraWord;
  readonly imageReady: boolean;
  readonly temperatureC: number | null;
  readonly coolerPowerPct: number | null;
  readonly percentCompleted: number | null;
  /** The camera's own clock, Unix ms, when it says it with its state. */
  readonly clockMs: number | null;
}

export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

export interface LastExposure {
  /** By the camera's own clock, Unix ms. */
  readonly startMs: number;
  readonly durationS: number;
}

export interface CameraClient {
  readonly name: string;
  status(options?: CallOptions): Promise<CameraStatus>;
  /** Opens the shutter (`light`) or takes a dark, and returns at once. */
  startExposure(durationS: number, light: boolean, options?: CallOptions): Promise<void>;
  /** Ends an exposure and throws it away; does nothing when idle. */
  abortExposure(options?: CallOptions): Promise<void>;
  /** The newest exposure, running or finished; null before the first. */
  lastExposure(options?: CallOptions): Promise<LastExposure | null>;
  /** The finished frame as it comes over the wire. */
  download(options?: CallOptions): Promise<RawImage>;
  /** Side of one unbinned pixel, micrometres. */
  pixelSizeUm(options?: CallOptions): Promise<number>;
  /** The whole detector, unbinned pixels. */
  detectorSize(options?: CallOptions): Promise<FrameSize>;
  /** The whole detector, bin 1, from the next exposure on. */
  setFullFrame(options?: CallOptions): Promise<void>;
  /** Full frame, cooler on at this set point (Celsius). */
  configure(setPointC: number, options?: CallOptions): Promise<void>;
  /** Cooler off: the detector warms up by itself. */
  warm(options?: CallOptions): Promise<void>;
  /** Chooses how a near-infrared detector is read from the next exposure on. */
  setRamp(ramp: RampDescription, options?: CallOptions): Promise<void>;
  /** How the newest exposure was (or is) read; null before the first. */
  rampFacts(options?: CallOptions): Promise<RampFacts | null>;
  connect(options?: CallOptions): Promise<void>;
}

/** What a camera says of the ramp of its newest exposure. */
export interface RampFacts extends RampDescription {
  /** Reads taken. */
  readonly read: number;
}

const WORDS: Readonly<Record<number, CameraWord>> = {
  [CameraState.Idle]: "Idle",
  [CameraState.Waiting]: "Waiting",
  [CameraState.Exposing]: "Exposing",
  [CameraState.Reading]: "Reading",
  [CameraState.Download]: "Download",
  [CameraState.Error]: "Error",
};

/** Client of one camera. */
export function createCameraClient(transport: AlpacaTransport, address: DeviceAddress): CameraClient {
  const device = createAlpacaDevice(transport, "camera", address);

  async function action(
    name: string,
    parameters: object,
    options?: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>> {
    const answer = await device.put(
      "action",
      { Action: name, Parameters: JSON.stringify(parameters) },
      options,
    );
    try {
      return (JSON.parse(answer) ?? {}) as Readonly<Record<string, unknown>>;
    } catch {
      throw new BadAnswer(address.name, `Action ${name}`, `"${answer.slice(0, 80)}" is no JSON`);
    }
  }

  async function detectorSize(options?: CallOptions): Promise<FrameSize> {
    const [width, height] = await Promise.all([
      device.get("cameraxsize", {}, options),
      device.get("cameraysize", {}, options),
    ]);
    return { width, height };
  }

  async function setFullFrame(options?: CallOptions): Promise<void> {
    await device.put("binx", { BinX: 1 }, options);
    await device.put("biny", { BinY: 1 }, options);
    const { width, height } = await detectorSize(options);
    await device.put("startx", { StartX: 0 }, options);
    await device.put("starty", { StartY: 0 }, options);
    await device.put("numx", { NumX: width }, options);
    await device.put("numy", { NumY: height }, options);
  }

  return {
    name: address.name,

    async status(options) {
      const state = await device.state(options);
      const number = state.number("CameraState");
      const word = number === null ? undefined : WORDS[number];
      if (word === undefined) {
        throw new BadAnswer(address.name, "GET devicestate", `CameraState is ${number}, must be 0 to 5`);
      }
      return {
        state: word,
        imageReady: state.boolean("ImageReady") ?? false,
        temperatureC: state.number("CCDTemperature"),
        coolerPowerPct: state.number("CoolerPower"),
        percentCompleted: state.number("PercentCompleted"),
        clockMs: state.timeStampMs,
      };
    },

    startExposure: (durationS, light, options) =>
      device.put("startexposure", { Duration: durationS, Light: light }, options),

    abortExposure: (options) => device.put("abortexposure", {}, options),

    async lastExposure(options) {
      try {
        const [start, durationS] = await Promise.all([
          device.get("lastexposurestarttime", {}, options),
          device.get("lastexposureduration", {}, options),
        ]);
        const startMs = utcMs(start);
        if (startMs === null) {
          throw new BadAnswer(
            address.name,
            "GET lastexposurestarttime",
            `"${start}" is no date in UTC (ISO 8601)`,
          );
        }
        return { startMs, durationS };
      } catch (error) {
        // Before the first exposure both are refused, by drivers with different numbers.
        if (error instanceof AlpacaError) return null;
        throw error;
      }
    },

    pixelSizeUm: (options) => device.get("pixelsizex", {}, options),

    download: (options) => transport.getImage(address, options),

    detectorSize,
    setFullFrame,

    async configure(setPointC, options) {
      await setFullFrame(options);
      await device.put("setccdtemperature", { SetCCDTemperature: setPointC }, options);
      await device.put("cooleron", { CoolerOn: true }, options);
    },

    warm: (options) => device.put("cooleron", { CoolerOn: false }, options),
    async setRamp({ mode, nreads, nresets, groups }, options) {
      const modes = await device.get("readoutmodes", {}, options);
      const index = modes.indexOf(mode);
      if (index < 0) {
        throw new BadAnswer(
          address.name,
          "GET readoutmodes",
          `it has no readout mode "${mode}", it has ${modes.join(", ")}`,
        );
      }
      await device.put("readoutmode", { ReadoutMode: index }, options);
      await action("ramp:configure", { nreads, nresets, groups }, options);
    },

    async rampFacts(options) {
      const facts = await action("ramp:status", {}, options);
      const { mode, nreads, nresets, groups, read } = facts;
      if (mode === null) return null;
      const counts = [nreads, nresets, groups, read];
      if (typeof mode !== "string" || !counts.every((count) => Number.isInteger(count))) {
        throw new BadAnswer(address.name, "Action ramp:status", `${JSON.stringify(facts)} is no ramp`);
      }
      return { mode, nreads, nresets, groups, read } as RampFacts;
    },

    connect: (options) => device.connect(options),
  };
}
