import type { RequestDraft, SequenceDraft } from "./request.ts";
import { convertedInstant, type TimeForm, writtenInstant } from "./times.ts";

/** A plan as somebody wrote it: every field is text, right or wrong. */
export interface WrittenPlan {
  readonly filter: string;
  readonly exposureS: string;
  readonly count: string;
}

export interface WrittenAlbum {
  readonly instrumentId: string;
  readonly plans: readonly WrittenPlan[];
}

export interface WrittenSequence {
  /** Id of the stored sequence that this is a new version of; empty for a new one. */
  readonly id: string;
  readonly targetName: string;
  /** In any usual form; see domain/astronomy/coordinates. */
  readonly ra: string;
  readonly dec: string;
  /** Both empty: computed from the constraints. */
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly preferred: string;
  readonly priority: string;
  readonly minAltDeg: string;
  readonly maxAirmass: string;
  readonly minMoonSepDeg: string;
  readonly maxSunAltDeg: string;
  /** How many nights it may move on when it was not done in its own. */
  readonly carryOverNights: string;
  /** Limits on the sky; empty: none. */
  readonly maxSeeingArcsec: string;
  readonly maxCloudPct: string;
  readonly minSkyQualityMag: string;
  /** Both empty: the telescope stays on the target. */
  readonly ditherPositions: string;
  readonly ditherStepArcsec: string;
  readonly albums: readonly WrittenAlbum[];
}

/** A request as somebody wrote it: what a draft keeps, however unfinished. */
export interface WrittenRequest {
  readonly name: string;
  readonly comment: string;
  readonly programmeId: string;
  /** How the form shows times; each may be written either way. */
  readonly times: TimeForm;
  readonly sequences: readonly WrittenSequence[];
}

export const REQUEST_FIELDS = ["name", "comment", "programmeId"] as const;
export const SEQUENCE_FIELDS = [
  "targetName",
  "ra",
  "dec",
  "windowStart",
  "windowEnd",
  "preferred",
  "priority",
  "minAltDeg",
  "maxAirmass",
  "minMoonSepDeg",
  "maxSunAltDeg",
  "carryOverNights",
  "maxSeeingArcsec",
  "maxCloudPct",
  "minSkyQualityMag",
  "ditherPositions",
  "ditherStepArcsec",
] as const;
export const PLAN_FIELDS = ["filter", "exposureS", "count"] as const;
export type SequenceField = (typeof SEQUENCE_FIELDS)[number];

/** What a new pointing starts with: values that most people keep. */
export function emptySequence(maxSunAltDeg: number): WrittenSequence {
  return {
    id: "",
    targetName: "",
    ra: "",
    dec: "",
    windowStart: "",
    windowEnd: "",
    preferred: "",
    priority: "40",
    minAltDeg: "30",
    maxAirmass: "",
    minMoonSepDeg: "25",
    maxSunAltDeg: String(maxSunAltDeg),
    carryOverNights: "0",
    maxSeeingArcsec: "",
    maxCloudPct: "",
    minSkyQualityMag: "",
    ditherPositions: "",
    ditherStepArcsec: "",
    albums: [],
  };
}

export const EMPTY_PLAN: WrittenPlan = { filter: "", exposureS: "", count: "1" };

/** Path of a part of a request: also the id that a step of the builder gives. */
export const sequencePath = (s: number): string => `sequences[${s}]`;
export const albumPath = (s: number, a: number): string => `${sequencePath(s)}.albums[${a}]`;
export const planPath = (s: number, a: number, p: number): string => `${albumPath(s, a)}.plans[${p}]`;

const PATH = /^sequences\[(\d+)\](?:\.albums\[(\d+)\](?:\.plans\[(\d+)\])?)?(?:\.(\w+))?$/;

/** A path taken apart; null when it is none. */
export function partsOfPath(path: string): {
  readonly s: number;
  readonly a: number | null;
  readonly p: number | null;
  readonly field: string | null;
} | null {
  const match = PATH.exec(path);
  if (match === null) return null;
  const index = (text: string | undefined): number | null => (text === undefined ? null : Number(text));
  return { s: Number(match[1]), a: index(match[2]), p: index(match[3]), field: match[4] ?? null };
}

/**
 * The request with one field written anew. A path that names no field of this request changes nothing: forms bring
 * fields of buttons and of parts that are gone.
 */
export function withField(written: WrittenRequest, path: string, value: string): WrittenRequest {
  if ((REQUEST_FIELDS as readonly string[]).includes(path)) return { ...written, [path]: value };
  const parts = partsOfPath(path);
  if (parts === null || parts.field === null) return written;
  const { s, a, p, field } = parts;
  return withSequence(written, s, (sequence) => {
    if (a === null) return known(SEQUENCE_FIELDS, field) ? { ...sequence, [field]: value } : sequence;
    return withAlbum(sequence, a, (album) => {
      if (p === null) return field === "instrumentId" ? { ...album, instrumentId: value } : album;
      if (!known(PLAN_FIELDS, field)) return album;
      return { ...album, plans: replaced(album.plans, p, (plan) => ({ ...plan, [field]: value })) };
    });
  });
}

