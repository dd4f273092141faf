import { DEVICE_STATE } from "../../protocol/device-state.ts";
import type { AlpacaDeviceType } from "../../protocol/member-types.ts";
import { createAlpacaDevice } from "./device.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

export interface PlainDevice {
  /** Its operational properties that have a value. */
  values(options?: CallOptions): Promise<Readonly<Record<string, number | boolean>>>;
}

/** A device of which only the state is looked at: filter wheel, focuser, cover and calibrator, switch. */
export function createPlainDevice(
  transport: AlpacaTransport,
  type: AlpacaDeviceType,
  address: DeviceAddress,
): PlainDevice {
  const device = createAlpacaDevice(transport, type, address);
  return {
    async values(options) {
      const state = await device.state(options);
      const entries = DEVICE_STATE[type].flatMap((name) => {
        const value = state.boolean(name) ?? state.number(name);
        return value === null ? [] : [[name, value] as const];
      });
      return Object.fromEntries(entries);
    },
  };
}
