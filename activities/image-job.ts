import type { CalibrationKind } from "../domain/imaging/calibration/calibration-night.ts";
import type { DetectorSetup } from "../domain/imaging/calibration/matching.ts";
import type { FrameVerdict } from "../domain/imaging/calibration/quality.ts";

/** A master frame on disk: read by the thread, which checks that it is the file that was recorded. */
export interface MasterFile {
  readonly id: string;
  /** Absolute. */
  readonly file: string;
  readonly sha256: string;
}

/** The frames of one group, to be judged and made a master. */
export interface MasterJob {
  readonly kind: "master";
  /** Absolute files of the frames, in order. */
  readonly files: readonly string[];
  readonly type: CalibrationKind;
  readonly masters: readonly MasterFile[];
  /** Said in the header and by `problems`, e.g. that a bias of an earlier night is used. */
  readonly notes: readonly string[];
  /** Absolute files to write. */
  readonly fitsFile: string;
  readonly previewFile: string;
}

/** A science frame to be calibrated. */
export interface CalibrateJob {
  readonly kind: "calibrate";
  readonly rawFile: string;
  readonly rawSha256: string;
  readonly masters: readonly MasterFile[];
  readonly notes: readonly string[];
  /** Value of CALKIND. */
  readonly calKind: "QUICKLOOK" | "FINAL";
  readonly fitsFile: string;
  readonly previewFile: string;
}

export type ImageJob = MasterJob | CalibrateJob;

/** A file that the thread wrote. */
export interface WrittenFile {
  readonly sha256: string;
  readonly bytes: number;
  readonly header: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
}

export interface MasterWritten extends WrittenFile {
  readonly setup: DetectorSetup;
  readonly exposureS: number;
  readonly grade: "good" | "degraded";
  readonly framesUsed: number;
  readonly levelAdu: number;
  readonly noiseAdu: number;
  readonly readNoiseE: number | null;
}

export interface MasterResult {
  /** In the order of the files. */
  readonly verdicts: readonly FrameVerdict[];
  /** null: see `reason`. */
  readonly master: MasterWritten | null;
  readonly reason: string;
}

export interface CalibrateResult extends WrittenFile {
  readonly status: string;
  readonly statistics: Readonly<Record<string, unknown>>;
}

export type ImageResult = MasterResult | CalibrateResult;
