import type { ImageRecord } from "../../../db/entities/image.ts";
import { fitsHref, previewHref } from "../../words/links.ts";

/** An image as lists give it: without its header. */
export function imageJson({ header: _header, previewPath, ...image }: ImageRecord) {
  return { ...image, fits: fitsHref(image.id), png: previewPath === null ? null : previewHref(image.id) };
}

export function imageDetailJson(image: ImageRecord) {
  return { ...imageJson(image), header: image.header };
}
