/** One detector's lasting traits: bias, sensitivity from pixel to pixel, vignetting, dust, dark current and hot pixels. */
import { createRandom, hash32, normal } from "./random.ts";

export interface DetectorModel {
  /** The same seed is the same chip. */
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly gainEPerAdu: number;
  readonly readNoiseE: number;
  readonly biasAdu: number;
  readonly fullWellE: number;
}

export interface DetectorMaps {
  /** Bias and its structure, ADU. */
  readonly bias: Float32Array;
  /** Share of the light a pixel turns into signal: 1 is the middle. */
  readonly response: Float32Array;
  /** Dark current relative to a good pixel's. */
  readonly dark: Float32Array;
}

const HOT_PIXEL_SHARE = 0.0005;
const DUST_GRAINS = 4;

/** The maps of a chip, made from its seed. */
export function detectorMaps(model: DetectorModel): DetectorMaps {
  const { width, height } = model;
  const random = createRandom(hash32(model.seed, width, height));
  const bias = new Float32Array(width * height);
  const response = new Float32Array(width * height);
  const dark = new Float32Array(width * height);
  const columnBias = Array.from({ length: width }, () => 2 * normal(random));
  const halfDiagonal2 = (width / 2) ** 2 + (height / 2) ** 2;
  for (let y = 0; y < height; y++) {
    const rowBias = (4 * y) / height;
    for (let x = 0; x < width; x++) {
      const index = y * width + x;
      const radius2 = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / halfDiagonal2;
      bias[index] = model.biasAdu + (columnBias[x] ?? 0) + rowBias;
      // A sum of two uniform deviates is near enough to normal for 1 % of scatter, and quick.
      response[index] = (1 - 0.18 * radius2) * (1 + 0.017 * (random() + random() - 1));
      dark[index] = 0.7 + 0.6 * random();
    }
  }
  for (let grain = 0; grain < DUST_GRAINS; grain++) {
    drawDust(response, model, random() * width, random() * height, 18 + 20 * random());
  }
  for (let hot = 0; hot < width * height * HOT_PIXEL_SHARE; hot++) {
    dark[Math.floor(random() * dark.length)] = 10 ** (2 + 2.5 * random());
  }
  return { bias, response, dark };
}

/** An out-of-focus grain of dust casts a ring: the shadow of the mirror with its hole. */
function drawDust(
  response: Float32Array,
  { width, height }: DetectorModel,
  centreX: number,
  centreY: number,
  radius: number,
): void {
  for (let y = Math.max(0, Math.floor(centreY - radius)); y < Math.min(height, centreY + radius); y++) {
    for (let x = Math.max(0, Math.floor(centreX - radius)); x < Math.min(width, centreX + radius); x++) {
      const distance = Math.hypot(x - centreX, y - centreY) / radius;
      if (distance < 1 && distance > 0.35) response[y * width + x]! *= 0.96;
    }
  }
}
