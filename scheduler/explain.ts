import type { Refusal } from "./eligibility.ts";
import type { RefusalCode } from "./schedule.ts";

/**
 * The sentence of a refusal, with the numbers that decided.
 * @param startUnixMs start of the night, so that times of day are written in UTC.
 */
export function refusalText(refusal: Refusal, startUnixMs: number): string {
  return SENTENCES[refusal.code]({
    number: (name) => refusal.numbers[name] ?? 0,
    time: (name) => timeOfDay(startUnixMs + (refusal.numbers[name] ?? 0)),
    length: (name) => lengthInWords(refusal.numbers[name] ?? 0),
    has: (name) => refusal.numbers[name] !== undefined,
    subject: refusal.subject,
  });
}

interface Facts {
  number(name: string): number;
  /** Time of day in UTC of milliseconds from night start. */
  time(name: string): string;
  length(name: string): string;
  has(name: string): boolean;
  readonly subject: string;
}

const SENTENCES: Readonly<Record<RefusalCode, (facts: Facts) => string>> = {
  invalid_id: () => "Not planned: it has no id.",
  duplicate_id: () => "Not planned: another sequence has the same id, and the first one counts.",
  invalid_number: (f) => `Not planned: ${f.subject} is no whole number of milliseconds, or no number at all.`,
  invalid_duration: (f) =>
    f.number("durationMs") <= 0
      ? `Not planned: its duration is ${f.number("durationMs") / 1_000} s and must be above 0.`
      : `Not planned: its overhead is ${f.number("overheadMs") / 1_000} s and must not be below 0.`,
  invalid_priority: (f) => `Not planned: its priority is ${f.number("priority")} and must lie from 0 to 100.`,
  invalid_window: (f) => {
    if (f.has("endMs"))
      return `Not planned: a window ends ${f.time("endMs")} UTC, not after its start ${f.time("startMs")} UTC.`;
    return f.subject === "windows.telescope"
      ? "Not planned: a window names a telescope that is no text."
      : "Not planned: it has no observability window.";
  },
  invalid_relation: (f) => `Not planned: its relations cannot be kept: ${f.subject}.`,
  unknown_owner: (f) => `Not planned: its owner ${f.subject} is not known here.`,
  invalid_quota: (f) => `Not planned: the quota of ${f.subject} is no number of 0 or more.`,
  no_instrument: (f) => `Not planned: no telescope here has ${f.subject}.`,
  longer_than_window: (f) =>
    `Not planned: it needs ${f.length("needMs")} and its longest window is ${f.length("windowMs")}.`,
  outside_night: (f) =>
    `Not planned tonight: its windows lie outside the night, from ${f.time("startMs")} to ${f.time("endMs")} UTC.`,
  window_in_night_too_short: (f) =>
    `Not planned tonight: it is observable for ${f.length("windowMs")} of the night and needs ${f.length("needMs")}.`,
  too_late: (f) =>
    `Not planned any more: its windows end ${f.time("endMs")} UTC. At ${f.time("nowMs")} they leave ${f.length("windowMs")}, it needs ${f.length("needMs")}.`,
  unavailable: (f) =>
    `Not planned: its windows are blocked${f.subject === "" ? "" : ` (${f.subject})`}. The longest part left is ${f.length("windowMs")}, it needs ${f.length("needMs")}.`,
  quota: (f) =>
    `Not planned: it would cost ${f.length("needMs")} and ${f.subject} has ${f.length("quotaLeftMs")} left.`,
  quota_spent: (f) =>
    `Not planned: it would cost ${f.length("needMs")} and ${f.subject} has ${f.length("quotaLeftMs")} left after ${count(f.number("winners"), "planned sequence")}.`,
  relation: (f) => `Not planned: it goes only with ${f.subject}, which has no place tonight.`,
  no_room: (f) => {
    const room = `It needs ${f.length("needMs")} and the longest gap left there is ${f.length("gapMs")}.`;
    const where = `from ${f.time("startMs")} to ${f.time("endMs")} UTC`;
    if (f.number("winners") === 0) return `Not planned: there is no room ${where}. ${room}`;
    const winners = count(f.number("winners"), "sequence");
    return f.number("betterOrEqual") === f.number("winners")
      ? `Not planned: ${winners} of better or equal priority took ${where}. ${room} It has priority ${f.number("priority")}, the last one taken ${f.number("worstPriority")}.`
      : `Not planned: ${winners} worth more together took ${where}. ${room} It has priority ${f.number("priority")}, theirs reach ${f.number("worstPriority")}.`;
  },
};

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function timeOfDay(unixMs: number): string {
  const date = new Date(unixMs);
  return Number.isNaN(date.getTime()) ? "beyond the calendar" : date.toISOString().slice(11, 16);
}

/** A length people read: seconds below two minutes, minutes below two hours, else hours with one decimal. */
function lengthInWords(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 100) / 10} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${(Math.round(ms / 360_000) / 10).toFixed(1)} h`;
}
