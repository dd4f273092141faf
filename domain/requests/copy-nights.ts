import { localMeanNoonMs, nightDateAt } from "../astronomy/night.ts";
import type { Observatory } from "../observatory.ts";
import { MS_PER_DAY, MS_PER_SECOND } from "../units.ts";
import type { FieldError } from "./build.ts";
import type { UnderstoodSequence } from "./builder.ts";
import { laterDate, nightUse, type NightSkies } from "./visibility.ts";
import { writtenInstant, type TimeForm } from "./times.ts";
import type { WrittenRequest, WrittenSequence } from "./written.ts";

/** Over which nights a sequence is copied. */
export interface NightCopies {
  /** yyyy-mm-dd of local noon of the first night. */
  readonly from: string;
  readonly count: number;
  /** Nights from one to the next: 1 is every night. */
  readonly step: number;
  /** How many nights each may move on when it was not done in its own. */
  readonly carryOverNights: number;
  /** Nights in which it does not fit get none. */
  readonly skipUnusable: boolean;
}

/** One night of the copies, before anything is written. */
export interface NightCopy {
  readonly date: string;
  readonly windowStartMs: number;
  readonly windowEndMs: number;
  readonly usableMs: number;
  /** Its time is there without a break. */
  readonly fits: boolean;
  readonly sequence: WrittenSequence;
}

const MAX_COPIES = 60;
const MAX_STEP = 60;
const MAX_SEQUENCES = 100;

/** What is wrong with what was asked, by field. */
export function nightCopiesErrors(copies: NightCopies, sequences: number): FieldError[] {
  const errors: FieldError[] = [];
  const whole = (field: "count" | "step" | "carryOverNights", from: number, to: number): void => {
    const value = copies[field];
    if (Number.isInteger(value) && value >= from && value <= to) return;
    errors.push({
      field,
      value: Number.isNaN(value) ? "" : value,
      rule: `write a whole number from ${from} to ${to}`,
    });
  };
  const date = /^\d{4}-\d{2}-\d{2}$/.test(copies.from) ? new Date(`${copies.from}T12:00:00Z`) : null;
  const isDay =
    date !== null && !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === copies.from;
  if (!isDay || copies.from < "1972-01-03") {
    errors.push({ field: "from", value: copies.from, rule: "write a day of the calendar as yyyy-mm-dd" });
  }
  whole("count", 1, MAX_COPIES);
  whole("step", 1, MAX_STEP);
  whole("carryOverNights", 0, MAX_COPIES);
  if (errors.length === 0 && sequences - 1 + copies.count > MAX_SEQUENCES) {
    errors.push({
      field: "count",
      value: copies.count,
      rule: `the request has ${sequences} sequences already, and may have ${MAX_SEQUENCES}`,
    });
  }
  return errors;
}

/**
 * The copies of a sequence, one a night. A window of at most a day keeps its time of day; a longer one becomes the whole
 * night, noon to noon. A preferred instant is of one night and is not copied.
 * @throws RangeError for what `nightCopiesErrors` refuses
 */
export function copiesOverNights(
  sequence: WrittenSequence,
  understood: UnderstoodSequence,
  copies: NightCopies,
  times: TimeForm,
  observatory: Observatory,
  skies: NightSkies,
): NightCopy[] {
  const [wrong] = nightCopiesErrors(copies, 1);
  if (wrong !== undefined)
    throw new RangeError(`${wrong.field} is ${JSON.stringify(wrong.value)}: ${wrong.rule}`);
  const { site } = observatory;
  const { windowStartMs, windowEndMs, ra, dec, constraints } = understood;
  const neededMs = (understood.durationS + understood.overheadS) * MS_PER_SECOND;
  const short = windowStartMs !== null && windowEndMs !== null && windowEndMs - windowStartMs <= MS_PER_DAY;
  const own = short ? windowStartMs : null;
  return Array.from({ length: copies.count }, (_, index) => {
    const date = laterDate(copies.from, index * copies.step);
    const noonMs = Math.ceil(localMeanNoonMs(site, date) / MS_PER_SECOND) * MS_PER_SECOND;
    const startMs = own === null ? noonMs : own + nightsBetween(nightDateAt(site, own), date) * MS_PER_DAY;
    const endMs = own === null || windowEndMs === null ? noonMs + MS_PER_DAY : startMs + (windowEndMs - own);
    const use =
      ra === null || dec === null || constraints === null
        ? null
        : nightUse({ raDeg: ra.deg, decDeg: dec.deg, constraints }, observatory, skies(date), {
            startMs,
            endMs,
          });
    return {
      date,
      windowStartMs: startMs,
      windowEndMs: endMs,
      usableMs: use?.usableMs ?? 0,
      fits: use !== null && use.longestMs > 0 && use.longestMs >= neededMs,
      sequence: {
        ...sequence,
        id: index === 0 ? sequence.id : "",
        windowStart: writtenInstant(startMs, times),
        windowEnd: writtenInstant(endMs, times),
        // A preferred instant is of one night: the others have none of their own.
        preferred: "",
        carryOverNights: String(copies.carryOverNights),
      },
    };
  });
}

function nightsBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T12:00:00Z`) - Date.parse(`${from}T12:00:00Z`)) / MS_PER_DAY);
}

/** The request with a sequence replaced by its copies. */
export function withCopies(written: WrittenRequest, s: number, copies: readonly NightCopy[]): WrittenRequest {
  const sequences = written.sequences.flatMap((one, index) =>
    index === s ? copies.map(({ sequence }) => sequence) : [one],
  );
  return { ...written, sequences };
}
