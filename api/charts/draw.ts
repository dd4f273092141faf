import * as echarts from "echarts";
import type { Palette } from "./palette.ts";

export interface Drawing {
  readonly palette: Palette;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Draws one chart as SVG text, in the colours of a theme. What all charts have in common stands here. */
export function drawSvg({ palette, widthPx, heightPx }: Drawing, option: echarts.EChartsCoreOption): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: widthPx, height: heightPx });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: palette.background,
      textStyle: { color: palette.text },
      ...option,
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
