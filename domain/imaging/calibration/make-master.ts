import { history, integer, numberOf, real, text, withCards } from "../fits/card.ts";
import type { Card } from "../fits/card.ts";
import { isStructural, writeFits } from "../fits/writer.ts";
import { asciiText } from "../headers.ts";
import { imageStatistics } from "../statistics.ts";
import type { Combined } from "./combine.ts";
import { darkForExposure, sameSetup } from "./matching.ts";
import type { FrameIdentity } from "./matching.ts";
import { masterBias, masterDark, masterFlat } from "./masters.ts";
import type { CalibrationGroup, RawFrame } from "./plan-reduction.ts";
import { gradeOf, judgeGroup, measuredReadNoiseE, readNoiseComplaint } from "./quality.ts";
import type { DetectorNumbers, FrameVerdict, GroupVerdict } from "./quality.ts";

/** A master frame that can be applied: made now, or read from a file of an earlier night. */
export interface UsableMaster {
  readonly type: CalibrationGroup["type"];
  /** Detector set-up, exposure (darks) and filter (flats) that it is good for. */
  readonly identity: FrameIdentity;
  readonly fileName: string;
  readonly sha256: string;
  /** Darks are without bias; flats have the median 1. */
  readonly pixels: Float32Array;
  readonly grade: "good" | "degraded";
}

/** A master frame just made, as a file, with how good it is. */
export interface Master extends UsableMaster {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly verdicts: readonly FrameVerdict[];
  /** What somebody should know of it, in words. */
  readonly warnings: readonly string[];
}

/** Why a group gave no master. */
export interface NoMaster {
  readonly group: CalibrationGroup;
  readonly fileName: string;
  readonly verdicts: readonly FrameVerdict[];
  readonly reason: string;
}

export interface MasterTask {
  readonly group: CalibrationGroup;
  /** Pixels of each frame of the group, raw. */
  readonly pixels: readonly Float32Array[];
  readonly fileName: string;
  /** Masters made so far; what fits the group is used. */
  readonly masters: readonly UsableMaster[];
  /** More that somebody should know of it, e.g. that a master of an earlier night is used. */
  readonly notes?: readonly string[];
  readonly sha256Of: (bytes: Uint8Array) => string;
}

/**
 * One master: the frames are judged, the good ones combined, and the file says of which it was made (names and SHA-256).
 * Darks and flats need a bias; a flat uses a dark when there is one.
 */
export function makeMaster(task: MasterTask): Master | NoMaster {
  const { group, fileName, sha256Of } = task;
  const { verdicts, accepted, grade } = judged(task);
  if (grade === "insufficient") {
    const reason = `${accepted.length} good frames of ${group.frames.length}: at least 3 are needed`;
    return { group, fileName, verdicts, reason };
  }
  const bias = mastersFor(task.masters, group, "bias")[0];
  const dark = darkForExposure(
    mastersFor(task.masters, group, "dark").map((master) => ({
      master,
      exposureS: master.identity.exposureS,
    })),
    group.identity.exposureS,
  );
  if (group.type !== "bias" && bias === undefined) {
    return { group, fileName, verdicts, reason: "there is no master bias for these frames" };
  }
  const frames = accepted.map(({ pixels }) => pixels);
  const combined = combine(group, accepted, frames, bias?.pixels, dark);
  const warnings = [...masterWarnings(group, frames, grade, dark !== undefined), ...(task.notes ?? [])];
  const used = [bias, group.type === "flat" ? dark?.master : undefined].filter(
    (master) => master !== undefined,
  );
  const cards = masterCards(
    group,
    accepted.map(({ frame }) => frame),
    combined,
    grade,
    used,
    warnings,
  );
  const [width = 0, height = 0] = group.frames[0]?.axes ?? [];
  const bytes = writeFits([{ kind: "image", cards, axes: [width, height], pixels: combined.pixels }]);
  return {
    type: group.type,
    identity: group.identity,
    fileName,
    sha256: sha256Of(bytes),
    pixels: combined.pixels,
    grade,
    bytes,
    verdicts,
    warnings,
  };
}

/** Whether a master came out. */
export function isMaster(result: Master | NoMaster): result is Master {
  return "bytes" in result;
}

/** Masters of a type for the detector set-up of a group or frame, best first. */
export function mastersFor(
  masters: readonly UsableMaster[],
  frame: { readonly identity: RawFrame["identity"] },
  type: CalibrationGroup["type"],
): UsableMaster[] {
  return masters.filter(
    (master) => master.type === type && sameSetup(master.identity.setup, frame.identity.setup),
  );
}

