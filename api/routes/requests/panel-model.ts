import { nightDateAt } from "../../../domain/astronomy/night.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import type { BuilderContext, UnderstoodSequence, WrittenCheck } from "../../../domain/requests/builder.ts";
import { foresee, nightStrip, type Foresight } from "../../../domain/requests/visibility.ts";
import type { RequestDraftRecord } from "../../../db/entities/request-draft.ts";
import { MS_PER_HOUR } from "../../../domain/units.ts";
import { number, quantity } from "../../words/numbers.ts";
import { dateTime, duration, hourMinute } from "../../words/time.ts";

const STRIP_NIGHTS = 14;
/** Bars of the strip are this high for a night of 14 hours, px. */
const STRIP_HEIGHT = 42;
const STRIP_FULL_H = 14;

export interface PanelFacts {
  readonly draft: Pick<RequestDraftRecord, "id" | "version" | "document">;
  readonly check: WrittenCheck;
  readonly context: BuilderContext;
  readonly observatory: Observatory;
  readonly step: string;
}

/** The live panel: what the request costs, and when it can run. */
export function panelModel({ draft, check, context, observatory, step }: PanelFacts) {
  const written = draft.document;
  const programme = context.programmes.find(({ id }) => id === written.programmeId);
  const sum = (key: "durationS" | "overheadS"): number =>
    check.sequences.reduce((total, sequence) => total + sequence[key], 0);
  const shown = shownSequence(step, check.sequences);
  const after = programme === undefined ? null : programme.availableS - check.totalS;
  return {
    cost: {
      /** The two numbers that a phone shows while one writes. */
      bar: `${duration(check.totalS * 1_000)}${after === null ? "" : `, ${hours(after)} left`}`,
      total: duration(check.totalS * 1_000),
      split: `${duration(sum("durationS") * 1_000)} of exposures and read-outs, ${duration(sum("overheadS") * 1_000)} of overheads`,
      quota:
        programme === undefined || after === null
          ? "No programme is chosen yet."
          : after >= 0
            ? `${programme.id} would have ${hours(after)} left of ${hours(programme.availableS)}.`
            : `${programme.id} has ${hours(programme.availableS)} left: ${hours(-after)} too little.`,
      short: after !== null && after < 0,
    },
    sequences: shown.map((s) =>
      sequencePanel(s, check, context, observatory, written.sequences[s]?.targetName ?? ""),
    ),
    more: check.sequences.length > shown.length ? "Other sequences: choose one in the outline." : "",
  };
}

/** At most three at a time: each has a plot. */
function shownSequence(step: string, sequences: readonly UnderstoodSequence[]): number[] {
  const match = /^sequences\[(\d+)\]/.exec(step);
  if (match !== null) return [Number(match[1])].filter((s) => s < sequences.length);
  return sequences.map((_, s) => s).slice(0, step === "all" ? 3 : 1);
}

function sequencePanel(
  s: number,
  check: WrittenCheck,
  { skies, nowMs }: BuilderContext,
  observatory: Observatory,
  targetName: string,
) {
  const understood = check.sequences[s];
  const title = `Sequence ${s + 1}${targetName.trim() === "" ? "" : `: ${targetName.trim()}`}`;
  const pointing = pointingOf(understood);
  if (understood === undefined || pointing === null) {
    return {
      title,
      words: "Its visibility shows when the coordinates and limits are right.",
      plot: null,
      strip: null,
    };
  }
  const { windowStartMs, windowEndMs } = understood;
  const window =
    windowStartMs === null || windowEndMs === null || windowEndMs <= windowStartMs
      ? null
      : { startMs: windowStartMs, endMs: windowEndMs };
  const neededS = understood.durationS + understood.overheadS;
  const foresight = window === null ? null : foresee(pointing, window, neededS, observatory, skies, nowMs);
  const strip = nightStrip(pointing, observatory, skies, nowMs, STRIP_NIGHTS, window);
  // The plot is of the night in which it fits, or of tonight.
  const night = foresight?.firstDate ?? nightDateAt(observatory.site, nowMs);
  return {
    title,
    words: foresight === null ? "The window is not understood yet." : foresightWords(foresight),
    plot: plotOf(pointing, night, targetName),
    strip: {
      words: `Usable hours in ${STRIP_NIGHTS} nights, from ${strip[0]?.date ?? ""}`,
      nights: strip.map(({ date, usableMs, longestMs }, index) => {
        const usable = usableMs / MS_PER_HOUR;
        const height = Math.round((Math.min(usable, STRIP_FULL_H) / STRIP_FULL_H) * STRIP_HEIGHT);
        return {
          date,
          day: date.slice(8),
          hours: number(usable, 1),
          fits: longestMs >= neededS * 1_000 && longestMs > 0,
          x: index * 22 + 2,
          y: STRIP_HEIGHT - height,
          height,
        };
      }),
    },
  };
}

/** The pointing that visibility is computed of, or null while something of it is not understood. */
export function pointingOf(understood: UnderstoodSequence | undefined) {
  const { ra, dec, constraints } = understood ?? { ra: null, dec: null, constraints: null };
  return ra === null || dec === null || constraints === null
    ? null
    : { raDeg: ra.deg, decDeg: dec.deg, constraints };
}

/** Address of the altitude plot of one night, and the sentence that stands for it. */
export function plotOf(
  { raDeg, decDeg, constraints }: NonNullable<ReturnType<typeof pointingOf>>,
  night: string,
  targetName: string,
) {
  const query = new URLSearchParams({
    ra: String(raDeg),
    dec: String(decDeg),
    night,
    minAlt: String(constraints.minAltDeg),
    minMoon: String(constraints.minMoonSepDeg),
    maxSun: String(constraints.maxSunAltDeg),
    ...(constraints.maxAirmass === null ? {} : { maxAirmass: String(constraints.maxAirmass) }),
  });
  return {
    night,
    wide: `/requests/altitude.svg?${query.toString()}&width=720`,
    narrow: `/requests/altitude.svg?${query.toString()}&width=343`,
    alt: `Altitude of ${targetName.trim() === "" ? "the target" : targetName.trim()}, of the Moon, and the twilights in the night of ${night}`,
  };
}

/** What is foreseen, in words with the first night that works. */
export function foresightWords({ firstDate, firstMs, why }: Foresight): string {
  if (firstDate === null || firstMs === null) {
    return `It will be refused: ${why === "" ? "it fits on no night of its window" : why}. No night of its window works.`;
  }
  const begins = `${hourMinute(firstMs)} UTC in the night of ${firstDate}`;
  return why === ""
    ? `It fits: from ${begins}.`
    : `Not in its first night: ${why}. First night it fits: ${begins}.`;
}

function hours(seconds: number): string {
  return quantity(seconds / 3_600, "h", 2);
}

/** `2026-11-20 07:14:32 UTC`. */
export function utcWords(ms: number): string {
  return `${dateTime(ms)} UTC`;
}
