/** The interlock: one boolean, from the weather and the alarms of the PLC. It fails closed: unsafe while disconnected. */
import type { Device, DeviceContext, Handlers } from "../device.ts";

export interface SafetyMonitorOptions {
  /** Why it is unsafe now; empty when it is safe. */
  readonly reasons: () => readonly string[];
  readonly connected: () => boolean;
}

/** The SafetyMonitor; Action `safety:reasons` gives the reasons as a JSON array of sentences. */
export function createSafetyMonitor(context: DeviceContext, options: SafetyMonitorOptions): Device {
  // The fault `wrong-position` of a device without positions: the contact reads the opposite, towards unsafe only.
  const isSafe = (): boolean =>
    options.connected() && context.fault() !== "wrong-position" && options.reasons().length === 0;
  const handlers: Handlers<"safetymonitor"> = { issafe: { get: isSafe } };
  return {
    identity: context.identity,
    description: "Simulated interlock of weather and alarms",
    handlers,
    worksDisconnected: ["issafe"],
    actions: { "safety:reasons": { logged: false, run: () => JSON.stringify(options.reasons()) } },
    state: () => ({ IsSafe: isSafe() }),
  };
}
