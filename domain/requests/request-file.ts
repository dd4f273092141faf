import type { FieldError } from "./build.ts";
import type { RequestDraft } from "./request.ts";
import {
  albumPath,
  plainDecimal,
  planPath,
  sequencePath,
  type WrittenAlbum,
  type WrittenPlan,
  type WrittenRequest,
  type WrittenSequence,
} from "./written.ts";

/** First line of every request file: what it is and in which version. */
export const REQUEST_FORMAT = "vesper-request/1";
/** Where the schema of the format is served, for ever. */
export const REQUEST_SCHEMA_PATH = "/schemas/request-1.json";

const MAX_SEQUENCES = 100;
const MAX_ALBUMS = 10;
const MAX_PLANS = 150;
const MAX_TEXT = 2_000;

type Kind = "text" | "number" | "angle" | "time" | "count";

interface FieldRule {
  readonly kind: Kind;
  readonly required: boolean;
  /** What a file that leaves it out says. */
  readonly otherwise: string;
  readonly nullable: boolean;
  readonly description: string;
}

const rule = (
  kind: Kind,
  description: string,
  otherwise: string | null = null,
  nullable = false,
): FieldRule => ({
  kind,
  description,
  required: otherwise === null,
  otherwise: otherwise ?? "",
  nullable,
});

const REQUEST_RULES: Readonly<Record<"name" | "comment" | "programmeId", FieldRule>> = {
  name: rule("text", "Stands on the schedule."),
  comment: rule("text", "For the author and the operators.", ""),
  programmeId: rule("text", "Code of a programme of which the author is a member."),
};

const SEQUENCE_RULES: Readonly<Record<Exclude<keyof WrittenSequence, "id" | "albums">, FieldRule>> = {
  targetName: rule("text", "Name of the target."),
  ra: rule(
    "angle",
    "Right ascension, ICRS: a number of degrees, or text like 05:34:31.94, 5h34m31.9s, 83.633d.",
  ),
  dec: rule(
    "angle",
    "Declination, ICRS: a number of degrees, or text like +22:00:52.2, 22d00m52s, 22.0145d.",
  ),
  windowStart: rule("time", "JD1. Left out with windowEnd: computed from the limits.", ""),
  windowEnd: rule("time", "JD2. Left out with windowStart: computed from the limits.", ""),
  preferred: rule("time", "When it is best taken; null: no matter.", "", true),
  priority: rule("count", "0 (first) to 100 (last).", "40"),
  minAltDeg: rule("number", "Lowest altitude, degrees.", "30"),
  maxAirmass: rule("number", "Largest airmass; null: none.", "", true),
  minMoonSepDeg: rule("number", "Least distance from the Moon, degrees.", "25"),
  maxSunAltDeg: rule("number", "Highest altitude of the Sun, degrees.", "-12"),
  carryOverNights: rule("count", "Nights it may move on when it was not done in its own.", "0"),
  maxSeeingArcsec: rule("number", "Worst seeing (FWHM), arcsec; null: any.", "", true),
  maxCloudPct: rule("number", "Largest cloud cover, per cent; null: what the site allows.", "", true),
  minSkyQualityMag: rule("number", "Brightest sky, mag/arcsec² (more is darker); null: any.", "", true),
  ditherPositions: rule(
    "count",
    "Places around the target among which the frames of each plan are divided, 2 to 9, with ditherStepArcsec; null: none.",
    "",
    true,
  ),
  ditherStepArcsec: rule("number", "Distance between these places, arcsec; null: no dither.", "", true),
};

const PLAN_RULES: Readonly<Record<keyof WrittenPlan, FieldRule>> = {
  filter: rule("text", "A filter of the instrument."),
  exposureS: rule("number", "Exposure time of one frame, s."),
  count: rule("count", "Number of frames."),
};

const INSTRUMENT_RULE = rule("text", "Id of an instrument; each at most once in a sequence.");

/* ---- Reading ---------------------------------------------------------------------------------------------- */

export type FileReading =
  | { readonly ok: true; readonly written: WrittenRequest }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

type Note = (field: string, value: unknown, rule: string) => void;

/**
 * Reads the parsed content of a request file: its shape only, every error by path. What the values mean is checked by
 * the builder after.
 */
