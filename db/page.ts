/** One page of a list and how many there are in all. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** Whether `total` is the database's estimate (db/count.ts): long lists are not counted. */
  readonly isEstimate?: boolean;
}

/** Where in a long list a page begins: what its neighbour is sorted by. Skipping rows by number would read them all. */
export interface Cursor {
  readonly atMs: number;
  readonly id: string;
}

/** Which page of a long list: by number near its beginning, anywhere by the neighbour. */
export interface CursorQuery extends PageQuery {
  /** The rows that come after this one. */
  readonly after?: Cursor;
  /** The rows that come before this one. */
  readonly before?: Cursor;
}

/** Rows that may be skipped by number in a long list. */
export const LARGEST_OFFSET = 10_000;

/** Which page. */
export interface PageQuery {
  /** 1 … 500; 50 when absent. */
  readonly limit?: number;
  readonly offset?: number;
}

/** Limit and offset within what a page may hold. */
export function pageBounds(query: PageQuery): { limit: number; offset: number } {
  return {
    limit: Math.min(500, Math.max(1, Math.trunc(query.limit ?? 50))),
    offset: Math.max(0, Math.trunc(query.offset ?? 0)),
  };
}

/** A text to look for at the beginning of another, for `like`. */
export function startingWith(text: string): string {
  return containing(text).slice(1);
}

/** A text to look for inside another, for `like`: its own wildcards are letters. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}
