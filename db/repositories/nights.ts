import type { MikroORM } from "@mikro-orm/postgresql";
import { Night, type NightRecord } from "../entities/night.ts";
import { findPage, findRecord } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";

export type NightRepository = ReturnType<typeof createNightRepository>;

export function createNightRepository(orm: MikroORM) {
  /**
   * Opens a night: run 1 when it is new, run n+1 when it was opened before. `openedBy` (the run id of the workflow)
   * makes a repeated call the same run.
   */
  const open = async (night: {
    readonly site: string;
    /** Date of local noon, yyyy-mm-dd. */
    readonly date: string;
    readonly openedBy: string;
    readonly phase: string;
    readonly startedMs: number;
    readonly startedWallMs: number;
    readonly almanac: Readonly<Record<string, unknown>>;
  }): Promise<NightRecord> =>
    orm.em.fork().transactional(async (em) => {
      const id = nightId(night.site, night.date);
      await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`night ${id}`]);
      // One night at a time: the end of an earlier one was not recorded, when its row is open still.
      await em.nativeUpdate(
        Night,
        { site: night.site, status: "open", id: { $ne: id } },
        {
          status: "ended",
          phase: "ended",
          endedMs: night.startedMs,
          endReason: "ended wrongly: its end was not recorded",
        },
      );
      const before = await em.findOne(Night, { id });
      if (before === null) {
        await em.insert(Night, { ...night, id, run: 1, status: "open", endedMs: null, endReason: null });
      } else if (before.openedBy !== night.openedBy) {
        await em.nativeUpdate(
          Night,
          { id },
          {
            run: before.run + 1,
            openedBy: night.openedBy,
            phase: night.phase,
            status: "open",
            almanac: night.almanac,
            endedMs: null,
            endReason: null,
          },
        );
      }
      return recordOf(await em.findOneOrFail(Night, { id }, { refresh: true }));
    });

  /** Writes the phase an open night is in. */
  const setPhase = async (id: string, phase: string): Promise<void> => {
    await orm.em.fork().nativeUpdate(Night, { id, status: "open" }, { phase });
  };

  /** Ends a run of a night. Ended before, or opened again since, it is left as it is: false. */
  const end = async (end: {
    readonly id: string;
    readonly run: number;
    readonly endedMs: number;
    readonly reason: string;
  }): Promise<boolean> => {
    const changed = await orm.em
      .fork()
      .nativeUpdate(
        Night,
        { id: end.id, run: end.run, status: "open" },
        { status: "ended", phase: "ended", endedMs: end.endedMs, endReason: end.reason },
      );
    return changed === 1;
  };

  const one = async (id: string): Promise<NightRecord | null> => findRecord(orm.em.fork(), Night, { id });

  /** The night of a site that was started last, open or ended; null before the first. */
  const latest = async (site: string): Promise<NightRecord | null> => {
    const [row] = await orm.em.fork().find(Night, { site }, { orderBy: { date: "desc" }, limit: 1 });
    return row === undefined ? null : recordOf(row);
  };

  /** Nights, newest first. */
  const list = async (query: PageQuery & { readonly site?: string } = {}): Promise<Page<NightRecord>> => {
    return findPage(orm.em.fork(), Night, query.site === undefined ? {} : { site: query.site }, query, {
      date: "desc",
    });
  };

  return { open, setPhase, end, one, latest, list };
}

/** Id of a night: `{site}/{yyyy-mm-dd}`. */
export function nightId(site: string, date: string): string {
  return `${site}/${date}`;
}
