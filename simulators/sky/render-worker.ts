/** Thread that draws frames, so that the server answers while one is made. */
import { constants, platform, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { createCatalogue } from "./catalogue.ts";
import type { Catalogue } from "./catalogue.ts";
import { detectorMaps } from "./detector.ts";
import type { DetectorMaps } from "./detector.ts";
import { drawFrame } from "./frame.ts";
import type { FrameJob } from "./frame.ts";

export interface RenderRequest {
  readonly id: number;
  readonly catalogueSeed: number;
  readonly job: FrameJob;
}

export type RenderReply =
  | { readonly id: number; readonly pixels: Uint16Array }
  | { readonly id: number; readonly error: string };

// A real camera takes no processor time from the observatory. On Linux a thread has a priority of its own.
if (platform() === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const maps = new Map<number, DetectorMaps>();
const catalogues = new Map<number, Catalogue>();

function draw({ catalogueSeed, job }: RenderRequest): Uint16Array {
  const chip = maps.get(job.detector.seed) ?? detectorMaps(job.detector);
  maps.set(job.detector.seed, chip);
  const catalogue = catalogues.get(catalogueSeed) ?? createCatalogue(catalogueSeed);
  catalogues.set(catalogueSeed, catalogue);
  return drawFrame(job, chip, catalogue);
}

parentPort?.on("message", (request: RenderRequest) => {
  try {
    const pixels = draw(request);
    const reply: RenderReply = { id: request.id, pixels };
    parentPort?.postMessage(reply, [pixels.buffer as ArrayBuffer]);
  } catch (error) {
    const reply: RenderReply = { id: request.id, error: String(error) };
    parentPort?.postMessage(reply, []);
  }
});
