import type { Theme } from "../pages/theme.ts";
import { drawSvg } from "./draw.ts";
import { PALETTES } from "./palette.ts";

/** One line of a trend: a value for each date, null where there is none. */
export interface TrendLine {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

const HEIGHT_PX = 220;
/** Dashes tell the lines apart without colour. */
const DASHES = ["solid", "dashed", "dotted"] as const;

/** Values over nights as SVG. @param dates yyyy-mm-dd, oldest first */
export function trendSvg(
  dates: readonly string[],
  lines: readonly TrendLine[],
  unit: string,
  theme: Theme,
  widthPx: number,
): string {
  const palette = PALETTES[theme];
  const colours = [palette.planned, palette.done, palette.warning, palette.alert, palette.soft];
  return drawSvg(
    { palette, widthPx, heightPx: HEIGHT_PX },
    {
      color: colours,
      legend: { top: 0, textStyle: { color: palette.soft }, type: "scroll" },
      grid: { left: 64, right: 14, top: 34, bottom: 26 },
      xAxis: {
        type: "category",
        data: [...dates],
        axisLabel: { color: palette.soft, hideOverlap: true },
        axisLine: { lineStyle: { color: palette.soft } },
      },
      yAxis: {
        type: "value",
        name: unit,
        scale: true,
        nameTextStyle: { color: palette.soft },
        axisLabel: { color: palette.soft },
        splitLine: { lineStyle: { color: palette.hair } },
      },
      series: lines.map((line, k) => ({
        type: "line",
        name: line.name,
        data: [...line.values],
        // The usual ring is white inside, in every theme.
        symbol: "circle",
        symbolSize: 7,
        connectNulls: true,
        lineStyle: { type: DASHES[k % DASHES.length] },
      })),
    },
  );
}
