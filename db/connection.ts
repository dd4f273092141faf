import { Client, type ClientConfig } from "pg";

/** Limits on one connection, wall ms. */
export interface ConnectionLimits {
  /** Longest wait for a connection. */
  readonly connectTimeoutMs: number;
  /** Longest run of one statement; 0: no limit. */
  readonly statementTimeoutMs: number;
}

const QUERY_TIMEOUT = "Query read timeout";

/**
 * A client that hangs up when the server does not answer in time.
 *
 * pg's own read time-out gives the error but keeps the connection: a ROLLBACK that waits behind the lost query is
 * dropped from the queue, and the pool would hand out a connection inside an open transaction. A server that was only
 * frozen sees the closed socket when it thaws and rolls back by itself.
 */
export class HangUpClient extends Client {
  // The signatures of pg's query are many; this one passes through whatever came.
  override query(...args: unknown[]): never {
    const answer = (super.query as (...args: unknown[]) => unknown).apply(this, args);
    if (answer instanceof Promise) {
      answer.catch((error: unknown) => {
        if ((error as Error).message === QUERY_TIMEOUT) {
          (this as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
        }
      });
    }
    return answer as never;
  }
}

/** Options of pg for a connection with these limits. */
export function connectionOptions(limits: ConnectionLimits): ClientConfig {
  const { connectTimeoutMs, statementTimeoutMs } = limits;
  return {
    application_name: "vesper",
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...(statementTimeoutMs > 0
      ? {
          statement_timeout: statementTimeoutMs,
          // A frozen server cannot cancel anything: the client gives up a little later by itself.
          query_timeout: statementTimeoutMs + 200,
          idle_in_transaction_session_timeout: statementTimeoutMs * 4,
        }
      : {}),
  };
}

/** The database cannot be reached or does not answer: nothing was decided, try again later. */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";
}

/** SQLSTATE classes that say "not now" rather than "never": connection, resources, operator intervention. */
const UNAVAILABLE_STATES = /^(08|53|57)/;
const UNAVAILABLE_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** What pg says without a code. */
const UNAVAILABLE_MESSAGES =
  /Query read timeout|Connection terminated|timeout (exceeded|expired)|connection error|not queryable/i;

/** True when the error, or a cause of it, says that the database is down, frozen or too busy. */
export function isDatabaseUnavailable(error: unknown): boolean {
  let cause = error;
  for (let depth = 0; depth < 8; depth += 1) {
    if (typeof cause !== "object" || cause === null) return false;
    const { code, message, cause: deeper } = cause as { code?: unknown; message?: unknown; cause?: unknown };
    if (cause instanceof DatabaseUnavailable) return true;
    if (typeof code === "string" && (UNAVAILABLE_CODES.has(code) || UNAVAILABLE_STATES.test(code)))
      return true;
    if (typeof message === "string" && UNAVAILABLE_MESSAGES.test(message)) return true;
    cause = deeper;
  }
  return false;
}

/** The address without user and password, for messages. */
export function shownAddress(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname}${port === "" ? "" : `:${port}`}${pathname}`;
  } catch {
    return "(DATABASE_URL is no address)";
  }
}