/** The request without the part at a path. */
export function without(written: WrittenRequest, path: string): WrittenRequest {
  const parts = partsOfPath(path);
  if (parts === null) return written;
  const { s, a, p } = parts;
  if (a === null) return { ...written, sequences: written.sequences.filter((_, index) => index !== s) };
  return withSequence(written, s, (sequence) => {
    if (p === null) return { ...sequence, albums: sequence.albums.filter((_, index) => index !== a) };
    return withAlbum(sequence, a, (album) => ({
      ...album,
      plans: album.plans.filter((_, index) => index !== p),
    }));
  });
}

/** The request with one sequence changed; unchanged when there is none at `s`. */
export function withSequence(
  written: WrittenRequest,
  s: number,
  change: (sequence: WrittenSequence) => WrittenSequence,
): WrittenRequest {
  return { ...written, sequences: replaced(written.sequences, s, change) };
}

export function withAlbum(
  sequence: WrittenSequence,
  a: number,
  change: (album: WrittenAlbum) => WrittenAlbum,
): WrittenSequence {
  return { ...sequence, albums: replaced(sequence.albums, a, change) };
}

/** All times in the other form, in place; what cannot be read stays as typed. */
export function withTimes(written: WrittenRequest, times: TimeForm): WrittenRequest {
  const sequences = written.sequences.map((sequence) => ({
    ...sequence,
    windowStart: convertedInstant(sequence.windowStart, times),
    windowEnd: convertedInstant(sequence.windowEnd, times),
    preferred: convertedInstant(sequence.preferred, times),
  }));
  return { ...written, times, sequences };
}

/** A draft as an older version kept it, with the fields that it did not know yet; empty, as it meant them. */
export function withAllFields(written: WrittenRequest): WrittenRequest {
  const empty = Object.fromEntries(SEQUENCE_FIELDS.map((name) => [name, ""]));
  return { ...written, sequences: written.sequences.map((sequence) => ({ ...empty, ...sequence })) };
}

/**
 * A request in writing: exact, so that reading it again gives the same one.
 * @param ids ids of the stored sequences, in their order, when this becomes a new version of them
 */
export function writtenOf(draft: RequestDraft, ids: readonly string[] = []): WrittenRequest {
  return {
    name: draft.name,
    comment: draft.comment,
    programmeId: draft.programmeId,
    times: "utc",
    sequences: draft.sequences.map((sequence, index) => writtenSequence(sequence, ids[index] ?? "")),
  };
}

function writtenSequence(sequence: SequenceDraft, id: string): WrittenSequence {
  const { constraints, dither = null } = sequence;
  const text = (value: number | null | undefined): string => String(value ?? "");
  return {
    id,
    targetName: sequence.targetName,
    ra: `${plainDecimal(sequence.raDeg)}d`,
    dec: `${plainDecimal(sequence.decDeg)}d`,
    windowStart: writtenInstant(sequence.windowStartMs, "utc"),
    windowEnd: writtenInstant(sequence.windowEndMs, "utc"),
    preferred: sequence.preferredMs === null ? "" : writtenInstant(sequence.preferredMs, "utc"),
    priority: text(sequence.priority),
    minAltDeg: text(constraints.minAltDeg),
    maxAirmass: text(constraints.maxAirmass),
    minMoonSepDeg: text(constraints.minMoonSepDeg),
    maxSunAltDeg: text(constraints.maxSunAltDeg),
    carryOverNights: text(sequence.carryOverNights ?? 0),
    maxSeeingArcsec: text(constraints.maxSeeingArcsec),
    maxCloudPct: text(constraints.maxCloudPct),
    minSkyQualityMag: text(constraints.minSkyQualityMag),
    ditherPositions: text(dither?.positions),
    ditherStepArcsec: text(dither?.stepArcsec),
    albums: sequence.albums.map((album) => ({
      instrumentId: album.instrumentId,
      plans: album.plans.map((plan) => ({
        filter: plan.filter,
        exposureS: text(plan.exposureS),
        count: text(plan.count),
      })),
    })),
  };
}

/** All digits of a number, never with an exponent: `1e-7` is not how an angle is written. */
export function plainDecimal(value: number): string {
  const text = String(value);
  return text.includes("e") ? value.toFixed(20).replace(/\.?0+$/, "") : text;
}

function known(fields: readonly string[], field: string): boolean {
  return fields.includes(field);
}

function replaced<T>(items: readonly T[], at: number, change: (item: T) => T): readonly T[] {
  return items.map((item, index) => (index === at ? change(item) : item));
}
