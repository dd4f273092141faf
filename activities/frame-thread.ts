import { existsSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { DeviceProblem } from "../adapters/alpaca/errors.ts";
import { decodeRawImage, type PixelImage } from "../adapters/alpaca/image.ts";
import { encodePng } from "../adapters/files/png.ts";
import { readFitsFile } from "../adapters/files/read-fits-file.ts";
import { sha256Of, storeAtomically } from "../adapters/files/store-atomically.ts";
import { imageFloat32 } from "../domain/imaging/fits/read-image.ts";
import { FRAME_LIMITS, readFits } from "../domain/imaging/fits/reader.ts";
import { headerRecord } from "../domain/imaging/headers.ts";
import { buildFrame, frameStatistics } from "../domain/imaging/science-frame.ts";
import type { FindFrameJob, FrameJob, FrameWritten, WriteFrameJob } from "./frame-job.ts";
import type { JobAnswer } from "./job-thread.ts";

/** The thread that turns a camera's answer into files: some 100 ms a megapixel that the event loop must not feel. */

parentPort?.on("message", ({ id, job }: { readonly id: number; readonly job: FrameJob }) => {
  void work(job)
    .then(
      (result): JobAnswer<FrameWritten | null> => ({ id, result }),
      (error: unknown): JobAnswer<FrameWritten | null> => ({
        id,
        fault: error instanceof DeviceProblem || error instanceof RangeError ? "device" : "disk",
        message: error instanceof Error ? error.message : String(error),
      }),
    )
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    .then((answer) => parentPort?.postMessage(answer));
});

function work(job: FrameJob): Promise<FrameWritten | null> {
  return job.kind === "write" ? write(job) : find(job);
}

async function write({
  raw,
  size,
  description,
  fitsFile,
  previewFile,
}: WriteFrameJob): Promise<FrameWritten> {
  const image = decodeRawImage(raw);
  const { width, height } = image;
  if (width !== size.width || height !== size.height) {
    throw new RangeError(
      `${raw.device} sent ${width} x ${height} pixels, its detector has ${size.width} x ${size.height}`,
    );
  }
  const frame = buildFrame(counts(image, raw.device), { ...description, width, height });
  // The preview first: whoever finds the FITS file finds the picture beside it.
  await storeAtomically(previewFile, encodePng(frame.preview));
  const { sha256, bytes } = await storeAtomically(fitsFile, frame.fits);
  return {
    width,
    height,
    sha256,
    bytes,
    header: headerRecord(frame.cards),
    statistics: { ...frame.statistics },
  };
}

/**
 * Reads a frame that was written before; null when there is none. Files are whole or not there, so one that is no FITS file, or is
 * another frame, is a fault of somebody's, and said.
 */
async function find(job: FindFrameJob): Promise<FrameWritten | null> {
  if (!existsSync(job.fitsFile)) return null;
  const bytes = await readFitsFile(job.fitsFile, FRAME_LIMITS);
  const hdu = readFits(bytes, { limits: FRAME_LIMITS })[0];
  const [width, height] = hdu?.axes ?? [];
  if (hdu === undefined || width === undefined || height === undefined) {
    throw new Error(`${job.fitsFile} holds no picture`);
  }
  const header = headerRecord(hdu.cards);
  const said = [header["PLANID"], header["FRAMENO"], header["ATTEMPT"]].join("/");
  const wanted = [job.planId, job.frameNumber, job.attempt].join("/");
  if (said !== wanted) throw new Error(`${job.fitsFile} is frame ${said}, must be ${wanted}`);
  const { saturationAdu } = job;
  const isSky = header["IMAGETYP"] === "OBJECT";
  return {
    width,
    height,
    sha256: sha256Of(bytes),
    bytes: bytes.length,
    header,
    statistics: { ...frameStatistics(imageFloat32(hdu), width, { isSky, saturationAdu }) },
  };
}

/** The counts as 16 bits unsigned, what the files hold. Throws RangeError for a colour frame or counts beyond. */
function counts(image: PixelImage, device: string): Uint16Array {
  const { pixels, planes } = image;
  if (planes !== 1)
    throw new RangeError(`${device} sent a frame of ${planes} planes, must be 1 (monochrome)`);
  if (pixels instanceof Uint16Array) return pixels;
  const outside = pixels.findIndex((value: number) => !(value >= 0 && value <= 65_535));
  if (outside >= 0) {
    throw new RangeError(`${device} sent a frame with a count of ${pixels[outside]}, must be 0 to 65535`);
  }
  return Uint16Array.from(pixels);
}
