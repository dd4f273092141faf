import { CalibratorStatus, CoverStatus } from "../../protocol/enums.ts";
import { createAlpacaDevice } from "./device.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

export type CoverWord = "NotPresent" | "Closed" | "Moving" | "Open" | "Unknown" | "Error";
export type LampWord = "NotPresent" | "Off" | "NotReady" | "Ready" | "Unknown" | "Error";

export interface CoverState {
  readonly cover: CoverWord;
  readonly lamp: LampWord;
  /** Of 0 to the lamp's own maximum; null when it does not say. */
  readonly brightness: number | null;
}

export interface CoverClient {
  readonly name: string;
  status(options?: CallOptions): Promise<CoverState>;
  /** Starts to open and returns at once. */
  openCover(options?: CallOptions): Promise<void>;
  /** Starts to close and returns at once. */
  closeCover(options?: CallOptions): Promise<void>;
  /** Turns the lamp on and returns at once; it is ready some seconds later. */
  lampOn(brightness: number, options?: CallOptions): Promise<void>;
  lampOff(options?: CallOptions): Promise<void>;
  maxBrightness(options?: CallOptions): Promise<number>;
  connect(options?: CallOptions): Promise<void>;
}

const COVER_WORDS: Readonly<Record<number, CoverWord>> = {
  [CoverStatus.NotPresent]: "NotPresent",
  [CoverStatus.Closed]: "Closed",
  [CoverStatus.Moving]: "Moving",
  [CoverStatus.Open]: "Open",
  [CoverStatus.Unknown]: "Unknown",
  [CoverStatus.Error]: "Error",
};

const LAMP_WORDS: Readonly<Record<number, LampWord>> = {
  [CalibratorStatus.NotPresent]: "NotPresent",
  [CalibratorStatus.Off]: "Off",
  [CalibratorStatus.NotReady]: "NotReady",
  [CalibratorStatus.Ready]: "Ready",
  [CalibratorStatus.Unknown]: "Unknown",
  [CalibratorStatus.Error]: "Error",
};

/** Client of one mirror cover with its flat-field lamp. */
export function createCoverClient(transport: AlpacaTransport, address: DeviceAddress): CoverClient {
  const device = createAlpacaDevice(transport, "covercalibrator", address);
  return {
    name: address.name,
    async status(options) {
      const state = await device.state(options);
      return {
        cover: COVER_WORDS[state.number("CoverState") ?? -1] ?? "Unknown",
        lamp: LAMP_WORDS[state.number("CalibratorState") ?? -1] ?? "Unknown",
        brightness: state.number("Brightness"),
      };
    },
    openCover: (options) => device.put("opencover", {}, options),
    closeCover: (options) => device.put("closecover", {}, options),
    lampOn: (brightness, options) => device.put("calibratoron", { Brightness: brightness }, options),
    lampOff: (options) => device.put("calibratoroff", {}, options),
    maxBrightness: (options) => device.get("maxbrightness", {}, options),
    connect: (options) => device.connect(options),
  };
}
