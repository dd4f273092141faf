import type { Client } from "pg";
import type { Manifest } from "./manifest.ts";
import type { Orphan } from "./set-aside.ts";

/** What a restore has lost, as exactly as it can be known. Kept in VESPER_HOME/restored.json. */
export interface Losses {
  readonly backup: string;
  /** Instant of the backup, ISO, wall: all that was written later is lost. */
  readonly madeWallAt: string;
  /** What the observatory's clock showed then. */
  readonly madeAt: string | null;
  readonly restoredWallAt: string;
  readonly openNight: string | null;
  /** Workflows come back as they were, or start anew from the rows. */
  readonly workflows: "as they were" | "anew";
  /** Files of pixels taken after the backup: kept, and in no row. */
  readonly orphans: readonly Orphan[];
  /** Exposures that were under way: retaken, unless their camera still has them. */
  readonly exposuresUnderWay: readonly string[];
  /** Alerts that were followed, with the last word of each. */
  readonly openAlerts: readonly { readonly key: string; readonly status: string }[];
  /** When the newest alert notice that is known came in; null when there is none. */
  readonly newestNoticeWallAt: string | null;
  /** Messages to partners and people that waited: some may have been sent since and come twice, under the same id. */
  readonly outboxWaiting: number;
  /** Sequences that had the telescope or were in the plan. */
  readonly sequencesExecuting: readonly string[];
  /** What was wrong already when the backup was made. */
  readonly problems: readonly string[];
}

/** Counts what is lost, in the restored rows, and writes it into the journal. */
export async function lossesOf(
  client: Client,
  manifest: Manifest,
  restore: {
    readonly folder: string;
    readonly orphans: readonly Orphan[];
    readonly withoutWorkflows: boolean;
    readonly restoredWallMs: number;
  },
): Promise<Losses> {
  const texts = async (sql: string): Promise<string[]> =>
    (await client.query<{ text: string }>(sql)).rows.map(({ text }) => text);
  const alerts = await client.query<{ key: string; status: string }>(
    "select key, status from alert where not closed order by created_wall_at desc",
  );
  const [newest] = await texts(
    `select to_char(max(received_wall_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as text from notice`,
  );
  const [waiting] = await texts("select count(*)::text as text from outbox where state = 'waiting'");
  const losses: Losses = {
    backup: restore.folder,
    madeWallAt: manifest.madeWallAt,
    madeAt: manifest.madeAt,
    restoredWallAt: new Date(restore.restoredWallMs).toISOString(),
    openNight: manifest.openNight,
    workflows: restore.withoutWorkflows ? "anew" : "as they were",
    orphans: restore.orphans,
    exposuresUnderWay: await texts(
      "select id as text from exposure where state in ('starting', 'exposing', 'read') order by id",
    ),
    openAlerts: alerts.rows,
    newestNoticeWallAt: newest ?? null,
    outboxWaiting: Number(waiting ?? 0),
    sequencesExecuting: await texts("select id as text from sequence where status = 'executing' order by id"),
    problems: manifest.problems,
  };
  await client.query(
    `insert into journal_entry (wall_at, at, level, module, text, night_id, once_key)
     values ($1, $2, 'warning', 'restore', $3, $4, $5)`,
    [
      losses.restoredWallAt,
      losses.madeAt ?? losses.restoredWallAt,
      lossSentences(losses).join(" "),
      losses.openNight,
      `restored/${losses.restoredWallAt}`,
    ],
  );
  return losses;
}

/** What is lost, in sentences for people. */
export function lossSentences(losses: Losses): string[] {
  const ageMin = Math.round((Date.parse(losses.restoredWallAt) - Date.parse(losses.madeWallAt)) / 60_000);
  const { orphans, exposuresUnderWay, openAlerts, sequencesExecuting } = losses;
  const [first, last] = [orphans[0], orphans.at(-1)];
  return [
    `Restored as it was at ${losses.madeWallAt}${losses.madeAt === null ? "" : ` (the observatory's clock showed ${losses.madeAt})`}. Everything written in the ${ageMin} min since is lost: requests and changes to them, decisions, journal, quota, messages.`,
    losses.openNight === null
      ? "No night was open."
      : `The night ${losses.openNight} was open and ${losses.workflows === "anew" ? "is begun anew from its rows" : "goes on where it was"}${sequencesExecuting.length === 0 ? "" : `; executing were ${sequencesExecuting.join(", ")}`}.`,
    exposuresUnderWay.length === 0
      ? "No exposure was under way."
      : `Exposures that were under way are taken again unless their camera still has them: ${exposuresUnderWay.join(", ")}.`,
    first === undefined || last === undefined
      ? "No image newer than the backup was found in the folder; whether any was taken since cannot be known."
      : `${orphans.length} images were taken after the backup and are in no row: ${first.path} … ${last.path}. They are kept; restored.json lists them. Their frames are taken again.`,
    `Alerts: ${losses.newestNoticeWallAt === null ? "no notice is known" : `the newest notice known came in at ${losses.newestNoticeWallAt}`}; what came later is lost unless its sender sends it again.${openAlerts.length === 0 ? "" : ` Followed are ${openAlerts.map(({ key, status }) => `${key} (${status})`).join(", ")}.`}`,
    losses.workflows === "anew"
      ? "Workflows start anew from the rows: what only they knew (counts of attempts at a device, votes' deadlines) is lost."
      : "Workflows that were started after the backup are lost, with their histories.",
    `${losses.outboxWaiting} messages to partners and people waited; what was sent of them since comes a second time, under the same id. New numbers leave a gap, so that no number told since means something else.`,
    ...losses.problems.map((problem) => `Wrong already when it was backed up: ${problem}`),
  ];
}
