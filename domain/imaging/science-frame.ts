import { detectSources, medianFwhmPx } from "./detect-sources.ts";
import type { Card } from "./fits/card.ts";
import { writeFits } from "./fits/writer.ts";
import { scienceHeader } from "./headers.ts";
import type { FrameDescription } from "./headers.ts";
import { upsideDown } from "./orientation.ts";
import { imageStatistics } from "./statistics.ts";
import type { ImageStatistics } from "./statistics.ts";
import { greyPreview, shrunk } from "./stretch.ts";
import type { GreyImage } from "./stretch.ts";

/** What is remembered of a frame beside its file. */
export interface FrameStatistics extends ImageStatistics {
  /** Share of pixels at or above saturation, 0 to 1. */
  readonly saturatedFraction: number;
  /** Star-like sources above 5 sigma; null in calibration frames. */
  readonly sources: number | null;
  /** Median width of these; null when there are none. */
  readonly fwhmPx: number | null;
}

/** A frame ready to be stored: file, header, numbers and picture. */
export interface BuiltFrame {
  readonly fits: Uint8Array<ArrayBuffer>;
  readonly cards: readonly Card[];
  readonly statistics: FrameStatistics;
  readonly preview: GreyImage;
}

/** Longest side of a preview in pixels. */
const PREVIEW_SIDE = 1_024;

/**
 * Makes file, statistics and preview of one camera frame. Takes some 100 ms for a megapixel: meant for a worker thread.
 * The same input gives the same bytes.
 * @param topDown counts by rows as the camera gave them, (0, 0) top left
 */
export function buildFrame(topDown: Uint16Array, frame: FrameDescription): BuiltFrame {
  if (topDown.length !== frame.width * frame.height) {
    throw new RangeError(`frame has ${topDown.length} pixels: must be ${frame.width} x ${frame.height}`);
  }
  const pixels = upsideDown(topDown, frame.width);
  const cards = scienceHeader(frame);
  const fits = writeFits([{ kind: "image", cards, axes: [frame.width, frame.height], pixels }]);
  return {
    fits,
    cards,
    statistics: frameStatistics(pixels, frame.width, {
      isSky: frame.frameType === "OBJECT",
      saturationAdu: frame.instrument.saturationAdu,
    }),
    preview: shrunk(greyPreview(pixels, frame.width), PREVIEW_SIDE),
  };
}

/**
 * What is remembered of a frame beside its file.
 * @param pixels counts by rows of `width`, from the bottom as in the file
 * @param isSky whether stars are looked for: not in calibration frames
 */
export function frameStatistics(
  pixels: Uint16Array | Float32Array,
  width: number,
  { isSky, saturationAdu }: { readonly isSky: boolean; readonly saturationAdu: number },
): FrameStatistics {
  let saturated = 0;
  for (let i = 0; i < pixels.length; i += 1) if ((pixels[i] ?? 0) >= saturationAdu) saturated += 1;
  const sources = isSky ? detectSources(pixels, width) : null;
  return {
    ...imageStatistics(pixels),
    saturatedFraction: saturated / pixels.length,
    sources: sources?.length ?? null,
    fwhmPx: sources === null ? null : medianFwhmPx(sources),
  };
}
