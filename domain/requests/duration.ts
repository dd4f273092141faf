/** How long a sequence takes on the telescope, from its plans. All in observatory seconds. */
import { instrumentOf, sharesTelescopeWheel, type Observatory } from "../observatory.ts";
import { MAX_DITHER_POSITIONS, type Dither } from "../sequence/dither.ts";
import { stepsOf, type Share } from "../sequence/steps.ts";

/** Counts beyond this are refused anyway, and are not worth listing. */
const MOST_FRAMES_TO_TIME = 10_000;

/** Frames of one filter and exposure time. */
export interface TimedPlan {
  readonly filter: string;
  readonly exposureS: number;
  readonly count: number;
  /** Numbers of those still to be taken; all when left out. */
  readonly frames?: readonly number[];
}

export interface TimedAlbum {
  readonly instrumentId: string;
  readonly plans: readonly TimedPlan[];
}

interface WholePlan extends TimedPlan {
  readonly frames: readonly number[];
}

interface WholeAlbum {
  readonly instrumentId: string;
  readonly plans: readonly WholePlan[];
}

/**
 * Seconds from the first exposure of a sequence to the end of its last read-out. Its albums run in parallel on one
 * pointing, so that in each step the longest decides; dithers and changes of the telescope's wheel, at which all wait,
 * come between. Slew and first filter are its overhead, which is apart.
 */
export function sequenceDurationS(
  observatory: Observatory,
  albums: readonly TimedAlbum[],
  dither: Dither | null,
): number {
  const whole: WholeAlbum[] = albums.map(({ instrumentId, plans }) => ({
    instrumentId,
    plans: plans.map((plan) => ({ ...plan, frames: plan.frames ?? remainingFrames(plan.count, []) })),
  }));
  const steps = stepsOf<WholePlan, WholeAlbum>(whole, {
    sharesWheel: sharesTelescopeWheel(observatory),
    dither,
  });
  let seconds = 0;
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1];
    seconds += Math.max(
      0,
      ...step.shares.map((share) => shareDurationS(observatory, share, step.sharedFilter)),
    );
    if (before === undefined) continue;
    if (before.position !== step.position) seconds += observatory.telescope.dither?.overheadS ?? 0;
    if (before.sharedFilter !== step.sharedFilter) {
      seconds += Math.max(...step.shares.map((share) => instrumentFor(observatory, share).filterChangeS));
    }
  }
  return roundedS(seconds);
}

/**
 * The same for what a person is still writing: 0 while a count or a dither is no number that could be listed.
 */
export function timedSequenceS(
  observatory: Observatory,
  albums: readonly TimedAlbum[],
  dither: Dither | null,
): number {
  const positions = dither?.positions ?? 1;
  const plans = albums.flatMap((album) => album.plans);
  const listable =
    Number.isInteger(positions) &&
    positions <= MAX_DITHER_POSITIONS &&
    plans.every(({ count }) => Number.isInteger(count) && count >= 0 && count <= MOST_FRAMES_TO_TIME);
  const seconds = listable ? sequenceDurationS(observatory, albums, dither) : 0;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : 0;
}

/** One arm's frames between two moments at which all wait: exposed, read out, its own filters changed between. */
function shareDurationS(
  observatory: Observatory,
  share: Share<WholeAlbum, WholePlan>,
  sharedFilter: string | null,
): number {
  const { readoutS, filterChangeS } = instrumentFor(observatory, share);
  const frames = share.runs.reduce(
    (sum, { plan, frames: numbers }) => sum + numbers.length * (plan.exposureS + readoutS),
    0,
  );
  const changes = share.runs.filter(
    ({ plan }, index) => index > 0 && share.runs[index - 1]?.plan.filter !== plan.filter,
  ).length;
  return frames + (sharedFilter === null ? changes * filterChangeS : 0);
}

function instrumentFor(observatory: Observatory, { album }: Share<WholeAlbum, WholePlan>) {
  return instrumentOf(observatory, album.instrumentId);
}

/** Numbers (1-based) of the frames of a plan that have no stored image yet. */
export function remainingFrames(count: number, stored: readonly number[]): number[] {
  const done = new Set(stored);
  const frames: number[] = [];
  for (let n = 1; n <= count; n += 1) if (!done.has(n)) frames.push(n);
  return frames;
}

/** To 1 ms: sums of decimal exposure times would drift in binary fractions. */
export function roundedS(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}
