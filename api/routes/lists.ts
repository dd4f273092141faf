import { Type } from "typebox";
import type { TSchema } from "typebox";
import { count } from "../words/numbers.ts";

/** Which part of a list: of every JSON list. */
export const ListQuerySchema = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  offset: Type.Optional(Type.Integer({ minimum: 0, default: 0 })),
});

/** `{items, total}`. */
export function listOf<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), total: Type.Integer() });
}

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** An instant in Unix ms; the field's name says which clock. */
export const Instant = (description?: string) =>
  Type.Integer(description === undefined ? {} : { description });

/** Free JSON: kept as it was stored. */
export const Json = Type.Unknown();

/** Number of the page of an HTML list, from 1. */
export const PageNumber = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 }));

/** Empty fields of a filter form mean no filter. */
export function given(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}

export interface Pager {
  readonly words: string;
  readonly previous: string;
  readonly next: string;
}

/**
 * The line under a list: where one is, and links that keep the filters.
 * @param query the filters of the address, without `page`
 */
export function pager(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  page: number,
  pageSize: number,
  total: number,
  noun: string,
): Pager {
  const href = (n: number): string => {
    const params = new URLSearchParams();
    for (const [key, value] of Object.entries(query))
      if (value !== undefined && value !== "") params.set(key, value);
    if (n > 1) params.set("page", String(n));
    const text = params.toString();
    return text === "" ? path : `${path}?${text}`;
  };
  const first = (page - 1) * pageSize + 1;
  const last = Math.min(page * pageSize, total);
  return {
    words:
      total <= pageSize && page === 1 ? count(total, noun) : `${first} to ${last} of ${count(total, noun)}`,
    previous: page > 1 ? href(page - 1) : "",
    next: last < total ? href(page + 1) : "",
  };
}

/** Choices of a filter, "all" first. */
export function options(values: readonly string[], chosen: string) {
  return [
    { value: "", label: "all", chosen: chosen === "" },
    ...values.map((value) => ({ value, label: value, chosen: value === chosen })),
  ];
}
