/** The detector's cooler: 1 C per 3 observatory seconds towards the set point, or back to the ambient when off. */
import { createTravel } from "../travel.ts";
import type { TravelLeg } from "../travel.ts";

export interface CoolerState {
  readonly on: boolean;
  readonly setPointC: number;
  readonly legs: readonly TravelLeg[];
}

export interface Cooler {
  readonly on: () => boolean;
  readonly switchTo: (on: boolean) => void;
  readonly setPointC: () => number;
  readonly aimAt: (setPointC: number) => void;
  readonly temperatureC: () => number;
  /** At an instant of observatory time, without the ripple of the regulation. */
  readonly temperatureAt: (atMs: number) => number;
  readonly powerPct: () => number;
  readonly heatSinkC: () => number;
  readonly state: () => CoolerState;
}

const AMBIENT_C = 10;
const C_PER_S = 1 / 3;
/** With the fault `wrong-position` the cooler cannot hold its set point. */
const WEAK_BY_C = 15;

/** A cooler on observatory time; `weak` tells whether it fails to reach its set point. */
export function createCooler(
  restored: CoolerState | undefined,
  defaultSetPointC: number,
  nowMs: () => number,
  weak: () => boolean,
): Cooler {
  let on = restored?.on ?? false;
  let setPointC = restored?.setPointC ?? defaultSetPointC;
  const detector = createTravel(restored?.legs, AMBIENT_C, C_PER_S);
  const drive = (): void =>
    detector.moveTo(on ? Math.min(AMBIENT_C, setPointC + (weak() ? WEAK_BY_C : 0)) : AMBIENT_C, nowMs());
  const temperatureC = (): number => {
    const now = nowMs();
    // Regulation is good to some hundredths.
    return detector.positionAt(now) + (detector.movingAt(now) ? 0 : 0.02 * Math.sin(now / 17_000));
  };
  const powerPct = (): number => {
    if (!on) return 0;
    if (detector.movingAt(nowMs())) return 100;
    return Math.min(100, Math.max(0, 15 + (AMBIENT_C - detector.positionAt(nowMs())) * 0.4));
  };
  return {
    on: () => on,
    switchTo: (next) => {
      if (next === on) return;
      on = next;
      drive();
    },
    setPointC: () => setPointC,
    aimAt: (next) => {
      setPointC = next;
      drive();
    },
    temperatureC,
    temperatureAt: detector.positionAt,
    powerPct,
    heatSinkC: () => AMBIENT_C + 0.12 * powerPct(),
    state: () => ({ on, setPointC, legs: detector.legs().slice(-2) }),
  };
}
