import type { CalibratedImageRecord } from "../../../db/entities/calibrated-image.ts";
import type { ImageRecord } from "../../../db/entities/image.ts";
import type { SequenceDetail } from "../../../db/repositories/sequences.ts";
import type { Histogram } from "../../../domain/imaging/statistics.ts";
import { STRETCHES, type Stretch } from "../../../domain/imaging/stretch.ts";
import type { InstrumentDescription } from "../../../domain/observatory.ts";
import type { PageModel } from "../../pages/pages.ts";
import { fitsHref, imageHref, masterHref, previewHref, requestHref } from "../../words/links.ts";
import { bytes, capital, NBSP, NONE, number } from "../../words/numbers.ts";
import { position } from "../../words/sky.ts";
import { dateTimeMs, hourMinute } from "../../words/time.ts";
import { options, type Pager } from "../lists.ts";

/** What may be looked at of one frame. */
export type ImageView = "raw" | "quicklook" | "final";

export const VIEW_WORDS: Readonly<Record<ImageView, string>> = {
  raw: "raw",
  quicklook: "quick-look",
  final: "final",
};

/** One image in a grid: its best picture, and what there is of it. */
export function imageCard(image: ImageRecord, calibrated: readonly CalibratedImageRecord[] = []) {
  const object = image.header["OBJECT"];
  const best = calibrated.find(({ kind }) => kind === "final") ?? calibrated[0];
  return {
    href: imageHref(image.id),
    preview: previewHref(image.id, best?.kind),
    target: typeof object === "string" && object !== "" ? object : (image.sequenceId ?? image.id),
    words: `${image.filter} ${image.exposureS}${NBSP}s, ${hourMinute(image.startMs)} UTC, ${VIEW_WORDS[best?.kind ?? "raw"]}${(best?.warnings.length ?? 0) > 0 ? ", flagged" : ""}`,
  };
}

export interface ImageFilters {
  readonly night: string;
  readonly camera: string;
  readonly filter: string;
  readonly sequence: string;
}

export function imagesModel(
  items: readonly ImageRecord[],
  calibrated: ReadonlyMap<string, readonly CalibratedImageRecord[]>,
  filters: ImageFilters,
  lines: Pager,
  instruments: readonly InstrumentDescription[],
): PageModel {
  return {
    title: "Images",
    sentence: `Newest first. ${capital(lines.words)}.`,
    topics: ["images"],
    filters,
    cameras: options(
      instruments.map(({ cameraId }) => cameraId),
      filters.camera,
    ),
    bands: options([...new Set(instruments.flatMap((instrument) => instrument.filters))], filters.filter),
    pager: lines,
    images: items.map((image) => imageCard(image, calibrated.get(image.id) ?? [])),
    archive: filters.sequence === "" || items.length === 0 ? "" : archiveHref("sequences", filters.sequence),
    filtered: Object.values(filters).some((filter) => filter !== ""),
  };
}

/** Address of the tar of a sequence or request. */
export function archiveHref(noun: "sequences" | "requests", id: string, kind?: string): string {
  const address = `/api/${noun}/${encodeURIComponent(id)}.tar`;
  return kind === undefined ? address : `${address}?kind=${kind}`;
}

export interface ImageFacts {
  readonly image: ImageRecord;
  readonly calibrated: readonly CalibratedImageRecord[];
  readonly view: ImageView;
  readonly stretch: Stretch;
  readonly zoom: string;
  readonly sequence: SequenceDetail | null;
  readonly histogram: Histogram | null;
  /** Why there is neither picture nor histogram, or "". */
  readonly problem: string;
}

const ZOOMS = [
  ["fit", "fit"],
  ["1", "100 %"],
  ["2", "200 %"],
  ["4", "400 %"],
] as const;

