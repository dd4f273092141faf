import { localMeanNoonMs, nightDateAt } from "../../domain/astronomy/night.ts";
import type { Site } from "../../domain/observatory.ts";
import { MS_PER_DAY, MS_PER_HOUR } from "../../domain/units.ts";

/** Spans that histories are drawn over, all ending now. */
export const SPANS = ["hour", "night", "week"] as const;
export type Span = (typeof SPANS)[number];

export const SPAN_WORDS: Readonly<Record<Span, string>> = { hour: "1 h", night: "night", week: "7 d" };

/** Begin and end of a span at `nowMs`, observatory time. A night begins at the local noon before. */
export function spanOf(
  span: Span,
  site: Site,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  switch (span) {
    case "hour":
      return { fromMs: nowMs - MS_PER_HOUR, toMs: nowMs };
    case "night":
      return { fromMs: localMeanNoonMs(site, nightDateAt(site, nowMs)), toMs: nowMs };
    default:
      return { fromMs: nowMs - 7 * MS_PER_DAY, toMs: nowMs };
  }
}

/** Two samples further apart than this are not joined: a sample comes each minute, a week is thinned to one per 20 min. */
export function gapOf(span: Span): number {
  return span === "week" ? MS_PER_HOUR : 5 * 60_000;
}

/** Samples drawn at most. */
export const MOST_POINTS = 500;
