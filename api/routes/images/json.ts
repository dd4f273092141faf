import type { CalibratedImageRecord } from "../../../db/entities/calibrated-image.ts";
import type { ImageRecord } from "../../../db/entities/image.ts";
import { fitsHref, previewHref } from "../../words/links.ts";

/** An image as lists give it: without its header. */
export function imageJson({ header: _header, previewPath, ...image }: ImageRecord) {
  return { ...image, fits: fitsHref(image.id), png: previewPath === null ? null : previewHref(image.id) };
}

export function imageDetailJson(image: ImageRecord, calibrated: readonly CalibratedImageRecord[]) {
  return {
    ...imageJson(image),
    header: image.header,
    calibrated: calibrated.map(
      ({ kind, sha256, bytes, calibrationStatus, masters, warnings, statistics, madeMs }) => ({
        kind,
        sha256,
        bytes,
        calibrationStatus,
        masters,
        warnings: [...warnings],
        statistics,
        madeMs,
        fits: fitsHref(image.id, kind),
      }),
    ),
  };
}
