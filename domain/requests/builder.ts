import {
  declination,
  readDeclination,
  readRightAscension,
  rightAscension,
} from "../astronomy/coordinates.ts";
import type { Coordinate, CoordinateReading } from "../astronomy/coordinates.ts";
import type { Observatory } from "../observatory.ts";
import type { Dither } from "../sequence/dither.ts";
import { buildRequest, type FieldError, type RequestCheck, type RequestContext } from "./build.ts";
import { roundedS, timedSequenceS } from "./duration.ts";
import type { RequestDraft, SequenceConstraints, SequenceDraft } from "./request.ts";
import { readInstant } from "./times.ts";
import { automaticWindow, type NightSkies } from "./visibility.ts";
import {
  albumPath,
  partsOfPath,
  planPath,
  sequencePath,
  type SequenceField,
  withAlbum,
  withSequence,
  type WrittenPlan,
  type WrittenRequest,
  type WrittenSequence,
} from "./written.ts";

/** What a written request is read against: rules, and the sky that windows are computed from. */
export interface BuilderContext extends RequestContext {
  readonly skies: NightSkies;
}

/** One sequence as far as it could be understood: what the live panel shows while it is written. */
export interface UnderstoodSequence {
  readonly ra: Coordinate | null;
  readonly dec: Coordinate | null;
  readonly constraints: SequenceConstraints | null;
  readonly windowStartMs: number | null;
  readonly windowEndMs: number | null;
  /** The window was left empty and computed from the constraints. */
  readonly automatic: boolean;
  readonly durationS: number;
  readonly overheadS: number;
}

export interface WrittenCheck {
  readonly check: RequestCheck;
  /** All that is wrong, by path. */
  readonly errors: readonly FieldError[];
  readonly sequences: readonly UnderstoodSequence[];
  /** Exposures, read-outs and overheads of all sequences, observatory seconds. */
  readonly totalS: number;
}

export type RequestBuilder = ReturnType<typeof createRequestBuilder>;

/**
 * Builds a request step by step: request, sequences, albums, plans. Each step gives the id by which the next one and
 * every error name the part (its path); nothing is checked, and nothing can be saved, before `check` looks at the whole.
 * The web, the API, and import build their requests with it.
 */
export function createRequestBuilder(head: Omit<WrittenRequest, "sequences">) {
  let written: WrittenRequest = { ...head, sequences: [] };
  const at = (id: string, needs: "sequence" | "album"): { s: number; a: number } => {
    const parts = partsOfPath(id);
    const sequence = parts === null ? undefined : written.sequences[parts.s];
    const a = parts?.a ?? null;
    if (parts === null || sequence === undefined || parts.p !== null) {
      throw new RangeError(`id is "${id}": there is no such ${needs} in this request`);
    }
    if ((needs === "album") !== (a !== null) || (a !== null && sequence.albums[a] === undefined)) {
      throw new RangeError(`id is "${id}": there is no such ${needs} in this request`);
    }
    return { s: parts.s, a: a ?? 0 };
  };
  return {
    /** Adds a pointing. @returns its id */
    addSequence(sequence: Omit<WrittenSequence, "albums">): string {
      written = { ...written, sequences: [...written.sequences, { ...sequence, albums: [] }] };
      return sequencePath(written.sequences.length - 1);
    },
    /** Adds an instrument's share of a sequence. @returns its id @throws RangeError for an unknown sequence */
    addAlbum(sequenceId: string, instrumentId: string): string {
      const { s } = at(sequenceId, "sequence");
      written = withSequence(written, s, (sequence) => ({
        ...sequence,
        albums: [...sequence.albums, { instrumentId, plans: [] }],
      }));
      return albumPath(s, (written.sequences[s]?.albums.length ?? 1) - 1);
    },
    /** Adds frames of one filter and exposure time. @returns its id @throws RangeError for an unknown album */
    addPlan(albumId: string, plan: WrittenPlan): string {
      const { s, a } = at(albumId, "album");
      written = withSequence(written, s, (sequence) =>
        withAlbum(sequence, a, (album) => ({ ...album, plans: [...album.plans, plan] })),
      );
      return planPath(s, a, (written.sequences[s]?.albums[a]?.plans.length ?? 1) - 1);
    },
    /** What was written so far. */
    written: (): WrittenRequest => written,
    /** The one validation: the whole request, or everything that is wrong with it. */
    check: (context: BuilderContext): WrittenCheck => checkWritten(written, context),
  };
}

/** A written request taken through the steps of a builder. */
export function builderOf(written: WrittenRequest): RequestBuilder {
  const { sequences, ...head } = written;
  const builder = createRequestBuilder(head);
  for (const { albums, ...sequence } of sequences) {
    const sequenceId = builder.addSequence(sequence);
    for (const { instrumentId, plans } of albums) {
      const albumId = builder.addAlbum(sequenceId, instrumentId);
      for (const plan of plans) builder.addPlan(albumId, plan);
    }
  }
  return builder;
}

