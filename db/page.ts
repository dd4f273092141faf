/** One page of a list and how many there are in all. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

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

/** A text to look for inside another, for `like`: its own wildcards are letters. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}
