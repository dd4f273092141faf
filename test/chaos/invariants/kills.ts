import { KILL_KINDS, type Evidence, type KillKind, type Violation } from "../evidence.ts";

/** After a killed control worker the next message is handled within this, wall ms. */
const NEXT_MESSAGE_LIMIT_MS = 1_000;
/** The slowest of them: the machine that runs the chaos is busy, and the other worker replays the whole history first. */
const SLOWEST_LIMIT_MS = 3_000;

export interface KillCounts {
  readonly kills: number;
  /** Of these, while a shutter was open. */
  readonly openShutter: number;
  readonly slowestBackMs: number;
}

/** Kills of each kind, over all nights. */
export function killCounts(nights: readonly Evidence[]): ReadonlyMap<KillKind, KillCounts> {
  const kills = nights.flatMap((night) => night.kills);
  return new Map(
    KILL_KINDS.map((kind) => {
      const of = kills.filter((kill) => kill.kind === kind);
      return [
        kind,
        {
          kills: of.length,
          openShutter: of.filter(({ openShutters }) => openShutters.length > 0).length,
          slowestBackMs: Math.max(0, ...of.map(({ wallMs, backWallMs }) => backWallMs - wallMs)),
        },
      ];
    }),
  );
}

/** Each kind of process that was to be killed was while a shutter was open: else the run proves nothing about it. */
export function eachHitAnOpenShutter(nights: readonly Evidence[], kinds: readonly KillKind[]): Violation[] {
  return [...killCounts(nights)]
    .filter(([kind, { openShutter }]) => kinds.includes(kind) && openShutter === 0)
    .map(([kind, { kills }]) => ({
      invariant: "each kind of process is killed while a shutter is open",
      words: `${kind}: ${kills} kills, none of them while a shutter was open`,
    }));
}

/** How long the messages after kills of control workers took to be handled, wall ms, sorted. */
export function nextMessagesMs(nights: readonly Evidence[]): readonly number[] {
  return nights
    .flatMap((night) => night.kills)
    .flatMap(({ nextMessageMs }) => nextMessageMs ?? [])
    .toSorted((one, other) => one - other);
}

/**
 * The message after the kill of a control worker is handled in time by the other one: within the second as a rule, also
 * when the killed one had a task of that workflow in its hands.
 */
export function nextMessageInTime(nights: readonly Evidence[]): Violation[] {
  const times = nextMessagesMs(nights);
  const median = times[Math.floor((times.length - 1) / 2)] ?? 0;
  const slowest = times.at(-1) ?? 0;
  if (median < NEXT_MESSAGE_LIMIT_MS && slowest < SLOWEST_LIMIT_MS) return [];
  return [
    {
      invariant: "the message after a killed control worker is handled in under 1 s",
      words: `half of them took ${median} ms or more, the slowest ${slowest} ms`,
    },
  ];
}
