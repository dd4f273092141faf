import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../db/orm.ts";
import type { Listener } from "../db/repositories/happenings.ts";
import type { Sender } from "../domain/people/letters.ts";
import { notificationLetter, type Happening } from "../domain/people/notifications.ts";
import { MS_PER_DAY, MS_PER_MINUTE } from "../domain/units.ts";

export interface NotifierDeps {
  readonly database: Pick<Database, "happenings">;
  readonly sender: Sender;
  readonly wallMs: () => number;
}

/** After a stop, what happened meanwhile is told if it is no older than this. */
const LOOK_BACK_MS = MS_PER_DAY;
/** A row may be committed this long after the time it carries. */
const OVERLAP_MS = 5 * MS_PER_MINUTE;

/**
 * Writes into the outbox what people chose to be told, each thing once per person. Looks at the rows, so that neither
 * the night nor an alert ever waits for it.
 * @returns one look
 */
export function createNotifier({ database, sender, wallMs }: NotifierDeps): () => Promise<number> {
  const { happenings } = database;
  let seenUntilWallMs: number | null = null;
  // The outbox knows what was told; this only spares asking it for what was told a moment ago.
  const told = new Set<string>();

  return async () => {
    const nowWallMs = wallMs();
    const listeners = await happenings.listeners();
    let written = 0;
    if (listeners.length > 0) {
      const fromWallMs = seenUntilWallMs === null ? nowWallMs - LOOK_BACK_MS : seenUntilWallMs - OVERLAP_MS;
      for (const happening of await happenings.since(fromWallMs)) {
        for (const person of listeners.filter((each) => concerns(happening, each))) {
          const key = `${happening.key} ${person.userId}`;
          if (told.has(key)) continue;
          await tell(happening, person, nowWallMs);
          told.add(key);
          written += 1;
        }
      }
    }
    if (told.size > 20_000) told.clear();
    seenUntilWallMs = nowWallMs;
    return written;
  };

  async function tell(happening: Happening, person: Listener, nowWallMs: number): Promise<void> {
    const { event, key, atWallMs, title, text, path } = happening;
    const mail = person.mailEvents.includes(event)
      ? {
          to: person.mail,
          key: `notify/${key}/${person.userId}`,
          ...notificationLetter(sender, person.name, happening),
        }
      : null;
    const webhook = person.webhookEvents.includes(event)
      ? {
          userId: person.userId,
          event,
          key,
          at: new Date(atWallMs).toISOString(),
          title,
          text,
          page: `${sender.address}${path}`,
        }
      : null;
    await happenings.tell(happening, person, mail, webhook, nowWallMs);
  }
}

function concerns(happening: Happening, person: Listener): boolean {
  const { event, userId, atWallMs } = happening;
  const wanted = person.mailEvents.includes(event) || person.webhookEvents.includes(event);
  return wanted && (userId === null || userId === person.userId) && atWallMs >= person.sinceWallMs;
}

/** Looks again and again until `stop`. */
export function startNotifier(
  deps: NotifierDeps & {
    readonly onProblem: (problem: Error) => void;
    /** Wait between two looks, wall ms; 5000 when absent. */
    readonly everyMs?: number;
  },
): { stop(): Promise<void> } {
  const look = createNotifier(deps);
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await look();
      } catch (cause) {
        deps.onProblem(new Error("notifications could not be written now; it is tried anew", { cause }));
      }
      await sleep(deps.everyMs ?? 5_000, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
