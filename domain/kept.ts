/**
 * Makes a pure function compute each of its results once for all who ask. After `most` results it begins anew: that bounds
 * the memory, and whoever asks for so many different ones seldom comes back to the first.
 * @param keyOf what the result depends on, as one string; the arguments themselves when absent
 */
export function kept<Args extends readonly unknown[], T>(
  compute: (...args: Args) => T,
  most: number,
  keyOf: (...args: Args) => string = (...args) => JSON.stringify(args),
): (...args: Args) => T {
  const results = new Map<string, T>();
  return (...args) => {
    const key = keyOf(...args);
    const known = results.get(key);
    if (known !== undefined) return known;
    const computed = compute(...args);
    if (results.size >= most) results.clear();
    results.set(key, computed);
    return computed;
  };
}