/* ---- Reading: from text to numbers, with what cannot be read ---------------------------------------------- */

type Note = (field: string, value: string, rule: string) => void;

/** Reads and checks a written request as a whole. */
function checkWritten(written: WrittenRequest, context: BuilderContext): WrittenCheck {
  const unreadable: FieldError[] = [];
  const note: Note = (field, value, rule) => unreadable.push({ field, value, rule });
  const read = written.sequences.map((sequence, s) => readSequence(sequence, sequencePath(s), context, note));
  const draft: RequestDraft = {
    name: written.name,
    comment: written.comment,
    programmeId: written.programmeId,
    sequences: read.map(({ draft }) => draft),
  };
  const check = buildRequest(draft, context);
  const noted = new Set(unreadable.map(({ field }) => field));
  // A window that could not be computed is said once.
  for (const [s, { understood }] of read.entries()) {
    if (!understood.automatic || understood.windowStartMs !== null) continue;
    for (const name of ["windowStart", "windowEnd", "preferred"]) noted.add(`${sequencePath(s)}.${name}`);
  }
  const ruled = (check.ok ? [] : check.errors)
    .map((error) => inWriting(error, written))
    .filter(({ field }) => !noted.has(field));
  const errors = [...unreadable, ...ruled];
  const sequences = read.map(({ understood }) => understood);
  const totalS = roundedS(
    sequences.reduce((sum, { durationS, overheadS }) => sum + durationS + overheadS, 0),
  );
  if (errors.length === 0 && check.ok) return { check, errors, sequences, totalS };
  return { check: { ok: false, errors }, errors, sequences, totalS };
}

function readSequence(
  sequence: WrittenSequence,
  at: string,
  context: BuilderContext,
  note: Note,
): { readonly draft: SequenceDraft; readonly understood: UnderstoodSequence } {
  const ra = coordinate(readRightAscension(sequence.ra), `${at}.ra`, sequence.ra, note);
  const dec = coordinate(readDeclination(sequence.dec), `${at}.dec`, sequence.dec, note);
  const number = (field: SequenceField, optional = false): number | null =>
    readNumber(sequence[field], `${at}.${field}`, optional, note);
  const constraints = {
    minAltDeg: number("minAltDeg") ?? Number.NaN,
    maxAirmass: number("maxAirmass", true),
    minMoonSepDeg: number("minMoonSepDeg") ?? Number.NaN,
    maxSunAltDeg: number("maxSunAltDeg") ?? Number.NaN,
    ...skyLimits(number),
  };
  const dither = readDither(sequence, at, number, note);
  const albums = sequence.albums.map((album, a) => ({
    instrumentId: album.instrumentId,
    plans: album.plans.map((plan, p) => ({
      filter: plan.filter.trim(),
      exposureS: readNumber(plan.exposureS, `${at}.albums[${a}].plans[${p}].exposureS`, false, note) ?? 0,
      count: readNumber(plan.count, `${at}.albums[${a}].plans[${p}].count`, false, note) ?? 0,
    })),
  }));
  const { durationS, overheadS } = timeOf(albums, dither, context.observatory);
  // Limits out of their range are errors of their own; no sky is computed from them.
  const known =
    Object.values(constraints).every((value) => value === null || Math.abs(value) <= 180) &&
    (constraints.maxAirmass === null || constraints.maxAirmass >= 1);
  const pointing =
    ra !== null && dec !== null && known ? { raDeg: ra.deg, decDeg: dec.deg, constraints } : null;
  const automatic = sequence.windowStart.trim() === "" && sequence.windowEnd.trim() === "";
  const window = automatic
    ? computedWindow(pointing, durationS + overheadS, at, context, note)
    : {
        startMs: instant(sequence.windowStart, `${at}.windowStart`, note),
        endMs: instant(sequence.windowEnd, `${at}.windowEnd`, note),
      };
  const preferred =
    sequence.preferred.trim() === "" ? null : instant(sequence.preferred, `${at}.preferred`, note);
  const draft: SequenceDraft = {
    targetName: sequence.targetName,
    raDeg: ra?.deg ?? Number.NaN,
    decDeg: dec?.deg ?? Number.NaN,
    windowStartMs: window.startMs,
    windowEndMs: window.endMs,
    preferredMs: preferred,
    priority: number("priority") ?? Number.NaN,
    constraints,
    carryOverNights: number("carryOverNights", true) ?? 0,
    albums,
    dither,
  };
  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    draft,
    understood: {
      ra,
      dec,
      constraints: pointing === null ? null : constraints,
      windowStartMs: orNull(window.startMs),
      windowEndMs: orNull(window.endMs),
      automatic,
      durationS,
      overheadS,
    },
  };
}

