import { airmass, altAz } from "../../domain/astronomy/alt-az.ts";
import type { nightOf } from "../../domain/astronomy/night.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { Pointing } from "../../domain/requests/visibility.ts";
import type { Theme } from "../pages/theme.ts";
import { hourMinute } from "../words/time.ts";
import type { AltitudeCurve } from "./altitude-curve.ts";
import { drawSvg } from "./draw.ts";
import { PALETTES } from "./palette.ts";

/** One chart for wide pages, one for a phone. */
export const ALTITUDE_WIDTHS_PX = [720, 343] as const;
const HEIGHT_PX = 280;

/**
 * Altitude of a target through one night as SVG: airmass on the right, the Moon dashed, twilights as bands, the lowest
 * altitude as a line, and the hours at which all limits hold in the colour of what is planned.
 */
export function altitudeSvg(
  pointing: Pointing,
  observatory: Observatory,
  curve: AltitudeCurve,
  theme: Theme,
  widthPx: number,
  nowMs: number,
): string {
  const palette = PALETTES[theme];
  const { site } = observatory;
  const { night, fromMs, toMs, points, windows, minAltDeg } = curve;
  const target = points.map(({ atMs, altDeg }) => [atMs, altDeg]);
  const moon = points.map(({ atMs, moonAltDeg }) => [atMs, moonAltDeg]);
  const narrow = widthPx < 500;

  return drawSvg(
    { palette, widthPx, heightPx: HEIGHT_PX },
    {
      grid: { left: 42, right: 46, top: 30, bottom: 30 },
      xAxis: {
        type: "time",
        min: fromMs,
        max: toMs,
        axisLabel: { color: palette.soft, formatter: (ms: number) => hourMinute(ms), hideOverlap: true },
        axisLine: { lineStyle: { color: palette.soft } },
        splitLine: { show: !narrow, lineStyle: { color: palette.hair } },
      },
      yAxis: [
        {
          type: "value",
          name: "altitude °",
          nameTextStyle: { color: palette.soft, align: "left" },
          min: 0,
          max: 90,
          interval: 15,
          axisLabel: { color: palette.soft },
          splitLine: { lineStyle: { color: palette.hair } },
        },
        {
          type: "value",
          name: "airmass",
          nameTextStyle: { color: palette.soft, align: "right" },
          min: 0,
          max: 90,
          interval: 15,
          axisLabel: { color: palette.soft, formatter: (alt: number) => airmassLabel(alt) },
          splitLine: { show: false },
        },
      ],
      series: [
        {
          type: "line",
          name: "target",
          data: target,
          showSymbol: false,
          lineStyle: { color: palette.text, width: 2 },
          endLabel: { show: false },
          markArea: { silent: true, data: [...twilightBands(night, fromMs, toMs, palette.twilight)] },
          markLine: {
            silent: true,
            symbol: "none",
            label: { color: palette.soft, formatter: "{b}", position: "insideStartTop" },
            data: [
              {
                yAxis: minAltDeg,
                name: `limit ${Math.round(minAltDeg)}°`,
                lineStyle: { color: palette.warning, type: "dotted", width: 2 },
              },
              ...(nowMs > fromMs && nowMs < toMs
                ? [{ xAxis: nowMs, name: "now", lineStyle: { color: palette.text, type: "solid" } }]
                : []),
            ],
          },
        },
        {
          type: "line",
          name: "Moon",
          data: moon,
          showSymbol: false,
          lineStyle: { color: palette.soft, type: "dashed", width: 1 },
          markPoint: { symbol: "none", silent: true, data: moonLabel(moon, palette.soft) },
        },
        ...windows.map(({ startMs, endMs }) => ({
          type: "line",
          name: "can be observed",
          showSymbol: false,
          data: [
            ...target.filter(([tMs = 0]) => tMs > startMs && tMs < endMs),
            [startMs, altAz(site, pointing.raDeg, pointing.decDeg, startMs).altDeg],
            [endMs, altAz(site, pointing.raDeg, pointing.decDeg, endMs).altDeg],
          ].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)),
          lineStyle: { color: palette.done, width: 6 },
        })),
      ],
    },
  );
}

function airmassLabel(altDeg: number): string {
  const value = altDeg < 15 ? null : airmass(altDeg);
  return value === null ? "" : value.toFixed(2);
}

/** The word "Moon" at its highest place on the chart, when it is up. */
function moonLabel(moon: readonly (readonly number[])[], color: string): object[] {
  const top = [...moon].sort((a, b) => (b[1] ?? 0) - (a[1] ?? 0))[0];
  if (top === undefined || (top[1] ?? 0) < 3) return [];
  return [{ coord: top, symbolSize: 1, label: { show: true, formatter: "Moon", color, position: "top" } }];
}

function twilightBands(
  night: ReturnType<typeof nightOf>,
  fromMs: number,
  toMs: number,
  [day, civil]: readonly [string, string, string],
): object[] {
  const { sun, nautical } = night;
  const bands: readonly [from: number | null, to: number | null, color: string][] = [
    [fromMs, sun.eveningMs, day],
    [sun.eveningMs, nautical.eveningMs, civil],
    [nautical.morningMs, sun.morningMs, civil],
    [sun.morningMs, toMs, day],
  ];
  return bands.flatMap(([from, to, color]) =>
    from === null || to === null || to <= from
      ? []
      : [[{ xAxis: from, itemStyle: { color } }, { xAxis: to }]],
  );
}
