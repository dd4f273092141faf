import type { MikroORM } from "@mikro-orm/postgresql";

export type LostWorkflowRepository = ReturnType<typeof createLostWorkflowRepository>;

/** What was left undone, counted. */
export interface SettledRows {
  readonly exposures: number;
  readonly calibrationFrames: number;
  readonly calibrations: number;
  readonly analyses: number;
  readonly nights: number;
}

/** Rows whose workflows are gone: Temporal was restored without its state, or lost it. */
export function createLostWorkflowRepository(orm: MikroORM) {
  /**
   * Brings rows that only a workflow would bring to their end to one: nobody else will. The lease goes back to the
   * majordome, so that the night is opened again as its next run (which settles sequences); alerts are delivered again by the
   * feeds.
   * @param lease as it was when the workflows were found to be gone. When it has moved since, somebody was quicker, and
   *   nothing is done: null.
   * @param gone what happened, in words; becomes the reason of each row
   * @param clock observatory and wall time now
   */
  const settle = async (
    lease: { readonly site: string; readonly generation: number },
    gone: string,
    clock: { readonly nowMs: number; readonly wallMs: number },
  ): Promise<SettledRows | null> =>
    orm.em.fork().transactional(async (em) => {
      const now = new Date(clock.nowMs).toISOString();
      const wall = new Date(clock.wallMs).toISOString();
      const count = async (sql: string, values: readonly unknown[]): Promise<number> =>
        (await em.execute<unknown[]>(`${sql} returning 1`, [...values])).length;
      const taken = await count(
        `update lease set holder = ?, generation = generation + 1, written_wall_at = ? where site = ? and generation = ?`,
        [`observatory/${lease.site}`, wall, lease.site, lease.generation],
      );
      if (taken === 0) return null;
      return {
        exposures: await count(
          `update exposure set state = 'lost', reason = ? where state in ('starting', 'exposing', 'read')`,
          [gone],
        ),
        calibrationFrames: await count(
          `update calibration_frame set state = 'lost', reason = ? where state in ('starting', 'exposing', 'read')`,
          [gone],
        ),
        calibrations: await count(
          `update calibration set status = 'failed', ended_at = ?, reason = ? where status = 'open'`,
          [now, gone],
        ),
        analyses: await count(
          `update analysis set state = 'failed', ended_wall_at = ?, reason = ? where state = 'running'`,
          [wall, gone],
        ),
        // One that goes on is opened again. One whose dawn is past would stay open for ever.
        nights: await count(
          `update night set status = 'ended', phase = 'ended', ended_at = ?, end_reason = ?
           where status = 'open' and (almanac->>'dawnMs')::float8 <= ?`,
          [now, gone, clock.nowMs],
        ),
      };
    });

  return { settle };
}
