import { type InferEntity, wrap } from "@mikro-orm/core";

/** What a repository hands out for an entity: plain data, null where the row has NULL, nothing of the ORM. */
export type RecordOf<S> = PlainRecord<InferEntity<S>>;

export type PlainRecord<E> = { readonly [K in keyof E as K extends string ? K : never]-?: Plain<E[K]> };

/** A value without the ORM's markers for defaults, and with null in place of undefined. */
type Plain<T> = Extract<T, null | undefined> extends never ? Unmarked<T> : Unmarked<NonNullable<T>> | null;
type Unmarked<T> = T extends `${infer Text}`
  ? Text
  : T extends string
    ? string
    : T extends number
      ? number
      : T;

/** The plain data of a managed entity: every stored property, by its name in the record. */
export function recordOf<E extends object>(entity: E): PlainRecord<E> {
  const record: Record<string, unknown> = {};
  for (const { name, persist } of wrap(entity, true).__meta.props) {
    if (persist === false) continue;
    record[name] = (entity as Record<string, unknown>)[name] ?? null;
  }
  return record as PlainRecord<E>;
}
