import type { CalibratedImageRecord } from "../../../db/entities/calibrated-image.ts";
import type { ImageRecord } from "../../../db/entities/image.ts";
import { count } from "../../words/numbers.ts";
import { archiveHref, imageCard } from "./view-model.ts";

/** Thumbnails of one sequence on the page of its request. */
const SHOWN = 12;

/** What was observed for a request: how far the images are, pictures, downloads. */
export function resultsModel(
  requestId: string,
  sequences: readonly { readonly id: string; readonly targetName: string }[],
  images: readonly ImageRecord[],
  calibrated: ReadonlyMap<string, readonly CalibratedImageRecord[]>,
) {
  const of = (each: readonly ImageRecord[], kind: CalibratedImageRecord["kind"]): number =>
    each.filter(({ id }) => calibrated.get(id)?.some((one) => one.kind === kind) === true).length;
  const words = (each: readonly ImageRecord[]): string => {
    const flagged = each.filter(({ id }) =>
      calibrated.get(id)?.some(({ kind, warnings }) => kind === "final" && warnings.length > 0),
    ).length;
    return [
      `${count(each.length, "frame")} stored`,
      `${of(each, "quicklook")} as quick-look`,
      `${of(each, "final")} final`,
      ...(flagged === 0 ? [] : [`${flagged} of these flagged`]),
    ].join(", ");
  };
  return {
    any: images.length > 0,
    sentence: `${words(images)}. Quick-looks use the newest masters there are, final images those of their own night.`,
    archives: [
      { label: "best of each frame", href: archiveHref("requests", requestId) },
      { label: "raw", href: archiveHref("requests", requestId, "raw") },
      { label: "final", href: archiveHref("requests", requestId, "final") },
      { label: "all files", href: archiveHref("requests", requestId, "all") },
    ],
    sequences: sequences
      .map((sequence) => {
        const own = images.filter(({ sequenceId }) => sequenceId === sequence.id);
        return {
          id: sequence.id,
          target: sequence.targetName,
          frames: own.length,
          words: `${words(own)}.`,
          images: own.slice(0, SHOWN).map((image) => imageCard(image, calibrated.get(image.id) ?? [])),
          more: own.length > SHOWN ? `/images?sequence=${encodeURIComponent(sequence.id)}` : "",
          archive: archiveHref("sequences", sequence.id),
        };
      })
      .filter(({ frames }) => frames > 0),
  };
}
