import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { Alert, type AlertRecord, type AlertStage } from "../entities/alert.ts";
import { Image, type ImageRecord } from "../entities/image.ts";
import { Notice, type NoticeRecord } from "../entities/notice.ts";
import { Request, type RequestRecord } from "../entities/request.ts";
import { findPage, findRecord, findRecords } from "../find-records.ts";
import { type Page, type PageQuery } from "../page.ts";
import { recordOf } from "../record.ts";
import { createSequenceRepository, type SequenceDetail } from "./sequences.ts";

export type AlertFacts = Omit<AlertRecord, "stages" | "createdWallMs">;

/** A notice without its bytes. */
export type NoticeSummary = Omit<NoticeRecord, "raw">;

/** An alert with all that came of it. */
export interface AlertChain {
  readonly alert: AlertRecord;
  readonly notices: readonly NoticeSummary[];
  readonly request: RequestRecord | null;
  readonly sequences: readonly SequenceDetail[];
  readonly images: readonly ImageRecord[];
}

export type AlertRepository = ReturnType<typeof createAlertRepository>;

/** Alerts that notices open are made by db/repositories/intake.ts, in one transaction with the notice. */
export function createAlertRepository(orm: MikroORM) {
  const sequences = createSequenceRepository(orm);

  /** Stores the facts of an alert by its key. Stages and the time it was made stay as they are. */
  const upsert = async (facts: AlertFacts): Promise<void> => {
    await orm.em
      .fork()
      .upsert(
        Alert,
        { ...facts, stages: {}, createdWallMs: facts.updatedWallMs },
        { onConflictFields: ["key"], onConflictExcludeFields: ["key", "stages", "createdWallMs"] },
      );
  };

  /** Changes some facts of an alert. False when there is none with that key. */
  const update = async (
    key: string,
    change: Partial<Omit<AlertFacts, "key" | "site">> & { readonly updatedWallMs: number },
  ): Promise<boolean> => (await orm.em.fork().nativeUpdate(Alert, { key }, { ...change })) === 1;

  /** Stamps stages (wall ms). The first stamp of a stage stays, whoever comes later. */
  const stamp = async (key: string, stages: { readonly [Stage in AlertStage]?: number }): Promise<void> => {
    await stampStages(orm.em.fork(), key, stages);
  };

  const one = async (key: string): Promise<AlertRecord | null> => findRecord(orm.em.fork(), Alert, { key });

  /** Alerts, the newest first. */
  const list = async (
    query: PageQuery & { readonly site?: string; readonly closed?: boolean; readonly stream?: string } = {},
  ): Promise<Page<AlertRecord>> => {
    return findPage(
      orm.em.fork(),
      Alert,
      {
        ...(query.site === undefined ? {} : { site: query.site }),
        ...(query.closed === undefined ? {} : { closed: query.closed }),
        ...(query.stream === undefined ? {} : { stream: query.stream }),
      },
      query,
      { createdWallMs: "desc", key: "desc" },
    );
  };

  /** Alerts that are followed now, oldest first. */
  const live = async (site: string): Promise<AlertRecord[]> => {
    return findRecords(
      orm.em.fork(),
      Alert,
      { site, closed: false },
      { orderBy: { createdWallMs: "asc", key: "asc" } },
    );
  };

  /** An alert with its notices, request, sequences with exposures, and images; null when there is none. */
  const chain = async (key: string): Promise<AlertChain | null> => {
    const em = orm.em.fork();
    const alert = await em.findOne(Alert, { key });
    if (alert === null) return null;
    const notices = await em.find(Notice, { alertKey: key }, { orderBy: { id: "asc" } });
    const request = await em.findOne(Request, { alertKey: key });
    const details = request === null ? [] : await sequences.ofRequest(request.id);
    const images = await em.find(
      Image,
      { sequenceId: { $in: details.map((sequence) => sequence.id) } },
      { orderBy: { startMs: "asc", id: "asc" } },
    );
    return {
      alert: recordOf(alert),
      notices: notices.map((row) => {
        const { raw: _raw, ...summary } = recordOf(row);
        return summary;
      }),
      request: request === null ? null : recordOf(request),
      sequences: details,
      images: images.map((row) => recordOf(row)),
    };
  };

  return { upsert, update, stamp, one, list, live, chain };
}

/** Merges stages so that what is there wins. */
async function stampStages(
  em: EntityManager,
  key: string,
  stages: { readonly [Stage in AlertStage]?: number },
): Promise<void> {
  await em.execute(`update alert set stages = ?::jsonb || stages where key = ?`, [
    JSON.stringify(stages),
    key,
  ]);
}
