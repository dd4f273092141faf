/** The workflows that the control worker runs: the registry the bundle is made from. */
export { alert } from "./alert.ts";
export { membership } from "./membership.ts";
export { analysis } from "./analysis.ts";
export { calibration } from "./calibration.ts";
export { night } from "./night.ts";
export { observatory } from "./observatory.ts";
export { probe, probeTarget } from "./probe.ts";
export { deviceRecovery } from "./recovery.ts";
export { sequence } from "./sequence.ts";
