import type { InstrumentDescription, Observatory } from "../observatory.ts";
import { MAX_DITHER_POSITIONS, MIN_DITHER_POSITIONS, type Dither } from "../sequence/dither.ts";
import { MS_PER_SECOND } from "../units.ts";
import { roundedS, timedSequenceS } from "./duration.ts";
import type { AlbumDraft, PlanDraft, RequestDraft, SequenceConstraints, SequenceDraft } from "./request.ts";

/** A sequence as it is stored: the draft, checked, with what was computed from it. */
export interface BuiltSequence extends SequenceDraft {
  /** Exposures and read-outs of its longest album, observatory seconds. */
  readonly durationS: number;
  /** Slew, settling and the like, observatory seconds. */
  readonly overheadS: number;
}

export interface BuiltRequest {
  readonly name: string;
  readonly comment: string;
  readonly programmeId: string;
  readonly sequences: readonly BuiltSequence[];
}

/** What is wrong with a field: for the field itself, and in the answer of the API. */
export interface FieldError {
  /** Path of the field, e.g. `sequences[0].albums[0].plans[1].exposureS`. */
  readonly field: string;
  /** The value as given. */
  readonly value: unknown;
  /** The rule it breaks, in words with its numbers. */
  readonly rule: string;
}

/** What a request is checked against. */
export interface RequestContext {
  readonly observatory: Observatory;
  /** Programmes the author may ask time of. */
  readonly programmes: readonly { readonly id: string; readonly availableS: number }[];
  /** Observatory time now, Unix ms: a window that is over cannot be asked for. */
  readonly nowMs: number;
}

export type RequestCheck =
  | { readonly ok: true; readonly request: BuiltRequest }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

const MAX_SEQUENCES = 100;
const MAX_NAME = 120;
const MAX_COMMENT = 2_000;
const MAX_PRIORITY = 100;
const MAX_CARRY_OVER_NIGHTS = 60;

/**
 * The one check of a request, for the web, the API and the seeds: names, coordinates, windows, constraints, exposure
 * times and filters of the instruments, frames of one attempt, the programme and its quota. All errors at once. Whether
 * a target is ever observable is not judged here: that is the scheduler's, who says why with numbers.
 */
export function buildRequest(draft: RequestDraft, context: RequestContext): RequestCheck {
  const errors: FieldError[] = [];
  const check: Check = (field, value, holds, rule) => {
    if (!holds) errors.push({ field, value, rule });
    return holds;
  };
  checkText(check, "name", draft.name, 1, MAX_NAME);
  checkText(check, "comment", draft.comment, 0, MAX_COMMENT);
  check(
    "sequences",
    draft.sequences.length,
    draft.sequences.length >= 1 && draft.sequences.length <= MAX_SEQUENCES,
    `a request has 1 to ${MAX_SEQUENCES} sequences`,
  );
  const sequences = draft.sequences.map((sequence, index) =>
    buildSequence(sequence, `sequences[${index}]`, context, check),
  );
  if (errors.length === 0) checkQuota(draft, sequences, context, check);
  else checkProgramme(draft, context, check);
  if (errors.length > 0) return { ok: false, errors };
  const { name, comment, programmeId } = draft;
  return { ok: true, request: { name: name.trim(), comment: comment.trim(), programmeId, sequences } };
}

type Check = (field: string, value: unknown, holds: boolean, rule: string) => boolean;

function buildSequence(
  draft: SequenceDraft,
  at: string,
  context: RequestContext,
  check: Check,
): BuiltSequence {
  checkText(check, `${at}.targetName`, draft.targetName, 1, MAX_NAME);
  checkRange(
    check,
    `${at}.raDeg`,
    draft.raDeg,
    0,
    360,
    "right ascension (ICRS) is 0 to less than 360 degrees",
    true,
  );
  checkRange(check, `${at}.decDeg`, draft.decDeg, -90, 90, "declination (ICRS) is -90 to 90 degrees");
  checkWindow(draft, at, context.nowMs, check);
  checkConstraints(draft.constraints, `${at}.constraints`, context.observatory, check);
  check(
    `${at}.priority`,
    draft.priority,
    Number.isInteger(draft.priority) && draft.priority >= 0 && draft.priority <= MAX_PRIORITY,
    `priority is a whole number from 0 to ${MAX_PRIORITY}`,
  );
  const nights = draft.carryOverNights ?? 0;
  check(
    `${at}.carryOverNights`,
    nights,
    Number.isInteger(nights) && nights >= 0 && nights <= MAX_CARRY_OVER_NIGHTS,
    `a sequence may move on by a whole number of 0 to ${MAX_CARRY_OVER_NIGHTS} nights`,
  );
  const ids = draft.albums.map((album) => album.instrumentId);
  check(`${at}.albums`, ids, ids.length > 0, "a sequence needs at least one album");
  check(`${at}.albums`, ids, new Set(ids).size === ids.length, "an instrument has one album in a sequence");
  const instruments = draft.albums.map((album, index) =>
    checkAlbum(album, `${at}.albums[${index}]`, context.observatory, check),
  );
  checkFrames(draft.albums, at, context.observatory, check);
  const dither = draft.dither ?? null;
  if (dither !== null) checkDither(dither, `${at}.dither`, context.observatory, check);
  const timed = draft.albums.filter((_, index) => instruments[index] !== undefined);
  const durationS = timedSequenceS(context.observatory, timed, dither);
  const overheadS = Math.max(0, ...instruments.map((instrument) => instrument?.overheadS ?? 0));
  checkFits(draft, at, durationS + overheadS, check);
  return { ...draft, targetName: draft.targetName.trim(), dither, durationS, overheadS };
}

