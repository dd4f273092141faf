import { inOrder, interrupts } from "../../domain/night/preemption.ts";
import type { PreemptRequest } from "../messages.ts";
import type { Job, OpenNight } from "./state.ts";

/** Why the sequence that runs must give way. */
export type Interruption =
  | { readonly kind: "end"; readonly reason: string }
  | { readonly kind: "hold"; readonly reason: string; readonly stop: "now" | "frameEnd" }
  | { readonly kind: "alert"; readonly reason: string; readonly claim: PreemptRequest }
  | { readonly kind: "withdrawn"; readonly reason: string };

/** What interrupts a job now, the most pressing first, or null. */
export function interruptionOf(tonight: OpenNight, job: Job): Interruption | null {
  const { ending, holds, running } = tonight;
  if (ending !== null) return { kind: "end", reason: ending };
  if (tonight.isHeld()) {
    // Only a person's pause may let the exposure finish: every other cause stops within seconds.
    const stop = holds.holds.every((hold) => hold.kind === "operator") ? holds.stop : "now";
    return { kind: "hold", reason: tonight.holdWords(), stop };
  }
  if (running?.withdrawn !== null && running?.withdrawn !== undefined) {
    return { kind: "withdrawn", reason: running.withdrawn };
  }
  const claim = inOrder(tonight.pending)[0];
  if (claim !== undefined && interrupts(claim, job.claim)) {
    return { kind: "alert", reason: `alert ${claim.alertKey} took the telescope`, claim };
  }
  return null;
}

/** Whether it cannot wait for the exposure that runs. */
export function urgent(interruption: Interruption | null): boolean {
  return interruption !== null && !(interruption.kind === "hold" && interruption.stop === "frameEnd");
}
