/** A filter wheel, on one camera or on the telescope: what it holds in the beam is what those cameras see. */
import { constant, requireWithin } from "../device.ts";
import type { AnyHandlers, Device, DeviceContext, Handlers } from "../device.ts";
import { createTravel } from "../travel.ts";
import type { TravelLeg } from "../travel.ts";

export interface FilterWheelOptions {
  readonly filters: readonly string[];
  /** Focuser steps by filter. */
  readonly focusOffsets: readonly number[];
}

export interface SimulatedFilterWheel {
  readonly device: Device;
  /** Filter in the beam, or on its way there. */
  readonly filter: () => string;
}

const SLOTS_PER_S = 0.5;

/** The wheel; 2 observatory seconds from one filter to the next. */
export function createFilterWheel(context: DeviceContext, options: FilterWheelOptions): SimulatedFilterWheel {
  const { filters } = options;
  const restored = context.restored as { legs?: readonly TravelLeg[] } | undefined;
  const wheel = createTravel(restored?.legs, 0, SLOTS_PER_S);
  const position = (): number =>
    wheel.movingAt(context.motionMs()) ? -1 : Math.round(wheel.positionAt(context.motionMs()));

  const handlers: Handlers<"filterwheel"> = {
    focusoffsets: constant(options.focusOffsets),
    names: constant(filters),
    position: {
      get: position,
      put: ({ Position }) => {
        requireWithin("Position", Position, 0, filters.length - 1);
        const wrong = context.fault() === "wrong-position" ? 1 : 0;
        wheel.moveTo((Position + wrong) % filters.length, context.motionMs());
        context.save({ legs: wheel.legs().slice(-2) });
      },
    },
  };
  return {
    device: {
      identity: context.identity,
      description: `Simulated filter wheel: ${filters.join(", ")}`,
      handlers: handlers as unknown as AnyHandlers,
      actions: {},
      state: () => ({ Position: position() }),
    },
    filter: () => filters[Math.round(wheel.goal())] ?? "",
  };
}
