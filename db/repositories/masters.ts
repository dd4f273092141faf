import type { MikroORM } from "@mikro-orm/postgresql";
import { masterMessage } from "../../domain/partners/messages.ts";
import { Master, type MasterRecord } from "../entities/master.ts";
import { findPage, findRecord, findRecords } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";
import { enqueue } from "./outbox.ts";

export interface MasterQuery extends PageQuery {
  readonly site?: string;
  readonly instrumentId?: string;
  readonly kind?: string;
  readonly nightDate?: string;
  readonly calibrationId?: string;
}

export type MasterRepository = ReturnType<typeof createMasterRepository>;

/** Master frames. */
export function createMasterRepository(orm: MikroORM) {
  /** Stores a master, and tells the IC of it, in one transaction; made again, the last one counts. */
  const upsert = async (master: MasterRecord): Promise<void> =>
    orm.em.fork().transactional(async (em) => {
      await em.upsert(Master, { ...master });
      await enqueue(em, {
        topic: "ic.master",
        key: `master/${master.id}/${master.sha256.slice(0, 16)}`,
        createdWallMs: master.storedWallMs,
        payload: masterMessage(master),
      });
    });

  const one = async (id: string): Promise<MasterRecord | null> => findRecord(orm.em.fork(), Master, { id });

  /** Masters, newest first. */
  const list = async (query: MasterQuery = {}): Promise<Page<MasterRecord>> => {
    const where: Record<string, string> = {};
    for (const key of ["site", "instrumentId", "kind", "nightDate", "calibrationId"] as const) {
      const value = query[key];
      if (value !== undefined) where[key] = value;
    }
    return findPage(orm.em.fork(), Master, where, query, { nightDate: "desc", madeMs: "desc", id: "desc" });
  };

  /** The masters of an instrument of the nights from one date to another, newest first. */
  const between = async (
    site: string,
    instrumentId: string,
    fromDate: string,
    toDate: string,
  ): Promise<MasterRecord[]> => {
    return findRecords(
      orm.em.fork(),
      Master,
      { site, instrumentId, nightDate: { $gte: fromDate, $lte: toDate } },
      { orderBy: { nightDate: "desc", id: "desc" }, limit: MOST },
    );
  };

  return { upsert, one, list, between };
}

/** More masters than an instrument makes in a month of nights. */
const MOST = 2_000;
