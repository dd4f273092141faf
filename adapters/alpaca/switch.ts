import { createAlpacaDevice } from "./device.ts";
import { BadAnswer } from "./errors.ts";
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

/** No PLC has more; a nonsensical number must not become as many questions. */
const MOST_CHANNELS = 1_024;

/** Client of one switch: alarms, outlets, lights. Names are asked for once: they are wired. */
export function createSwitchClient(transport: AlpacaTransport, address: DeviceAddress): SwitchClient {
  const device = createAlpacaDevice(transport, "switch", address);
  let names: readonly string[] | null = null;

  async function readNames(options?: CallOptions): Promise<readonly string[]> {
    const count = await device.get("maxswitch", {}, options);
    if (!(count >= 1 && count <= MOST_CHANNELS)) {
      throw new BadAnswer(
        address.name,
        "GET maxswitch",
        `MaxSwitch is ${count}, must be 1 to ${MOST_CHANNELS}`,
      );
    }
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
