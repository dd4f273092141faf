import type { ShutterWord } from "../../domain/safety/watch-state.ts";
import { ShutterState } from "../../protocol/enums.ts";
import { createAlpacaDevice, isMissingAction } from "./device.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

export interface DomeStatus {
  readonly shutter: ShutterWord;
  readonly azDeg: number | null;
  /** Any part of it moves, the shutter too. */
  readonly slewing: boolean;
}

export interface DomeClient {
  status(options?: CallOptions): Promise<DomeStatus>;
  /** Starts to open and returns at once. */
  openShutter(options?: CallOptions): Promise<void>;
  /** Starts to close and returns at once. */
  closeShutter(options?: CallOptions): Promise<void>;
  /** Tells the dome's own controller that somebody watches: without it, it closes by itself. A dome may have none. */
  keepAlive(options?: CallOptions): Promise<void>;
  connect(options?: CallOptions): Promise<void>;
}

/** Action that feeds the dome's dead-man. */
export const KEEP_ALIVE_ACTION = "dome:keepalive";

const SHUTTER_WORDS: Readonly<Record<number, ShutterWord>> = {
  [ShutterState.Open]: "Open",
  [ShutterState.Closed]: "Closed",
  [ShutterState.Opening]: "Opening",
  [ShutterState.Closing]: "Closing",
  [ShutterState.Error]: "Error",
};

/** Client of one dome or roll-off roof. */
export function createDomeClient(transport: AlpacaTransport, address: DeviceAddress): DomeClient {
  const device = createAlpacaDevice(transport, "dome", address);
  return {
    async status(options) {
      const state = await device.state(options);
      return {
        shutter: SHUTTER_WORDS[state.number("ShutterStatus") ?? -1] ?? "Unknown",
        azDeg: state.number("Azimuth"),
        slewing: state.boolean("Slewing") ?? false,
      };
    },
    openShutter: (options) => device.put("openshutter", {}, options),
    closeShutter: (options) => device.put("closeshutter", {}, options),
    async keepAlive(options) {
      try {
        await device.put("action", { Action: KEEP_ALIVE_ACTION, Parameters: "" }, options);
      } catch (error) {
        if (!isMissingAction(error)) throw error;
      }
    },
    connect: (options) => device.connect(options),
  };
}
