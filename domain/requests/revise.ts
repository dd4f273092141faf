import type { BuiltSequence } from "./build.ts";
import type { SequenceStatus } from "./request.ts";

/** A stored sequence, as far as a new version of its request is concerned. */
export interface StoredSequence {
  readonly id: string;
  readonly ordinal: number;
  readonly status: SequenceStatus;
  /** Frames of it exist, or it was tried. */
  readonly begun: boolean;
  /** A schedule speaks of it. */
  readonly scheduled: boolean;
  readonly built: BuiltSequence;
}

/** One sequence of the new version, and the stored one that it was made from (empty: none). */
export interface RevisedSequence {
  readonly id: string;
  readonly sequence: BuiltSequence;
}

/** What happens to the stored sequences, and which are new. */
export interface Revision {
  /** Unchanged: submitted again. */
  readonly kept: readonly string[];
  /** Nothing ever spoke of them: taken out. */
  readonly removed: readonly string[];
  /** Stay on record as cancelled, because a schedule or frames speak of them. */
  readonly cancelled: readonly string[];
  readonly added: readonly { readonly ordinal: number; readonly sequence: BuiltSequence }[];
}

/** Why a part of a request cannot be changed or taken back, in words; empty when it can. */
export function lockOf(sequence: { readonly status: SequenceStatus }): string {
  switch (sequence.status) {
    case "executing":
      return "It is being observed now: it can be changed when it has ended.";
    case "executed":
      return "It was observed: what was observed stays on record.";
    default:
      return "";
  }
}

/** Statuses of sequences that a new version may replace. */
const REPLACEABLE: readonly SequenceStatus[] = [
  "draft",
  "submitted",
  "waiting",
  "planned",
  "refused",
  "interrupted",
  "withdrawn",
];

/** Whether a stored sequence is part of what an author edits: not over, not under way. */
export function isEditable(status: SequenceStatus): boolean {
  return REPLACEABLE.includes(status);
}

/**
 * What a new version makes of the stored sequences. A sequence is never changed in place: a schedule, a ledger line or a
 * frame may speak of it. Locked and ended sequences stay as they are.
 */
export function revise(stored: readonly StoredSequence[], revised: readonly RevisedSequence[]): Revision {
  const editable = new Map(stored.filter(({ status }) => isEditable(status)).map((one) => [one.id, one]));
  const kept = new Set<string>();
  const added: BuiltSequence[] = [];
  for (const { id, sequence } of revised) {
    const before = editable.get(id);
    if (before !== undefined && !kept.has(id) && same(before.built, sequence)) kept.add(id);
    else added.push(sequence);
  }
  const gone = [...editable.values()].filter(({ id }) => !kept.has(id));
  const last = Math.max(0, ...stored.map(({ ordinal }) => ordinal));
  return {
    kept: [...kept],
    removed: gone.filter(({ begun, scheduled }) => !begun && !scheduled).map(({ id }) => id),
    cancelled: gone.filter(({ begun, scheduled }) => begun || scheduled).map(({ id }) => id),
    added: added.map((sequence, index) => ({ ordinal: last + index + 1, sequence })),
  };
}

function same(one: BuiltSequence, other: BuiltSequence): boolean {
  return JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));
}

function canonical(sequence: BuiltSequence): unknown {
  const { constraints, albums } = sequence;
  return [
    sequence.targetName,
    sequence.raDeg,
    sequence.decDeg,
    sequence.windowStartMs,
    sequence.windowEndMs,
    sequence.preferredMs,
    sequence.priority,
    sequence.carryOverNights ?? 0,
    [constraints.minAltDeg, constraints.maxAirmass, constraints.minMoonSepDeg, constraints.maxSunAltDeg],
    [
      constraints.maxSeeingArcsec ?? null,
      constraints.maxCloudPct ?? null,
      constraints.minSkyQualityMag ?? null,
    ],
    [sequence.dither?.positions ?? null, sequence.dither?.stepArcsec ?? null],
    albums
      .map((album) => [
        album.instrumentId,
        album.plans.map((plan) => [plan.filter, plan.exposureS, plan.count]),
      ])
      .sort((a, b) => String(a[0]).localeCompare(String(b[0]))),
  ];
}
