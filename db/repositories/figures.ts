import type { MikroORM } from "@mikro-orm/postgresql";

/** Counts that the monitoring of the observatory reads, as they are in the database now. */
export interface Figures {
  /** Exposures ever, by state. */
  readonly exposures: Readonly<Record<string, number>>;
  /** Open holds by kind. */
  readonly holds: Readonly<Record<string, number>>;
  /** Devices by id: state, and when they answered last (wall ms). */
  readonly devices: readonly {
    readonly deviceId: string;
    readonly state: string;
    readonly blocking: boolean;
    readonly seenWallMs: number;
  }[];
  /** Time from the notice to each stage of all alerts ever, in seconds. */
  readonly alertStages: readonly {
    readonly stage: string;
    /** How many took at most `upTo[i]`, not cumulated; the last holds those that took longer. */
    readonly counts: readonly number[];
    readonly sumS: number;
  }[];
}

/** Upper ends of the buckets of `alertStages`, seconds. */
export const STAGE_BUCKETS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600] as const;

export type FiguresRepository = ReturnType<typeof createFiguresRepository>;

export function createFiguresRepository(orm: MikroORM) {
  const read = async (): Promise<Figures> => {
    const em = orm.em.fork();
    const exposures = await em.execute<{ state: string; n: number }[]>(
      "select state, count(*)::int as n from exposure group by state",
    );
    const holds = await em.execute<{ kind: string; n: number }[]>(
      "select kind, count(*)::int as n from hold where lifted_wall_at is null group by kind",
    );
    const devices = await em.execute<
      { device_id: string; state: string; blocking: boolean; seen: string | Date }[]
    >("select device_id, state, blocking, seen_wall_at as seen from device order by device_id");
    // width_bucket: 0 is below the first end, n at or above the last.
    const stages = await em.execute<{ stage: string; bucket: number; n: number; sum: number }[]>(
      `select stage.key as stage,
              width_bucket((stage.value::float8 - (alert.stages ->> 'receivedAt')::float8) / 1000,
                           array[${STAGE_BUCKETS_S.join(", ")}]::float8[]) as bucket,
              count(*)::int as n,
              sum((stage.value::float8 - (alert.stages ->> 'receivedAt')::float8) / 1000)::float8 as sum
       from alert, jsonb_each_text(alert.stages) as stage
       where alert.stages ->> 'receivedAt' is not null and stage.key not in ('T0', 'receivedAt')
       group by 1, 2`,
    );
    return {
      exposures: Object.fromEntries(exposures.map(({ state, n }) => [state, n])),
      holds: Object.fromEntries(holds.map(({ kind, n }) => [kind, n])),
      devices: devices.map(({ device_id: deviceId, state, blocking, seen }) => ({
        deviceId,
        state,
        blocking,
        seenWallMs: new Date(seen).getTime(),
      })),
      alertStages: [...Map.groupBy(stages, ({ stage }) => stage)].map(([stage, rows]) => ({
        stage,
        counts: [...STAGE_BUCKETS_S, Infinity].map(
          (_, bucket) => rows.find((row) => row.bucket === bucket)?.n ?? 0,
        ),
        sumS: rows.reduce((sum, row) => sum + row.sum, 0),
      })),
    };
  };

  return { read };
}
