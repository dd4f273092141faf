import { CATALOGUE_SOURCE, resolveName } from "../../../domain/astronomy/catalogue.ts";
import { formatDeclination, formatRightAscension } from "../../../domain/astronomy/sexagesimal.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import { MAX_DITHER_POSITIONS, MIN_DITHER_POSITIONS } from "../../../domain/sequence/dither.ts";
import type { FieldError } from "../../../domain/requests/build.ts";
import type { BuilderContext, UnderstoodSequence, WrittenCheck } from "../../../domain/requests/builder.ts";
import { albumPath, planPath, sequencePath, type WrittenRequest } from "../../../domain/requests/written.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import type { PageModel } from "../../pages/pages.ts";
import { count } from "../../words/numbers.ts";
import { dateTime, duration } from "../../words/time.ts";
import { elementId, labelOf, placeOf } from "./labels.ts";
import { panelModel } from "./panel-model.ts";

/** One field of the form. */
interface Field {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly hint: string;
  readonly error: string;
  readonly understood: string;
  readonly kind: { readonly text: boolean; readonly area: boolean; readonly choice: boolean };
  readonly choices: readonly { readonly value: string; readonly label: string; readonly chosen: boolean }[];
  readonly mode: "text" | "decimal" | "numeric";
  readonly short: boolean;
}

export interface EditorFacts {
  readonly draft: RequestDraftRecord;
  readonly check: WrittenCheck;
  readonly context: BuilderContext;
  readonly observatory: Observatory;
  /** `all`, `request`, or the path of a sequence or an album. */
  readonly step: string;
  /** Everything is said, also of fields that are still empty. */
  readonly checked: boolean;
  /** Id of the form: a new one each time the page is loaded. */
  readonly form: string;
  readonly names: ReadonlyMap<string, string>;
  readonly said: string;
  /** Another saved meanwhile: what differs. */
  readonly conflict: Conflict | null;
  readonly revises: boolean;
}

export interface Conflict {
  readonly by: string;
  readonly at: string;
  readonly rows: readonly { readonly field: string; readonly theirs: string; readonly mine: string }[];
}

/** The steps of a request in their order: the request, each sequence, each of its albums. */
export function stepsOf(written: WrittenRequest): string[] {
  return [
    "request",
    ...written.sequences.flatMap((sequence, s) => [
      sequencePath(s),
      ...sequence.albums.map((_, a) => albumPath(s, a)),
    ]),
  ];
}

/** Which step an error belongs to. */
function stepOf(field: string): string {
  return /^sequences\[\d+\](?:\.albums\[\d+\])?/.exec(field)?.[0] ?? "request";
}

export function editorModel(facts: EditorFacts): PageModel {
  const { draft, check, checked, step, conflict } = facts;
  const written = draft.document;
  const steps = stepsOf(written);
  const shown = step === "all" || steps.includes(step) ? step : "request";
  const all = shown === "all";
  const at = steps.indexOf(shown);
  const problems = checked ? check.errors : [];
  const title = written.name.trim() === "" ? `Request ${draft.id}` : written.name.trim();
  const visible = (path: string): boolean => all || shown === path;
  return {
    title: problems.length > 0 ? `Error: ${title}` : title,
    heading: title,
    sentence: sentence(facts),
    id: draft.id,
    draftVersion: String(draft.version),
    form: facts.form,
    step: shown,
    all,
    saved: `Saved ${dateTime(draft.updatedWallMs)} UTC, real time`,
    said: facts.said,
    conflict,
    summary: problems.map((error) => ({
      href:
        all || stepOf(error.field) === shown ? `#${elementId(error.field)}` : stepHref(draft.id, error.field),
      words: errorSentence(error),
    })),
    outline: outline(facts, shown),
    previous: at > 0 ? (steps[at - 1] ?? "") : "",
    next: at >= 0 && at < steps.length - 1 ? (steps[at + 1] ?? "") : "",
    nextWords: at >= 0 && at < steps.length - 1 ? stepWords(written, steps[at + 1] ?? "") : "",
    request: visible("request") ? requestPart(facts) : null,
    sequences: written.sequences.flatMap((sequence, s) => {
      const path = sequencePath(s);
      const albums = sequence.albums.flatMap((_, a) =>
        visible(albumPath(s, a)) ? [albumPart(facts, s, a)] : [],
      );
      if (!visible(path) && albums.length === 0) return [];
      return [{ ...sequencePart(facts, s, visible(path)), albums }];
    }),
    times: {
      jd: written.times === "jd",
      switchTo: written.times === "jd" ? "utc" : "jd",
      words: written.times === "jd" ? "Show times as UTC" : "Show times as Julian dates",
    },
    panel: panelModel(facts),
    empty: written.sequences.length === 0,
  };
}

