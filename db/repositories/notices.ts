import type { MikroORM } from "@mikro-orm/postgresql";
import { Notice, type NoticeRecord } from "../entities/notice.ts";
import { findRecord, findRecords } from "../find-records.ts";

export type NoticeRepository = ReturnType<typeof createNoticeRepository>;

/** Notices are inserted by db/repositories/intake.ts, in the transaction that joins them to their alert. */
export function createNoticeRepository(orm: MikroORM) {
  const one = async (id: number): Promise<NoticeRecord | null> => findRecord(orm.em.fork(), Notice, { id });

  /** Notices of one alert, oldest first. */
  const ofAlert = async (alertKey: string): Promise<NoticeRecord[]> => {
    return findRecords(orm.em.fork(), Notice, { alertKey }, { orderBy: { id: "asc" } });
  };

  /** Notices that Temporal has not acknowledged yet, oldest first. */
  const undelivered = async (site: string, limit = 200): Promise<NoticeRecord[]> => {
    return findRecords(
      orm.em.fork(),
      Notice,
      { site, needsDelivery: true, deliveredWallMs: null },
      { orderBy: { id: "asc" }, limit },
    );
  };

  /** Notes when Temporal acknowledged a notice first; later acknowledgements change nothing. */
  const markDelivered = async (id: number, wallMs: number): Promise<void> => {
    await orm.em.fork().nativeUpdate(Notice, { id, deliveredWallMs: null }, { deliveredWallMs: wallMs });
  };

  /** Notes what the alert workflow decided because of a notice, and why. */
  const noteDecision = async (id: number, decision: string, reason: string): Promise<void> => {
    await orm.em.fork().nativeUpdate(Notice, { id }, { decision, reason });
  };

  /** Notes that there is no workflow for a notice any more: it stays as a record and is not sent again. */
  const recordOnly = async (id: number, reason: string): Promise<void> => {
    await orm.em.fork().nativeUpdate(Notice, { id }, { decision: "RECORD", reason, needsDelivery: false });
  };

  return { one, ofAlert, undelivered, markDelivered, noteDecision, recordOnly };
}
