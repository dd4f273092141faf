/** What reaches the detector during an exposure: where the telescope looked, through which dome, cover, cloud and air. */
import { ARCSEC_PER_DEG, MS_PER_SECOND } from "../domain/units.ts";
import { airmassAt } from "./devices/telescope.ts";
import { angleDeg, placeOf } from "./sky/directions.ts";
import type { Direction, Horizontal } from "./sky/directions.ts";
import type { PointingSample } from "./sky/frame.ts";

export interface LightPath {
  readonly directionAt: (atMs: number) => Direction;
  readonly horizontalAt: (atMs: number) => Horizontal;
  /** Share of the sky's light that passes dome and cover, 0 to 1. */
  readonly openFractionAt: (atMs: number) => number;
  /** Brightness of the flat-field lamp as the detector sees it, 0 to 1. */
  readonly lampAt: (atMs: number) => number;
  /** Share of starlight that passes the clouds, 0 to 1. */
  readonly cloudTransmission: () => number;
  /** Instants within (fromMs, toMs) at which any of these changes its course. */
  readonly changes: (fromMs: number, toMs: number) => readonly number[];
}

export interface ExposureLight {
  readonly samples: readonly PointingSample[];
  /** Seconds of sky background. */
  readonly skyS: number;
  /** Seconds of full lamp. */
  readonly lampS: number;
}

/** Below this a pointing counts as steady. */
const STEADY_PX = 0.3;
const TRAIL_STEP_PX = 0.9;
/** Faster than this a star leaves less than the noise on a pixel. */
const LOST_PX_PER_S = 300;
const MOST_SAMPLES_PER_STRETCH = 800;
const STRETCH_MS = 60 * MS_PER_SECOND;
const MOST_STRETCHES = 8;
const EXTINCTION_MAG = 0.1;

/** Light of an exposure from `startMs` to `endMs` (observatory time) on pixels of that scale. */
export function exposureLight(
  path: LightPath,
  startMs: number,
  endMs: number,
  pixelScaleArcsec: number,
): ExposureLight {
  const samples: PointingSample[] = [];
  let skyS = 0;
  let lampS = 0;
  const changes = [...path.changes(startMs, endMs)].sort((a, b) => a - b);
  const edges = [startMs, ...changes, endMs];
  for (const [index, fromMs] of edges.slice(0, -1).entries()) {
    const toMs = edges[index + 1] ?? endMs;
    for (const [stretchFromMs, stretchToMs] of stretches(fromMs, toMs)) {
      const middleMs = (stretchFromMs + stretchToMs) / 2;
      const seconds = (stretchToMs - stretchFromMs) / MS_PER_SECOND;
      skyS += seconds * path.openFractionAt(middleMs);
      lampS += seconds * path.lampAt(middleMs);
      samples.push(...pointingSamples(path, stretchFromMs, stretchToMs, pixelScaleArcsec));
    }
  }
  return { samples, skyS, lampS };
}

function stretches(fromMs: number, toMs: number): [number, number][] {
  const count = Math.min(MOST_STRETCHES, Math.max(1, Math.ceil((toMs - fromMs) / STRETCH_MS)));
  const stepMs = (toMs - fromMs) / count;
  return Array.from({ length: count }, (_, index) => [
    fromMs + index * stepMs,
    fromMs + (index + 1) * stepMs,
  ]);
}

function pointingSamples(
  path: LightPath,
  fromMs: number,
  toMs: number,
  pixelScaleArcsec: number,
): PointingSample[] {
  const seconds = (toMs - fromMs) / MS_PER_SECOND;
  if (seconds <= 0) return [];
  const movedPx =
    (angleDeg(path.directionAt(fromMs), path.directionAt(toMs - 1)) * ARCSEC_PER_DEG) / pixelScaleArcsec;
  if (movedPx / seconds > LOST_PX_PER_S) return [];
  const count =
    movedPx < STEADY_PX ? 1 : Math.min(MOST_SAMPLES_PER_STRETCH, Math.ceil(movedPx / TRAIL_STEP_PX));
  const { altDeg } = path.horizontalAt((fromMs + toMs) / 2);
  if (altDeg < 0) return [];
  const air = 10 ** (-0.4 * EXTINCTION_MAG * (airmassAt(altDeg) - 1));
  const through = air * path.cloudTransmission();
  return Array.from({ length: count }, (_, index) => {
    const atMs = fromMs + ((index + 0.5) / count) * (toMs - fromMs);
    return {
      ...placeOf(path.directionAt(atMs)),
      atMs,
      lightS: (seconds / count) * through * path.openFractionAt(atMs),
    };
  });
}
