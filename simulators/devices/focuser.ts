/** The focuser of the telescope: away from its best position the stars grow. */
import { absent, constant } from "../device.ts";
import type { AnyHandlers, Device, DeviceContext, Handlers } from "../device.ts";
import { createTravel } from "../travel.ts";
import type { TravelLeg } from "../travel.ts";

export interface FocuserOptions {
  readonly temperatureC: () => number;
}

export interface SimulatedFocuser {
  readonly device: Device;
  /** Blur to be added in quadrature to the image, pixels FWHM. */
  readonly blurPx: () => number;
}

const MAX_STEP = 50_000;
const BEST_STEP = 25_000;
const STEPS_PER_S = 500;
const STEPS_PER_BLUR_PX = 400;
const WRONG_BY_STEPS = 2_000;

/** An absolute focuser of 1 um steps, 500 of them a second; positions beyond the limits are clamped. */
export function createFocuser(context: DeviceContext, options: FocuserOptions): SimulatedFocuser {
  const restored = context.restored as { legs?: readonly TravelLeg[] } | undefined;
  const drive = createTravel(restored?.legs, BEST_STEP, STEPS_PER_S);
  const position = (): number => Math.round(drive.positionAt(context.motionMs()));
  const moving = (): boolean => drive.movingAt(context.motionMs());
  const save = (): void => context.save({ legs: drive.legs().slice(-2) });

  const handlers: Handlers<"focuser"> = {
    absolute: constant(true),
    halt: {
      put: () => {
        drive.stop(context.motionMs());
        save();
      },
    },
    ismoving: { get: moving },
    maxincrement: constant(MAX_STEP),
    maxstep: constant(MAX_STEP),
    move: {
      put: ({ Position }) => {
        const off = context.fault() === "wrong-position" ? WRONG_BY_STEPS : 0;
        drive.moveTo(Math.min(MAX_STEP, Math.max(0, Position + off)), context.motionMs());
        save();
      },
    },
    position: { get: position },
    stepsize: constant(1),
    tempcomp: {
      get: () => false,
      put: absent("TempComp", "TempCompAvailable is false").put,
    },
    tempcompavailable: constant(false),
    temperature: { get: options.temperatureC },
  };
  return {
    device: {
      identity: context.identity,
      description: `Simulated focuser, 0 to ${MAX_STEP} steps`,
      handlers: handlers as unknown as AnyHandlers,
      actions: {},
      state: () => ({ IsMoving: moving(), Position: position(), Temperature: options.temperatureC() }),
    },
    blurPx: () => Math.abs(drive.positionAt(context.motionMs()) - BEST_STEP) / STEPS_PER_BLUR_PX,
  };
}
