import type { CustomSeriesRenderItem } from "echarts";
import type { ScheduleDetail, ScheduledRow } from "../../db/repositories/schedules.ts";
import { nightOf } from "../../domain/astronomy/night.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { Observed } from "../routes/schedules/observed.ts";
import type { Theme } from "../pages/theme.ts";
import { hourMinute } from "../words/time.ts";
import type { Palette } from "./palette.ts";
import { drawSvg } from "./draw.ts";
import { PALETTES } from "./palette.ts";

/** Rows of the chart, from top to bottom. */
const LANES = ["alerts", "planned", "done", "cut short"] as const;
const HEIGHT_PX = 220;
/** ECharts needs a size before it draws: one for wide pages, one for a phone. */
export const TIMELINE_WIDTHS_PX = [1200, 343] as const;

/**
 * The night of one schedule as SVG: twilight bands, rows by what became of them, room to move as whiskers, the now line.
 * @param nowMs observatory time; the line is drawn when it is within the night
 */
export function timelineSvg(
  schedule: ScheduleDetail,
  observed: readonly Observed[],
  observatory: Observatory,
  theme: Theme,
  widthPx: number,
  nowMs: number,
): string {
  const palette = PALETTES[theme];
  const date = schedule.nightId.split("/").at(-1) ?? "";
  const night = nightOf(observatory.site, date);
  const bars = [
    ...schedule.rows.flatMap((row) => plannedBar(row, palette)),
    ...observed.map((one) => observedBar(one, palette)),
  ];
  const fromMs = Math.min(night.sun.eveningMs ?? Infinity, ...bars.map(({ value }) => value[0]));
  const toMs = Math.max(night.sun.morningMs ?? -Infinity, ...bars.map(({ value }) => value[1]));

  return drawSvg(
    { palette, widthPx, heightPx: HEIGHT_PX },
    {
      color: [palette.planned],
      grid: { left: 74, right: 14, top: 22, bottom: 30 },
      xAxis: {
        type: "time",
        min: fromMs,
        max: toMs,
        axisLabel: { color: palette.soft, formatter: (ms: number) => hourMinute(ms), hideOverlap: true },
        axisLine: { lineStyle: { color: palette.soft } },
        splitLine: { show: true, lineStyle: { color: palette.hair } },
      },
      yAxis: {
        type: "category",
        data: [...LANES],
        inverse: true,
        axisLabel: { color: palette.soft },
        axisTick: { show: false },
        axisLine: { show: false },
      },
      series: [
        {
          type: "custom",
          clip: true,
          renderItem: drawRow,
          data: bars,
          markArea: { silent: true, data: twilightBands(night, fromMs, toMs, palette) },
          markLine: {
            silent: true,
            symbol: "none",
            label: { show: true, formatter: "now", color: palette.text, position: "start" },
            lineStyle: { color: palette.text, type: "solid", width: 2 },
            data: nowMs > fromMs && nowMs < toMs ? [{ xAxis: nowMs }] : [],
          },
        },
      ],
    },
  );
}

interface Bar {
  readonly value: readonly [
    startMs: number,
    endMs: number,
    lane: number,
    earliestMs: number,
    latestMs: number,
  ];
  readonly itemStyle: { readonly color: string };
}

/** What is still to come; what was, is drawn from the frames that were taken. */
function plannedBar({ tspMs, tepMs, deltaTLMs, deltaTRMs, status }: ScheduledRow, palette: Palette): Bar[] {
  if (tspMs === null || tepMs === null || (status !== "planned" && status !== "executing")) return [];
  const lane = LANES.indexOf("planned");
  const color = status === "executing" ? palette.running : palette.planned;
  return [
    { value: [tspMs, tepMs, lane, tspMs - (deltaTLMs ?? 0), tspMs + (deltaTRMs ?? 0)], itemStyle: { color } },
  ];
}

function observedBar({ startMs, endMs, isAlert, stored, planned }: Observed, palette: Palette): Bar {
  const whole = stored >= planned;
  const lane = isAlert ? "alerts" : whole ? "done" : "cut short";
  const color = isAlert ? palette.alert : whole ? palette.done : palette.warning;
  return { value: [startMs, endMs, LANES.indexOf(lane), startMs, startMs], itemStyle: { color } };
}

const drawRow: CustomSeriesRenderItem = (_params, api) => {
  const at = (ms: number): number[] => api.coord([ms, api.value(2)]);
  const [startX = 0, y = 0] = at(Number(api.value(0)));
  const [endX = 0] = at(Number(api.value(1)));
  const [earliestX = 0] = at(Number(api.value(3)));
  const [latestX = 0] = at(Number(api.value(4)));
  const fill = api.visual("color") ?? "";
  return {
    type: "group",
    children: [
      {
        type: "line",
        shape: { x1: earliestX, y1: y + 12, x2: latestX, y2: y + 12 },
        style: { stroke: fill, lineWidth: 1 },
      },
      {
        type: "rect",
        shape: { x: startX, y: y - 9, width: Math.max(2, endX - startX - 1), height: 18, r: 2 },
        style: { fill },
      },
    ],
  };
};

/** Bands from sunset to sunrise: the nearer to night, the darker. */
function twilightBands(
  night: ReturnType<typeof nightOf>,
  fromMs: number,
  toMs: number,
  palette: Palette,
): object[] {
  const [day, civil] = palette.twilight;
  const edges: readonly [from: number | null, to: number | null, color: string][] = [
    [fromMs, night.civil.eveningMs, day],
    [night.civil.eveningMs, night.nautical.eveningMs, civil],
    [night.nautical.morningMs, night.civil.morningMs, civil],
    [night.civil.morningMs, toMs, day],
  ];
  return edges.flatMap(([from, to, color]) =>
    from === null || to === null || to <= from
      ? []
      : [[{ xAxis: from, itemStyle: { color } }, { xAxis: to }]],
  );
}
