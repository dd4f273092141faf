import { options, totalWords } from "../lists.ts";
import { JOURNAL_LEVELS } from "../../../db/entities/journal-entry.ts";
import type { JournalEntryRecord, JournalLevel } from "../../../db/entities/journal-entry.ts";
import type { JournalPage } from "../../../db/repositories/journal.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Mark, Tone } from "../../situation/tone.ts";
import { alertHref } from "../../words/links.ts";
import { capital } from "../../words/numbers.ts";
import { dateTimeMs } from "../../words/time.ts";
import type { JournalFilters } from "../journal/filters.ts";

const LEVEL_TONES: Readonly<Record<JournalLevel, Tone>> = {
  debug: "quiet",
  info: "quiet",
  warning: "warning",
  error: "alarm",
  alarm: "alarm",
};

export interface Part {
  readonly name: string;
  readonly mark: Mark;
  readonly words: string;
}

export function systemModel(facts: {
  readonly page: JournalPage;
  readonly filters: JournalFilters;
  readonly modules: readonly string[];
  readonly isNewest: boolean;
  readonly parts: readonly Part[];
  readonly versions: readonly { readonly name: string; readonly version: string }[];
  readonly temporalUi: string;
}): PageModel {
  const { page, filters, isNewest } = facts;
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== ""));
  const older = new URLSearchParams(query);
  if (page.nextBeforeId !== null) older.set("before", String(page.nextBeforeId));
  const first = new URLSearchParams(query);
  first.set("first", "1");
  const newest = query.toString();
  const [lastShown] = page.items;
  return {
    title: "System",
    sentence: `The journal: what happened, when and why. ${capital(totalWords(page, "line"))}.`,
    topics: isNewest ? ["journal"] : [],
    ...(isNewest ? { streamQuery: `${query.toString()}&after=${lastShown?.id ?? 0}` } : {}),
    filters,
    modules: options(facts.modules, filters.module),
    levels: options(JOURNAL_LEVELS, filters.level),
    isNewest,
    lines: page.items.map(journalLine),
    older: page.nextBeforeId === null ? "" : `/system?${older.toString()}`,
    first: page.nextBeforeId === null ? "" : `/system?${first.toString()}`,
    newest: newest === "" ? "/system" : `/system?${newest}`,
    filtered: newest !== "",
    parts: facts.parts,
    versions: facts.versions,
    temporalUi: facts.temporalUi,
  };
}

/** One line as the page and the live stream show it. */
export function journalLine(entry: JournalEntryRecord) {
  return {
    id: entry.id,
    at: dateTimeMs(entry.atMs),
    wall: dateTimeMs(entry.atWallMs),
    mark: { tone: LEVEL_TONES[entry.level], word: entry.level },
    module: entry.module,
    text: entry.text,
    alert: entry.alertKey === null ? "" : alertHref(entry.alertKey),
    alertName: entry.alertKey ?? "",
  };
}
