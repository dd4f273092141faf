import { createAlpacaDevice } from "./device.ts";
import { BadAnswer } from "./errors.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

export interface WheelStatus {
  /** Slot in the beam, from 0; null while it moves. */
  readonly slot: number | null;
  /** Filter in the beam; null while it moves. */
  readonly filter: string | null;
}

export interface FilterWheelClient {
  readonly name: string;
  /** Filters by slot. Asked once: they change with a person's screwdriver only. */
  filters(options?: CallOptions): Promise<readonly string[]>;
  status(options?: CallOptions): Promise<WheelStatus>;
  /** Starts to turn to a slot and returns at once. */
  turnTo(slot: number, options?: CallOptions): Promise<void>;
  connect(options?: CallOptions): Promise<void>;
}

/** Client of one filter wheel. */
export function createFilterWheelClient(
  transport: AlpacaTransport,
  address: DeviceAddress,
): FilterWheelClient {
  const device = createAlpacaDevice(transport, "filterwheel", address);
  let known: readonly string[] | null = null;

  async function filters(options?: CallOptions): Promise<readonly string[]> {
    known ??= await device.get("names", {}, options);
    return known;
  }

  return {
    name: address.name,
    filters,

    async status(options) {
      const [names, state] = await Promise.all([filters(options), device.state(options)]);
      const position = state.number("Position");
      if (position === -1) return { slot: null, filter: null };
      const filter = position === null ? undefined : names[position];
      if (position === null || filter === undefined) {
        throw new BadAnswer(
          address.name,
          "GET devicestate",
          `Position is ${position}, must be -1 to ${names.length - 1}`,
        );
      }
      return { slot: position, filter };
    },

    turnTo: (slot, options) => device.put("position", { Position: slot }, options),

    connect: (options) => device.connect(options),
  };
}
