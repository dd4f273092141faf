/** How long a sequence takes on the telescope, from its plans. All in observatory seconds. */

/** Frames of one plan: how many there are and how many are still to be taken. */
export interface FrameCount {
  readonly exposureS: number;
  readonly count: number;
}

/** Seconds of one album: each frame is exposed and read out before the next. */
export function albumDurationS(plans: readonly FrameCount[], readoutS: number): number {
  return roundedS(plans.reduce((sum, plan) => sum + plan.count * (plan.exposureS + readoutS), 0));
}

/** Seconds of a sequence: its albums run in parallel on one pointing, so the longest decides. Overhead is apart. */
export function sequenceDurationS(
  albums: readonly { readonly plans: readonly FrameCount[]; readonly readoutS: number }[],
): number {
  return Math.max(0, ...albums.map((album) => albumDurationS(album.plans, album.readoutS)));
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
