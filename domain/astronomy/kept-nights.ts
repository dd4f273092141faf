/**
 * Makes what is computed of a night, given its date, be computed once for all who ask. After `most` nights it begins
 * anew: whoever asks for so many walks through the seasons.
 */
export function keptByNight<T>(compute: (date: string) => T, most: number): (date: string) => T {
  const kept = new Map<string, T>();
  return (date) => {
    const known = kept.get(date);
    if (known !== undefined) return known;
    const computed = compute(date);
    if (kept.size >= most) kept.clear();
    kept.set(date, computed);
    return computed;
  };
}
