import { refusal } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 2_000;
/** The longest real tag is a root element of 0.5 kB; attribute parsing is not linear in the length of one tag. */
const MAX_TAG_CHARS = 4_096;
const UTF8_NAMES = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

/**
 * Walks the markup of an XML text once, without building anything.
 * @returns null when it may be parsed, else the refusal
 */
export function scanXml(text: string): Refusal | null {
  const declared = /<!\s*(doctype|entity)/i.exec(text);
  if (declared !== null) {
    return refusal(
      "doctype",
      `the message declares a ${(declared[1] ?? "").toUpperCase()}; that is refused before parsing`,
    );
  }
  const open: string[] = [];
  let elements = 0;
  let rootSeen = false;
  let i = text.indexOf("<");
  while (i !== -1) {
    let end: number;
    if (text.startsWith("<!--", i)) {
      end = text.indexOf("-->", i + 4);
      if (end === -1) return refusal("malformed", "a comment is not closed");
      end += 2;
    } else if (text.startsWith("<![CDATA[", i)) {
      if (open.length === 0) return refusal("malformed", "CDATA outside the root element");
      end = text.indexOf("]]>", i + 9);
      if (end === -1) return refusal("malformed", "a CDATA section is not closed");
      end += 2;
    } else if (text.startsWith("<?", i)) {
      end = text.indexOf("?>", i + 2);
      if (end === -1) return refusal("malformed", "a processing instruction is not closed");
      const bad = declarationProblem(text.slice(i, end + 2), text.slice(0, i).trim() === "");
      if (bad !== null) return bad;
      end += 1;
    } else {
      end = endOfTag(text, i);
      if (end === -1)
        return refusal(
          "malformed",
          `the tag at character ${i} is not closed within ${MAX_TAG_CHARS} characters`,
        );
      const tag = text.slice(i + 1, end);
      if (tag.startsWith("/")) {
        const name = tag.slice(1).trim();
        const expected = open.pop();
        if (name !== expected)
          return refusal("malformed", `</${clip(name)}> closes <${clip(expected ?? "nothing")}>`);
      } else {
        const name = /^[^\s/>]+/.exec(tag)?.[0] ?? "";
        if (!/^[\p{L}_:][\p{L}\p{N}_:.-]*$/u.test(name))
          return refusal("malformed", `"${clip(name)}" is not an element name`);
        if (open.length === 0 && rootSeen)
          return refusal("malformed", `a second root element <${clip(name)}>`);
        rootSeen = true;
        elements += 1;
        if (elements > MAX_ELEMENTS) return refusal("too-many", `more than ${MAX_ELEMENTS} elements`);
        if (!tag.endsWith("/")) {
          open.push(name);
          if (open.length > MAX_DEPTH) return refusal("too-deep", `elements nested deeper than ${MAX_DEPTH}`);
        }
      }
    }
    i = text.indexOf("<", end + 1);
  }
  if (!rootSeen) return refusal("malformed", "there is no root element");
  const unclosed = open.at(-1);
  return unclosed === undefined ? null : refusal("malformed", `<${clip(unclosed)}> is not closed`);
}

/** Only the XML declaration, at the very start and in UTF-8, is a processing instruction we accept. */
function declarationProblem(instruction: string, atStart: boolean): Refusal | null {
  if (!/^<\?xml\s/.test(instruction) || !atStart) {
    return refusal(
      "malformed",
      `processing instruction ${clip(instruction)}; only the XML declaration at the start is read`,
    );
  }
  const encoding = /encoding\s*=\s*["']([^"']*)["']/.exec(instruction)?.[1];
  if (encoding !== undefined && !UTF8_NAMES.has(encoding.toLowerCase())) {
    return refusal("encoding", `declared encoding ${clip(encoding)}; only UTF-8 is read`);
  }
  return null;
}

/** Index of the `>` that ends the tag starting at `start`, honouring quoted attribute values; -1 when there is none in reach. */
function endOfTag(text: string, start: number): number {
  const limit = Math.min(text.length, start + MAX_TAG_CHARS);
  let quote = "";
  for (let i = start + 1; i < limit; i++) {
    const c = text[i] ?? "";
    if (quote !== "") {
      if (c === quote) quote = "";
    } else if (c === '"' || c === "'") {
      quote = c;
    } else if (c === ">") {
      return i;
    } else if (c === "<") {
      return -1;
    }
  }
  return -1;
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
