import type { ImageRecord } from "../../../db/entities/image.ts";
import type { SequenceDetail } from "../../../db/repositories/sequences.ts";
import type { PageModel } from "../../pages/pages.ts";
import { fitsHref, imageHref, previewHref, requestHref } from "../../words/links.ts";
import { bytes, NBSP, NONE } from "../../words/numbers.ts";
import { position } from "../../words/sky.ts";
import { dateTimeMs, hourMinute } from "../../words/time.ts";
import type { Pager } from "../lists.ts";

/** One image in a grid. */
export function imageCard(image: ImageRecord) {
  const object = image.header["OBJECT"];
  return {
    href: imageHref(image.id),
    preview: previewHref(image.id),
    target: typeof object === "string" && object !== "" ? object : image.sequenceId,
    words: `${image.filter} ${image.exposureS}${NBSP}s, ${hourMinute(image.startMs)} UTC`,
  };
}

export interface ImageFilters {
  readonly night: string;
  readonly camera: string;
  readonly filter: string;
  readonly sequence: string;
}

export function imagesModel(items: readonly ImageRecord[], filters: ImageFilters, lines: Pager): PageModel {
  return {
    title: "Images",
    sentence: `Newest first. ${lines.words}.`,
    topics: ["images"],
    filters,
    pager: lines,
    images: items.map(imageCard),
    filtered: Object.values(filters).some((filter) => filter !== ""),
  };
}

export function imageModel(image: ImageRecord, sequence: SequenceDetail | null): PageModel {
  const card = imageCard(image);
  return {
    title: `Image ${card.target}`,
    sentence: `${image.filter} ${image.exposureS}${NBSP}s with ${image.cameraId}, shutter opened ${dateTimeMs(image.startMs)} UTC.`,
    image: {
      ...card,
      id: image.id,
      fits: fitsHref(image.id),
      hasPreview: image.previewPath !== null,
      position: position(image.raDeg, image.decDeg),
      size: `${image.width} × ${image.height} pixels, ${bytes(image.bytes)}`,
      sha256: image.sha256,
      path: image.path,
      stored: dateTimeMs(image.storedWallMs),
      night: image.nightId?.split("/").at(-1) ?? "",
      sequenceId: image.sequenceId,
      request: sequence === null ? "" : requestHref(sequence.requestId),
    },
    statistics: pairs(image.statistics),
    header: pairs(image.header),
  };
}

/** Names and values of a FITS header or statistics, as text. */
function pairs(record: Readonly<Record<string, unknown>>) {
  return Object.entries(record)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value: valueText(value) }));
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return value ? "T" : "F";
  if (typeof value === "string" || typeof value === "number") return String(value);
  return JSON.stringify(value);
}
