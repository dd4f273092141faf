import { asSentence } from "../../domain/safety/sentences.ts";
import type { Situation } from "./situation.ts";

/** Class of a status mark: each has a shape of its own, so that colour is never alone. */
export type Tone = "ok" | "quiet" | "running" | "warning" | "alarm" | "alert" | "unknown";

export interface Mark {
  readonly tone: Tone;
  readonly word: string;
}

export function modeMark(mode: Situation["mode"]): Mark {
  const tones: Readonly<Record<Situation["mode"], Tone>> = {
    RUNNING: "running",
    WAITING: "quiet",
    ENDED: "quiet",
    PAUSED: "warning",
    CLOSED: "warning",
    MANUAL: "warning",
    UNKNOWN: "unknown",
  };
  return { tone: tones[mode], word: mode };
}

/** Safety as one word and its reason: the interlock and the weather together. */
export function safetyMark({ safety, weather }: Situation): Mark & { readonly why: string } {
  if (safety.safe === null && weather.safe === null) return { tone: "unknown", word: "UNKNOWN", why: "" };
  if (safety.safe === false || weather.safe === false) {
    // The interlock often has the same reason as the weather.
    const reasons = new Set([...safety.reasons, ...weather.reasons].map(asSentence));
    return { tone: "alarm", word: "UNSAFE", why: [...reasons].join(" ") };
  }
  return { tone: "ok", word: "SAFE", why: "" };
}

const DOME_TONES: Readonly<Record<Situation["dome"], Tone>> = {
  Open: "running",
  Closed: "quiet",
  Opening: "warning",
  Closing: "warning",
  Error: "alarm",
  Unknown: "unknown",
};

export function domeMark(dome: Situation["dome"]): Mark {
  return { tone: DOME_TONES[dome], word: dome.toUpperCase() };
}

export function deviceMark(state: Situation["devices"][number]["state"]): Mark {
  const tones = { UP: "ok", DEGRADED: "warning", DISABLED: "alarm", UNKNOWN: "unknown" } as const;
  return { tone: tones[state], word: state };
}
