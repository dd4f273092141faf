import { readdir } from "node:fs/promises";
import path from "node:path";
import { readFitsFile } from "../../adapters/files/read-fits-file.ts";
import { sha256Of, storeAtomically } from "../../adapters/files/store-atomically.ts";
import { calibrateFrame } from "../../domain/imaging/calibration/calibrate-frame.ts";
import { isMaster, makeMaster } from "../../domain/imaging/calibration/make-master.ts";
import type { Master } from "../../domain/imaging/calibration/make-master.ts";
import { identityOf, sameSetup } from "../../domain/imaging/calibration/matching.ts";
import { masterFileName, planReduction } from "../../domain/imaging/calibration/plan-reduction.ts";
import type {
  CalibrationGroup,
  RawFrame,
  ReductionPlan,
} from "../../domain/imaging/calibration/plan-reduction.ts";
import { FitsError } from "../../domain/imaging/fits/error.ts";
import { imageFloat32 } from "../../domain/imaging/fits/read-image.ts";
import { FRAME_LIMITS, readFits } from "../../domain/imaging/fits/reader.ts";
import type { Hdu } from "../../domain/imaging/fits/reader.ts";
import { UsageError, readOptions, requiredText, withUsage } from "./options.ts";

const FITS_FILE = /\.(fits|fit|fts)(\.gz)?$/i;
/** A folder being reduced, and what is to be told of it. */
interface Reduction {
  readonly rawFolder: string;
  readonly outFolder: string;
  /** What could not be done; any entry makes the exit code 1. */
  readonly problems: string[];
}

/**
 * `vesper reduce --raw DIR --out DIR`: masters and calibrated frames of a folder of raw FITS files.
 * @returns exit code: 0 when every frame was reduced with bias, dark and flat; 1 when something is missing (said on
 * standard error, the rest is done); 2 when an option is wrong
 */
export async function reduceCommand(args: readonly string[]): Promise<number> {
  return withUsage("reduce", async () => {
    const options = readOptions(args, ["raw", "out"]);
    const rawFolder = path.resolve(requiredText(options, "raw", "a folder of raw FITS files"));
    const outFolder = path.resolve(requiredText(options, "out", "a folder to write to"));
    if (rawFolder === outFolder) {
      throw new UsageError(`--out: "${outFolder}" must not be the folder of the raw files`);
    }
    const reduction: Reduction = { rawFolder, outFolder, problems: [] };
    const frames = await scan(reduction);
    if (frames.length === 0) {
      throw new UsageError(`--raw: "${rawFolder}" must hold at least one raw FITS frame that can be read`);
    }
    const plan = planReduction(frames);
    const masters = await makeMasters(reduction, plan, hasSeveralSetups(frames));
    for (const frame of plan.science) {
      await reduceScience(reduction, frame, masters);
    }
    for (const problem of reduction.problems) {
      console.error(`vesper reduce: ${problem}`);
    }
    console.log(`${masters.length} masters and ${plan.science.length} science frames in ${outFolder}`);
    return reduction.problems.length === 0 ? 0 : 1;
  });
}

/** Headers of all frames of the folder; what is none is told and left out. */
async function scan({ rawFolder, problems }: Reduction): Promise<RawFrame[]> {
  const names = (await filesOf(rawFolder)).filter((name) => FITS_FILE.test(name)).toSorted();
  const frames: RawFrame[] = [];
  for (const name of names) {
    try {
      const bytes = await readFitsFile(path.join(rawFolder, name), FRAME_LIMITS);
      const hdu = frameOf(readFits(bytes, { limits: FRAME_LIMITS }));
      const identity = identityOf(hdu.cards, hdu.axes);
      if (typeof identity === "string") {
        problems.push(`${name}: left out, ${identity}`);
      } else {
        frames.push({ name, sha256: sha256Of(bytes), cards: hdu.cards, axes: hdu.axes, identity });
      }
    } catch (error) {
      if (!(error instanceof FitsError)) {
        throw error;
      }
      problems.push(`${name}: left out, ${error.message} (${error.code})`);
    }
  }
  return frames;
}

async function makeMasters(reduction: Reduction, plan: ReductionPlan, several: boolean): Promise<Master[]> {
  const masters: Master[] = [];
  // In this order, because each kind needs the ones before it.
  for (const group of [...plan.biases, ...plan.darks, ...plan.flats]) {
    const fileName = masterFileName(group, several);
    const pixels = await loadGroup(reduction, group);
    const result = makeMaster({ group, pixels, fileName, masters, sha256Of });
    for (const { name, reasons } of result.verdicts) {
      if (reasons.length > 0) {
        reduction.problems.push(`${name}: not used, ${reasons.join("; ")}`);
      }
    }
    if (isMaster(result)) {
      masters.push(result);
      await storeAtomically(path.join(reduction.outFolder, fileName), result.bytes);
      reduction.problems.push(...result.warnings.map((warning) => `${fileName}: ${warning}`));
      const good = result.verdicts.filter(({ accepted }) => accepted).length;
      console.log(`${fileName}: ${good} of ${group.frames.length} frames, ${result.grade}`);
    } else {
      reduction.problems.push(`${fileName}: not made, ${result.reason}`);
    }
  }
  return masters;
}

async function reduceScience(
  reduction: Reduction,
  frame: RawFrame,
  masters: readonly Master[],
): Promise<void> {
  const pixels = await loadPixels(reduction, frame);
  const result = calibrateFrame(frame, pixels, masters);
  const fileName = `${frame.name.replace(FITS_FILE, "")}_cal.fits`;
  await storeAtomically(path.join(reduction.outFolder, fileName), result.bytes);
  reduction.problems.push(...result.warnings.map((warning) => `${fileName}: ${warning}`));
  console.log(`${fileName}: ${result.status || "nothing applied"}`);
}

async function loadGroup(reduction: Reduction, group: CalibrationGroup): Promise<Float32Array[]> {
  const pixels: Float32Array[] = [];
  for (const frame of group.frames) {
    pixels.push(await loadPixels(reduction, frame));
  }
  return pixels;
}

async function loadPixels({ rawFolder }: Reduction, frame: RawFrame): Promise<Float32Array> {
  const bytes = await readFitsFile(path.join(rawFolder, frame.name), FRAME_LIMITS);
  return imageFloat32(frameOf(readFits(bytes, { limits: FRAME_LIMITS })));
}

/** The first HDU with a picture: some cameras write an empty primary HDU and the frame behind it. */
function frameOf(hdus: readonly Hdu[]): Hdu {
  const hdu = hdus.find(({ kind, axes }) => kind === "image" && axes.length === 2);
  if (hdu === undefined) {
    throw new FitsError("unsupported", "no HDU holds a picture of two axes");
  }
  return hdu;
}

function hasSeveralSetups(frames: readonly RawFrame[]): boolean {
  const first = frames[0];
  return (
    first !== undefined && frames.some(({ identity }) => !sameSetup(identity.setup, first.identity.setup))
  );
}

async function filesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(`--raw: "${folder}" must be a folder that can be read (${code})`);
  }
}
