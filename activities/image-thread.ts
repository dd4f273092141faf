import { constants, platform, setPriority } from "node:os";
import path from "node:path";
import { parentPort } from "node:worker_threads";
import { encodePng } from "../adapters/files/png.ts";
import { readFitsFile } from "../adapters/files/read-fits-file.ts";
import { sha256Of, storeAtomically } from "../adapters/files/store-atomically.ts";
import { calibrateFrame } from "../domain/imaging/calibration/calibrate-frame.ts";
import { detectorNumbers, isMaster, makeMaster } from "../domain/imaging/calibration/make-master.ts";
import type { UsableMaster } from "../domain/imaging/calibration/make-master.ts";
import { identityOf } from "../domain/imaging/calibration/matching.ts";
import type { RawFrame } from "../domain/imaging/calibration/plan-reduction.ts";
import { measuredReadNoiseE } from "../domain/imaging/calibration/quality.ts";
import { readMaster } from "../domain/imaging/calibration/read-master.ts";
import { detectSources, medianFwhmPx } from "../domain/imaging/detect-sources.ts";
import { FitsError } from "../domain/imaging/fits/error.ts";
import { imageFloat32 } from "../domain/imaging/fits/read-image.ts";
import { FRAME_LIMITS, readFits } from "../domain/imaging/fits/reader.ts";
import { headerRecord } from "../domain/imaging/headers.ts";
import { imageStatistics } from "../domain/imaging/statistics.ts";
import { greyPreview, shrunk } from "../domain/imaging/stretch.ts";
import type {
  CalibrateJob,
  CalibrateResult,
  ImageJob,
  ImageResult,
  MasterFile,
  MasterJob,
  MasterResult,
} from "./image-job.ts";
import type { JobAnswer } from "./job-thread.ts";

/**
 * The thread that makes masters and calibrates frames: up to some seconds each, which the event loop must not feel. On
 * Linux a thread has a priority of its own: the night and its alerts go before the images.
 */
