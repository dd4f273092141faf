import { ditherOffset, ditherToleranceArcsec, offsetPlace } from "../../domain/sequence/dither.ts";
import { mountActivities, slewStartActivities } from "../proxies.ts";
import type { RunningSequence, Step } from "./state.ts";

/** Slews to the target, or to its place in the dither pattern, and waits until the mount tracks it. */
export async function pointTelescope(running: RunningSequence, { position }: Step): Promise<void> {
  const { siteId, clock, dither } = running;
  const { observatory, plan, lease } = running.input;
  const limitS = observatory.telescope.slewLimitS;
  const move = {
    target: offsetPlace(plan.target, ditherOffset(dither, position)),
    // At the target itself 30 arcsec do; between two positions of a pattern that would be no move at all.
    ...(dither === null ? {} : { toleranceArcsec: ditherToleranceArcsec(dither) }),
  };
  const { startedWallMs } = await slewStartActivities(siteId).startSlew({
    lease,
    minAltDeg: plan.minAltDeg,
    ...move,
  });
  running.stampStage({ slewStartedAt: startedWallMs });
  await mountActivities(siteId, clock.fact, limitS).awaitOnTarget({ limitS, ...move });
}
