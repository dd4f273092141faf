import type { EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { JournalEntry, type JournalEntryRecord, type JournalLevel } from "../entities/journal-entry.ts";
import { countEntities } from "../count.ts";
import { findRecord, findRecords } from "../find-records.ts";
import { containing } from "../page.ts";

/** A line to be written; what is left out is null. */
export interface NewJournalEntry {
  readonly atWallMs: number;
  readonly atMs: number;
  readonly level: JournalLevel;
  /** Who writes: night, alert, dome, guard, web … */
  readonly module: string;
  readonly text: string;
  readonly nightId?: string | null;
  readonly sequenceId?: string | null;
  readonly alertKey?: string | null;
  readonly deviceId?: string | null;
  readonly userId?: string | null;
  /** Written twice with the same key, it is one line. */
  readonly onceKey?: string | null;
}

export interface JournalQuery {
  readonly levels?: readonly JournalLevel[];
  readonly module?: string;
  readonly text?: string;
  readonly nightId?: string;
  readonly sequenceId?: string;
  readonly alertKey?: string;
  readonly deviceId?: string;
  /** Only lines before this id: the cursor for scrolling back. */
  readonly beforeId?: number;
  /** Only lines after this id: what came since the last look. */
  readonly afterId?: number;
  /** 1 … 500; 100 when absent. */
  readonly limit?: number;
}

export interface JournalPage {
  /** Newest first. */
  readonly items: readonly JournalEntryRecord[];
  /** How many lines the filters let through in all, whatever the cursor. */
  readonly total: number;
  /** Whether `total` is an estimate: many lines are not counted. */
  readonly isEstimate?: boolean;
  /** `beforeId` of the next page; null when this is the first line ever. */
  readonly nextBeforeId: number | null;
}

export type JournalRepository = ReturnType<typeof createJournalRepository>;

export function createJournalRepository(orm: MikroORM) {
  /** Writes lines in the order given. */
  const append = async (...entries: NewJournalEntry[]): Promise<void> => {
    if (entries.length === 0) return;
    await orm.em
      .fork()
      .createQueryBuilder(JournalEntry)
      .insert(
        entries.map((entry) => ({
          nightId: null,
          sequenceId: null,
          alertKey: null,
          deviceId: null,
          userId: null,
          onceKey: null,
          ...entry,
        })),
      )
      .onConflict(["onceKey"])
      .ignore()
      .execute();
  };

  const list = async (query: JournalQuery = {}): Promise<JournalPage> => {
    const em = orm.em.fork();
    const rows = await newest(em, query);
    const limit = limitOf(query);
    const items = rows.slice(0, limit);
    const nextBeforeId = rows.length > limit ? (items.at(-1)?.id ?? null) : null;
    return { items, nextBeforeId, ...(await countEntities(em, JournalEntry, filtersOf(query))) };
  };

  /** Lines as `list` gives them, not counted. */
  const lines = async (query: JournalQuery): Promise<JournalEntryRecord[]> =>
    (await newest(orm.em.fork(), query)).slice(0, limitOf(query));

  /** The first lines that the filters let through, newest first. */
  const first = async (query: JournalQuery): Promise<JournalEntryRecord[]> => {
    const rows = await findRecords(orm.em.fork(), JournalEntry, filtersOf(query), {
      orderBy: { id: "asc" },
      limit: limitOf(query),
    });
    return rows.toReversed();
  };

  async function newest(em: EntityManager, query: JournalQuery) {
    const filters = filtersOf(query);
    const cursor = {
      ...(query.beforeId === undefined ? {} : { $lt: query.beforeId }),
      ...(query.afterId === undefined ? {} : { $gt: query.afterId }),
    };
    const where = Object.keys(cursor).length === 0 ? filters : { ...filters, id: cursor };
    // One more than asked for tells whether there is an older line.
    return findRecords(em, JournalEntry, where, { orderBy: { id: "desc" }, limit: limitOf(query) + 1 });
  }

  const one = async (id: number): Promise<JournalEntryRecord | null> =>
    findRecord(orm.em.fork(), JournalEntry, { id });

  /** Modules that have written, for the filter of the System page. */
  const modules = async (): Promise<string[]> => {
    const rows = await orm.em
      .fork()
      // One look into the index for each module, not one for each line.
      .execute<{ module: string }[]>(
        `with recursive found as (
           (select module from journal_entry order by module limit 1)
           union all
           select (select j.module from journal_entry j where j.module > found.module order by j.module limit 1)
           from found where found.module is not null
         )
         select module from found where module is not null`,
      );
    return rows.map((row) => row.module);
  };

  return { append, list, lines, first, one, modules };
}

function limitOf({ limit = 100 }: JournalQuery): number {
  return Math.min(500, Math.max(1, Math.trunc(limit)));
}

function filtersOf(query: JournalQuery): Record<string, unknown> {
  const where: Record<string, unknown> = {};
  for (const key of ["module", "nightId", "sequenceId", "alertKey", "deviceId"] as const) {
    if (query[key] !== undefined) where[key] = query[key];
  }
  if (query.levels !== undefined && query.levels.length > 0) where["level"] = { $in: [...query.levels] };
  if (query.text !== undefined && query.text !== "") where["text"] = { $ilike: containing(query.text) };
  return where;
}