/** What the header says of the detector. */
export function detectorNumbers(cards: readonly Card[]): DetectorNumbers {
  const [gainEPerAdu, readNoiseE, saturationAdu] = ["GAIN", "RDNOISE", "SATURATE"].map((keyword) => {
    const value = numberOf(cards, keyword);
    return value !== undefined && value > 0 ? value : undefined;
  });
  return {
    ...(gainEPerAdu === undefined ? {} : { gainEPerAdu }),
    ...(readNoiseE === undefined ? {} : { readNoiseE }),
    ...(saturationAdu === undefined ? {} : { saturationAdu }),
  };
}

function judged({ group, pixels }: MasterTask): {
  verdicts: readonly FrameVerdict[];
  accepted: { frame: RawFrame; pixels: Float32Array }[];
  grade: GroupVerdict["grade"];
} {
  const candidates = group.frames.map((frame, k) => ({
    name: frame.name,
    pixels: pixels[k] ?? new Float32Array(0),
  }));
  const { frames: verdicts } = judgeGroup(
    group.type,
    candidates,
    detectorNumbers(group.frames[0]?.cards ?? []),
  );
  const accepted = group.frames.flatMap((frame, k) =>
    verdicts[k]?.accepted === true ? [{ frame, pixels: pixels[k] ?? new Float32Array(0) }] : [],
  );
  return { verdicts, accepted, grade: gradeOf(accepted.length) };
}

function combine(
  group: CalibrationGroup,
  accepted: readonly { readonly frame: RawFrame }[],
  frames: readonly Float32Array[],
  bias: Float32Array | undefined,
  dark: { readonly master: UsableMaster; readonly exposureS: number } | undefined,
): Combined {
  if (group.type === "bias" || bias === undefined) {
    return masterBias(frames);
  }
  if (group.type === "dark") {
    return masterDark(frames, bias);
  }
  const exposuresS = accepted.map(({ frame }) => frame.identity.exposureS);
  return masterFlat(
    frames,
    exposuresS,
    bias,
    dark && { pixels: dark.master.pixels, exposureS: dark.exposureS },
  );
}

function masterWarnings(
  group: CalibrationGroup,
  frames: readonly Float32Array[],
  grade: GroupVerdict["grade"],
  hasDark: boolean,
): string[] {
  const { gainEPerAdu, readNoiseE } = detectorNumbers(group.frames[0]?.cards ?? []);
  const warnings = grade === "degraded" ? [`made of ${frames.length} frames only, 5 are wanted`] : [];
  if (group.type === "flat" && !hasDark) {
    warnings.push("no master dark: the dark current of the flats was not taken off");
  }
  if (group.type === "bias" && gainEPerAdu !== undefined && readNoiseE !== undefined) {
    const complaint = readNoiseComplaint(measuredReadNoiseE(frames, gainEPerAdu), readNoiseE);
    if (complaint !== null) {
      warnings.push(complaint);
    }
  }
  return warnings;
}

function masterCards(
  group: CalibrationGroup,
  frames: readonly RawFrame[],
  combined: Combined,
  grade: string,
  used: readonly UsableMaster[],
  warnings: readonly string[],
): Card[] {
  const first = frames[0]?.cards ?? [];
  const statistics = imageStatistics(combined.pixels);
  const kept = first.filter(({ keyword, kind }) => !isStructural(keyword) && kind !== "commentary");
  const inputs = frames.flatMap((frame, i) => {
    const number = String(i + 1).padStart(3, "0");
    return [text(`IN${number}`, asciiText(frame.name), "input frame"), text(`SHA${number}`, frame.sha256)];
  });
  return [
    ...withCards(kept, [
      text("IMAGETYP", `MASTER ${group.type.toUpperCase()}`, "kind of frame"),
      text("BUNIT", group.type === "flat" ? "" : "adu", "unit of the pixels"),
    ]).filter((card) => !(card.keyword === "BUNIT" && card.value === "")),
    integer("NCOMBINE", frames.length, "frames combined"),
    text("COMBINE", "CLIPPED MEAN", "5 sigma (1.4826 MAD) about the median"),
    real("REJFRAC", combined.rejectedFraction, "share of values clipped", 6),
    text("CALGRADE", grade.toUpperCase(), "GOOD: 5 frames or more; DEGRADED: 3 or 4"),
    real("MEDIAN", statistics.median, "median of the pixels", 6),
    real("MADSTD", statistics.madStd, "robust scatter of the pixels", 6),
    ...used.flatMap((master) => usedCards(master)),
    ...inputs,
    ...warnings.map((warning) => history(asciiText(`WARNING: ${warning}`))),
  ];
}

/** Cards that name a master that was used, and its SHA-256. */
export function usedCards(master: UsableMaster): Card[] {
  const kind = master.type.toUpperCase();
  return [
    text(`${kind}FILE`, asciiText(master.fileName), `master ${master.type} used`),
    text(`${kind}SHA`, master.sha256, "SHA-256 of it"),
  ];
}