function checkDither(
  { stepArcsec, positions }: Dither,
  at: string,
  observatory: Observatory,
  check: Check,
): void {
  const limits = observatory.telescope.dither;
  if (!check(at, { stepArcsec, positions }, limits !== undefined, "this telescope makes no dithers")) return;
  const largest = limits?.maxStepArcsec ?? 0;
  const rule = `the step of a dither is 1 to ${largest} arcsec (the telescope's)`;
  checkRange(check, `${at}.stepArcsec`, stepArcsec, 1, largest, rule);
  check(
    `${at}.positions`,
    positions,
    Number.isInteger(positions) && positions >= MIN_DITHER_POSITIONS && positions <= MAX_DITHER_POSITIONS,
    `a dither has ${MIN_DITHER_POSITIONS} to ${MAX_DITHER_POSITIONS} positions`,
  );
}

/** One attempt at a sequence, all its albums together, must fit into one workflow history. */
function checkFrames(
  albums: readonly AlbumDraft[],
  at: string,
  observatory: Observatory,
  check: Check,
): void {
  if (albums.length < 2) return;
  const frames = albums.reduce((sum, album) => sum + album.plans.reduce((of, plan) => of + plan.count, 0), 0);
  const limit = observatory.night.maxFramesPerAttempt;
  check(`${at}.albums`, frames, !(frames > limit), `all albums together have at most ${limit} frames`);
}

function checkWindow(draft: SequenceDraft, at: string, nowMs: number, check: Check): void {
  const { windowStartMs, windowEndMs, preferredMs } = draft;
  const start = check(
    `${at}.windowStartMs`,
    windowStartMs,
    Number.isInteger(windowStartMs),
    "the window starts at a time",
  );
  const end = check(
    `${at}.windowEndMs`,
    windowEndMs,
    Number.isInteger(windowEndMs),
    "the window ends at a time",
  );
  if (!start || !end) return;
  check(`${at}.windowEndMs`, windowEndMs, windowEndMs > windowStartMs, "the window ends after it starts");
  check(
    `${at}.windowEndMs`,
    windowEndMs,
    windowEndMs > nowMs,
    `the window is over: it is ${new Date(nowMs).toISOString()}`,
  );
  if (preferredMs !== null) {
    const inside =
      Number.isInteger(preferredMs) && preferredMs >= windowStartMs && preferredMs <= windowEndMs;
    check(`${at}.preferredMs`, preferredMs, inside, "the preferred time lies in the window");
  }
}

function checkConstraints(
  constraints: SequenceConstraints,
  at: string,
  observatory: Observatory,
  check: Check,
): void {
  const { minAltDeg, maxAirmass, minMoonSepDeg, maxSunAltDeg } = constraints;
  const lowest = observatory.telescope.minAltDeg;
  checkRange(
    check,
    `${at}.minAltDeg`,
    minAltDeg,
    lowest,
    90,
    `lowest altitude is ${lowest} (the telescope's) to 90 degrees`,
  );
  if (maxAirmass !== null) {
    checkRange(check, `${at}.maxAirmass`, maxAirmass, 1, 10, "largest airmass is 1 to 10, or none");
  }
  checkRange(
    check,
    `${at}.minMoonSepDeg`,
    minMoonSepDeg,
    0,
    180,
    "distance from the Moon is 0 to 180 degrees",
  );
  const highest = observatory.night.observingSunAltDeg;
  checkRange(
    check,
    `${at}.maxSunAltDeg`,
    maxSunAltDeg,
    -90,
    highest,
    `highest altitude of the Sun is -90 to ${highest} degrees (the observatory's)`,
  );
  checkSky(constraints, at, check);
}

