/** No-break space: a number and its unit stay on one line. */
export const NBSP = "\u00a0";
const MINUS = "\u2212";
/** Shown where there is no value; the reason stands beside it. */
export const NONE = "—";

/** A number with a true minus sign and a fixed number of decimals; a dash when there is none. */
export function number(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `${MINUS}${text}` : text;
}

/** A number with its unit; a dash when there is none. */
export function quantity(value: number | null | undefined, unit: string, decimals = 0): string {
  const text = number(value, decimals);
  return text === NONE ? NONE : `${text}${NBSP}${unit}`;
}

/** `1 frame`, `3 frames`, `no frames`. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n === 0 ? "no" : String(n)}${NBSP}${n === 1 ? singular : plural}`;
}

/** The same of a number that is an estimate: `about 1,000,000 images`, to two digits. */
export function about(n: number, singular: string, plural = `${singular}s`): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, n))) - 1);
  return `about${NBSP}${(Math.round(n / step) * step).toLocaleString("en-US")}${NBSP}${plural}`;
}

/** Words that begin a sentence. */
export function capital(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/** Bytes as a person reads them. */
export function bytes(value: number): string {
  if (value < 1_000) return quantity(value, "B");
  if (value < 1_000_000) return quantity(value / 1_000, "kB");
  return quantity(value / 1_000_000, "MB", 1);
}
