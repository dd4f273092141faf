import { createAlpacaDevice } from "./device.ts";
import { BadAnswer } from "./errors.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

export interface FocuserStatus {
  /** Steps. */
  readonly position: number;
  readonly moving: boolean;
  readonly temperatureC: number | null;
}

export interface FocuserClient {
  readonly name: string;
  status(options?: CallOptions): Promise<FocuserStatus>;
  /** Starts to move to a position (steps) and returns at once. */
  moveTo(position: number, options?: CallOptions): Promise<void>;
  halt(options?: CallOptions): Promise<void>;
  connect(options?: CallOptions): Promise<void>;
}

/** Client of one absolute focuser. */
export function createFocuserClient(transport: AlpacaTransport, address: DeviceAddress): FocuserClient {
  const device = createAlpacaDevice(transport, "focuser", address);
  return {
    name: address.name,
    async status(options) {
      const state = await device.state(options);
      const position = state.number("Position");
      const moving = state.boolean("IsMoving");
      if (position === null || moving === null) {
        throw new BadAnswer(address.name, "GET devicestate", "Position or IsMoving is missing");
      }
      return { position, moving, temperatureC: state.number("Temperature") };
    },
    moveTo: (position, options) => device.put("move", { Position: position }, options),
    halt: (options) => device.put("halt", {}, options),
    connect: (options) => device.connect(options),
  };
}
