import { clip, difference, longest, startsOf, union, type IntervalSet } from "./intervals.ts";
import type { Interval, MeritPoint } from "./problem.ts";
import { blockedOn, compareText, isMs, isObject, type Frame } from "./read-problem.ts";
import type { RefusalCode } from "./schedule.ts";
import { valueOf, type Task } from "./task.ts";

/** A sequence that is not planned, before its sentence is written. */
export interface Refusal {
  readonly sequenceId: string;
  readonly code: RefusalCode;
  readonly numbers: Readonly<Record<string, number>>;
  readonly wonBy: readonly string[];
  /** What only words can say: the field at fault, the name of the owner or the instrument. */
  readonly subject: string;
}

export interface Eligibility {
  /** In canonical order. */
  readonly tasks: readonly Task[];
  readonly refused: readonly Refusal[];
  /** Every id that was given, of sound sequences or not. */
  readonly ids: ReadonlySet<string>;
  /** Owner and priority of the sequences that are frozen. */
  readonly frozen: ReadonlyMap<string, { owner: string; priority: number; value: number }>;
}

/** A sequence whose fields are sound. */
interface SoundSequence {
  readonly id: string;
  readonly owner: string;
  readonly priority: number;
  readonly durationMs: number;
  readonly needMs: number;
  readonly windows: readonly (Interval & { readonly telescope: string | null })[];
  readonly lastEndMs: number;
  readonly preferredMs: number | null;
  readonly instruments: readonly string[];
  readonly merit: readonly MeritPoint[];
}

/** Carries the first reason out of the checks of one sequence. */
class Unfit extends Error {
  readonly code: RefusalCode;
  readonly numbers: Readonly<Record<string, number>>;
  readonly subject: string;

  constructor(code: RefusalCode, numbers: Record<string, number> = {}, subject = "") {
    super(code);
    this.code = code;
    this.numbers = numbers;
    this.subject = subject;
  }
}

/**
 * Sorts the sequences of a problem into tasks and refusals, each refusal with the first reason that applies.
 * Nothing in a sequence throws; of equal ids the first counts.
 */
export function sortOut(frame: Frame): Eligibility {
  const seen = new Set<string>();
  const frozenIds = new Set(frame.frozen.map((row) => row.sequenceId));
  const frozen = new Map<string, { owner: string; priority: number; value: number }>();
  const refused: Refusal[] = [];
  const fit: { sound: SoundSequence; starts: IntervalSet[] }[] = [];
  for (const input of frame.sequences) {
    const rawId = isObject(input) ? input.id : undefined;
    try {
      if (typeof rawId !== "string" || rawId === "") throw new Unfit("invalid_id");
      if (seen.has(rawId)) throw new Unfit("duplicate_id");
      seen.add(rawId);
      const sound = readSequence(rawId, input as Record<string, unknown>);
      if (frozenIds.has(rawId)) {
        frozen.set(rawId, {
          owner: sound.owner,
          priority: sound.priority,
          value: valueOf(sound.priority, sound.durationMs),
        });
        continue;
      }
      fit.push({ sound, starts: possibleStarts(sound, frame) });
    } catch (fault) {
      if (!(fault instanceof Unfit)) throw fault;
      if (fault.code !== "duplicate_id" && typeof rawId === "string" && frozenIds.has(rawId)) continue;
      const sequenceId = typeof rawId === "string" ? rawId : (JSON.stringify(rawId) ?? "undefined");
      refused.push({
        sequenceId,
        code: fault.code,
        numbers: fault.numbers,
        wonBy: [],
        subject: fault.subject,
      });
    }
  }
  fit.sort((a, b) => compareSequences(a.sound, b.sound));
  return {
    tasks: fit.map(({ sound, starts }, rank) => taskOf(sound, starts, rank)),
    refused,
    ids: seen,
    frozen,
  };
}

/** PyROS's order: priority, then the end of the last window, then id. */
function compareSequences(a: SoundSequence, b: SoundSequence): number {
  return a.priority - b.priority || a.lastEndMs - b.lastEndMs || compareText(a.id, b.id);
}

function taskOf(sound: SoundSequence, starts: IntervalSet[], rank: number): Task {
  const { preferredMs } = sound;
  return {
    rank,
    id: sound.id,
    owner: sound.owner,
    priority: sound.priority,
    durationMs: sound.durationMs,
    needMs: sound.needMs,
    value: valueOf(sound.priority, sound.durationMs),
    preferredStartMs: preferredMs === null ? null : preferredMs - sound.needMs / 2,
    merit: sound.merit,
    starts,
  };
}

