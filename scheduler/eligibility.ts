import { clip, difference, longest, startsOf, union, type IntervalSet } from "./intervals.ts";
import type { Interval, MeritPoint } from "./problem.ts";
import { asText, blockedOn, blocks, compareText, isMs, isObject, type Frame } from "./read-problem.ts";
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

/** A sequence that can be planned, with its possible starts by telescope. */
interface FitSequence {
  readonly sound: SoundSequence;
  readonly starts: readonly IntervalSet[];
}

/** The first reason that speaks against a sequence. */
interface Fault {
  readonly code: RefusalCode;
  readonly numbers: Readonly<Record<string, number>>;
  readonly subject: string;
}

function fault(code: RefusalCode, numbers: Readonly<Record<string, number>> = {}, subject = ""): Fault {
  return { code, numbers, subject };
}

function isFault(value: object): value is Fault {
  return "code" in value;
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
  const fit: FitSequence[] = [];
  for (const input of frame.sequences) {
    const id = isObject(input) ? input.id : undefined;
    const first = typeof id === "string" && id !== "" && !seen.has(id);
    if (first) seen.add(id);
    const sound = first ? readSequence(id, input as Record<string, unknown>) : notFirst(id);
    if (first && frozenIds.has(id)) {
      // What is frozen stays, whatever may be wrong with it.
      if (isFault(sound)) continue;
      const { owner, priority, durationMs } = sound;
      frozen.set(id, { owner, priority, value: valueOf(priority, durationMs) });
      continue;
    }
    const outcome = isFault(sound) ? sound : withStarts(sound, frame);
    if (isFault(outcome)) {
      refused.push({ sequenceId: asText(id), wonBy: [], ...outcome });
    } else fit.push(outcome);
  }
  fit.sort((a, b) => compareSequences(a.sound, b.sound));
  return {
    tasks: fit.map(taskOf),
    refused,
    ids: seen,
    frozen,
  };
}

/** PyROS's order: priority, then the end of the last window, then id. */
function compareSequences(a: SoundSequence, b: SoundSequence): number {
  return a.priority - b.priority || a.lastEndMs - b.lastEndMs || compareText(a.id, b.id);
}

