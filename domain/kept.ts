/**
 * Makes a pure function compute each of its results once for all who ask. After `most` results it begins anew: that bounds
 * the memory, and whoever asks for so many different ones seldom comes back to the first.
 * @param compute depends on its arguments alone, which are plain data: they are told apart by their JSON
 */
export function kept<Args extends readonly unknown[], T>(
  compute: (...args: Args) => T,
  most: number,
): (...args: Args) => T {
  const results = new Map<string, T>();
  return (...args) => {
    const key = JSON.stringify(args);
    const known = results.get(key);
    if (known !== undefined) return known;
    const computed = compute(...args);
    if (results.size >= most) results.clear();
    results.set(key, computed);
    return computed;
  };
}
