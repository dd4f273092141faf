import { setCurrentDetails, upsertSearchAttributes } from "@temporalio/workflow";
import type { AnalysisInput, AnalysisResult } from "./messages.ts";
import { imageActivities } from "./proxies.ts";

/** Frames of one activity: a worker that dies loses no more than this. */
const BATCH = 4;

/**
 * The calibrated images of one sequence: quick-looks during the night, final ones when the night has its masters. A frame
 * that comes while this runs is taken along; one that cannot be calibrated is left out, and said so.
 */
export async function analysis(input: AnalysisInput): Promise<AnalysisResult> {
  const { observatory, sequenceId, nightId, kind } = input;
  upsertSearchAttributes({ Site: [observatory.site.id], Phase: [`analysis ${kind}`] });
  const { reduceFrames } = imageActivities(observatory.site.id);
  const failed: string[] = [];
  let calibrated = 0;
  for (let more = true; more;) {
    setCurrentDetails(`${kind} images of **${sequenceId}**: ${calibrated} made`);
    const batch = await reduceFrames({
      observatory,
      sequenceId,
      nightId,
      kind,
      count: BATCH,
      except: failed,
    });
    calibrated += batch.done;
    failed.push(...batch.failed.map(({ imageId }) => imageId));
    more = batch.more;
  }
  return { calibrated, failed: failed.length };
}
