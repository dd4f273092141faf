import { DEG_PER_HOUR } from "../units.ts";
import {
  CoordinateError,
  formatDeclination,
  formatRightAscension,
  parseDeclination,
  parseRightAscension,
} from "./sexagesimal.ts";

/** A coordinate as it was understood, in both forms, to be shown beside the field. */
export interface Coordinate {
  readonly deg: number;
  /** `05:34:31.90` or `+22:00:52.2`. */
  readonly sexagesimal: string;
  /** `83.63292` or `+22.01450`. */
  readonly degrees: string;
}

/** What is wrong with a coordinate as written, for the place beside its field. */
export interface CoordinateProblem {
  /** The field's label, e.g. `Right ascension`. */
  readonly field: string;
  /** What stood there. */
  readonly value: string;
  /** The rule in words, with an example. */
  readonly rule: string;
  /** When it could mean two things: how to write each, and what each would be. */
  readonly choices: readonly { readonly write: string; readonly means: Coordinate }[];
}

export type CoordinateReading =
  | { readonly ok: true; readonly coordinate: Coordinate }
  | { readonly ok: false; readonly problem: CoordinateProblem };

export type PositionReading =
  | { readonly ok: true; readonly ra: Coordinate; readonly dec: Coordinate }
  | { readonly ok: false; readonly problems: readonly CoordinateProblem[] };

/** A right ascension of so many degrees (ICRS) in both forms. */
export function rightAscension(raDeg: number): Coordinate {
  return { deg: raDeg, sexagesimal: formatRightAscension(raDeg), degrees: raDeg.toFixed(5) };
}

/** A declination of so many degrees (ICRS) in both forms. */
export function declination(decDeg: number): Coordinate {
  return {
    deg: decDeg,
    sexagesimal: formatDeclination(decDeg),
    degrees: `${decDeg < 0 ? "" : "+"}${decDeg.toFixed(5)}`,
  };
}

const RA_FORMS = "write 05:34:31.9, 5h34m31.9s or 83.633d";
const DEC_FORMS = "write +22:00:52.2, +22d00m52.2s or 22.0145d";
/** A number without a unit below this could be hours as well as degrees. */
const HOURS_IN_A_TURN = 24;
const BARE_NUMBER = /^\+?(\d+(?:\.\d*)?|\.\d+)$/;

/**
 * Reads a right ascension in any usual form: hours with colons, spaces or h m s, degrees with d or °, or a decimal number, which
 * is degrees. A number below 24 without a unit is not guessed: both meanings are offered.
 * @param label the field's label
 */
export function readRightAscension(text: string, label = "Right ascension"): CoordinateReading {
  const written = text.trim();
  if (written === "") return missing(label, RA_FORMS);
  const bare = BARE_NUMBER.exec(written);
  if (bare !== null && Number(bare[1]) < HOURS_IN_A_TURN) {
    const number = Number(bare[1]);
    return refused(label, written, `${written} could be hours or degrees`, [
      { write: `${number}h`, means: rightAscension(number * DEG_PER_HOUR) },
      { write: `${number}d`, means: rightAscension(number) },
    ]);
  }
  // A bare number of 24 or more can only be degrees.
  const toRead = bare === null ? written : `${bare[1]}d`;
  return attempt(label, written, RA_FORMS, () => rightAscension(parseRightAscension(toRead)));
}

/**
 * Reads a declination in any usual form: degrees with colons, spaces, d m s or ° ′ ″, or decimal degrees. Hours are refused.
 * @param label the field's label
 */
export function readDeclination(text: string, label = "Declination"): CoordinateReading {
  const written = text.trim();
  if (written === "") return missing(label, DEC_FORMS);
  return attempt(label, written, DEC_FORMS, () => declination(parseDeclination(written)));
}

/** Reads both coordinates and names every problem at once. */
export function readPosition({ ra, dec }: { readonly ra: string; readonly dec: string }): PositionReading {
  const [raReading, decReading] = [readRightAscension(ra), readDeclination(dec)];
  if (raReading.ok && decReading.ok) {
    return { ok: true, ra: raReading.coordinate, dec: decReading.coordinate };
  }
  return {
    ok: false,
    problems: [raReading, decReading].flatMap((reading) => (reading.ok ? [] : [reading.problem])),
  };
}

/** The sentence beside the field: `Right ascension: 12 could be hours or degrees. Write 12h (12:00:00.00, 180.00000°) or …`. */
export function problemSentence({ field, rule, choices }: CoordinateProblem): string {
  if (choices.length === 0) return `${field}: ${rule}.`;
  const offered = choices.map(({ write, means }) => `${write} (${means.sexagesimal}, ${means.degrees}°)`);
  return `${field}: ${rule}. Write ${offered.join(" or ")}.`;
}

function attempt(field: string, value: string, forms: string, read: () => Coordinate): CoordinateReading {
  try {
    return { ok: true, coordinate: read() };
  } catch (error) {
    if (!(error instanceof CoordinateError)) throw error;
    return refused(field, value, `"${value}" ${ruleWithForms(error.rule, forms)}`);
  }
}

function ruleWithForms(rule: string, forms: string): string {
  if (rule.startsWith("write")) return `is not understood; ${forms}`;
  return rule.startsWith("must") ? `${rule}; ${forms}` : `is not taken: ${rule}`;
}

function missing(field: string, forms: string): CoordinateReading {
  return refused(field, "", `is missing; ${forms}`);
}

function refused(
  field: string,
  value: string,
  rule: string,
  choices: CoordinateProblem["choices"] = [],
): CoordinateReading {
  return { ok: false, problem: { field, value, rule, choices } };
}
