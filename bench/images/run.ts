/**
 * How long the calibration of one 2048 x 2048 frame and the clipped mean of seven take, beside numpy and astropy on the
 * same files in the same run (bench/images/reference.py). Prints the ratios and writes the raw samples to
 * bench/results/images.json. Time is from the bytes of the file in memory to the bytes of the result, checksums verified and written.
 *
 *   node bench/images/run.ts [rounds]
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { combineClipped } from "../../domain/imaging/calibration/combine.ts";
import { calibrated } from "../../domain/imaging/calibration/masters.ts";
import type { Pixels } from "../../domain/imaging/fits/pixels.ts";
import { imageFloat32 } from "../../domain/imaging/fits/read-image.ts";
import { readFits } from "../../domain/imaging/fits/reader.ts";
import { writeFits } from "../../domain/imaging/fits/writer.ts";
import { median } from "../../domain/imaging/statistics.ts";

const SIDE = 2_048;
const STACK = 7;
const root = fileURLToPath(new URL("../..", import.meta.url));
const rounds = Number(process.argv[2] ?? 7);
const folder = mkdtempSync(path.join(tmpdir(), "bench-images-"));

try {
  writeFrames();
  const ours = { calibrate: timed(calibrateOne()), combine: timed(combineSeven()) };
  const reference = askPython();
  const result = { at: new Date().toISOString(), cpu: cpus()[0]?.model, side: SIDE, rounds, ours, reference };
  mkdirSync(path.join(root, "bench/results"), { recursive: true });
  writeFileSync(path.join(root, "bench/results/images.json"), `${JSON.stringify(result, null, 2)}\n`);
  for (const task of ["calibrate", "combine"] as const) {
    report(task, ours[task], "numpy", reference?.[task]);
  }
  report("combine", ours.combine, "ccdproc", reference?.ccdproc ?? undefined);
} finally {
  rmSync(folder, { recursive: true });
}

/** Frames with a noise of 4 adu and some outliers, always the same. */
function writeFrames(): void {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
  // The sum of four uniform variates is near enough to a Gaussian for timing.
  const noise = (): number => (uniform() + uniform() + uniform() + uniform() - 2) * 6.9;
  const counts = (level: number): Uint16Array =>
    Uint16Array.from({ length: SIDE * SIDE }, () =>
      Math.round(level + noise() + (uniform() < 1e-4 ? 5_000 : 0)),
    );
  writeFrame("raw", counts(3_000));
  writeFrame("bias", Float32Array.from(counts(1_000)));
  writeFrame("dark", Float32Array.from(counts(100)));
  writeFrame(
    "flat",
    Float32Array.from(counts(20_000), (value) => value / 20_000),
  );
  for (let k = 0; k < STACK; k += 1) {
    writeFrame(`stack_${k}`, counts(1_000));
  }
}

function writeFrame(name: string, pixels: Pixels): void {
  const bytes = writeFits([{ kind: "image", cards: [], axes: [SIDE, SIDE], pixels }]);
  writeFileSync(path.join(folder, `${name}.fits`), bytes);
}

function content(name: string): Uint8Array {
  return new Uint8Array(readFileSync(path.join(folder, `${name}.fits`)));
}

function pixelsOf(bytes: Uint8Array): Float32Array {
  const [hdu] = readFits(bytes);
  if (hdu === undefined) throw new Error("no HDU");
  return imageFloat32(hdu);
}

function written(pixels: Float32Array): Uint8Array {
  return writeFits([{ kind: "image", cards: [], axes: [SIDE, SIDE], pixels }]);
}

function calibrateOne(): () => void {
  const raw = content("raw");
  const [bias, dark, flat] = [
    pixelsOf(content("bias")),
    pixelsOf(content("dark")),
    pixelsOf(content("flat")),
  ];
  return () => {
    written(calibrated(pixelsOf(raw), { bias, dark, darkScale: 0.5 }, flat));
  };
}

function combineSeven(): () => void {
  const stack = Array.from({ length: STACK }, (_, k) => content(`stack_${k}`));
  return () => {
    written(combineClipped(stack.map(pixelsOf)).pixels);
  };
}

function timed(work: () => void): number[] {
  return Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
}

function askPython(): { calibrate: number[]; combine: number[]; ccdproc: number[] | null } | null {
  const script = path.join(root, "bench/images/reference.py");
  const python = spawnSync(process.env["PYTHON"] ?? "python3", [script, folder, String(rounds)], {
    encoding: "utf8",
    timeout: 600_000,
  });
  if (python.status !== 0) {
    console.error(
      `no reference: python3 with numpy and astropy is needed (${python.stderr.trim().split("\n").at(-1)})`,
    );
    return null;
  }
  return JSON.parse(python.stdout);
}

function report(
  task: string,
  ours: readonly number[],
  name: string,
  theirs: readonly number[] | undefined,
): void {
  const mine = median(ours);
  const comparison =
    theirs === undefined
      ? `${name}: not measured`
      : `${name} ${median(theirs).toFixed(0)} ms, ratio ${(mine / median(theirs)).toFixed(2)}`;
  console.log(`${task.padEnd(10)} ${mine.toFixed(0).padStart(5)} ms   ${comparison}`);
}