export function readRequestFile(content: unknown): FileReading {
  const errors: FieldError[] = [];
  const note: Note = (field, value, words) => errors.push({ field, value, rule: words });
  const file = objectAt(content, "", ["format", ...Object.keys(REQUEST_RULES), "sequences"], note);
  if (file === null) return { ok: false, errors };
  if (file["format"] !== REQUEST_FORMAT) {
    note("format", file["format"], `must be "${REQUEST_FORMAT}": the first line of a request file`);
  }
  const written: WrittenRequest = {
    ...fieldsAt(file, "", REQUEST_RULES, note),
    times: "utc",
    sequences: listAt(file["sequences"], "sequences", MAX_SEQUENCES, note).map((one, s) =>
      sequenceAt(one, s, note),
    ),
  };
  return errors.length === 0 ? { ok: true, written } : { ok: false, errors };
}

function sequenceAt(content: unknown, s: number, note: Note): WrittenSequence {
  const at = sequencePath(s);
  const object = objectAt(content, at, [...Object.keys(SEQUENCE_RULES), "albums"], note) ?? {};
  const albums = content === object ? listAt(object["albums"], `${at}.albums`, MAX_ALBUMS, note) : [];
  return {
    id: "",
    ...fieldsAt(object, at, SEQUENCE_RULES, content === object ? note : () => undefined),
    albums: albums.map((one, a) => albumAt(one, s, a, note)),
  };
}

function albumAt(content: unknown, s: number, a: number, note: Note): WrittenAlbum {
  const at = albumPath(s, a);
  const object = objectAt(content, at, ["instrumentId", "plans"], note);
  if (object === null) return { instrumentId: "", plans: [] };
  return {
    ...fieldsAt(object, at, { instrumentId: INSTRUMENT_RULE }, note),
    plans: listAt(object["plans"], `${at}.plans`, MAX_PLANS, note).map((one, p) => {
      const plan = objectAt(one, planPath(s, a, p), Object.keys(PLAN_RULES), note);
      return fieldsAt(plan ?? {}, planPath(s, a, p), PLAN_RULES, plan === null ? () => undefined : note);
    }),
  };
}

function objectAt(
  content: unknown,
  at: string,
  fields: readonly string[],
  note: Note,
): Readonly<Record<string, unknown>> | null {
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    note(at, content, `must be an object with the fields ${fields.join(", ")}`);
    return null;
  }
  for (const [key, value] of Object.entries(content)) {
    if (!fields.includes(key))
      note(at === "" ? key : `${at}.${key}`, value, `is no field here; fields are ${fields.join(", ")}`);
  }
  return content as Readonly<Record<string, unknown>>;
}

function listAt(content: unknown, at: string, most: number, note: Note): readonly unknown[] {
  if (!Array.isArray(content)) {
    note(
      at,
      content,
      content === undefined ? `is missing: a list of 1 to ${most}` : `must be a list of 1 to ${most}`,
    );
    return [];
  }
  if (content.length < 1 || content.length > most) {
    note(at, content.length, `must be a list of 1 to ${most}`);
    return [];
  }
  return content;
}

function fieldsAt<Name extends string>(
  object: Readonly<Record<string, unknown>>,
  at: string,
  rules: Readonly<Record<Name, FieldRule>>,
  note: Note,
): Record<Name, string> {
  const names = Object.keys(rules) as Name[];
  const entries = names.map((name) => {
    const field = at === "" ? name : `${at}.${name}`;
    return [name, textOf(object[name], field, rules[name], note)] as const;
  });
  return Object.fromEntries(entries) as Record<Name, string>;
}

function textOf(
  value: unknown,
  field: string,
  { kind, required, otherwise, nullable }: FieldRule,
  note: Note,
): string {
  if (value === undefined) {
    if (required) note(field, value, `is missing: ${KIND_WORDS[kind]}`);
    return otherwise;
  }
  if (value === null && nullable) return "";
  if (typeof value === "string" && kind !== "number" && kind !== "count") {
    if (value.length <= MAX_TEXT) return value;
    note(field, `${value.slice(0, 40)}…`, `must be a text of at most ${MAX_TEXT} characters`);
    return otherwise;
  }
  const isNumber = typeof value === "number" && Number.isFinite(value);
  if (isNumber && kind === "count" && Number.isInteger(value)) return String(value);
  if (isNumber && (kind === "number" || kind === "time"))
    return kind === "time" ? `JD ${value.toFixed(8)}` : plainDecimal(value);
  if (isNumber && kind === "angle") return `${plainDecimal(value)}d`;
  note(field, value, `must be ${KIND_WORDS[kind]}${nullable ? ", or null" : ""}`);
  return otherwise;
}

