import { readFile, stat } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { encode } from "fast-png";
import { imageFloat32 } from "../../domain/imaging/fits/read-image.ts";
import { DEFAULT_LIMITS, readFits } from "../../domain/imaging/fits/reader.ts";
import { histogramOf } from "../../domain/imaging/statistics.ts";
import { shrunk, stretched } from "../../domain/imaging/stretch.ts";
import type { Picture, PictureAnswer, PictureJob } from "./picture-job.ts";

/** The thread that makes pictures of FITS files: some 100 ms a megapixel that pages must not wait behind. */

const BINS = 64;
/** A frame of 8k x 8k floats. */
const LIMITS = { ...DEFAULT_LIMITS, maxDataBytes: 256 * 1024 * 1024 };

parentPort?.on("message", ({ id, job }: { readonly id: number; readonly job: PictureJob }) => {
  void work(job)
    .then(
      (picture): PictureAnswer => ({ id, picture }),
      (error: unknown): PictureAnswer => ({
        id,
        problem: error instanceof Error ? error.message : String(error),
      }),
    )
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    .then((answer) => parentPort?.postMessage(answer));
});

async function work({ file, stretch, maxSide }: PictureJob): Promise<Picture> {
  const { size } = await stat(file);
  if (size > 2 * LIMITS.maxDataBytes) throw new Error(`it has ${size} bytes: too large for a picture`);
  const [hdu] = readFits(new Uint8Array(await readFile(file)), { limits: LIMITS });
  if (hdu === undefined || hdu.axes.length !== 2)
    throw new Error("its first HDU holds no picture of two axes");
  const pixels = imageFloat32(hdu);
  const [width = 0] = hdu.axes;
  if (stretch === null) return { png: null, histogram: histogramOf(pixels, BINS) };
  const grey = shrunk(stretched(pixels, width, stretch), maxSide);
  const png = encode(
    { width: grey.width, height: grey.height, data: grey.pixels, channels: 1, depth: 8 },
    { zlib: { level: 3 } },
  );
  return { png: new Uint8Array(png), histogram: null };
}
