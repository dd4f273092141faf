import type { FrameSize } from "../adapters/alpaca/camera.ts";
import type { RawImage } from "../adapters/alpaca/transport.ts";
import type { FrameDescription } from "../domain/imaging/headers.ts";

/** One frame to be written, as it is handed to the thread. */
export interface WriteFrameJob {
  readonly kind: "write";
  readonly raw: RawImage;
  /** Pixels that are expected: an image of another size is none. */
  readonly size: FrameSize;
  /** Header facts; the size is what the camera sent. */
  readonly description: Omit<FrameDescription, "width" | "height">;
  /** Absolute. */
  readonly fitsFile: string;
  readonly previewFile: string;
}

/** A frame that may have been written before, by a process that ended before the row was. */
export interface FindFrameJob {
  readonly kind: "find";
  /** Absolute. */
  readonly fitsFile: string;
  /** What its header must say. */
  readonly planId: string;
  readonly frameNumber: number;
  readonly attempt: number;
  readonly saturationAdu: number;
}

export type FrameJob = WriteFrameJob | FindFrameJob;

/** What the thread wrote, or found written. */
export interface FrameWritten {
  readonly width: number;
  readonly height: number;
  readonly sha256: string;
  readonly bytes: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly statistics: Readonly<Record<string, unknown>>;
}