const KIND_WORDS: Readonly<Record<Kind, string>> = {
  text: "a text",
  number: "a number",
  count: "a whole number",
  angle: "a number of degrees or a text like 05:34:31.94",
  time: 'a text like "2026-11-20T07:14:32Z" or a Julian date',
};

/* ---- Writing ---------------------------------------------------------------------------------------------- */

/** The file of a request: read again, it gives the same request, to the millisecond and the last digit. */
export function requestFile(draft: RequestDraft): Readonly<Record<string, unknown>> {
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    format: REQUEST_FORMAT,
    name: draft.name,
    comment: draft.comment,
    programmeId: draft.programmeId,
    sequences: draft.sequences.map((sequence) => ({
      targetName: sequence.targetName,
      ra: sequence.raDeg,
      dec: sequence.decDeg,
      windowStart: time(sequence.windowStartMs),
      windowEnd: time(sequence.windowEndMs),
      preferred: sequence.preferredMs === null ? null : time(sequence.preferredMs),
      priority: sequence.priority,
      minAltDeg: sequence.constraints.minAltDeg,
      maxAirmass: sequence.constraints.maxAirmass,
      minMoonSepDeg: sequence.constraints.minMoonSepDeg,
      maxSunAltDeg: sequence.constraints.maxSunAltDeg,
      carryOverNights: sequence.carryOverNights ?? 0,
      maxSeeingArcsec: sequence.constraints.maxSeeingArcsec ?? null,
      maxCloudPct: sequence.constraints.maxCloudPct ?? null,
      minSkyQualityMag: sequence.constraints.minSkyQualityMag ?? null,
      ditherPositions: sequence.dither?.positions ?? null,
      ditherStepArcsec: sequence.dither?.stepArcsec ?? null,
      albums: sequence.albums.map((album) => ({
        instrumentId: album.instrumentId,
        plans: album.plans.map(({ filter, exposureS, count }) => ({ filter, exposureS, count })),
      })),
    })),
  };
}

/* ---- Schema ----------------------------------------------------------------------------------------------- */

const KIND_SCHEMAS: Readonly<Record<Kind, Readonly<Record<string, unknown>>>> = {
  text: { type: "string", maxLength: MAX_TEXT },
  number: { type: "number" },
  count: { type: "integer" },
  angle: { type: ["number", "string"], maxLength: MAX_TEXT },
  time: { type: ["string", "number"], maxLength: MAX_TEXT },
};

/** JSON Schema (draft 2020-12) of the shape of a request file, made from the same rules that read it. */
export function requestFileSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:${REQUEST_FORMAT.replace("/", ":")}`,
    title: "Vesper observation request",
    description:
      "A request holds sequences (pointings), a sequence albums (instruments), an album plans (frames).",
    ...objectSchema(REQUEST_RULES, {
      format: { const: REQUEST_FORMAT },
      sequences: listSchema(
        MAX_SEQUENCES,
        objectSchema(SEQUENCE_RULES, {
          albums: listSchema(
            MAX_ALBUMS,
            objectSchema(
              { instrumentId: INSTRUMENT_RULE },
              { plans: listSchema(MAX_PLANS, objectSchema(PLAN_RULES, {})) },
            ),
          ),
        }),
      ),
    }),
  };
}

function listSchema(maxItems: number, items: object): object {
  return { type: "array", minItems: 1, maxItems, items };
}

function objectSchema(
  rules: Readonly<Record<string, FieldRule>>,
  more: Readonly<Record<string, object>>,
): object {
  const properties = Object.entries(rules).map(([name, { kind, nullable, description }]) => {
    const schema = KIND_SCHEMAS[kind];
    const type = nullable ? { type: [schema["type"], "null"].flat() } : {};
    return [name, { description, ...schema, ...type }] as const;
  });
  const required = Object.entries(rules).flatMap(([name, field]) => (field.required ? [name] : []));
  return {
    type: "object",
    additionalProperties: false,
    required: [...Object.keys(more), ...required],
    properties: { ...Object.fromEntries(properties), ...more },
  };
}
