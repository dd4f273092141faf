import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { MS_PER_DAY } from "../../domain/units.ts";
import { Alert, type AlertRecord } from "../entities/alert.ts";
import { Notice, type NoticeRecord } from "../entities/notice.ts";
import { recordOf } from "../record.ts";

/** A notice that has just come in, and where to look for the event it belongs to. */
export interface IncomingNotice {
  readonly row: Omit<
    NoticeRecord,
    "id" | "alertKey" | "decision" | "reason" | "needsDelivery" | "deliveredWallMs"
  >;
  /** Keys that alerts named after its triggers have. */
  readonly possibleAlertKeys: readonly string[];
  readonly citedIvorns: readonly string[];
  readonly t0Ms: number | null;
}

/** An alert with all its notices in the order they came: what association is judged from. */
export interface AlertWithNotices {
  readonly alert: AlertRecord;
  readonly notices: readonly { readonly parsed: NoticeRecord["parsed"]; readonly receivedMs: number }[];
}

/** What is made of a notice: its alert, new or known, or none. */
export interface JoinedNotice {
  readonly alertKey: string | null;
  /** The alert to make; null when it is known or there is none. */
  readonly newAlert: AlertRecord | null;
  readonly decision: string;
  readonly reason: string;
  readonly needsDelivery: boolean;
}

export interface TakenNotice {
  readonly notice: NoticeRecord;
  readonly alert: AlertRecord | null;
  /** The same bytes were there before; nothing was changed. */
  readonly duplicate: boolean;
}

/** Alerts whose T0 is nearer than this are looked at: long bursts and late positions are within hours. */
const NEIGHBOUR_MS = MS_PER_DAY;

export type IntakeRepository = ReturnType<typeof createIntakeRepository>;

export function createIntakeRepository(orm: MikroORM) {
  /**
   * Stores a notice and joins it to its alert, all or nothing. One notice of a site at a time: two notices of one
   * event at once would otherwise make two alerts. `join` decides, from the alerts that may be meant; it must be pure.
   * When this returns, the notice is durable; for a duplicate, the first one is.
   */
  const take = async (
    incoming: IncomingNotice,
    join: (alerts: readonly AlertWithNotices[]) => JoinedNotice,
  ): Promise<TakenNotice> =>
    orm.em.fork().transactional(async (em) => {
      const { row } = incoming;
      await em.execute("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`intake ${row.site}`]);
      const cited = await em.find(
        Notice,
        { ivorn: { $in: [row.ivorn, ...incoming.citedIvorns] } },
        { fields: ["ivorn", "digest", "alertKey"] },
      );
      const before = cited.find((notice) => notice.ivorn === row.ivorn && notice.digest === row.digest);
      if (before !== undefined) return storedBefore(em, before.id);
      const near = await alertsNear(
        em,
        incoming,
        cited.flatMap((notice) => notice.alertKey ?? []),
      );
      const joined = join(near);
      if (joined.newAlert !== null) await em.insert(Alert, { ...joined.newAlert });
      const { alertKey, decision, reason, needsDelivery } = joined;
      const facts = { ...row, alertKey, decision, reason, needsDelivery, deliveredWallMs: null };
      const id = Number(await em.insert(Notice, { ...facts }));
      const alert = joined.newAlert ?? near.find((each) => each.alert.key === alertKey)?.alert ?? null;
      return { notice: { ...facts, id }, alert, duplicate: false };
    });

  return { take };
}

async function storedBefore(em: EntityManager, id: number): Promise<TakenNotice> {
  const notice = recordOf(await em.findOneOrFail(Notice, { id }, { refresh: true }));
  const alert = notice.alertKey === null ? null : await em.findOne(Alert, { key: notice.alertKey });
  return { notice, alert: alert === null ? null : recordOf(alert), duplicate: true };
}

/** Alerts that a notice may belong to, closed ones too: by name, by citation, by time, and all that are followed now. */
async function alertsNear(
  em: EntityManager,
  incoming: IncomingNotice,
  citedKeys: readonly string[],
): Promise<AlertWithNotices[]> {
  const { site } = incoming.row;
  const keys = [...incoming.possibleAlertKeys, ...citedKeys];
  const { t0Ms } = incoming;
  const alerts = await em.find(
    Alert,
    {
      site,
      $or: [
        { closed: false },
        { key: { $in: keys } },
        ...(t0Ms === null ? [] : [{ t0Ms: { $gte: t0Ms - NEIGHBOUR_MS, $lte: t0Ms + NEIGHBOUR_MS } }]),
      ],
    },
    { orderBy: { createdWallMs: "asc", key: "asc" } },
  );
  if (alerts.length === 0) return [];
  const notices = await em.find(
    Notice,
    { alertKey: { $in: alerts.map((alert) => alert.key) } },
    { fields: ["alertKey", "parsed", "receivedMs"], orderBy: { id: "asc" } },
  );
  const noticesOf = Map.groupBy(notices, (notice) => notice.alertKey);
  return alerts.map((alert) => ({
    alert: recordOf(alert),
    notices: (noticesOf.get(alert.key) ?? []).map(({ parsed, receivedMs }) => ({ parsed, receivedMs })),
  }));
}
