/** Why bytes are no FITS file, or why something cannot be written as one. */
export type FitsErrorCode =
  | "empty"
  | "notFits"
  | "nonAscii"
  | "badCard"
  | "missingEnd"
  | "badStructure"
  | "tooLarge"
  | "truncated"
  | "trailingBytes"
  | "checksum"
  | "unsupported"
  | "badTable"
  | "badValue";

/** A FITS file refused, with a code to branch on and words for people. */
export class FitsError extends Error {
  override readonly name = "FitsError";
  readonly code: FitsErrorCode;

  constructor(code: FitsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