function stepHref(id: string, field: string): string {
  return `/requests/${id}/edit?step=${encodeURIComponent(stepOf(field))}&checked=1#${elementId(field)}`;
}

/** `Sequence 1, Declination: …`. */
export function errorSentence(error: FieldError): string {
  const place = placeOf(error.field);
  const rule = error.rule.replace(/\.$/, "");
  return `${place === "" ? "" : `${place}: `}${labelOf(error.field)}: ${rule}.`;
}

function sentence({ check, revises, draft }: EditorFacts): string {
  const what = revises ? `A new version of ${draft.id}.` : `A draft, ${draft.id}: nobody plans it yet.`;
  if (check.errors.length === 0) return `${what} It is complete and can be submitted.`;
  return `${what} ${count(check.errors.length, "thing")} to complete or correct before it can be submitted.`;
}

function outline({ draft, check }: EditorFacts, shown: string) {
  const written = draft.document;
  return stepsOf(written).map((step) => {
    const own = check.errors.filter(({ field }) => stepOf(field) === step);
    const words = stepWords(written, step);
    return {
      step,
      href: `/requests/${draft.id}/edit?step=${encodeURIComponent(step)}`,
      words,
      current: step === shown,
      level: step.includes("albums") ? "2" : step === "request" ? "0" : "1",
      mark:
        own.length === 0
          ? { tone: "ok", word: "ok" }
          : isUntouched(written, step)
            ? { tone: "quiet", word: "not started" }
            : { tone: "warning", word: count(own.length, "problem") },
    };
  });
}

function stepWords(written: WrittenRequest, step: string): string {
  const match = /^sequences\[(\d+)\](?:\.albums\[(\d+)\])?$/.exec(step);
  if (match === null) return "Request";
  const sequence = written.sequences[Number(match[1])];
  if (match[2] === undefined) {
    const target = sequence?.targetName.trim() ?? "";
    return `Sequence ${Number(match[1]) + 1}${target === "" ? "" : `: ${target}`}`;
  }
  const album = sequence?.albums[Number(match[2])];
  const plans = album?.plans.length ?? 0;
  return `Album ${album?.instrumentId ?? ""}: ${count(plans, "plan")}`;
}

function isUntouched(written: WrittenRequest, step: string): boolean {
  const match = /^sequences\[(\d+)\](?:\.albums\[(\d+)\])?$/.exec(step);
  if (match === null) return written.name.trim() === "";
  const sequence = written.sequences[Number(match[1])];
  if (match[2] === undefined)
    return [sequence?.targetName, sequence?.ra, sequence?.dec].every((text) => text?.trim() === "");
  return sequence?.albums[Number(match[2])]?.plans.every(({ exposureS }) => exposureS.trim() === "") ?? true;
}

/* ---- Parts of the form ------------------------------------------------------------------------------------ */

function requestPart(facts: EditorFacts) {
  const { draft, context, names } = facts;
  const { name, comment, programmeId } = draft.document;
  const programmes = context.programmes.map(({ id, availableS }) => ({
    value: id,
    label: `${id}${names.has(id) ? `, ${names.get(id) ?? ""}` : ""}: ${duration(Math.max(0, availableS) * 1_000)} left`,
    chosen: id === programmeId,
  }));
  return {
    fields: [
      field(facts, "name", name, { hint: "Short: it stands on the schedule." }),
      field(facts, "programmeId", programmeId, {
        hint:
          programmes.length === 0
            ? "You are a member of no programme: ask its head or an administrator."
            : "",
        choices: [{ value: "", label: "choose", chosen: programmeId === "" }, ...programmes],
      }),
      field(facts, "comment", comment, { area: true, hint: "For you and the operators; may be empty." }),
    ],
  };
}

