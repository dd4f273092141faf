import type { NightPhase } from "../../workflows/messages.ts";
import { duration, hourMinute } from "../words/time.ts";
import type { Situation } from "./situation.ts";

const PHASE_WORDS: Readonly<Record<NightPhase, string>> = {
  preparing: "Preparing the night",
  waitingForDusk: "Ready, waiting for dusk",
  opening: "Opening the dome",
  scheduling: "Planning",
  observing: "Observing",
  alert: "Observing an alert",
  idle: "Nothing to observe now",
  held: "Held",
  closing: "Closing the dome",
  parking: "Parking the telescope",
  ended: "Night ended",
};

/** The phase of a night in words. */
export function phaseWords(phase: NightPhase): string {
  return PHASE_WORDS[phase];
}

/** Where in the night we are and how long it lasts: `Observing, dawn in 4 h 12 min`. */
export function phaseSentence(situation: Situation, nowMs: number): string {
  const { night, tonight } = situation;
  if (night !== null && night.phase !== "ended") {
    const dawnMs = tonight?.dawnMs ?? null;
    const duskMs = tonight?.duskMs ?? null;
    if (night.phase === "waitingForDusk" && duskMs !== null && duskMs > nowMs) {
      return `Ready, dusk in ${duration(duskMs - nowMs)}`;
    }
    const left = dawnMs !== null && dawnMs > nowMs ? `, dawn in ${duration(dawnMs - nowMs)}` : "";
    return `${phaseWords(night.phase)}${left}`;
  }
  if (tonight === null) return "Almanac not known yet";
  if (tonight.prepareMs === null || tonight.duskMs === null)
    return tonight.why === "" ? "No night today" : tonight.why;
  if (nowMs < tonight.prepareMs) return `Day, the night starts in ${duration(tonight.prepareMs - nowMs)}`;
  if (tonight.dawnMs !== null && nowMs < tonight.dawnMs) {
    return `Night, no night running; dawn at ${hourMinute(tonight.dawnMs)} UTC`;
  }
  return "Day";
}