export function imageModel(facts: ImageFacts): PageModel {
  const { image, calibrated, view, stretch, zoom, sequence, histogram, problem } = facts;
  const card = imageCard(image);
  const shown = calibrated.find(({ kind }) => kind === view);
  const address = (change: { view?: string; stretch?: string; zoom?: string }): string => {
    const params = new URLSearchParams({ view, stretch, zoom, ...change });
    return `${imageHref(image.id)}?${params.toString()}`;
  };
  const picture = new URLSearchParams({ view, stretch, ...(zoom === "fit" ? {} : { full: "true" }) });
  const scale = zoom === "fit" ? 0 : Number(zoom);
  return {
    title: `Image ${card.target}`,
    sentence: `${image.filter} ${image.exposureS}${NBSP}s with ${image.cameraId}, shutter opened ${dateTimeMs(image.startMs)} UTC.`,
    image: {
      ...card,
      id: image.id,
      fits: fitsHref(image.id, view),
      viewWord: VIEW_WORDS[view],
      picture: `${previewHref(image.id)}?${picture.toString()}`,
      widthPx: scale === 0 ? 768 : image.width * scale,
      heightPx: scale === 0 ? Math.round((768 * image.height) / image.width) : image.height * scale,
      zoomed: scale > 0,
      position: position(image.raDeg, image.decDeg),
      size: `${image.width} × ${image.height} pixels, ${bytes(shown?.bytes ?? image.bytes)}`,
      sha256: shown?.sha256 ?? image.sha256,
      path: shown?.path ?? image.path,
      stored: dateTimeMs(shown?.storedWallMs ?? image.storedWallMs),
      night: image.nightId?.split("/").at(-1) ?? "",
      sequenceId: image.sequenceId,
      request: sequence === null ? "" : requestHref(sequence.requestId),
      archive: image.sequenceId === null ? "" : archiveHref("sequences", image.sequenceId),
    },
    views: (["raw", "quicklook", "final"] as const)
      .filter((each) => each === "raw" || calibrated.some(({ kind }) => kind === each))
      .map((each) => ({ label: VIEW_WORDS[each], href: address({ view: each }), current: each === view })),
    stretches: STRETCHES.map((each) => ({
      label: each,
      href: address({ stretch: each }),
      current: each === stretch,
    })),
    zooms: ZOOMS.map(([value, label]) => ({
      label,
      href: address({ zoom: value }),
      current: value === zoom,
    })),
    calibration:
      shown === undefined
        ? null
        : {
            applied: appliedWords(shown.calibrationStatus),
            masters: shown.masters.map(({ id, nightsOld }) => ({
              id,
              href: masterHref(id),
              flag: nightsOld > 0 ? `${nightsOld} ${nightsOld === 1 ? "night" : "nights"} old` : "",
            })),
            warnings: shown.warnings,
          },
    histogram: histogram === null ? null : histogramBars(histogram),
    pictureProblem: problem.replace(/\.$/, ""),
    statistics: statisticsOf(shown?.statistics ?? image.statistics),
    header: pairs(shown?.header ?? image.header),
  };
}

/** `bias, dark and flat applied`. */
function appliedWords(status: string): string {
  const names = Array.from(status, (letter) => ({ B: "bias", D: "dark", F: "flat" })[letter] ?? letter);
  return names.length === 0 ? "nothing could be applied" : `${names.join(", ")} applied`;
}

const HISTOGRAM = { widthPx: 640, heightPx: 120 };

/** Bars of a histogram, on a logarithmic scale: the sky would hide all else. */
function histogramBars({ low, high, counts }: Histogram) {
  const { widthPx, heightPx } = HISTOGRAM;
  const most = Math.max(1, ...counts);
  const step = widthPx / counts.length;
  return {
    widthPx,
    heightPx,
    low: number(low, high - low < 10 ? 2 : 0),
    high: number(high, high - low < 10 ? 2 : 0),
    bars: counts.map((count, k) => {
      const height = (heightPx * Math.log1p(count)) / Math.log1p(most);
      return {
        x: (k * step).toFixed(1),
        y: (heightPx - height).toFixed(1),
        width: (step - 1).toFixed(1),
        height: height.toFixed(1),
      };
    }),
  };
}

/** What is measured of an image, in words and with its unit. */
const STATISTICS: Readonly<Record<string, readonly [name: string, unit: string]>> = {
  min: ["Least", "ADU"],
  max: ["Greatest", "ADU"],
  mean: ["Mean", "ADU"],
  median: ["Median", "ADU"],
  madStd: ["Scatter, robust", "ADU"],
  p01: ["1 % lie below", "ADU"],
  p99: ["99 % lie below", "ADU"],
  sources: ["Sources found", ""],
  fwhmPx: ["FWHM of stars", "pixels"],
};

function statisticsOf(record: Readonly<Record<string, unknown>>) {
  const known = Object.entries(STATISTICS).flatMap(([key, [name, unit]]) => {
    const value = record[key];
    if (value === undefined) return [];
    const text = typeof value === "number" ? String(Number(value.toPrecision(6))) : valueText(value);
    return [{ name, value: unit === "" || text === NONE ? text : `${text}${NBSP}${unit}` }];
  });
  return [
    ...known,
    ...pairs(Object.fromEntries(Object.entries(record).filter(([key]) => !(key in STATISTICS)))),
  ];
}

/** Names and values of a FITS header, as text. */
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