if (platform() === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const PREVIEW_SIDE = 1_024;
/** Masters of both cameras for a night of many filters; a master of 1024 x 1024 is 4 MB. */
const REMEMBERED = 8;

const remembered = new Map<string, UsableMaster>();

parentPort?.on("message", ({ id, job }: { readonly id: number; readonly job: ImageJob }) => {
  void work(job)
    .then(
      (result): JobAnswer<ImageResult> => ({ id, result }),
      (error: unknown): JobAnswer<ImageResult> => ({
        id,
        // A file that is not what it should be stays so: trying again is in vain.
        fault: error instanceof FitsError || error instanceof RangeError ? "file" : "disk",
        message: error instanceof Error ? error.message : String(error),
      }),
    )
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    .then((answer) => parentPort?.postMessage(answer));
});

async function work(job: ImageJob): Promise<ImageResult> {
  return job.kind === "master" ? combine(job) : calibrate(job);
}

async function combine(job: MasterJob): Promise<MasterResult> {
  const loaded = [];
  for (const file of job.files) loaded.push(await loadFrame(file));
  const first = loaded[0];
  if (first === undefined) {
    return { verdicts: [], master: null, reason: "no frame of this group was stored" };
  }
  const pixels = loaded.map((each) => each.pixels);
  const result = makeMaster({
    group: { type: job.type, identity: first.frame.identity, frames: loaded.map(({ frame }) => frame) },
    pixels,
    fileName: path.basename(job.fitsFile),
    masters: await loadMasters(job.masters),
    notes: job.notes,
    sha256Of,
  });
  if (!isMaster(result)) return { verdicts: result.verdicts, master: null, reason: result.reason };
  const [width = 0] = first.frame.axes;
  await storeAtomically(job.previewFile, encodePng(shrunk(greyPreview(result.pixels, width), PREVIEW_SIDE)));
  const { sha256, bytes } = await storeAtomically(job.fitsFile, result.bytes);
  const { median, madStd } = imageStatistics(result.pixels);
  const { gainEPerAdu } = detectorNumbers(first.frame.cards);
  const good = pixels.filter((_, k) => result.verdicts[k]?.accepted === true);
  const cards = readFits(result.bytes)[0]?.cards ?? [];
  return {
    verdicts: result.verdicts,
    reason: "",
    master: {
      sha256,
      bytes,
      header: headerRecord(cards),
      warnings: result.warnings,
      setup: result.identity.setup,
      exposureS: result.identity.exposureS,
      grade: result.grade,
      framesUsed: good.length,
      levelAdu: median,
      noiseAdu: madStd,
      readNoiseE:
        job.type === "bias" && gainEPerAdu !== undefined ? measuredReadNoiseE(good, gainEPerAdu) : null,
    },
  };
}

async function calibrate(job: CalibrateJob): Promise<CalibrateResult> {
  const { frame, pixels } = await loadFrame(job.rawFile, job.rawSha256);
  const result = calibrateFrame(frame, pixels, await loadMasters(job.masters), {
    calKind: job.calKind,
    notes: job.notes,
  });
  const [width = 0] = frame.axes;
  const preview = shrunk(greyPreview(result.pixels, width), PREVIEW_SIDE);
  await storeAtomically(job.previewFile, encodePng(preview));
  const { sha256, bytes } = await storeAtomically(job.fitsFile, result.bytes);
  const sources = detectSources(result.pixels, width);
  return {
    sha256,
    bytes,
    header: headerRecord(result.cards),
    warnings: result.warnings,
    status: result.status,
    statistics: {
      ...imageStatistics(result.pixels),
      sources: sources.length,
      fwhmPx: medianFwhmPx(sources),
    },
  };
}

/** One raw frame. @throws FitsError when it is none, or not the one that was recorded */
async function loadFrame(
  file: string,
  sha256?: string,
): Promise<{ readonly frame: RawFrame; readonly pixels: Float32Array }> {
  const name = path.basename(file);
  const bytes = await readFitsFile(file, FRAME_LIMITS);
  const found = sha256Of(bytes);
  if (sha256 !== undefined && found !== sha256) {
    throw new FitsError("badValue", `${name}: its SHA-256 is ${found}, recorded is ${sha256}`);
  }
  const hdu = readFits(bytes, { limits: FRAME_LIMITS })[0];
  if (hdu === undefined || hdu.axes.length !== 2) {
    throw new FitsError("unsupported", `${name}: the first HDU must hold a picture of two axes`);
  }
  const identity = identityOf(hdu.cards, hdu.axes);
  if (typeof identity === "string") throw new FitsError("badValue", `${name}: ${identity}`);
  return {
    frame: { name, sha256: found, cards: hdu.cards, axes: hdu.axes, identity },
    pixels: imageFloat32(hdu),
  };
}

async function loadMasters(files: readonly MasterFile[]): Promise<UsableMaster[]> {
  const masters: UsableMaster[] = [];
  for (const { file, sha256 } of files) {
    const known = remembered.get(sha256);
    const master = known ?? (await loadMaster(file, sha256));
    // Used last, forgotten last.
    remembered.delete(sha256);
    remembered.set(sha256, master);
    masters.push(master);
  }
  for (const sha256 of [...remembered.keys()].slice(0, Math.max(0, remembered.size - REMEMBERED))) {
    remembered.delete(sha256);
  }
  return masters;
}

async function loadMaster(file: string, sha256: string): Promise<UsableMaster> {
  const name = path.basename(file);
  const bytes = await readFitsFile(file, FRAME_LIMITS);
  const found = sha256Of(bytes);
  if (found !== sha256) {
    throw new FitsError("badValue", `${name}: its SHA-256 is ${found}, recorded is ${sha256}`);
  }
  return readMaster(name, bytes, sha256);
}
