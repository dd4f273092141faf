import type { Theme } from "../pages/theme.ts";
import { NBSP, number } from "../words/numbers.ts";
import { hourMinute } from "../words/time.ts";
import type { Palette } from "./palette.ts";
import { drawSvg } from "./draw.ts";
import { PALETTES } from "./palette.ts";

export type Point = readonly [tMs: number, value: number | null];

export interface HistoryChart {
  /** Quantity and unit, e.g. `Temperature` and `°C`. */
  readonly name: string;
  readonly unit: string;
  readonly decimals: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Oldest first. Two further apart than `gapMs` are not joined. */
  readonly points: readonly Point[];
  readonly gapMs: number;
  /** Lines that the value should keep to, each with its words. */
  readonly limits: readonly { readonly value: number; readonly words: string }[];
  /** Spans in which the dome had to be closed. */
  readonly closed: readonly { readonly fromMs: number; readonly toMs: number }[];
  /** Instants that something changed. */
  readonly events: readonly number[];
}

/** ECharts needs a size before it draws: one for wide pages, one for a phone. */
export const HISTORY_WIDTHS_PX = [720, 343] as const;
export const HISTORY_HEIGHT_PX = 180;

/** A quantity over time as SVG: gaps stay gaps, limits are dashed lines, closed spans are shaded, changes are ticks. */
export function historySvg(what: HistoryChart, theme: Theme, widthPx: number): string {
  const palette = PALETTES[theme];
  const { least, most } = rangeOf(what);
  return drawSvg(
    { palette, widthPx, heightPx: HISTORY_HEIGHT_PX },
    {
      color: [palette.running],
      title: {
        text: what.unit === "" ? what.name : `${what.name}, ${what.unit}`,
        left: 8,
        top: 4,
        textStyle: { color: palette.text, fontSize: 13, fontWeight: "normal" },
      },
      grid: { left: 52, right: widthPx > 500 ? 120 : 16, top: 30, bottom: 26 },
      xAxis: {
        type: "time",
        min: what.fromMs,
        max: what.toMs,
        axisLabel: { color: palette.soft, formatter: axisTime(what), hideOverlap: true },
        axisLine: { lineStyle: { color: palette.soft } },
        splitLine: { show: true, lineStyle: { color: palette.hair } },
      },
      yAxis: {
        type: "value",
        min: least,
        max: most,
        scale: true,
        splitNumber: 3,
        axisLabel: {
          color: palette.soft,
          formatter: (value: number) => number(value, axisDecimals(least, most)),
        },
        splitLine: { lineStyle: { color: palette.hair } },
      },
      series: [
        {
          type: "line",
          showSymbol: what.points.length < 3,
          symbolSize: 4,
          lineStyle: { color: palette.running, width: 1.5 },
          itemStyle: { color: palette.running },
          connectNulls: false,
          data: withGaps(what.points, what.gapMs),
          markLine: {
            silent: true,
            symbol: "none",
            data: [...limitLines(what, palette, widthPx), ...eventLines(what, palette)],
          },
          markArea: { silent: true, data: closedAreas(what, palette) },
        },
      ],
    },
  );
}

/** Room for the limits too, but not so much that the curve becomes a line. */
function rangeOf({ points, limits }: HistoryChart): { readonly least: number; readonly most: number } {
  const values = points.flatMap(([, value]) => (value === null ? [] : [value]));
  if (values.length === 0) values.push(...limits.map(({ value }) => value), 0);
  const low = Math.min(...values, ...limits.map(({ value }) => value));
  const high = Math.max(...values, ...limits.map(({ value }) => value));
  const margin = high === low ? Math.max(1, Math.abs(high) * 0.1) : (high - low) * 0.08;
  return { least: low - margin, most: high + margin };
}

function axisDecimals(least: number, most: number): number {
  const span = most - least;
  return span > 20 ? 0 : span > 2 ? 1 : 2;
}

function axisTime({ fromMs, toMs }: HistoryChart): (ms: number) => string {
  const days = toMs - fromMs > 2 * 86_400_000;
  return (ms) => (days ? new Date(ms).toISOString().slice(5, 10) : hourMinute(ms));
}

function withGaps(points: readonly Point[], gapMs: number): Point[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const gap = before !== undefined && point[0] - before[0] > gapMs;
    return gap ? [[(before[0] + point[0]) / 2, null] as const, point] : [point];
  });
}

function limitLines({ limits, unit, decimals }: HistoryChart, palette: Palette, widthPx: number): object[] {
  return limits.map(({ value, words }) => ({
    yAxis: value,
    lineStyle: { color: palette.warning, type: "dashed", width: 1.5 },
    label: {
      show: widthPx > 500,
      position: "end",
      color: palette.warning,
      formatter: `${words} ${number(value, decimals)}${unit === "" ? "" : `${NBSP}${unit}`}`,
    },
  }));
}

function eventLines({ events }: HistoryChart, palette: Palette): object[] {
  return events.map((ms) => ({
    xAxis: ms,
    lineStyle: { color: palette.soft, type: "dotted", width: 1 },
    label: { show: false },
  }));
}

function closedAreas({ closed }: HistoryChart, palette: Palette): object[] {
  return closed.map(({ fromMs, toMs }) => [
    { xAxis: fromMs, itemStyle: { color: palette.warning, opacity: 0.18 } },
    { xAxis: toMs },
  ]);
}
