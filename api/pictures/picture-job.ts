import type { Histogram } from "../../domain/imaging/statistics.ts";
import type { Stretch } from "../../domain/imaging/stretch.ts";

/** A FITS file to be made a picture, or counted. */
export interface PictureJob {
  /** Absolute. */
  readonly file: string;
  /** null: only the histogram. */
  readonly stretch: Stretch | null;
  /** Longest side of the picture, pixels. */
  readonly maxSide: number;
}

export interface Picture {
  readonly png: Uint8Array<ArrayBuffer> | null;
  readonly histogram: Histogram | null;
}

export type PictureAnswer =
  | { readonly id: number; readonly picture: Picture }
  | { readonly id: number; readonly problem: string };
