import type { JournalEntryRecord } from "../../db/entities/journal-entry.ts";
import type { DatabaseChange } from "../../db/notify.ts";
import type { Database } from "../../db/orm.ts";
import { observatoryMs } from "../../domain/clock.ts";
import type { ApiDeps } from "../deps.ts";
import type { LateCommands } from "../late-commands.ts";
import type { Renderer } from "../pages/renderer.ts";
import { passes } from "../routes/journal/filters.ts";
import type { JournalFilters } from "../routes/journal/filters.ts";
import { homeLive } from "../routes/home/view-model.ts";
import { nightLive } from "../routes/night/view-model.ts";
import { journalLine } from "../routes/system/view-model.ts";
import type { Situation } from "../situation/situation.ts";
import { shownClock, statusBar } from "../situation/status-bar.ts";
import { eventText } from "./event-text.ts";
import { createShared } from "./shared.ts";

export const TOPICS = [
  "status",
  "home",
  "night",
  "schedule",
  "alerts",
  "alarms",
  "images",
  "calibrations",
  "outbox",
  "journal",
  "devices",
  "weather",
  "manual",
] as const;
export type Topic = (typeof TOPICS)[number];

/** One open page. */
export interface Listener {
  readonly topics: ReadonlySet<Topic>;
  readonly filters: JournalFilters;
  /** Lines of the journal after this id are sent at once. */
  readonly afterId: number | null;
  readonly write: (text: string) => void;
}

export interface LiveHub {
  /** Sends a page what is now, then every change; returns how to stop. */
  connect(listener: Listener): () => void;
  close(): void;
}

const HEARTBEAT_MS = 5_000;
const TICK_MS = 1_000;
/** With nothing exposing and the clock at rate 1, minutes are what changes. */
const QUIET_MS = 5_000;
/** Changes that come together are told together. */
const GATHER_MS = 80;
const CATCH_UP_LINES = 500;
const OUT_OF_ORDER = 50;

/** Tables whose change shows in the situation. */
const SITUATION_TABLES = new Set(["night", "hold", "device", "exposure", "alert", "alarm", "weather"]);
/** Topics that tell a page to fetch its list again, by table. */
const LIST_TOPICS: Readonly<Record<string, readonly Topic[]>> = {
  schedule: ["schedule"],
  scheduled_sequence: ["schedule"],
  alarm: ["alarms"],
  alert: ["alerts"],
  image: ["images", "calibrations", "manual"],
  device: ["devices", "manual"],
  device_command: ["devices"],
  outbox: ["outbox"],
  fsc_message: ["outbox"],
  weather: ["weather"],
  hold: ["weather", "manual"],
  journal_entry: ["manual"],
};

type HubDeps = Pick<ApiDeps, "observatory" | "clock" | "nowWallMs" | "notifications" | "settings"> & {
  readonly database: Pick<Database, "journal" | "schedules">;
  readonly situation: () => Promise<Situation>;
  readonly lateCommands: LateCommands;
  readonly renderer: Renderer;
  readonly onProblem: (error: unknown) => void;
};

