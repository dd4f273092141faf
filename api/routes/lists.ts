import { Type } from "typebox";
import type { TSchema } from "typebox";
import { LARGEST_OFFSET, type Cursor, type CursorQuery, type Page } from "../../db/page.ts";
import { Problem } from "../problem.ts";
import { about, count } from "../words/numbers.ts";

/** The years 1 to 9999, Unix ms: what the database can hold. */
const FIRST_MS = -62_135_596_800_000;
const LAST_MS = 253_402_300_799_999;

/** More rows than any of these lists has. */
const MOST_ROWS = 1_000_000_000;

/** Which part of a list: of every JSON list. */
export const ListQuerySchema = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST_ROWS, default: 0 })),
});

/** One part of a list that is short enough to be read whole. */
export function partOf<T>(
  all: readonly T[],
  { limit = 50, offset = 0 }: { readonly limit?: number; readonly offset?: number },
): { items: T[]; total: number } {
  return { items: all.slice(offset, offset + limit), total: all.length };
}

const IsEstimateSchema = Type.Optional(
  Type.Boolean({ description: "Whether `total` is an estimate: more than 10,000 rows are not counted" }),
);

/** `{items, total}`. */
export function listOf<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), total: Type.Integer(), isEstimate: IsEstimateSchema });
}

const CURSOR = /^(-?\d{1,16})_(.+)$/;
const CursorSchema = Type.String({ maxLength: 300, pattern: CURSOR.source });

/** Which part of a long list: by number near its beginning, by `next` of the part before anywhere. */
export const LongListQuerySchema = Type.Object({
  limit: ListQuerySchema.properties.limit,
  offset: Type.Optional(
    Type.Integer({ minimum: 0, maximum: LARGEST_OFFSET, default: 0, description: "Further on: `after`" }),
  ),
  after: Type.Optional(
    Type.Unsafe<string>({ ...CursorSchema, description: "`next` of the part before this one" }),
  ),
});

/** `{items, total, next}`. */
export function longListOf<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(item),
    total: Type.Integer(),
    isEstimate: IsEstimateSchema,
    next: Type.Union([Type.String(), Type.Null()], {
      description: "`after` of the next part; null when this is the last",
    }),
  });
}

/** Number of the page of an HTML list, from 1. */
export const PageNumber = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 }));

/** The query of a page by its number and its neighbour. */
export const LongPageSchema = {
  page: PageNumber,
  after: Type.Optional(CursorSchema),
  before: Type.Optional(CursorSchema),
};

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** An instant in Unix ms; the field's name says which clock. */
export const Instant = (description?: string) =>
  Type.Integer(description === undefined ? {} : { description });

/** An instant that somebody asks for: within what the database can hold. */
export const InstantGiven = (description: string) =>
  Type.Integer({ description, minimum: FIRST_MS, maximum: LAST_MS });

/** Free JSON: kept as it was stored. */
export const Json = Type.Unknown();

/** Empty fields of a filter form mean no filter. */
export function given(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}

export interface Pager {
  readonly words: string;
  readonly previous: string;
  readonly next: string;
}

/** How many rows a list has, counted or estimated. */
type Counted = Pick<Page<unknown>, "total" | "isEstimate">;

/**
 * The line under a list: where one is, and links that keep the filters.
 * @param query the filters of the address, without `page`
 * @param list how long it is in all
 */
export function pager(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  page: number,
  pageSize: number,
  list: Counted,
  noun: string,
): Pager {
  const { total } = list;
  const words = totalWords(list, noun);
  const href = (n: number): string => pageHref(path, query, n);
  const first = (page - 1) * pageSize + 1;
  const last = Math.min(page * pageSize, total);
  return {
    words: total <= pageSize && page === 1 ? words : `${first} to ${last} of ${words}`,
    previous: page > 1 ? href(page - 1) : "",
    next: last < total ? href(page + 1) : "",
  };
}

/** Page `n` of a list, with its filters. */
function pageHref(path: string, query: Readonly<Record<string, string | undefined>>, n: number): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    if (value !== undefined && value !== "") params.set(key, value);
  if (n > 1) params.set("page", String(n));
  const text = params.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** What a reader of a long list asks for, from the address of a page. @throws Problem 400 */
export function longQuery(
  { page = 1, after, before }: { page?: number; after?: string; before?: string },
  pageSize: number,
): CursorQuery {
  const cursor = after ?? before;
  if (cursor !== undefined)
    return { limit: pageSize, [after === undefined ? "before" : "after"]: cursorOf(cursor) };
  const offset = (page - 1) * pageSize;
  if (offset > LARGEST_OFFSET)
    throw new Problem(
      400,
      `Page ${page} is too far down to be found by its number. Narrow the list with its filters, or go on by Next from page ${Math.floor(LARGEST_OFFSET / pageSize) + 1}.`,
    );
  return { limit: pageSize, offset };
}

/**
 * The neighbour that a cursor names; undefined for none.
 * @throws Problem 400 for one that no list gave
 */
export function cursorOf(text: string | undefined): Cursor | undefined {
  const [, atMs, id] = CURSOR.exec(text ?? "") ?? [];
  if (atMs === undefined || id === undefined) return undefined;
  if (Number(atMs) < FIRST_MS || Number(atMs) > LAST_MS) throw wrongCursor(text ?? "");
  return { atMs: Number(atMs), id };
}

/** The neighbour that a cursor names in a list whose ids are numbers. @throws Problem 400 for one that no list gave */
export function numberCursorOf(text: string | undefined): Cursor | undefined {
  const cursor = cursorOf(text);
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor.id)) throw wrongCursor(text ?? "");
  return cursor;
}

function wrongCursor(text: string): Problem {
  return new Problem(
    400,
    `query field "after" is ${JSON.stringify(text)}: must be the next of the part of the list before.`,
  );
}

/** `next` of a part of a long list; null when it is the last. */
export function nextCursor<T>(
  items: readonly T[],
  limit: number,
  neighbour: (item: T) => Cursor,
): string | null {
  const last = items.at(-1);
  return last === undefined || items.length < limit ? null : cursorText(neighbour(last));
}

function cursorText({ atMs, id }: Cursor): string {
  return `${atMs}_${id}`;
}

/** The line under a long list: links by neighbour, so that the ten-thousandth page is as near as the first. */
export function longPager<T>(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  page: number,
  pageSize: number,
  list: Page<T>,
  neighbour: (item: T) => Cursor,
  noun: string,
): Pager {
  const { items, isEstimate = false } = list;
  const near = pager(path, query, page, pageSize, list, noun);
  const [first, last] = [items[0], items.at(-1)];
  const by = (href: string, key: "after" | "before", item: T): string =>
    `${href}${href.includes("?") ? "&" : "?"}${key}=${encodeURIComponent(cursorText(neighbour(item)))}`;
  const isLast = items.length < pageSize || (!isEstimate && near.next === "");
  return {
    words: near.words,
    previous: page <= 2 || first === undefined ? near.previous : by(near.previous, "before", first),
    next:
      isLast || last === undefined
        ? ""
        : by(near.next === "" ? pageHref(path, query, page + 1) : near.next, "after", last),
  };
}

/** How many rows a list has, in words: `312 rows`, `about 1,000,000 rows`. */
export function totalWords({ total, isEstimate = false }: Counted, noun: string): string {
  return isEstimate ? about(total, noun) : count(total, noun);
}

/** Choices of a filter, "all" first. */
export function options(values: readonly string[], chosen: string) {
  return [
    { value: "", label: "all", chosen: chosen === "" },
    ...values.map((value) => ({ value, label: value, chosen: value === chosen })),
  ];
}
