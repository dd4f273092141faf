/** The mirror cover and the flat-field lamp, which shines into the beam whether the cover is open or closed. */
import { CalibratorStatus, CoverStatus } from "../../protocol/enums.ts";
import { constant, requireWithin } from "../device.ts";
import type { AnyHandlers, Device, DeviceContext, Handlers } from "../device.ts";
import { createTravel } from "../travel.ts";
import type { TravelLeg } from "../travel.ts";

export interface SimulatedCoverCalibrator {
  readonly device: Device;
  readonly coverOpenAt: (atMs: number) => number;
  /** Brightness of the lamp, 0 to 1. */
  readonly lampAt: (atMs: number) => number;
  readonly changes: (fromMs: number, toMs: number) => number[];
}

const COVER_S = 10;
const LAMP_SETTLE_S = 3;
const MAX_BRIGHTNESS = 100;

/** Cover (10 observatory seconds) and lamp (ready 3 s after a change, at once when turned off). A new one is open. */
export function createCoverCalibrator(context: DeviceContext): SimulatedCoverCalibrator {
  const restored = context.restored as { cover?: readonly TravelLeg[] } | undefined;
  // 0 closed, 1 open. The lamp does not survive a restart.
  const cover = createTravel(restored?.cover, 1, 1 / COVER_S);
  let brightness = 0;
  let lampOn = false;
  let lamp: readonly { readonly fromMs: number; readonly level: number }[] = [];
  let readyMs = 0;

  const coverState = (): CoverStatus => {
    const now = context.motionMs();
    if (cover.movingAt(now)) return CoverStatus.Moving;
    const position = cover.positionAt(now);
    if (position <= 0) return CoverStatus.Closed;
    if (position >= 1) return CoverStatus.Open;
    return context.fault() === "wrong-position" ? CoverStatus.Error : CoverStatus.Unknown;
  };
  const changing = (): boolean => context.motionMs() < readyMs;
  const calibratorState = (): CalibratorStatus => {
    if (changing()) return CalibratorStatus.NotReady;
    return lampOn ? CalibratorStatus.Ready : CalibratorStatus.Off;
  };
  const moveCover = (goal: 0 | 1): void => {
    cover.moveTo(context.fault() === "wrong-position" ? 0.5 : goal, context.motionMs());
    context.save({ cover: cover.legs().slice(-2) });
  };
  const setLamp = (on: boolean, level: number): void => {
    lampOn = on;
    brightness = level;
    const now = context.motionMs();
    readyMs = on ? now + LAMP_SETTLE_S * 1_000 : now;
    lamp = [...lamp.slice(-20), { fromMs: now, level: level / MAX_BRIGHTNESS }];
  };

  const handlers: Handlers<"covercalibrator"> = {
    brightness: { get: () => brightness },
    calibratorchanging: { get: changing },
    calibratoroff: { put: () => setLamp(false, 0) },
    calibratoron: {
      put: ({ Brightness }) => {
        requireWithin("Brightness", Brightness, 0, MAX_BRIGHTNESS);
        setLamp(true, Brightness);
      },
    },
    calibratorstate: { get: calibratorState },
    closecover: { put: () => moveCover(0) },
    covermoving: { get: () => cover.movingAt(context.motionMs()) },
    coverstate: { get: coverState },
    haltcover: {
      put: () => {
        cover.stop(context.motionMs());
        context.save({ cover: cover.legs().slice(-2) });
      },
    },
    maxbrightness: constant(MAX_BRIGHTNESS),
    opencover: { put: () => moveCover(1) },
  };
  return {
    device: {
      identity: context.identity,
      description: "Simulated mirror cover and flat-field lamp",
      handlers: handlers as unknown as AnyHandlers,
      actions: {},
      state: () => ({
        Brightness: brightness,
        CalibratorState: calibratorState(),
        CalibratorChanging: changing(),
        CoverState: coverState(),
        CoverMoving: cover.movingAt(context.motionMs()),
      }),
      powerLost: () => setLamp(false, 0),
    },
    coverOpenAt: cover.positionAt,
    lampAt: (atMs) => lamp.findLast(({ fromMs }) => fromMs <= atMs)?.level ?? 0,
    changes: (fromMs, toMs) => [
      ...cover.changes(fromMs, toMs),
      ...lamp.map((entry) => entry.fromMs).filter((ms) => ms > fromMs && ms < toMs),
    ],
  };
}
