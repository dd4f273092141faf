import { LockMode } from "@mikro-orm/core";
import type { MikroORM } from "@mikro-orm/postgresql";
import { latches, type RaisedAlarm } from "../../domain/safety/alarms.ts";
import { Alarm, type AlarmRecord } from "../entities/alarm.ts";
import { type Page, type PageQuery } from "../page.ts";
import { findPage, findRecord, findRecords } from "../find-records.ts";
import { recordOf } from "../record.ts";

/** What the chip on every page says. */
export interface AlarmSummary {
  /** Raised now, without those hidden by their cause. */
  readonly active: number;
  /** On the list and acknowledged by nobody. */
  readonly fresh: number;
  readonly hidden: number;
  /** The highest level on the list; null when it is empty. */
  readonly worst: AlarmRecord["level"] | null;
}

export interface AlarmChanges {
  readonly raised: readonly AlarmRecord[];
  readonly returned: readonly AlarmRecord[];
}

export type AlarmRepository = ReturnType<typeof createAlarmRepository>;

/** Alarms: what stands now is the observatory workflow's to say; who acknowledged what is kept here alone. */
export function createAlarmRepository(orm: MikroORM) {
  /**
   * Brings the table to the alarms that stand now: opens rows for new ones, marks as returned those that are gone. Run
   * twice it changes nothing. One that was acknowledged stays acknowledged for as long as its cause lasts.
   */
  const sync = async (now: {
    readonly site: string;
    readonly alarms: readonly RaisedAlarm[];
    readonly atMs: number;
    readonly wallMs: number;
  }): Promise<AlarmChanges> =>
    orm.em.fork().transactional(async (em) => {
      const { site, alarms, atMs, wallMs } = now;
      const open = await em.find(
        Alarm,
        { site, closedWallMs: null },
        { orderBy: { id: "asc" }, lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      const standing = new Map(open.map((row) => [row.key, row]));
      const raised: AlarmRecord[] = [];
      const returned: AlarmRecord[] = [];
      for (const { key, level, text, guidance, page, hiddenBy } of alarms) {
        const row = standing.get(key);
        if (row === undefined) {
          const fresh = em.create(Alarm, {
            site,
            key,
            level,
            text,
            guidance,
            page,
            hiddenBy,
            raisedMs: atMs,
            raisedWallMs: wallMs,
            times: 1,
            latched: false,
            returnedWallMs: null,
            acknowledgedWallMs: null,
            acknowledgedBy: null,
            note: null,
            closedWallMs: null,
            notifiedWallMs: null,
          });
          await em.persist(fresh).flush();
          raised.push(recordOf(fresh));
          continue;
        }
        Object.assign(row, { level, text, guidance, page, hiddenBy });
        if (row.returnedWallMs === null) continue;
        Object.assign(row, { returnedWallMs: null, latched: false, times: row.times + 1 });
        raised.push(recordOf(row));
      }
      const present = new Set(alarms.map(({ key }) => key));
      for (const row of open) {
        if (present.has(row.key) || row.returnedWallMs !== null) continue;
        row.returnedWallMs = wallMs;
        row.latched = row.acknowledgedWallMs === null && latches(row.level, wallMs - row.raisedWallMs);
        if (!row.latched) row.closedWallMs = wallMs;
        returned.push(recordOf(row));
      }
      await em.flush();
      return { raised, returned };
    });

  /**
   * Notes that a person has it. The first acknowledgement stands; one whose cause has gone leaves the list.
   * @returns the row and whether this changed it; null when there is none of that number
   */
  const acknowledge = async (acknowledgement: {
    readonly id: number;
    readonly by: string;
    readonly note: string | null;
    readonly wallMs: number;
  }): Promise<{ readonly alarm: AlarmRecord; readonly changed: boolean } | null> =>
    orm.em.fork().transactional(async (em) => {
      const { id, by, note, wallMs } = acknowledgement;
      const row = await em.findOne(Alarm, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (row === null) return null;
      if (row.acknowledgedWallMs !== null) return { alarm: recordOf(row), changed: false };
      Object.assign(row, { acknowledgedWallMs: wallMs, acknowledgedBy: by, note });
      if (row.returnedWallMs !== null) row.closedWallMs ??= wallMs;
      await em.flush();
      return { alarm: recordOf(row), changed: true };
    });

  const one = async (id: number): Promise<AlarmRecord | null> => findRecord(orm.em.fork(), Alarm, { id });

  /** What is on the list: raised now first, by level, then what waits to be acknowledged. */
  const open = async (site: string): Promise<AlarmRecord[]> => {
    const alarms = await findRecords(orm.em.fork(), Alarm, { site, closedWallMs: null });
    return alarms.sort(
      (one, other) =>
        Number(one.returnedWallMs !== null) - Number(other.returnedWallMs !== null) ||
        LEVEL_ORDER[one.level] - LEVEL_ORDER[other.level] ||
        other.raisedWallMs - one.raisedWallMs,
    );
  };

  /** All alarms, newest first. */
  const list = async (
    query: PageQuery & { readonly site?: string; readonly level?: AlarmRecord["level"] } = {},
  ): Promise<Page<AlarmRecord>> => {
    return findPage(
      orm.em.fork(),
      Alarm,
      {
        ...(query.site === undefined ? {} : { site: query.site }),
        ...(query.level === undefined ? {} : { level: query.level }),
      },
      query,
      { id: "desc" },
    );
  };

  const summary = async (site: string): Promise<AlarmSummary> => {
    const all = await open(site);
    const shown = all.filter(({ hiddenBy }) => hiddenBy === null);
    const worst = shown.map(({ level }) => level).sort((a, b) => LEVEL_ORDER[a] - LEVEL_ORDER[b])[0];
    return {
      active: shown.filter(({ returnedWallMs }) => returnedWallMs === null).length,
      fresh: shown.filter(({ acknowledgedWallMs }) => acknowledgedWallMs === null).length,
      hidden: all.length - shown.length,
      worst: worst ?? null,
    };
  };

  /**
   * The seam for mail and other calls: alarms of level CRITICAL and HIGH that stand, that nobody has acknowledged and of
   * which nobody was told. Whoever tells people marks them with `markNotified`.
   */
  const toNotify = async (site: string): Promise<AlarmRecord[]> => {
    return findRecords(
      orm.em.fork(),
      Alarm,
      {
        site,
        level: { $in: ["CRITICAL", "HIGH"] },
        closedWallMs: null,
        returnedWallMs: null,
        acknowledgedWallMs: null,
        hiddenBy: null,
        notifiedWallMs: null,
      },
      { orderBy: { id: "asc" } },
    );
  };

  /** False when another process was first. */
  const markNotified = async (id: number, wallMs: number): Promise<boolean> =>
    (await orm.em.fork().nativeUpdate(Alarm, { id, notifiedWallMs: null }, { notifiedWallMs: wallMs })) === 1;

  return { sync, acknowledge, one, open, list, summary, toNotify, markNotified };
}

const LEVEL_ORDER: Readonly<Record<AlarmRecord["level"], number>> = { CRITICAL: 0, HIGH: 1, LOW: 2 };
