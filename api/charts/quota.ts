import type { QuotaStep } from "../../db/repositories/quota.ts";
import { MS_PER_DAY, MS_PER_HOUR } from "../../domain/units.ts";
import type { Theme } from "../pages/theme.ts";
import { hourMinute } from "../words/time.ts";
import { drawSvg } from "./draw.ts";
import { PALETTES } from "./palette.ts";

const HEIGHT_PX = 260;
const S_PER_HOUR = 3_600;

/**
 * Granted, left and spent time of a programme as steps, as SVG.
 * @param nowMs observatory time: the curves go on to it
 */
export function quotaSvg(steps: readonly QuotaStep[], theme: Theme, widthPx: number, nowMs: number): string {
  const palette = PALETTES[theme];
  const shown = withEnds(steps, nowMs);
  // Of one night or two, dates alone would all be the same.
  const isShort = (shown.at(-1)?.atMs ?? 0) - (shown[0]?.atMs ?? 0) < 2 * MS_PER_DAY;
  const curve = (
    name: string,
    color: string,
    type: "solid" | "dashed" | "dotted",
    of: (step: QuotaStep) => number,
  ) => ({
    name,
    type: "line" as const,
    step: "end" as const,
    // No symbol: in the legend it would be drawn white, in every theme.
    symbol: "none",
    data: shown.map((step) => [step.atMs, of(step) / S_PER_HOUR]),
    lineStyle: { color, width: 2, type },
    itemStyle: { color },
  });
  return drawSvg(
    { palette, widthPx, heightPx: HEIGHT_PX },
    {
      grid: { left: 56, right: 14, top: 34, bottom: 30 },
      // Told apart by the dashes as well as by colour: the red theme has one.
      legend: { top: 4, textStyle: { color: palette.text }, inactiveColor: palette.soft, itemWidth: 30 },
      xAxis: {
        type: "time",
        axisLabel: {
          color: palette.soft,
          hideOverlap: true,
          formatter: (ms: number) => (isShort ? hourMinute(ms) : new Date(ms).toISOString().slice(0, 10)),
        },
        axisLine: { lineStyle: { color: palette.soft } },
        axisTick: { lineStyle: { color: palette.soft } },
      },
      yAxis: {
        type: "value",
        name: "hours",
        nameTextStyle: { color: palette.soft },
        axisLabel: { color: palette.soft },
        axisLine: { lineStyle: { color: palette.soft } },
        splitLine: { lineStyle: { color: palette.hair } },
      },
      series: [
        curve("granted", palette.soft, "dashed", (step) => step.grantedS),
        curve("left", palette.planned, "solid", (step) => step.availableS),
        curve("spent", palette.done, "dotted", (step) => step.spentS),
      ],
    },
  );
}

/** The curves begin at nothing before the first line and go on to now, so that a single grant is seen as a step. */
function withEnds(steps: readonly QuotaStep[], nowMs: number): readonly QuotaStep[] {
  const [first] = steps;
  const last = steps.at(-1);
  if (first === undefined || last === undefined) return [];
  const marginMs = Math.max(MS_PER_HOUR, 0.03 * (nowMs - first.atMs));
  const before = { atMs: first.atMs - marginMs, availableS: 0, grantedS: 0, spentS: 0 };
  return [before, ...steps, { ...last, atMs: Math.max(last.atMs + marginMs, nowMs) }];
}
