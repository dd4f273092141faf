/** What the drawing thread needs to know of an exposure: light, chip, temperature, filter, focus. */
import { ARCSEC_PER_DEG, MS_PER_SECOND, RAD_PER_DEG } from "../../domain/units.ts";
import { exposureLight } from "../exposure-light.ts";
import type { LightPath } from "../exposure-light.ts";
import { photometry } from "../sky/bands.ts";
import type { DetectorModel } from "../sky/detector.ts";
import type { FrameJob } from "../sky/frame.ts";
import { hash32 } from "../sky/random.ts";
import type { Transient } from "../sky/transients.ts";

export interface OpticsOptions {
  readonly detector: DetectorModel;
  readonly pixelSizeUm: number;
  readonly rotationDeg: number;
  readonly fwhmPx: number;
  /** Dark current at the temperature `darkAtC`, electrons per second; it doubles every 6 C. */
  readonly darkES: number;
  readonly darkAtC: number;
  readonly telescope: { readonly apertureM: number; readonly focalLengthMm: number };
  readonly light: LightPath;
  /** Blur of the focus, added in quadrature, pixels FWHM. */
  readonly blurPx: () => number;
  /** Filter in the beam. */
  readonly band: () => string;
  readonly skyMag: (atMs: number) => number;
  readonly transients: () => readonly Transient[];
}

/** What was asked of the camera. */
export interface ExposureRequest {
  readonly durationS: number;
  /** False: the shutter stays closed. */
  readonly light: boolean;
  readonly binX: number;
  readonly binY: number;
  /** In unbinned pixels. */
  readonly region: FrameJob["region"];
  readonly modeIndex: number;
}

/** Makes the job of one frame or one read. */
export type FrameJobs = (
  request: ExposureRequest,
  startMs: number,
  durationS: number,
  read: { readonly noiseE: number; readonly number: number },
) => FrameJob;

/** Arc seconds on the sky of one pixel. */
export function pixelScaleOf({
  pixelSizeUm,
  telescope,
}: Pick<OpticsOptions, "pixelSizeUm" | "telescope">): number {
  return ((pixelSizeUm / 1_000 / telescope.focalLengthMm) * ARCSEC_PER_DEG) / RAD_PER_DEG;
}

/** Jobs for a camera behind these optics; `temperatureC` is that of its detector at an instant. */
export function createFrameJobs(options: OpticsOptions, temperatureC: (atMs: number) => number): FrameJobs {
  const { detector } = options;
  const pixelScaleArcsec = pixelScaleOf(options);
  return (request, startMs, durationS, read) => {
    const endMs = startMs + durationS * MS_PER_SECOND;
    const middleMs = (startMs + endMs) / 2;
    const band = options.band();
    const flux = photometry(band, options.telescope.apertureM, pixelScaleArcsec, options.skyMag(middleMs));
    const light = request.light
      ? exposureLight(options.light, startMs, endMs, pixelScaleArcsec)
      : { samples: [], skyS: 0, lampS: 0 };
    return {
      seed: hash32(detector.seed, Math.floor(startMs / 1_000), startMs % 1_000, read.number),
      detector: { ...detector, readNoiseE: read.noiseE },
      exposureS: durationS,
      samples: light.samples,
      band,
      zeroPointES: flux.zeroPointES,
      pixelScaleArcsec,
      rotationDeg: options.rotationDeg,
      fwhmPx: Math.hypot(options.fwhmPx, options.blurPx()),
      skyE: flux.skyES * light.skyS,
      lampE: flux.lampES * light.lampS,
      transients: options.transients(),
      darkES: options.darkES * 2 ** ((temperatureC(middleMs) - options.darkAtC) / 6),
      binX: request.binX,
      binY: request.binY,
      region: request.region,
    };
  };
}
