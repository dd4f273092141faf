import type { Hold } from "../../domain/safety/holds.ts";
import { closesDome } from "../../domain/safety/holds.ts";
import { dateTime, duration } from "../words/time.ts";

/** A hold as pages show it: what, who, since when, why, and what lifts it. */
export interface ShownHold {
  readonly name: string;
  readonly who: string;
  readonly since: string;
  readonly age: string;
  readonly why: string;
  readonly lifts: string;
}

export function shownHolds(holds: readonly Hold[], nowMs: number, safeForMin: number): ShownHold[] {
  return holds.map((hold) => ({
    name: nameOf(hold),
    who: hold.who,
    since: dateTime(hold.sinceMs),
    age: duration(nowMs - hold.sinceMs),
    why: hold.why,
    lifts: liftedBy(hold, safeForMin),
  }));
}

function nameOf({ kind }: Hold): string {
  const words = kind.startsWith("device:")
    ? `Device ${kind.slice("device:".length)}`
    : `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
  return closesDome(kind) ? `${words} (dome closed)` : words;
}

function liftedBy({ kind }: Hold, safeForMin: number): string {
  switch (kind) {
    case "operator":
    case "maintenance":
      return "A person lifts it: Resume.";
    case "weather":
      return `Lifts by itself after ${safeForMin} min of safe readings without a break.`;
    case "safety":
      return "Lifts by itself when the interlock is safe again.";
    case "guard":
      return "Lifts by itself when the guard has been content for 5 min.";
    default:
      return "Lifts by itself when the device works again.";
  }
}
