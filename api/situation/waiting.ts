import type { NightReport } from "../../workflows/messages.ts";
import { clockTime, duration } from "../words/time.ts";

/** What an open night waits for, in whole sentences; empty while it exposes. */
export function waitingSentences(night: NightReport, nowMs: number): string[] {
  if (night.executing !== null || night.waitingFor === "") return [];
  const what = night.waitingFor.replace(/\.$/, "");
  const { waitsUntilMs } = night;
  const when =
    waitsUntilMs === null || waitsUntilMs < nowMs
      ? ""
      : `${clockTime(waitsUntilMs)} UTC, in ${duration(waitsUntilMs - nowMs)}`;
  switch (night.phase) {
    case "idle":
      return [
        `Nothing to observe now. Next: ${what}.`,
        ...(when === "" ? [] : [`It decides again at ${when}.`]),
      ];
    case "scheduling":
      return [`Planning: ${what}.`];
    case "held":
    case "preparing":
      return [`${what[0]?.toUpperCase()}${what.slice(1)}.`];
    case "observing":
    case "alert":
      return [`Going to ${what}.`];
    default:
      return [`Waiting for ${what}${when === "" ? "" : `, ${when}`}.`];
  }
}
