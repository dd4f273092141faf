import type { MikroORM } from "@mikro-orm/postgresql";
import type { ClockFact } from "../../domain/clock.ts";
import { Clock } from "../entities/clock.ts";

/** The clock and when it was last known to run. */
export interface StoredClock {
  readonly clock: ClockFact;
  readonly lastTickMs: number;
  readonly lastTickWallMs: number;
}

export type ClockRepository = ReturnType<typeof createClockRepository>;

/** The one stored fact that every process derives observatory time from. */
export function createClockRepository(orm: MikroORM) {
  /** The clock with its last tick, or null when `up` has not written it yet. */
  const read = async (): Promise<StoredClock | null> => {
    const row = await orm.em.fork().findOne(Clock, { id: 1 });
    if (row === null) return null;
    const { startMs, anchorMs, rate, epoch, lastTickMs, lastTickWallMs } = row;
    return { clock: { startMs, anchorMs, rate, epoch }, lastTickMs, lastTickWallMs };
  };

  /** Writes the clock, anchored at `anchorMs`; its first tick is the anchor. A lower epoch than the stored one is refused: false. */
  const write = async (clock: ClockFact): Promise<boolean> => {
    const iso = (ms: number): string => new Date(ms).toISOString();
    const rows = await orm.em.fork().execute<{ id: number }[]>(
      `insert into clock (id, start_at, anchor_at, rate, epoch, last_tick_at, last_tick_wall_at)
       values (1, ?, ?, ?, ?, ?, ?)
       on conflict (id) do update
         set start_at = excluded.start_at, anchor_at = excluded.anchor_at, rate = excluded.rate,
             epoch = excluded.epoch, last_tick_at = excluded.last_tick_at,
             last_tick_wall_at = excluded.last_tick_wall_at
         where clock.epoch <= excluded.epoch
       returning id`,
      [
        iso(clock.startMs),
        iso(clock.anchorMs),
        clock.rate,
        clock.epoch,
        iso(clock.startMs),
        iso(clock.anchorMs),
      ],
    );
    return rows.length === 1;
  };

  /** Saves that the clock of that epoch showed `nowMs` at `wallMs`. Never goes back. */
  const tick = async (epoch: number, nowMs: number, wallMs: number): Promise<void> => {
    await orm.em
      .fork()
      .nativeUpdate(
        Clock,
        { id: 1, epoch, lastTickMs: { $lt: nowMs } },
        { lastTickMs: nowMs, lastTickWallMs: wallMs },
      );
  };

  return { read, write, tick };
}
