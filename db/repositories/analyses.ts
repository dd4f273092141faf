import type { MikroORM } from "@mikro-orm/postgresql";
import { Analysis, type AnalysisRecord } from "../entities/analysis.ts";
import { Report, type ReportRecord } from "../entities/report.ts";
import { findRecord, findRecords } from "../find-records.ts";
import { enqueue } from "./outbox.ts";

export type AnalysisRepository = ReturnType<typeof createAnalysisRepository>;

/** Analyses of sequences, and the reports on alerts made from them. */
export function createAnalysisRepository(orm: MikroORM) {
  /** Stores how an analysis stands; there is one per sequence. */
  const upsert = async (analysis: AnalysisRecord): Promise<void> => {
    await orm.em.fork().upsert(Analysis, { ...analysis });
  };

  const one = async (sequenceId: string): Promise<AnalysisRecord | null> =>
    findRecord(orm.em.fork(), Analysis, { sequenceId });

  /**
   * Stores a version of the report on an alert and tells FSC, all or nothing. The same version stored again (an activity
   * may run twice) changes nothing.
   * @returns whether it is new
   */
  const report = async (facts: Omit<ReportRecord, "id">): Promise<boolean> =>
    orm.em.fork().transactional(async (em) => {
      const { alertKey, version } = facts;
      await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`report ${alertKey}`]);
      if ((await em.count(Report, { alertKey, version })) > 0) return false;
      await em.insert(Report, { ...facts });
      await enqueue(em, {
        topic: "fsc.report",
        key: `${alertKey}/${version}`,
        payload: {
          alert: alertKey,
          version,
          madeAt: new Date(facts.madeMs).toISOString(),
          report: facts.document,
        },
        createdWallMs: facts.madeWallMs,
      });
      return true;
    });

  /** Reports on an alert, the newest version first. */
  const reportsOf = async (alertKey: string): Promise<ReportRecord[]> => {
    return findRecords(orm.em.fork(), Report, { alertKey }, { orderBy: { version: "desc" } });
  };

  return { upsert, one, report, reportsOf };
}