function readSequence(id: string, input: Record<string, unknown>): SoundSequence {
  const { owner, priority, durationMs, overheadMs, preferredMs = null } = input;
  const numbers = { durationMs, overheadMs };
  for (const [field, value] of Object.entries(numbers)) {
    if (!isMs(value)) throw new Unfit("invalid_number", {}, field);
  }
  if (typeof priority !== "number" || !Number.isFinite(priority))
    throw new Unfit("invalid_number", {}, "priority");
  if (preferredMs !== null && !isMs(preferredMs)) throw new Unfit("invalid_number", {}, "preferredMs");
  const windows = readWindows(input.windows);
  const merit = readMerit(input.merit);
  const duration = durationMs as number;
  const overhead = overheadMs as number;
  if (duration <= 0 || overhead < 0) {
    throw new Unfit("invalid_duration", { durationMs: duration, overheadMs: overhead });
  }
  if (priority < 0 || priority > 100) throw new Unfit("invalid_priority", { priority });
  if (windows.length === 0) throw new Unfit("invalid_window", { windows: 0 });
  for (const { startMs, endMs } of windows) {
    if (endMs <= startMs) throw new Unfit("invalid_window", { startMs, endMs });
  }
  if (typeof owner !== "string") throw new Unfit("unknown_owner", {}, JSON.stringify(owner) ?? "none");
  return {
    id,
    owner,
    priority,
    durationMs: duration,
    needMs: duration + overhead,
    windows,
    lastEndMs: Math.max(...windows.map((window) => window.endMs)),
    preferredMs,
    instruments: readInstruments(input.instruments),
    merit,
  };
}

function readWindows(value: unknown): SoundSequence["windows"] {
  if (!Array.isArray(value)) throw new Unfit("invalid_window", {}, "windows");
  return value.map((item: unknown) => {
    if (!isObject(item)) throw new Unfit("invalid_window", {}, "windows");
    const { startMs, endMs, telescope } = item;
    if (!isMs(startMs)) throw new Unfit("invalid_number", {}, "windows.startMs");
    if (!isMs(endMs)) throw new Unfit("invalid_number", {}, "windows.endMs");
    return { startMs, endMs, telescope: typeof telescope === "string" ? telescope : null };
  });
}

function readMerit(value: unknown): readonly MeritPoint[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Unfit("invalid_number", {}, "merit");
  return value
    .map((item: unknown) => {
      const { atMs, value: merit } = isObject(item) ? item : {};
      if (!isMs(atMs)) throw new Unfit("invalid_number", {}, "merit.atMs");
      if (typeof merit !== "number" || !Number.isFinite(merit))
        throw new Unfit("invalid_number", {}, "merit.value");
      return { atMs, value: merit };
    })
    .sort((a, b) => a.atMs - b.atMs || a.value - b.value);
}

function readInstruments(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every((name) => typeof name === "string")) {
    throw new Unfit("no_instrument", {}, JSON.stringify(value));
  }
  return value;
}

/** Possible starts on each telescope, or the first reason why there is none. */
function possibleStarts(sequence: SoundSequence, frame: Frame): IntervalSet[] {
  const { needMs, windows, owner } = sequence;
  const quotaLeftMs = frame.quotaLeftMs.get(owner);
  if (quotaLeftMs === undefined) throw new Unfit("unknown_owner", {}, owner);
  const able = frame.telescopes.map((telescope) =>
    sequence.instruments.every((name) => telescope.instruments?.includes(name) ?? true),
  );
  if (!able.includes(true)) throw new Unfit("no_instrument", {}, sequence.instruments.join(" + "));

  const allowed = frame.telescopes.map((telescope, k) =>
    able[k] === true
      ? union(windows.filter((window) => window.telescope === null || window.telescope === telescope.id))
      : [],
  );
  const longestMs = (sets: readonly IntervalSet[]): number => Math.max(...sets.map((set) => longest(set)));
  const windowMs = longestMs(allowed);
  if (needMs > windowMs) throw new Unfit("longer_than_window", { needMs, windowMs });

  const inNight = allowed.map((set) => clip(set, 0, frame.lengthMs));
  const inNightMs = longestMs(inNight);
  if (inNightMs <= 0) throw new Unfit("outside_night", spanOf(windows));
  if (needMs > inNightMs) throw new Unfit("window_in_night_too_short", { needMs, windowMs: inNightMs });

  const ahead = inNight.map((set) => clip(set, Math.max(0, frame.nowMs), frame.lengthMs));
  if (needMs > longestMs(ahead)) {
    throw new Unfit("too_late", {
      needMs,
      windowMs: longestMs(ahead),
      nowMs: frame.nowMs,
      ...spanOf(windows),
    });
  }
  const open = ahead.map((set, k) =>
    difference(set, blockedOn(frame, frame.telescopes[k]?.id ?? "", sequence.instruments)),
  );
  if (needMs > longestMs(open)) {
    const reasons = frame.unavailable.flatMap((interval) => interval.reason ?? []);
    throw new Unfit("unavailable", { needMs, windowMs: longestMs(open) }, reasons[0] ?? "");
  }
  if (quotaLeftMs === null) throw new Unfit("invalid_quota", {}, owner);
  if (needMs > quotaLeftMs) throw new Unfit("quota", { needMs, quotaLeftMs }, owner);
  return open.map((set) => startsOf(set, needMs));
}

function spanOf(windows: SoundSequence["windows"]): { startMs: number; endMs: number } {
  return {
    startMs: Math.min(...windows.map((window) => window.startMs)),
    endMs: Math.max(...windows.map((window) => window.endMs)),
  };
}
