import { textOf, withCards, text } from "../fits/card.ts";
import { FitsError } from "../fits/error.ts";
import { imageFloat32 } from "../fits/read-image.ts";
import { readFits } from "../fits/reader.ts";
import { identityOf } from "./matching.ts";
import type { UsableMaster } from "./make-master.ts";

/**
 * A master frame from its file, so that a night without calibrations can use those of an earlier one.
 * @param sha256 of the bytes, for the provenance of what is calibrated with it
 * @throws FitsError `badValue` when the file is FITS but no master of ours
 */
export function readMaster(fileName: string, bytes: Uint8Array, sha256: string): UsableMaster {
  const hdu = readFits(bytes)[0];
  const [, kind] = /^MASTER (BIAS|DARK|FLAT)$/.exec(textOf(hdu?.cards ?? [], "IMAGETYP") ?? "") ?? [];
  if (hdu === undefined || kind === undefined || hdu.axes.length !== 2) {
    throw new FitsError("badValue", `${fileName}: IMAGETYP must be MASTER BIAS, MASTER DARK or MASTER FLAT`);
  }
  const identity = identityOf(withCards(hdu.cards, [text("IMAGETYP", kind)]), hdu.axes);
  if (typeof identity === "string") {
    throw new FitsError("badValue", `${fileName}: ${identity}`);
  }
  const type = kind.toLowerCase() as UsableMaster["type"];
  const grade = textOf(hdu.cards, "CALGRADE") === "GOOD" ? "good" : "degraded";
  return { type, identity, fileName, sha256, pixels: imageFloat32(hdu), grade };
}
