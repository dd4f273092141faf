import type { Card } from "../fits/card.ts";
import { sameSetup } from "./matching.ts";
import type { FrameIdentity } from "./matching.ts";

/** A raw frame that can be reduced: what it is, and where it comes from. Pixels are loaded when their turn comes. */
export interface RawFrame {
  /** File name without folder. */
  readonly name: string;
  readonly sha256: string;
  readonly cards: readonly Card[];
  readonly axes: readonly number[];
  readonly identity: FrameIdentity;
}

/** Frames that make one master. */
export interface CalibrationGroup {
  readonly type: "bias" | "dark" | "flat";
  /** What they have in common, from the first of them. */
  readonly identity: FrameIdentity;
  readonly frames: readonly RawFrame[];
}

/** What a folder of frames holds, in the order in which it must be worked off. */
export interface ReductionPlan {
  readonly biases: readonly CalibrationGroup[];
  readonly darks: readonly CalibrationGroup[];
  readonly flats: readonly CalibrationGroup[];
  readonly science: readonly RawFrame[];
}

/** Sorts frames into the groups of which masters are made: same detector set-up, and exposure (darks) or filter (flats). */
export function planReduction(frames: readonly RawFrame[]): ReductionPlan {
  return {
    biases: groupsOf("bias", frames, () => true),
    darks: groupsOf("dark", frames, (a, b) => Math.abs(a.exposureS - b.exposureS) < 1e-6),
    flats: groupsOf("flat", frames, (a, b) => a.filter === b.filter),
    science: frames.filter(({ identity }) => identity.type === "object"),
  };
}

function groupsOf(
  type: CalibrationGroup["type"],
  frames: readonly RawFrame[],
  alike: (a: FrameIdentity, b: FrameIdentity) => boolean,
): CalibrationGroup[] {
  const groups: { identity: FrameIdentity; frames: RawFrame[] }[] = [];
  for (const frame of frames.filter(({ identity }) => identity.type === type)) {
    const group = groups.find(
      ({ identity }) => sameSetup(identity.setup, frame.identity.setup) && alike(identity, frame.identity),
    );
    if (group === undefined) {
      groups.push({ identity: frame.identity, frames: [frame] });
    } else {
      group.frames.push(frame);
    }
  }
  return groups.map((group) => ({ type, ...group }));
}

/**
 * File name of a master: `master_bias.fits`, `master_dark_120s.fits`, `master_flat_r.fits`. When a folder holds frames of
 * several detector set-ups the names carry the set-up as well, e.g. `master_bias_vis_2x2.fits`.
 * @param several whether there is more than one set-up
 */
export function masterFileName(group: CalibrationGroup, several: boolean): string {
  const { exposureS, filter, setup } = group.identity;
  const subject = { bias: "", dark: `_${exposureS}s`, flat: `_${safe(filter) || "none"}` }[group.type];
  const temperature = setup.temperatureC === null ? "" : `_${Math.round(setup.temperatureC)}C`;
  const parts = [setup.camera, setup.binning, setup.readoutMode].filter(Boolean).map(safe);
  const where = several ? `_${parts.join("_")}${temperature}` : "";
  return `master_${group.type}${subject}${where}.fits`;
}

function safe(text: string): string {
  return text.replace(/[^A-Za-z0-9.+-]+/g, "-");
}
