import { createAlpacaDevice } from "./device.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

export interface SwitchClient {
  /** All channels at one moment, in the order of their numbers. */
  channels(options?: CallOptions): Promise<readonly SwitchChannel[]>;
}

export interface SwitchChannel {
  readonly number: number;
  readonly name: string;
  readonly on: boolean;
}

/** Client of one switch: alarms, outlets, lights. Names are asked for once: they are wired. */
export function createSwitchClient(transport: AlpacaTransport, address: DeviceAddress): SwitchClient {
  const device = createAlpacaDevice(transport, "switch", address);
  let names: readonly string[] | null = null;

  async function readNames(options?: CallOptions): Promise<readonly string[]> {
    const count = await device.get("maxswitch", {}, options);
    return Promise.all(
      Array.from({ length: count }, (_, Id) => device.get("getswitchname", { Id }, options)),
    );
  }

  return {
    async channels(options) {
      names ??= await readNames(options);
      const state = await device.state(options);
      return Promise.all(
        names.map(async (name, number) => ({
          number,
          name,
          // Before Platform 7 there is no state of all channels.
          on: state.boolean(`GetSwitch${number}`) ?? (await device.get("getswitch", { Id: number }, options)),
        })),
      );
    },
  };
}