/** Limits on the sky that were written; one left empty is none. */
function skyLimits(
  number: (field: SequenceField, optional: true) => number | null,
): Pick<SequenceConstraints, "maxSeeingArcsec" | "maxCloudPct" | "minSkyQualityMag"> {
  const maxSeeingArcsec = number("maxSeeingArcsec", true);
  const maxCloudPct = number("maxCloudPct", true);
  const minSkyQualityMag = number("minSkyQualityMag", true);
  return {
    ...(maxSeeingArcsec === null ? {} : { maxSeeingArcsec }),
    ...(maxCloudPct === null ? {} : { maxCloudPct }),
    ...(minSkyQualityMag === null ? {} : { minSkyQualityMag }),
  };
}

/** Both fields of a dither, or neither: one alone says too little. */
function readDither(
  sequence: WrittenSequence,
  at: string,
  number: (field: SequenceField, optional: true) => number | null,
  note: Note,
): Dither | null {
  const positions = number("ditherPositions", true);
  const stepArcsec = number("ditherStepArcsec", true);
  if (positions === null && stepArcsec === null) return null;
  if (positions === null)
    note(`${at}.ditherPositions`, sequence.ditherPositions, "is missing: a dither has a step and positions");
  if (stepArcsec === null)
    note(
      `${at}.ditherStepArcsec`,
      sequence.ditherStepArcsec,
      "is missing: a dither has positions and a step",
    );
  return { positions: positions ?? Number.NaN, stepArcsec: stepArcsec ?? Number.NaN };
}

/** A window that was left empty. Without a readable target and limits there is nothing to compute it from, nor to say. */
function computedWindow(
  pointing: Parameters<typeof automaticWindow>[0] | null,
  neededS: number,
  at: string,
  context: BuilderContext,
  note: Note,
): { readonly startMs: number; readonly endMs: number } {
  const nothing = { startMs: Number.NaN, endMs: Number.NaN };
  if (pointing === null) return nothing;
  const window = automaticWindow(pointing, neededS, context.observatory, context.skies, context.nowMs);
  if (window !== null) return window;
  note(
    `${at}.windowStart`,
    "",
    "no window can be computed: the target does not fit under these limits on any night of a year",
  );
  return nothing;
}

function timeOf(albums: SequenceDraft["albums"], dither: Dither | null, observatory: Observatory) {
  const instruments = new Map(observatory.instruments.map((instrument) => [instrument.id, instrument]));
  const timed = albums.filter(({ instrumentId }) => instruments.has(instrumentId));
  const overheads = timed.map(({ instrumentId }) => instruments.get(instrumentId)?.overheadS ?? 0);
  return { durationS: timedSequenceS(observatory, timed, dither), overheadS: Math.max(0, ...overheads) };
}

function coordinate(reading: CoordinateReading, field: string, value: string, note: Note): Coordinate | null {
  if (reading.ok) {
    return field.endsWith(".ra")
      ? rightAscension(reading.coordinate.deg)
      : declination(reading.coordinate.deg);
  }
  const { rule, choices } = reading.problem;
  const offered = choices.map(({ write, means }) => `${write} (${means.sexagesimal})`);
  note(field, value, offered.length === 0 ? rule : `${rule}: write ${offered.join(" or ")}`);
  return null;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A number as written; NaN with a note when it is none, null when it is optional and empty. */
function readNumber(text: string, field: string, optional: boolean, note: Note): number | null {
  const written = text.trim().replace("−", "-");
  if (written === "" && optional) return null;
  const value = NUMBER.test(written) ? Number(written) : Number.NaN;
  if (Number.isFinite(value)) return value;
  note(
    field,
    text,
    written === "" ? "is missing: write a number" : `"${text}" is not a number: write it like 12.5`,
  );
  return Number.NaN;
}

function instant(text: string, field: string, note: Note): number {
  const reading = readInstant(text);
  if ("ms" in reading) return reading.ms;
  note(field, text, reading.rule);
  return Number.NaN;
}

/** Names of the fields of a draft, as they are written. */
const WRITTEN_NAMES: Readonly<Record<string, string>> = {
  raDeg: "ra",
  decDeg: "dec",
  windowStartMs: "windowStart",
  windowEndMs: "windowEnd",
  preferredMs: "preferred",
};

/** An error of the draft, at the field in which it was written and with what was written there. */
function inWriting(error: FieldError, written: WrittenRequest): FieldError {
  const field = error.field
    .replace(".constraints.", ".")
    .replace(/\.dither\.(\w)/, (_, first: string) => `.dither${first.toUpperCase()}`)
    .replace(/\.dither$/, ".ditherPositions")
    .replace(/\w+$/, (name) => WRITTEN_NAMES[name] ?? name);
  const parts = partsOfPath(field);
  const sequence = parts === null ? undefined : written.sequences[parts.s];
  const album = parts?.a === null || parts === null ? undefined : sequence?.albums[parts.a];
  const plan = parts?.p === null || parts === null ? undefined : album?.plans[parts.p];
  const holder = (plan ?? album ?? sequence) as Readonly<Record<string, unknown>> | undefined;
  const value = parts?.field === null || parts === null ? undefined : holder?.[parts.field];
  return { field, value: typeof value === "string" ? value : error.value, rule: error.rule };
}
