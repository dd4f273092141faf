import { JOURNAL_LEVELS } from "../../../db/entities/journal-entry.ts";
import type { JournalEntryRecord, JournalLevel } from "../../../db/entities/journal-entry.ts";
import type { JournalQuery } from "../../../db/repositories/journal.ts";

/** Filters of the System page and of its live lines. `level` means this level and those above it. */
export interface JournalFilters {
  readonly module: string;
  readonly level: string;
  readonly text: string;
  readonly night: string;
}

/** Levels from `level` on; all when it is empty. */
export function levelsFrom(level: string): readonly JournalLevel[] {
  const at = JOURNAL_LEVELS.findIndex((each) => each === level);
  return at < 0 ? [] : JOURNAL_LEVELS.slice(at);
}

export function journalQuery(filters: JournalFilters, siteId: string): JournalQuery {
  const levels = levelsFrom(filters.level);
  return {
    ...(levels.length === 0 ? {} : { levels }),
    ...(filters.module === "" ? {} : { module: filters.module }),
    ...(filters.text === "" ? {} : { text: filters.text }),
    ...(filters.night === "" ? {} : { nightId: `${siteId}/${filters.night}` }),
  };
}

/** Whether a new line passes the filters of one open page. */
export function passes(entry: JournalEntryRecord, filters: JournalFilters, siteId: string): boolean {
  const levels = levelsFrom(filters.level);
  return (
    (levels.length === 0 || levels.includes(entry.level)) &&
    (filters.module === "" || entry.module === filters.module) &&
    (filters.text === "" || entry.text.toLowerCase().includes(filters.text.toLowerCase())) &&
    (filters.night === "" || entry.nightId === `${siteId}/${filters.night}`)
  );
}
