import type { Strategy } from "./strategy.ts";

/**
 * One strategy from several files: rules of the others come before those of `default`, in the order of their names,
 * so that a small file changes one stream and leaves the rest. The limits are those of `default` (of the first file
 * when there is none of that name).
 * @throws RangeError when there is no strategy at all
 */
export function mergeStrategies(strategies: readonly Strategy[]): Strategy {
  const byName = [...strategies].sort((a, b) => (a.name < b.name ? -1 : 1));
  const base = byName.find((strategy) => strategy.name === "default") ?? byName[0];
  if (base === undefined) throw new RangeError("strategies is empty: there must be at least one");
  const others = byName.filter((strategy) => strategy !== base);
  if (others.length === 0) return base;
  return {
    ...base,
    name: [...others.map((strategy) => strategy.name), base.name].join("+"),
    rules: [...others.flatMap((strategy) => strategy.rules), ...base.rules],
  };
}
