import type { EntityManager, EntityName, FilterQuery, QBFilterQuery } from "@mikro-orm/postgresql";
import { raw } from "@mikro-orm/postgresql";

/** Rows that are counted one by one at most: about 2 ms. Counting a million takes a hundred times as long. */
export const COUNTED_AT_MOST = 10_000;
/** So long an estimate is good for others: it is of more rows than anybody counts. */
const ESTIMATE_AGE_MS = 10_000;
/** Estimates that are kept of one database: searches have each their own. */
const KEPT_ESTIMATES = 1_000;

/** How many rows a list has. */
export interface RowCount {
  readonly total: number;
  /** Whether `total` is the planner's estimate: of more rows than are counted. */
  readonly isEstimate?: boolean;
}

interface Estimate {
  readonly count: RowCount;
  readonly madeAt: number;
}

/** Estimates of each database, by their statements. */
const estimates = new WeakMap<object, Map<string, Estimate>>();

/** How many rows of an entity pass a filter: exact up to COUNTED_AT_MOST, beyond that PostgreSQL's own estimate. */
export async function countEntities<E extends object>(
  em: EntityManager,
  entity: EntityName<E>,
  where: FilterQuery<E>,
): Promise<RowCount> {
  const query = em
    .createQueryBuilder(entity)
    .select(raw("1"))
    .where(where as QBFilterQuery<E>);
  return countRows(em, query.getQuery(), query.getParams());
}

/** The same of any `select`. */
export async function countRows(
  em: EntityManager,
  select: string,
  values: readonly unknown[],
): Promise<RowCount> {
  const known = estimatesOf(em);
  const key = JSON.stringify([select, values]);
  const before = known.get(key);
  if (before !== undefined && performance.now() - before.madeAt < ESTIMATE_AGE_MS) return before.count;
  const [row] = await em.execute<{ n: number }[]>(
    `select count(*)::int as n from (${select} limit ${COUNTED_AT_MOST + 1}) as counted`,
    [...values],
  );
  const n = row?.n ?? 0;
  if (n <= COUNTED_AT_MOST) return { total: n };
  const [plan] = await em.execute<{ "QUERY PLAN": readonly { Plan: { "Plan Rows": number } }[] }[]>(
    `explain (format json) ${select}`,
    [...values],
  );
  const count = { total: Math.max(n, plan?.["QUERY PLAN"][0]?.Plan["Plan Rows"] ?? 0), isEstimate: true };
  if (known.size >= KEPT_ESTIMATES) known.clear();
  known.set(key, { count, madeAt: performance.now() });
  return count;
}

function estimatesOf(em: EntityManager): Map<string, Estimate> {
  const connection = em.getConnection();
  const known = estimates.get(connection) ?? new Map<string, Estimate>();
  estimates.set(connection, known);
  return known;
}
