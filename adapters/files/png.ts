import { encode } from "fast-png";
import type { GreyImage } from "../../domain/imaging/stretch.ts";

/** PNG of an 8-bit grey picture. Compressing a megapixel takes tens of milliseconds: call it in a worker thread. */
export function encodePng(image: GreyImage): Uint8Array {
  const { width, height, pixels } = image;
  return encode({ width, height, data: pixels, channels: 1, depth: 8 }, { zlib: { level: 3 } });
}
