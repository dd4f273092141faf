import type {
  EntityManager,
  EntityMetadata,
  EntityName,
  FilterQuery,
  QBFilterQuery,
} from "@mikro-orm/postgresql";
import { countEntities } from "./count.ts";
import { InstantType } from "./instant.ts";
import { type Page, pageBounds, type PageQuery } from "./page.ts";
import type { PlainRecord } from "./record.ts";

export interface FindOptions<E> {
  readonly orderBy?: Readonly<Partial<Record<keyof E & string, "asc" | "desc">>>;
  readonly limit?: number;
  readonly offset?: number;
}

/**
 * Reads rows straight into records. What `find` and `recordOf` give is the same, but an entity is made, watched and taken
 * apart for each row then, which for a page of some hundred rows takes longer than all the rest of it.
 */
export async function findRecords<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  where: FilterQuery<E>,
  options: FindOptions<E> = {},
): Promise<PlainRecord<E>[]> {
  const { sql, params } = statement(em, entity, "*", where, options);
  return queryRecords(em, entity, sql, params);
}

/** `findRecords` with these fields alone: a list of long rows shows few of theirs. */
export async function findFields<E extends object, Field extends keyof PlainRecord<E> & string>(
  em: EntityManager,
  entity: EntityName<E>,
  fields: readonly Field[],
  where: FilterQuery<E>,
  options: FindOptions<E> = {},
): Promise<Pick<PlainRecord<E>, Field>[]> {
  const { sql, params } = statement(em, entity, fields, where, options);
  const rows = await em.execute<Record<string, unknown>[]>(sql, [...params]);
  const wanted: readonly string[] = fields;
  const readers = readersOf(em.getMetadata<E>(entity)).filter(({ name }) => wanted.includes(name));
  return rows.map((row) => read(row, readers) as Pick<PlainRecord<E>, Field>);
}

function statement<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  select: readonly string[] | "*",
  where: FilterQuery<E>,
  options: FindOptions<E>,
): { readonly sql: string; readonly params: readonly unknown[] } {
  const query = em
    .createQueryBuilder(entity)
    .select(select as "*")
    .where(where as QBFilterQuery<E>);
  if (options.orderBy !== undefined) query.orderBy(options.orderBy as never);
  if (options.limit !== undefined) query.limit(options.limit, options.offset);
  return { sql: query.getQuery(), params: query.getParams() };
}

/** The row that passes a filter, as a record; null when none does. */
export async function findRecord<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  where: FilterQuery<E>,
): Promise<PlainRecord<E> | null> {
  const [record] = await findRecords(em, entity, where, { limit: 1 });
  return record ?? null;
}

/** One page of a list and how many rows it has in all: counted up to COUNTED_AT_MOST, beyond that estimated. */
export async function findPage<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  where: FilterQuery<E>,
  query: PageQuery,
  orderBy: NonNullable<FindOptions<E>["orderBy"]>,
): Promise<Page<PlainRecord<E>>> {
  const items = await findRecords(em, entity, where, { ...pageBounds(query), orderBy });
  return { items, ...(await countEntities(em, entity, where)) };
}

/** `findRecords` for a statement of one's own that selects every column of the entity's table. */
export async function queryRecords<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  sql: string,
  params: readonly unknown[],
): Promise<PlainRecord<E>[]> {
  const rows = await em.execute<Record<string, unknown>[]>(sql, [...params]);
  const readers = readersOf(em.getMetadata<E>(entity));
  return rows.map((row) => read(row, readers) as PlainRecord<E>);
}

/** How one column of an entity becomes one field of its record. */
interface FieldReader {
  readonly name: string;
  readonly column: string;
  readonly convert: (value: unknown) => unknown;
}

const readersByEntity = new WeakMap<object, readonly FieldReader[]>();

function readersOf<E extends object>(meta: EntityMetadata<E>): readonly FieldReader[] {
  const before = readersByEntity.get(meta);
  if (before !== undefined) return before;
  const readers = meta.props
    .filter(({ persist, fieldNames }) => persist !== false && fieldNames?.length === 1)
    .map((prop) => ({
      name: prop.name,
      column: prop.fieldNames[0] ?? prop.name,
      convert: converterOf(prop.customType, prop.columnTypes[0] ?? "", prop.runtimeType),
    }));
  readersByEntity.set(meta, readers);
  return readers;
}

function read(row: Readonly<Record<string, unknown>>, readers: readonly FieldReader[]): object {
  const record: Record<string, unknown> = {};
  for (const { name, column, convert } of readers) {
    const value = row[column] ?? null;
    record[name] = value === null ? null : convert(value);
  }
  return record;
}

function converterOf(
  customType: unknown,
  columnType: string,
  runtimeType: string,
): (value: unknown) => unknown {
  if (customType instanceof InstantType) return (value) => customType.convertToJSValue(value as string);
  if (
    /^(numeric|decimal|bigint|bigserial|double)/.test(columnType) &&
    !["string", "bigint"].includes(runtimeType)
  )
    return Number;
  // The driver leaves JSON as text.
  if (/^jsonb?$/.test(columnType)) return (value) => (typeof value === "string" ? JSON.parse(value) : value);
  return (value) => value;
}
