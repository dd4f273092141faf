import type { MikroORM } from "@mikro-orm/postgresql";
import type { Happening } from "../../domain/people/notifications.ts";
import { NotificationSettings } from "../entities/notification-settings.ts";
import { User } from "../entities/user.ts";
import { enqueue } from "./outbox.ts";
import { enqueueMails, type NewMail } from "./mails.ts";

/** Somebody who wants to be told something. */
export interface Listener {
  readonly userId: string;
  readonly mail: string;
  readonly name: string;
  readonly mailEvents: readonly string[];
  readonly webhookEvents: readonly string[];
  readonly webhookUrl: string | null;
  readonly sinceWallMs: number;
}

export type HappeningRepository = ReturnType<typeof createHappeningRepository>;

/** Most of one kind that one look takes. */
const MOST = 200;

/** What people may be told of, read from the rows themselves: nothing on the way of the night waits for it. */
export function createHappeningRepository(orm: MikroORM) {
  /** Active people who want to be told anything. */
  const listeners = async (): Promise<Listener[]> => {
    const em = orm.em.fork();
    const settings = await em.find(NotificationSettings, {});
    const wanted = settings.filter((each) => each.mailEvents.length + each.webhookEvents.length > 0);
    const users = await em.find(User, { id: { $in: wanted.map(({ userId }) => userId) }, state: "active" });
    return wanted.flatMap((each) => {
      const user = users.find(({ id }) => id === each.userId);
      if (user === undefined) return [];
      const { userId, mailEvents, webhookEvents, sinceWallMs } = each;
      const webhookUrl = each.webhookUrl ?? null;
      return [
        { userId, mail: user.mail, name: user.name, mailEvents, webhookEvents, webhookUrl, sinceWallMs },
      ];
    });
  };

  /** What happened after an instant of wall time, oldest first of each kind. */
  const since = async (wallMs: number): Promise<Happening[]> => {
    const from = new Date(wallMs).toISOString();
    const lists = await Promise.all([
      alerts(from),
      observed(from),
      expired(from),
      refused(from),
      alarms(from),
      nights(from),
    ]);
    return lists.flat();
  };

  const alerts = async (from: string): Promise<Happening[]> => {
    const rows = await orm.em
      .fork()
      .execute<{ key: string; stream: string; shutter: number; image: number | null }[]>(
        `select key, stream, (stages->>'shutterOpenedAt')::float as shutter, (stages->>'firstImageAt')::float as image
       from alert where updated_wall_at > ? and stages->>'shutterOpenedAt' is not null order by updated_wall_at limit ${MOST}`,
        [from],
      );
    return rows.map(({ key, stream, shutter }) => ({
      event: "alert.observed",
      key: `alert/${key}`,
      atWallMs: shutter,
      title: `Alert ${key} is being observed`,
      text: `The alert ${key} of ${stream} has the telescope: the first shutter opened ${utc(shutter)}.`,
      path: `/alerts/${encodeURIComponent(key)}`,
      userId: null,
    }));
  };

  const observed = (from: string): Promise<Happening[]> =>
    sequences(from, "executed", (row) => ({
      event: "request.observed",
      title: `${row.target} was observed`,
      text: `Sequence ${row.id} (${row.target}) of your request "${row.name}" is observed. Its images are on the page of the request.`,
    }));

  const expired = (from: string): Promise<Happening[]> =>
    sequences(from, "expired", (row) => ({
      event: "request.refused",
      title: `${row.target}: its time is over`,
      text: `Sequence ${row.id} (${row.target}) of your request "${row.name}" cannot be observed any more. ${row.reason ?? ""}`,
    }));

  const sequences = async (
    from: string,
    status: string,
    words: (row: SequenceRow) => Pick<Happening, "event" | "title" | "text">,
  ): Promise<Happening[]> => {
    const rows = await orm.em.fork().execute<SequenceRow[]>(
      `select s.id, s.target_name as target, s.status_reason as reason, r.id as request, r.name, r.user_id as user,
              extract(epoch from s.updated_wall_at)::float * 1000 as at
       from sequence s join request r on r.id = s.request_id
       where s.updated_wall_at > ? and s.status = ? and r.user_id is not null order by s.updated_wall_at limit ${MOST}`,
      [from, status],
    );
    return rows.map((row) => ({
      ...words(row),
      key: `sequence/${row.id}/${status}`,
      atWallMs: row.at,
      path: `/requests/${encodeURIComponent(row.request)}`,
      userId: row.user,
    }));
  };

  /** Once per request and night, whatever is planned anew. */
  const refused = async (from: string): Promise<Happening[]> => {
    const rows = await orm.em.fork().execute<RefusedRow[]>(
      `select distinct on (r.id, p.night_id) r.id as request, r.name, r.user_id as user, p.night_id as night,
              s.target_name as target, x.reason, extract(epoch from p.made_wall_at)::float * 1000 as at
       from schedule p join scheduled_sequence x on x.schedule_id = p.id join sequence s on s.id = x.sequence_id
       join request r on r.id = s.request_id
       where p.made_wall_at > ? and x.status = 'refused' and r.user_id is not null
       order by r.id, p.night_id, p.id limit ${MOST}`,
      [from],
    );
    return rows.map((row) => ({
      event: "request.refused",
      key: `refused/${row.request}/${row.night}`,
      atWallMs: row.at,
      title: `${row.target} is not planned tonight`,
      text: `Your request "${row.name}", ${row.target}: ${row.reason ?? "no reason is stored"}`,
      path: `/requests/${encodeURIComponent(row.request)}`,
      userId: row.user,
    }));
  };

  const alarms = async (from: string): Promise<Happening[]> => {
    const rows = await orm.em.fork().execute<AlarmRow[]>(
      `select id, level, text, guidance, page, extract(epoch from raised_wall_at)::float * 1000 as at
       from alarm where raised_wall_at > ? and hidden_by is null order by id limit ${MOST}`,
      [from],
    );
    return rows.map((row) => ({
      event: "alarm",
      key: `alarm/${row.id}`,
      atWallMs: row.at,
      title: `${row.level}: ${row.text}`,
      text: `${row.text}\n\n${row.guidance}`,
      path: row.page,
      userId: null,
    }));
  };

  /** The journal has the wall time of a night's end; its counts come from the rows of the night. */
  const nights = async (from: string): Promise<Happening[]> => {
    const rows = await orm.em.fork().execute<NightRow[]>(
      `select n.id, n.date, n.run, n.end_reason as reason, extract(epoch from e.ended)::float * 1000 as at,
              (select count(*)::int from image i where i.night_id = n.id) as images,
              (select count(distinct sequence_id)::int from image i where i.night_id = n.id) as sequences
       from night n
       join lateral (select max(wall_at) as ended from journal_entry j where j.night_id = n.id) e on e.ended is not null
       where n.status = 'ended' and n.started_wall_at > ?::timestamptz - interval '2 days' and e.ended > ? order by n.id desc limit 10`,
      [from, from],
    );
    return rows.map((row) => ({
      event: "night.summary",
      key: `night/${row.id}/${row.run}`,
      atWallMs: row.at,
      title: `The night ${row.date} has ended`,
      text: `The night ${row.date} has ended. ${row.reason ?? ""}\n\nImages stored: ${row.images}, of ${row.sequences} sequences.`,
      path: `/schedules?night=${row.date}`,
      userId: null,
    }));
  };

  /** Puts one message per person and way into the outbox; told before, it is not told again. */
  const tell = async (
    happening: Happening,
    person: Listener,
    mail: NewMail | null,
    webhook: Readonly<Record<string, unknown>> | null,
    wallMs: number,
  ): Promise<void> => {
    await orm.em.fork().transactional(async (em) => {
      if (mail !== null) await enqueueMails(em, [mail], wallMs);
      if (webhook !== null && person.webhookUrl !== null) {
        await enqueue(em, {
          topic: "webhook",
          destination: person.webhookUrl,
          key: `notify/${happening.key}/${person.userId}`,
          payload: webhook,
          createdWallMs: wallMs,
        });
      }
    });
  };

  return { listeners, since, tell };
}

interface SequenceRow {
  readonly id: string;
  readonly target: string;
  readonly reason: string | null;
  readonly request: string;
  readonly name: string;
  readonly user: string;
  readonly at: number;
}

interface RefusedRow extends Omit<SequenceRow, "id"> {
  readonly night: string;
}

interface AlarmRow {
  readonly id: string;
  readonly level: string;
  readonly text: string;
  readonly guidance: string;
  readonly page: string;
  readonly at: number;
}

interface NightRow {
  readonly id: string;
  readonly date: string;
  readonly run: number;
  readonly reason: string | null;
  readonly at: number;
  readonly images: number;
  readonly sequences: number;
}

function utc(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
