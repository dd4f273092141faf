import type { Observatory } from "../../../domain/observatory.ts";
import { TIME_FORMS } from "../../../domain/requests/times.ts";
import { resolveName } from "../../../domain/astronomy/catalogue.ts";
import {
  EMPTY_PLAN,
  emptySequence,
  partsOfPath,
  withAlbum,
  withField,
  without,
  withSequence,
  withTimes,
  type WrittenRequest,
} from "../../../domain/requests/written.ts";

/** What a form brought: its fields by path. */
export type FormFields = Readonly<Record<string, unknown>>;

/** The most sequences a form may hold; more is a file's work. */
const MAX_SEQUENCES = 100;

/** The request with the fields of a form written into it; what is not on the form stays. */
export function withForm(written: WrittenRequest, fields: FormFields): WrittenRequest {
  let next = written;
  for (const [path, value] of Object.entries(fields)) {
    const text = Array.isArray(value) ? value.at(-1) : value;
    // A browser sends line ends of a text area as CR LF.
    if (typeof text === "string") next = withField(next, path, text.replaceAll("\r\n", "\n"));
  }
  return next;
}

/** What a button of the form asks for, besides saving what stands in it. */
export interface Pressed {
  readonly written: WrittenRequest;
  /** The step to show next; null: the same. */
  readonly step: string | null;
  /** Everything is to be checked and said. */
  readonly checked: boolean;
  readonly submits: boolean;
  /** Another page to go to; null: the editor. */
  readonly leadsTo: string | null;
}

/**
 * Does what a button says: `save`, `check`, `submit`, `go:STEP`, `add:sequence`, `add:album:PATH:INSTRUMENT`,
 * `add:plan:PATH`, `calculate:PATH` (the exposure time of a plan), `remove:PATH`, `double:PATH`, `take:PATH` (coordinates of the catalogue), `times:utc|jd`.
 * A button that fits nothing (any more) only saves.
 */
export function press(written: WrittenRequest, button: string, observatory: Observatory): Pressed {
  const [verb = "", path = "", extra = ""] = button.split(":");
  const parts = partsOfPath(path);
  const plain: Pressed = { written, step: null, checked: false, submits: false, leadsTo: null };
  switch (verb) {
    case "check":
      return { ...plain, checked: true };
    case "submit":
      return { ...plain, checked: true, submits: true };
    case "go":
      return { ...plain, step: path };
    case "calculate": {
      const album = written.sequences[parts?.s ?? -1]?.albums[parts?.a ?? -1];
      const plan = album?.plans[parts?.p ?? -1];
      if (album === undefined || plan === undefined) return plain;
      const query = new URLSearchParams({ instrument: album.instrumentId, band: plan.filter, plan: path });
      return { ...plain, leadsTo: `/requests/calculator?${query.toString()}` };
    }
    case "times":
      return { ...plain, written: withTimes(written, TIME_FORMS.find((form) => form === path) ?? "utc") };
    case "remove": {
      const parent = path.replace(/\.?\w+\[\d+\]$/, "");
      return {
        ...plain,
        written: without(written, path),
        step: parts?.p === null ? parentStep(parent) : null,
      };
    }
    case "add":
      return { ...plain, ...added(written, path, extra, observatory) };
    case "double": {
      const sequence = parts === null ? undefined : written.sequences[parts.s];
      if (sequence === undefined || full(written)) return plain;
      const sequences = [...written.sequences, { ...sequence, id: "" }];
      return { ...plain, written: { ...written, sequences }, step: `sequences[${sequences.length - 1}]` };
    }
    case "take": {
      const sequence = parts === null ? undefined : written.sequences[parts.s];
      const found = sequence === undefined ? null : resolveName(sequence.targetName);
      if (parts === null || found === null) return plain;
      const taken = { ra: `${found.raDeg}d`, dec: `${found.decDeg}d` };
      return { ...plain, written: withSequence(written, parts.s, (one) => ({ ...one, ...taken })) };
    }
    default:
      return plain;
  }
}

function parentStep(parent: string): string {
  return parent === "" ? "request" : parent;
}

function full(written: WrittenRequest): boolean {
  return written.sequences.length >= MAX_SEQUENCES;
}

function added(
  written: WrittenRequest,
  path: string,
  extra: string,
  observatory: Observatory,
): Partial<Pressed> {
  if (path === "sequence") {
    if (full(written)) return {};
    const sequences = [...written.sequences, emptySequence(observatory.night.observingSunAltDeg)];
    return { written: { ...written, sequences }, step: `sequences[${sequences.length - 1}]` };
  }
  const parts = partsOfPath(path);
  if (parts === null) return {};
  const { s, a } = parts;
  if (a !== null) {
    const album = written.sequences[s]?.albums[a];
    const last = album?.plans.at(-1) ?? EMPTY_PLAN;
    return {
      written: withSequence(written, s, (sequence) =>
        withAlbum(sequence, a, (one) => ({ ...one, plans: [...one.plans, last] })),
      ),
    };
  }
  const instrument = observatory.instruments.find(({ id }) => id === extra);
  if (instrument === undefined || written.sequences[s] === undefined) return {};
  const plan = { ...EMPTY_PLAN, filter: instrument.filters[0] ?? "" };
  const albums = [...(written.sequences[s]?.albums ?? []), { instrumentId: instrument.id, plans: [plan] }];
  return {
    written: withSequence(written, s, (sequence) => ({ ...sequence, albums })),
    step: `${path}.albums[${albums.length - 1}]`,
  };
}