/** Makes each change once and sends it to every page that shows it. The observatory is asked once a second at most. */
export function createLiveHub(deps: HubDeps): LiveHub {
  const { observatory, clock, nowWallMs, database, renderer, onProblem } = deps;
  const listeners = new Set<Listener>();
  /** New pages, which get what is now with the next reading whether it changed or not: theirs may be older. */
  const newcomers = new Set<Listener>();
  /** The newest message of each swapped region: what a change is told from. */
  const newest = new Map<string, string>();
  const told = new Set<Topic>();
  /** Kept until another is made: read anew for each second of a night it would cost more than all the rest. */
  const schedule = createShared(() => database.schedules.current(), Infinity, nowWallMs);
  let journalBusy = false;
  let lastTickWallMs = 0;
  let quiet = false;
  let busy = false;
  let again = false;
  let gathering: NodeJS.Timeout | null = null;

  function send(event: string, topic: Topic, text: string, readers: ReadonlySet<Listener>): void {
    const changed = newest.get(event) !== text;
    newest.set(event, text);
    for (const listener of listeners) {
      if (listener.topics.has(topic) && (changed || readers.has(listener))) listener.write(text);
    }
  }

  async function refresh(): Promise<void> {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      do {
        again = false;
        lastTickWallMs = nowWallMs();
        const waiting = new Set(newcomers);
        const situation = await deps.situation();
        const nowMs = observatoryMs(clock(), nowWallMs());
        const bar = statusBar(situation, clock(), nowWallMs());
        send("status", "status", eventText("status", renderer.fragment("status-bar", bar)), waiting);
        send("ribbon", "status", eventText("ribbon", renderer.fragment("ribbon", bar)), waiting);
        if (wanted("night")) {
          const model = nightLive(situation, await deps.lateCommands(), observatory, deps.settings, nowMs);
          send("night", "night", eventText("night", renderer.fragment("night-live", model)), waiting);
        }
        if (wanted("home")) {
          const model = homeLive(situation, await schedule.read(), observatory, nowMs);
          send("home", "home", eventText("home", renderer.fragment("home-live", model)), waiting);
        }
        for (const listener of waiting) newcomers.delete(listener);
        quiet = (situation.night?.executing ?? null) === null && clock().rate <= 1;
      } while (again);
    } catch (error) {
      onProblem(error);
    } finally {
      busy = false;
    }
  }
  function wanted(topic: Topic): boolean {
    for (const listener of listeners) if (listener.topics.has(topic)) return true;
    return false;
  }

  function onChange({ table }: DatabaseChange): void {
    const topics = LIST_TOPICS[table] ?? [];
    const replanned = topics.includes("schedule");
    // Also while no page is open: the next one must not get what was planned before.
    if (replanned) schedule.forget();
    if (listeners.size === 0) return;
    for (const topic of topics) told.add(topic);
    if (table === "journal_entry") told.add("journal");
    if (SITUATION_TABLES.has(table) || replanned) told.add("status");
    gathering ??= setTimeout(flush, GATHER_MS);
  }

  function flush(): void {
    gathering = null;
    const topics = [...told];
    told.clear();
    for (const topic of topics) {
      if (topic === "journal") void sendJournal();
      else if (topic === "status") void refresh();
      else {
        const text = eventText(topic, "changed");
        for (const listener of listeners) if (listener.topics.has(topic)) listener.write(text);
      }
    }
  }

  /** What each page that shows the journal has got: lines up to `floor` by itself, and those sent. */
  const sent = new Map<Listener, { readonly floor: number; readonly ids: Set<number> }>();

  /** Sends each page the lines it has not got. An announcement that was lost is made good by the next. */
  async function sendJournal(): Promise<void> {
    if (journalBusy) {
      told.add("journal");
      gathering ??= setTimeout(flush, GATHER_MS);
      return;
    }
    const readers = [...listeners].filter(({ topics }) => topics.has("journal"));
    if (readers.length === 0) return;
    journalBusy = true;
    try {
      const [newestLine] = await database.journal.lines({ limit: 1 });
      for (const reader of readers) {
        if (!sent.has(reader))
          sent.set(reader, { floor: reader.afterId ?? newestLine?.id ?? 0, ids: new Set() });
      }
      const lowest = Math.min(...readers.map((reader) => lowestWanted(reader)));
      const items = await database.journal.lines({ limit: CATCH_UP_LINES, afterId: Math.max(0, lowest) });
      for (const reader of readers) writeLines(reader, items);
    } catch (error) {
      onProblem(error);
    } finally {
      journalBusy = false;
    }
  }

  /** Numbers are given before lines are committed: a lower one may come later. */
  function lowestWanted(reader: Listener): number {
    const { floor = 0, ids = new Set<number>() } = sent.get(reader) ?? {};
    return Math.max(floor, Math.max(floor, ...ids) - OUT_OF_ORDER);
  }

  /** Newest first: the page puts them on top. */
  function writeLines(reader: Listener, entries: readonly JournalEntryRecord[]): void {
    const got = sent.get(reader);
    if (got === undefined || !listeners.has(reader)) return;
    const fresh = entries.filter(({ id }) => id > got.floor && !got.ids.has(id));
    for (const { id } of fresh) got.ids.add(id);
    for (const id of [...got.ids].slice(0, -10 * OUT_OF_ORDER)) got.ids.delete(id);
    const passing = fresh.filter((entry) => passes(entry, reader.filters, observatory.site.id));
    const [last] = passing;
    if (last === undefined) return;
    const html = passing.map((entry) => renderer.fragment("journal-line", journalLine(entry))).join("");
    reader.write(eventText("journal", html, last.id));
  }

  const stopListening = deps.notifications.onChange(onChange);
  const stopReconnect = deps.notifications.onReconnect(() => {
    for (const topic of TOPICS) told.add(topic);
    schedule.forget();
    gathering ??= setTimeout(flush, GATHER_MS);
  });
  const ticker = setInterval(() => {
    if (listeners.size === 0) return;
    if (nowWallMs() - lastTickWallMs >= (quiet ? QUIET_MS : TICK_MS) - 50) void refresh();
  }, TICK_MS);
  const heart = setInterval(() => {
    const text = heartbeat();
    for (const listener of listeners) listener.write(text);
  }, HEARTBEAT_MS);
  ticker.unref();
  heart.unref();

  function heartbeat(): string {
    const { nowMs, rate, lst } = shownClock(clock(), observatory, nowWallMs());
    return eventText("heartbeat", JSON.stringify({ nowMs, rate, lst }));
  }

  return {
    connect: (listener) => {
      listener.write(`retry: 2000\n\n${heartbeat()}`);
      listeners.add(listener);
      newcomers.add(listener);
      if (listener.topics.has("journal")) void sendJournal();
      void refresh();
      return () => {
        listeners.delete(listener);
        newcomers.delete(listener);
        sent.delete(listener);
      };
    },
    close: () => {
      clearInterval(ticker);
      clearInterval(heart);
      if (gathering !== null) clearTimeout(gathering);
      stopListening();
      stopReconnect();
      listeners.clear();
    },
  };
}