/** Limits on the sky: each may be left out. */
function checkSky(
  { maxSeeingArcsec, maxCloudPct, minSkyQualityMag }: SequenceConstraints,
  at: string,
  check: Check,
): void {
  const limits = [
    ["maxSeeingArcsec", maxSeeingArcsec, 0.3, 20, "worst seeing is 0.3 to 20 arcsec, or none"],
    ["maxCloudPct", maxCloudPct, 0, 100, "largest cloud cover is 0 to 100 per cent, or none"],
    ["minSkyQualityMag", minSkyQualityMag, 10, 23, "sky brightness is 10 to 23 mag/arcsec², or none"],
  ] as const;
  for (const [field, value, least, most, rule] of limits) {
    if (value !== undefined && value !== null) checkRange(check, `${at}.${field}`, value, least, most, rule);
  }
}

function checkAlbum(
  album: AlbumDraft,
  at: string,
  observatory: Observatory,
  check: Check,
): InstrumentDescription | undefined {
  const instrument = observatory.instruments.find((candidate) => candidate.id === album.instrumentId);
  const names = observatory.instruments.map((candidate) => candidate.id).join(", ");
  check(`${at}.instrumentId`, album.instrumentId, instrument !== undefined, `the instruments are ${names}`);
  if (instrument === undefined) return undefined;
  check(`${at}.plans`, album.plans.length, album.plans.length > 0, "an album needs at least one plan");
  for (const [index, plan] of album.plans.entries())
    checkPlan(plan, `${at}.plans[${index}]`, instrument, check);
  const frames = album.plans.reduce((sum, plan) => sum + plan.count, 0);
  const limit = observatory.night.maxFramesPerAttempt;
  check(`${at}.plans`, frames, !(frames > limit), `an album has at most ${limit} frames`);
  return instrument;
}

function checkPlan(plan: PlanDraft, at: string, instrument: InstrumentDescription, check: Check): void {
  const { filters, minExposureS, maxExposureS } = instrument;
  check(
    `${at}.filter`,
    plan.filter,
    filters.includes(plan.filter),
    `filters of ${instrument.name} are ${filters.join(", ")}`,
  );
  const rule = `exposures of ${instrument.name} take ${minExposureS} to ${maxExposureS} s`;
  if (checkRange(check, `${at}.exposureS`, plan.exposureS, minExposureS, maxExposureS, rule)) {
    check(
      `${at}.exposureS`,
      plan.exposureS,
      roundedS(plan.exposureS) === plan.exposureS,
      "exposure times are exact to 0.001 s",
    );
  }
  check(
    `${at}.count`,
    plan.count,
    Number.isInteger(plan.count) && plan.count >= 1,
    "the number of frames is a whole number from 1",
  );
}

/** A window shorter than what is to be done in it can never be kept. */
function checkFits(draft: SequenceDraft, at: string, neededS: number, check: Check): void {
  const windowS = (draft.windowEndMs - draft.windowStartMs) / MS_PER_SECOND;
  if (!Number.isFinite(windowS) || !Number.isFinite(neededS) || windowS <= 0) return;
  check(
    `${at}.windowEndMs`,
    draft.windowEndMs,
    windowS >= neededS,
    `the window of ${windowS} s is shorter than the ${neededS} s that the sequence takes`,
  );
}

function checkProgramme(draft: RequestDraft, context: RequestContext, check: Check) {
  const programme = context.programmes.find((candidate) => candidate.id === draft.programmeId);
  const names = context.programmes.map((candidate) => candidate.id).join(", ");
  const rule = names === "" ? "you are a member of no programme" : `your programmes are ${names}`;
  check("programmeId", draft.programmeId, programme !== undefined, rule);
  return programme;
}

function checkQuota(
  draft: RequestDraft,
  sequences: readonly BuiltSequence[],
  context: RequestContext,
  check: Check,
): void {
  const programme = checkProgramme(draft, context, check);
  if (programme === undefined) return;
  const neededS = roundedS(
    sequences.reduce((sum, sequence) => sum + sequence.durationS + sequence.overheadS, 0),
  );
  check(
    "sequences",
    neededS,
    neededS <= programme.availableS,
    `the request takes ${neededS} s; programme ${programme.id} has ${programme.availableS} s left`,
  );
}

function checkText(check: Check, field: string, value: string, least: number, most: number): void {
  const length = typeof value === "string" ? value.trim().length : -1;
  const rule = least > 0 ? `write ${least} to ${most} characters` : `write at most ${most} characters`;
  // No column holds it.
  if (length > 0 && value.includes("\u0000")) check(field, value, false, "write no character NUL");
  else check(field, value, length >= least && length <= most, rule);
}

function checkRange(
  check: Check,
  field: string,
  value: number,
  from: number,
  to: number,
  rule: string,
  openEnd = false,
): boolean {
  const holds = Number.isFinite(value) && value >= from && (openEnd ? value < to : value <= to);
  return check(field, value, holds, rule);
}
