import { history, integer, real, text, withCards } from "../fits/card.ts";
import type { Card } from "../fits/card.ts";
import { isStructural, writeFits } from "../fits/writer.ts";
import { asciiText } from "../headers.ts";
import { cosmicRays } from "./cosmic-rays.ts";
import { detectorNumbers, mastersFor, usedCards } from "./make-master.ts";
import type { UsableMaster } from "./make-master.ts";
import { calibrated, darkFor } from "./masters.ts";
import { darkForExposure } from "./matching.ts";
import { PIXEL_FLAG, countFlag, deadPixels, hotPixels, saturatedPixels, unitedMask } from "./pixel-mask.ts";
import type { RawFrame } from "./plan-reduction.ts";

/** A calibrated science frame as a file. */
export interface CalibratedFrame {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the first HDU. */
  readonly cards: readonly Card[];
  readonly pixels: Float32Array<ArrayBuffer>;
  /** Bits of PIXEL_FLAG. */
  readonly mask: Uint8Array<ArrayBuffer>;
  /** Letters of what was applied: B bias, D dark, F flat. */
  readonly status: string;
  /** What is missing or doubtful, in words. */
  readonly warnings: readonly string[];
}

/** What the header says besides. */
export interface CalibrationNotes {
  /** QUICKLOOK: with the newest masters there were; FINAL: with those of the frame's own night. */
  readonly calKind?: "QUICKLOOK" | "FINAL";
  /** More that somebody should know, e.g. that a master is of an earlier night. */
  readonly notes?: readonly string[];
}

/**
 * Calibrates a science frame with the masters that fit it, and masks the pixels not to be trusted. Nothing that is missing
 * is skipped silently: CALSTAT, HISTORY and `warnings` say what was not applied. The first HDU holds the pixels (float32, adu),
 * the extension MASK the flags. The frame's own cards, its world coordinates among them, are kept.
 */
export function calibrateFrame(
  raw: RawFrame,
  pixels: Float32Array,
  masters: readonly UsableMaster[],
  { calKind, notes = [] }: CalibrationNotes = {},
): CalibratedFrame {
  const { exposureS, filter } = raw.identity;
  const detector = detectorNumbers(raw.cards);
  const bias = mastersFor(masters, raw, "bias")[0];
  const darks = mastersFor(masters, raw, "dark").map((master) => ({
    master,
    pixels: master.pixels,
    exposureS: master.identity.exposureS,
  }));
  // A dark without its bias cannot be scaled, and the masters here are made without bias.
  const dark = bias === undefined ? undefined : darkForExposure(darks, exposureS);
  const flat = mastersFor(masters, raw, "flat").find((master) => master.identity.filter === filter);
  const offsets = darkFor(dark, exposureS);
  const result = calibrated(pixels, { ...offsets, ...(bias && { bias: bias.pixels }) }, flat?.pixels);
  const { gainEPerAdu, readNoiseE, saturationAdu } = detector;
  const bad = unitedMask(pixels.length, [
    dark && gainEPerAdu !== undefined ? hotPixels(dark.pixels, dark.exposureS, gainEPerAdu) : undefined,
    flat && deadPixels(flat.pixels),
    saturationAdu === undefined ? undefined : saturatedPixels(pixels, saturationAdu),
  ]);
  const [width = 0, height = 0] = raw.axes;
  const canFindRays = gainEPerAdu !== undefined && readNoiseE !== undefined;
  const rays = canFindRays ? cosmicRays(result, width, { gainEPerAdu, readNoiseE, known: bad }) : undefined;
  const mask = unitedMask(pixels.length, [bad, rays]);
  const used = [bias, dark?.master, flat].filter((master) => master !== undefined);
  const status = `${bias ? "B" : ""}${dark ? "D" : ""}${flat ? "F" : ""}`;
  const warnings = [
    ...(bias ? [] : ["no master bias: bias not taken off"]),
    ...(dark ? [] : ["no master dark: dark current not taken off"]),
    ...(dark && exposureS > dark.exposureS + 1e-6
      ? [`the dark of ${dark.exposureS} s was scaled up to ${exposureS} s, and its noise with it`]
      : []),
    ...(flat ? [] : [`no master flat of filter "${filter}": response not corrected`]),
    ...used.flatMap((master) => (master.grade === "good" ? [] : [`${master.fileName} is ${master.grade}`])),
    ...(canFindRays ? [] : ["GAIN or RDNOISE unknown: cosmic rays not searched"]),
    ...notes,
  ];
  const cards = calibratedCards(raw, {
    status,
    calKind,
    used,
    warnings,
    mask,
    darkScale: offsets.darkScale,
  });
  const bytes = writeFits([
    { kind: "image", cards, axes: [width, height], pixels: result },
    { kind: "image", cards: MASK_CARDS, axes: [width, height], pixels: mask },
  ]);
  return { bytes, cards, pixels: result, mask, status, warnings };
}

const MASK_CARDS: readonly Card[] = [
  text("EXTNAME", "MASK", "why a pixel is not to be trusted"),
  integer("BITHOT", PIXEL_FLAG.hot, "too much dark current"),
  integer("BITDEAD", PIXEL_FLAG.dead, "hardly any response"),
  integer("BITSAT", PIXEL_FLAG.saturated, "saturated"),
  integer("BITCOSM", PIXEL_FLAG.cosmicRay, "cosmic ray"),
];

const CAL_KIND_WORDS = {
  QUICKLOOK: "with the newest masters there were",
  FINAL: "with the masters of its own night",
} as const;

function calibratedCards(
  raw: RawFrame,
  facts: {
    readonly status: string;
    readonly calKind: CalibrationNotes["calKind"];
    readonly used: readonly UsableMaster[];
    readonly warnings: readonly string[];
    readonly mask: Uint8Array;
    readonly darkScale: number | undefined;
  },
): Card[] {
  const kept = raw.cards.filter(({ keyword }) => !isStructural(keyword));
  return withCards(kept, [
    text("BUNIT", "adu", "unit of the pixels"),
    text("CALSTAT", facts.status, "applied: B bias, D dark, F flat"),
    ...(facts.calKind === undefined ? [] : [text("CALKIND", facts.calKind, CAL_KIND_WORDS[facts.calKind])]),
    text("RAWFILE", asciiText(raw.name), "raw frame"),
    text("RAWSHA", raw.sha256, "SHA-256 of it"),
    ...facts.used.flatMap((master) => usedCards(master)),
    ...(facts.darkScale === undefined
      ? []
      : [real("DARKSCAL", facts.darkScale, "factor applied to the dark", 9)]),
    integer("NHOT", countFlag(facts.mask, PIXEL_FLAG.hot), "hot pixels in the mask"),
    integer("NDEAD", countFlag(facts.mask, PIXEL_FLAG.dead), "dead pixels in the mask"),
    integer("NSATUR", countFlag(facts.mask, PIXEL_FLAG.saturated), "saturated pixels in the mask"),
    integer("NCOSMIC", countFlag(facts.mask, PIXEL_FLAG.cosmicRay), "pixels of cosmic rays in the mask"),
    ...facts.warnings.map((warning) => history(asciiText(`WARNING: ${warning}`))),
  ]);
}