function sequencePart(facts: EditorFacts, s: number, shown: boolean) {
  const { draft, check, observatory } = facts;
  const path = sequencePath(s);
  const written = draft.document.sequences[s];
  const understood = check.sequences[s];
  const free = observatory.instruments.filter(
    ({ id }) => written?.albums.every(({ instrumentId }) => instrumentId !== id) ?? false,
  );
  const base = {
    path,
    anchor: elementId(path),
    title: stepWords(draft.document, path),
    shown,
    albums: [] as ReturnType<typeof albumPart>[],
    free: free.map(({ id, name }) => ({ id, name })),
    removable: draft.document.sequences.length > 1,
    nightsHref: `/requests/${draft.id}/nights?sequence=${s}`,
    target: [] as Field[],
    resolved: null as null | { readonly words: string; readonly use: boolean },
    window: [] as Field[],
    limits: [] as Field[],
    sky: [] as Field[],
    dither: [] as Field[],
    automatic: "",
  };
  if (written === undefined || !shown) return base;
  const of = (name: string, value: string, more: FieldOptions = {}): Field =>
    field(facts, `${path}.${name}`, value, more);
  return {
    ...base,
    target: [
      of("targetName", written.targetName, {
        hint: "A name; Messier, NGC, IC and bright stars are looked up.",
      }),
      of("ra", written.ra, {
        hint: "05:34:31.94, 5h34m31.9s or 83.633d",
        understood:
          understood?.ra === null || understood === undefined
            ? ""
            : `${understood.ra.sexagesimal} = ${understood.ra.degrees}°`,
      }),
      of("dec", written.dec, {
        hint: "+22:00:52.2, 22d00m52s or 22.0145d",
        understood:
          understood?.dec === null || understood === undefined
            ? ""
            : `${understood.dec.sexagesimal} = ${understood.dec.degrees}°`,
      }),
    ],
    resolved: resolvedWords(written, understood),
    window: [
      of("windowStart", written.windowStart, {
        hint: "UTC or Julian date. Empty with JD2: computed from the limits.",
      }),
      of("windowEnd", written.windowEnd, {}),
      of("preferred", written.preferred, { hint: "May be empty." }),
      of("carryOverNights", written.carryOverNights, {
        short: true,
        mode: "numeric",
        hint: "Nights it may move on when it was not done in its own. 0: none.",
      }),
    ],
    automatic:
      understood?.automatic === true && understood.windowStartMs !== null && understood.windowEndMs !== null
        ? `Computed from the limits: ${dateTime(understood.windowStartMs)} to ${dateTime(understood.windowEndMs)} UTC.`
        : "",
    limits: [
      of("minAltDeg", written.minAltDeg, {
        short: true,
        mode: "decimal",
        hint: `degrees, at least ${observatory.telescope.minAltDeg}`,
      }),
      of("maxAirmass", written.maxAirmass, { short: true, mode: "decimal", hint: "may be empty" }),
      of("minMoonSepDeg", written.minMoonSepDeg, { short: true, mode: "decimal", hint: "degrees" }),
      of("maxSunAltDeg", written.maxSunAltDeg, {
        short: true,
        mode: "text",
        hint: "degrees, −18 is full darkness",
      }),
      of("priority", written.priority, { short: true, mode: "numeric", hint: "0 first, 100 last" }),
    ],
    sky: [
      of("maxSeeingArcsec", written.maxSeeingArcsec, {
        short: true,
        mode: "decimal",
        hint: "arcsec FWHM; empty: any",
      }),
      of("maxCloudPct", written.maxCloudPct, {
        short: true,
        mode: "decimal",
        hint: "per cent; empty: what the site allows",
      }),
      of("minSkyQualityMag", written.minSkyQualityMag, {
        short: true,
        mode: "decimal",
        hint: "mag/arcsec², 21 is darker than 18; empty: any",
      }),
    ],
    dither: ditherFields(of, written, observatory),
  };
}

/** None where the telescope makes no dithers, unless one was written. */
function ditherFields(
  of: (name: string, value: string, more: FieldOptions) => Field,
  { ditherPositions, ditherStepArcsec }: WrittenRequest["sequences"][number],
  { telescope }: Observatory,
): Field[] {
  if (telescope.dither === undefined && ditherPositions === "" && ditherStepArcsec === "") return [];
  return [
    of("ditherPositions", ditherPositions, {
      short: true,
      mode: "numeric",
      hint: `${MIN_DITHER_POSITIONS} to ${MAX_DITHER_POSITIONS}; empty: no dither`,
    }),
    of("ditherStepArcsec", ditherStepArcsec, {
      short: true,
      mode: "decimal",
      hint: `arcsec, 1 to ${telescope.dither?.maxStepArcsec ?? 0}`,
    }),
  ];
}

