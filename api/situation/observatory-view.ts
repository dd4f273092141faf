import type { Observatory } from "../../domain/observatory.ts";
import type { ObservatoryState } from "../../workflows/messages.ts";
import { fromState } from "./situation.ts";

/** The answer of GET /api/observatory. */
export function observatoryView(state: ObservatoryState, observatory: Observatory) {
  const situation = fromState(state, observatory);
  const { safety, weather } = situation;
  return {
    mode: situation.mode,
    paused: state.paused,
    phase: state.phase,
    holds: [...situation.holds],
    closedByHand: situation.closedByHand,
    safety: {
      safe: safety.safe === null || weather.safe === null ? null : safety.safe && weather.safe,
      interlock: { safe: safety.safe, reasons: [...safety.reasons] },
      weather: { safe: weather.safe, reasons: [...weather.reasons] },
      dome: situation.dome,
      guard: situation.guard,
    },
    night: situation.night,
    lastNight: situation.lastNight,
    tonight: situation.tonight,
    executing:
      situation.night === null || situation.night.executing === null
        ? null
        : { ...situation.night.executing, cameras: [...situation.night.executing.cameras] },
    devices: [...situation.devices],
    pendingAlerts: [...situation.pendingAlerts],
    alertInProgress: situation.alertInProgress,
  };
}
