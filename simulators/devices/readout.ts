/** How a detector is read: once at the end (CCD, CMOS), or many times on the way up (near-infrared arrays). */
import type { DeviceAction } from "../device.ts";

/** The exposure that runs or ran last. */
export interface ExposureProgress {
  readonly startMs: number;
  readonly durationS: number;
  readonly modeIndex: number;
  readonly nowMs: number;
}

export interface ReadoutScheme {
  /** ReadoutModes. */
  readonly modes: readonly string[];
  /** Effective read noise of the frame handed out in that mode, electrons, from that of one read. */
  readonly readNoiseE: (modeIndex: number, oneReadE: number) => number;
  readonly actions: (progress: () => ExposureProgress | undefined) => Readonly<Record<string, DeviceAction>>;
}

/** One read at the end of the exposure. */
export const SINGLE_READ: ReadoutScheme = {
  modes: ["Normal"],
  readNoiseE: (_modeIndex, oneReadE) => oneReadE,
  actions: () => ({}),
};
