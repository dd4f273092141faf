import { Client, escapeIdentifier } from "pg";
import { shownAddress } from "./connection.ts";

/** One change told by the database: which table, and the id of the row. */
export interface DatabaseChange {
  readonly table: string;
  readonly id: string;
}

export interface NotificationListener {
  /** Calls `listener` for each change from now on; the function returned takes it off again. */
  onChange(listener: (change: DatabaseChange) => void): () => void;
  /** Calls `listener` whenever the connection was lost and is there again: what happened between is not told. */
  onReconnect(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface NotificationListenerOptions {
  readonly channel?: string;
  /** Told when the connection is lost or cannot be made again. */
  readonly onError?: (error: Error) => void;
  /** Wait before the next try, wall ms; doubled up to 5 s. 250 when absent. */
  readonly retryMs?: number;
}

const LONGEST_RETRY_MS = 5_000;
/** A silent connection may be a dead one: asked this often. */
const PROBE_MS = 10_000;
const ANSWER_LIMIT_MS = 3_000;

/**
 * Listens to what the triggers of the database tell, on a connection of its own (a pooled one would lose its LISTEN).
 * Connects anew by itself when the connection is lost. Throws when the first connection cannot be made.
 */
export async function createNotificationListener(
  url: string,
  options: NotificationListenerOptions = {},
): Promise<NotificationListener> {
  const channel = options.channel ?? "vesper";
  const listeners = new Set<(change: DatabaseChange) => void>();
  const reconnectListeners = new Set<() => void>();
  let client: Client | null = null;
  let retry: NodeJS.Timeout | null = null;
  let closed = false;

  const connect = async (): Promise<void> => {
    const fresh = new Client({
      connectionString: url,
      application_name: "vesper notifications",
      connectionTimeoutMillis: ANSWER_LIMIT_MS,
      query_timeout: ANSWER_LIMIT_MS,
      keepAlive: true,
    });
    // Without a listener a lost connection would end the process.
    fresh.on("error", (error) => lost(fresh, error));
    fresh.on("end", () => lost(fresh, new Error(`connection to ${shownAddress(url)} ended`)));
    fresh.on("notification", (message) => {
      const change = changeOf(message.payload);
      if (change !== null) for (const listener of listeners) listener(change);
    });
    try {
      await fresh.connect();
      await fresh.query(`listen ${escapeIdentifier(channel)}`);
    } catch (error) {
      hangUp(fresh);
      throw error;
    }
    if (closed) hangUp(fresh);
    else client = fresh;
  };

  const lost = (which: Client, error: Error): void => {
    if (closed || which !== client) return;
    client = null;
    hangUp(which);
    options.onError?.(error);
    retryIn(options.retryMs ?? 250);
  };

  const retryIn = (waitMs: number): void => {
    if (closed) return;
    retry = setTimeout(() => {
      void connect().then(
        () => {
          for (const listener of reconnectListeners) listener();
        },
        (error: unknown) => {
          options.onError?.(error instanceof Error ? error : new Error(String(error)));
          retryIn(Math.min(LONGEST_RETRY_MS, waitMs * 2));
        },
      );
    }, waitMs);
  };

  await connect();
  const probe = setInterval(() => {
    const asked = client;
    if (asked === null) return;
    asked.query("select 1").catch((error: unknown) => {
      lost(asked, error instanceof Error ? error : new Error(String(error)));
    });
  }, PROBE_MS);

  return {
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onReconnect: (listener) => {
      reconnectListeners.add(listener);
      return () => reconnectListeners.delete(listener);
    },
    close: async () => {
      closed = true;
      clearInterval(probe);
      if (retry !== null) clearTimeout(retry);
      if (client !== null) hangUp(client);
      client = null;
    },
  };
}

/** Ends a connection without waiting for a server that may not answer. */
function hangUp(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}

function changeOf(payload: string | undefined): DatabaseChange | null {
  if (payload === undefined) return null;
  try {
    const { table, id } = JSON.parse(payload) as { table?: unknown; id?: unknown };
    return typeof table === "string" && typeof id === "string" ? { table, id } : null;
  } catch {
    // Anybody with the database's password may write to the channel; what is not ours is not for us.
    return null;
  }
}