/** The catalogue's answer, shown before it is taken. */
function resolvedWords(
  written: WrittenRequest["sequences"][number],
  understood: UnderstoodSequence | undefined,
): { readonly words: string; readonly use: boolean } | null {
  const found = written.targetName.trim() === "" ? null : resolveName(written.targetName);
  if (found === null) return null;
  const place = `${formatRightAscension(found.raDeg)} ${formatDeclination(found.decDeg)}`;
  const taken =
    Math.abs((understood?.ra?.deg ?? Infinity) - found.raDeg) < 1e-6 &&
    Math.abs((understood?.dec?.deg ?? Infinity) - found.decDeg) < 1e-6;
  return { words: `${found.name} is at ${place} J2000 (${CATALOGUE_SOURCE}).`, use: !taken };
}

function albumPart(facts: EditorFacts, s: number, a: number) {
  const { draft, observatory } = facts;
  const path = albumPath(s, a);
  const album = draft.document.sequences[s]?.albums[a];
  const instrument = observatory.instruments.find(({ id }) => id === album?.instrumentId);
  return {
    path,
    anchor: elementId(path),
    title: `Album of sequence ${s + 1}: ${instrument?.name ?? album?.instrumentId ?? ""}`,
    error:
      facts.check.errors.find(({ field }) => field === `${path}.plans` || field === `${path}.instrumentId`)
        ?.rule ?? "",
    limits:
      instrument === undefined
        ? ""
        : `Exposures of ${instrument.minExposureS} to ${instrument.maxExposureS} s, ${instrument.readoutS} s of read-out each.`,
    plans: (album?.plans ?? []).map((plan, p) => {
      const at = planPath(s, a, p);
      const filters = instrument?.filters ?? [];
      const known = filters.includes(plan.filter) || plan.filter === "";
      return {
        path: at,
        number: p + 1,
        removable: (album?.plans.length ?? 0) > 1,
        fields: [
          field(facts, `${at}.filter`, plan.filter, {
            choices: [...(known ? [] : [plan.filter]), ...(plan.filter === "" ? [""] : []), ...filters].map(
              (filter) => ({
                value: filter,
                label: filter === "" ? "choose" : filter,
                chosen: filter === plan.filter,
              }),
            ),
          }),
          field(facts, `${at}.exposureS`, plan.exposureS, { short: true, mode: "decimal", hint: "seconds" }),
          field(facts, `${at}.count`, plan.count, { short: true, mode: "numeric", hint: "how many" }),
        ],
      };
    }),
  };
}

interface FieldOptions {
  readonly hint?: string;
  readonly understood?: string;
  readonly area?: boolean;
  readonly short?: boolean;
  readonly mode?: Field["mode"];
  readonly choices?: Field["choices"];
}

function field({ check, checked }: EditorFacts, path: string, value: string, options: FieldOptions): Field {
  const error = check.errors.find((one) => one.field === path);
  // Gentle: an empty field is not wrong before somebody asks.
  const said = error !== undefined && (checked || value.trim() !== "");
  const choices = options.choices ?? [];
  const area = options.area ?? false;
  return {
    id: elementId(path),
    name: path,
    label: labelOf(path),
    value,
    hint: options.hint ?? "",
    error: said ? `${labelOf(path)}: ${error.rule.replace(/\.$/, "")}.` : "",
    understood: options.understood ?? "",
    kind: { text: !area && choices.length === 0, area, choice: choices.length > 0 },
    choices,
    mode: options.mode ?? "text",
    short: options.short ?? false,
  };
}

/** The small words beside every field on the page, which a live check renews. */
export function notesOf(
  model: PageModel,
): { readonly id: string; readonly error: string; readonly understood: string }[] {
  const { request, sequences } = model as unknown as {
    readonly request: { readonly fields: readonly Field[] } | null;
    readonly sequences: readonly {
      readonly target: readonly Field[];
      readonly window: readonly Field[];
      readonly limits: readonly Field[];
      readonly sky: readonly Field[];
      readonly dither: readonly Field[];
      readonly albums: readonly { readonly plans: readonly { readonly fields: readonly Field[] }[] }[];
    }[];
  };
  return [
    ...(request?.fields ?? []),
    ...sequences.flatMap(({ target, window, limits, sky, dither, albums }) => [
      ...target,
      ...window,
      ...limits,
      ...sky,
      ...dither,
      ...albums.flatMap(({ plans }) => plans.flatMap(({ fields }) => fields)),
    ]),
  ].map(({ id, error, understood }) => ({ id, error, understood }));
}
