/** Under maintenance somebody may stand in the dome: it closes by itself this long after it said so, wall ms. */
export const ANNOUNCED_AHEAD_WALL_MS = 60_000;

/** What the journal says when a closing is announced. */
export function announcementOf(why: string): string {
  return `The dome closes in ${ANNOUNCED_AHEAD_WALL_MS / 1_000} s of real time: ${why} Maintenance does not stop that. Keep clear of the shutter.`;
}
