import { KILL_KINDS, type Evidence, type KillKind, type Violation } from "../evidence.ts";

/** After a killed control worker the next message is handled within this, wall ms. */
const NEXT_MESSAGE_LIMIT_MS = 1_000;

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

/** Each kind of process was killed while a shutter was open: else the run proves nothing about it. */
export function eachHitAnOpenShutter(nights: readonly Evidence[]): Violation[] {
  return [...killCounts(nights)]
    .filter(([, { openShutter }]) => openShutter === 0)
    .map(([kind, { kills }]) => ({
      invariant: "each kind of process is killed while a shutter is open",
      words: `${kind}: ${kills} kills, none of them while a shutter was open`,
    }));
}

/** Slowest handling of the message after the kill of a control worker, wall ms; null when none was killed. */
export function slowestNextMessageMs(nights: readonly Evidence[]): number | null {
  const times = nights
    .flatMap((night) => night.kills)
    .map(({ nextMessageMs }) => nextMessageMs)
    .filter((ms) => ms !== null);
  return times.length === 0 ? null : Math.max(...times);
}

/** The message after the kill of a control worker is handled in time by the other one. */
export function nextMessageInTime(nights: readonly Evidence[]): Violation[] {
  const slowest = slowestNextMessageMs(nights);
  if (slowest === null || slowest < NEXT_MESSAGE_LIMIT_MS) return [];
  return [
    {
      invariant: "the message after a killed control worker is handled in under 1 s",
      words: `the slowest took ${slowest} ms`,
    },
  ];
}
