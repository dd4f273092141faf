/** A file below VESPER_HOME that a row names. */
export interface StoredFileRow {
  readonly path: string;
  /** Null for previews, of which rows keep none. */
  readonly sha256: string | null;
}

/** Every file that a row names, in SQL: path and sha256. */
export const STORED_FILES = `
  select path, sha256 from image
  union all select preview_path, null from image where preview_path is not null
  union all select path, sha256 from calibration_frame where path is not null
  union all select preview_path, null from calibration_frame where preview_path is not null
  union all select path, sha256 from master
  union all select preview_path, null from master where preview_path is not null
  union all select path, sha256 from calibrated_image
  union all select preview_path, null from calibrated_image`;
