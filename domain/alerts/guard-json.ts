import { refusal } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

const MAX_DEPTH = 32;
const MAX_VALUES = 50_000;

/**
 * Walks a JSON text once, without building anything: only strings are told from structure, the rest is the parser's
 * to judge.
 * @returns null when it may be parsed, else the refusal
 */
export function scanJson(text: string): Refusal | null {
  let depth = 0;
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      i = endOfString(text, i);
      if (i === -1) return refusal("malformed", "a string is not closed");
    } else if (c === 0x7b || c === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) return refusal("too-deep", `JSON nested deeper than ${MAX_DEPTH}`);
    } else if (c === 0x7d || c === 0x5d) {
      depth -= 1;
      if (depth < 0) return refusal("malformed", "a bracket is closed that was not opened");
    } else if (c === 0x2c) {
      values += 1;
      if (values > MAX_VALUES) return refusal("too-many", `more than ${MAX_VALUES} JSON values`);
    }
  }
  return depth === 0 ? null : refusal("malformed", "a bracket is not closed");
}

/** Index of the quote that closes the string opened at `start`; -1 when there is none. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) return i;
    // What a backslash escapes, a quote or another backslash, ends nothing.
    if (c === 0x5c) i += 1;
  }
  return -1;
}