function taskOf({ sound, starts }: FitSequence, rank: number): Task {
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

function notFirst(id: unknown): Fault {
  return typeof id === "string" && id !== "" ? fault("duplicate_id") : fault("invalid_id");
}

function readSequence(id: string, input: Record<string, unknown>): SoundSequence | Fault {
  const { owner, priority, durationMs, overheadMs, preferredMs = null } = input;
  if (!isMs(durationMs)) return fault("invalid_number", {}, "durationMs");
  if (!isMs(overheadMs)) return fault("invalid_number", {}, "overheadMs");
  if (typeof priority !== "number" || !Number.isFinite(priority))
    return fault("invalid_number", {}, "priority");
  if (preferredMs !== null && !isMs(preferredMs)) return fault("invalid_number", {}, "preferredMs");
  const windows = readWindows(input.windows);
  if (isFault(windows)) return windows;
  const merit = readMerit(input.merit);
  if (isFault(merit)) return merit;
  if (durationMs <= 0 || overheadMs < 0) return fault("invalid_duration", { durationMs, overheadMs });
  if (priority < 0 || priority > 100) return fault("invalid_priority", { priority });
  if (windows.length === 0) return fault("invalid_window", { windows: 0 });
  for (const { startMs, endMs } of windows) {
    if (endMs <= startMs) return fault("invalid_window", { startMs, endMs });
  }
  if (typeof owner !== "string") return fault("unknown_owner", {}, asText(owner));
  const instruments = readInstruments(input.instruments);
  if (isFault(instruments)) return instruments;
  return {
    id,
    owner,
    priority,
    durationMs,
    needMs: durationMs + overheadMs,
    windows,
    lastEndMs: spanOf(windows).endMs,
    preferredMs,
    instruments,
    merit,
  };
}

function readWindows(value: unknown): SoundSequence["windows"] | Fault {
  if (!Array.isArray(value)) return fault("invalid_window", {}, "windows");
  const windows: SoundSequence["windows"][number][] = [];
  for (const item of value as unknown[]) {
    if (!isObject(item)) return fault("invalid_window", {}, "windows");
    const { startMs, endMs, telescope } = item;
    if (!isMs(startMs)) return fault("invalid_number", {}, "windows.startMs");
    if (!isMs(endMs)) return fault("invalid_number", {}, "windows.endMs");
    if (telescope !== undefined && typeof telescope !== "string")
      return fault("invalid_window", {}, "windows.telescope");
    windows.push({ startMs, endMs, telescope: telescope ?? null });
  }
  return windows;
}

function readMerit(value: unknown): readonly MeritPoint[] | Fault {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return fault("invalid_number", {}, "merit");
  const curve: MeritPoint[] = [];
  for (const item of value as unknown[]) {
    const { atMs, value: merit } = isObject(item) ? item : {};
    if (!isMs(atMs)) return fault("invalid_number", {}, "merit.atMs");
    if (typeof merit !== "number" || !Number.isFinite(merit))
      return fault("invalid_number", {}, "merit.value");
    curve.push({ atMs, value: merit });
  }
  return curve.sort((a, b) => a.atMs - b.atMs || a.value - b.value);
}

function readInstruments(value: unknown): readonly string[] | Fault {
  if (value === undefined) return [];
  return Array.isArray(value) && value.every((name) => typeof name === "string")
    ? value
    : fault("no_instrument", {}, asText(value));
}

/** The sequence with its possible starts on each telescope, or the first reason why there is none. */
function withStarts(sound: SoundSequence, frame: Frame): FitSequence | Fault {
  const { needMs, windows, owner, instruments } = sound;
  const quotaLeftMs = frame.quotaLeftMs.get(owner);
  if (quotaLeftMs === undefined) return fault("unknown_owner", {}, owner);
  const able = frame.telescopes.map((telescope) =>
    instruments.every((name) => telescope.instruments?.includes(name) ?? true),
  );
  if (!able.includes(true)) return fault("no_instrument", {}, instruments.join(" + "));

  const allowed = frame.telescopes.map((telescope, k) =>
    able[k] === true
      ? union(windows.filter((window) => window.telescope === null || window.telescope === telescope.id))
      : [],
  );
  const longestMs = (sets: readonly IntervalSet[]): number => Math.max(...sets.map((set) => longest(set)));
  const windowMs = longestMs(allowed);
  if (needMs > windowMs) return fault("longer_than_window", { needMs, windowMs });

  const inNight = allowed.map((set) => clip(set, 0, frame.lengthMs));
  const inNightMs = longestMs(inNight);
  if (inNightMs <= 0) return fault("outside_night", spanOf(windows));
  if (needMs > inNightMs) return fault("window_in_night_too_short", { needMs, windowMs: inNightMs });

  const ahead = frame.nowMs <= 0 ? inNight : inNight.map((set) => clip(set, frame.nowMs, frame.lengthMs));
  const aheadMs = longestMs(ahead);
  if (needMs > aheadMs) {
    return fault("too_late", { needMs, windowMs: aheadMs, nowMs: frame.nowMs, ...spanOf(windows) });
  }
  const open = ahead.map((set, k) =>
    difference(set, blockedOn(frame, frame.telescopes[k]?.id ?? "", instruments)),
  );
  const openMs = longestMs(open);
  if (needMs > openMs) {
    return fault("unavailable", { needMs, windowMs: openMs }, whatBlocks(ahead, frame, instruments));
  }
  if (quotaLeftMs === null) return fault("invalid_quota", {}, owner);
  if (needMs > quotaLeftMs) return fault("quota", { needMs, quotaLeftMs }, owner);
  return { sound, starts: open.map((set) => startsOf(set, needMs)) };
}

/** The reasons of what stands in the way in `windows` (by telescope), in the order of the alphabet. */
function whatBlocks(windows: readonly IntervalSet[], frame: Frame, instruments: readonly string[]): string {
  const blocking = frame.unavailable.filter((interval) =>
    windows.some(
      (set, k) =>
        blocks(interval, frame.telescopes[k]?.id ?? "", instruments) &&
        longest(clip(set, interval.startMs, interval.endMs)) > 0,
    ),
  );
  return [...new Set(blocking.flatMap(({ reason }) => reason ?? []))].sort(compareText).join(", ");
}

function spanOf(windows: SoundSequence["windows"]): { startMs: number; endMs: number } {
  let startMs = Number.POSITIVE_INFINITY;
  let endMs = Number.NEGATIVE_INFINITY;
  for (const window of windows) {
    startMs = Math.min(startMs, window.startMs);
    endMs = Math.max(endMs, window.endMs);
  }
  return { startMs, endMs };
}
