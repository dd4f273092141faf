import type { Card } from "./card.ts";
import { FitsError } from "./error.ts";

const RECORD = 80;
const KEYWORD = /^[A-Z0-9_-]{0,8} *$/;
const INTEGER = /^[+-]?\d+$/;
const REAL = /^[+-]?(\d+\.?\d*|\.\d+)([ED][+-]?\d+)?$/;
const STRING = /^'((?:[^']|'')*)'\s*(?:\/\s?(.*))?$/;
const COMPLEX = /^\(\s*([^,\s]+)\s*,\s*([^)\s]+)\s*\)$/;

/**
 * The cards of a header, continued strings joined (FITS 4.0, section 4).
 * @param header whole records up to, not including, END
 * @param where words for errors, e.g. "HDU 0"
 * @throws FitsError `nonAscii` or `badCard`, naming record and rule
 */
export function parseHeader(header: Uint8Array, where: string): Card[] {
  const cards: Card[] = [];
  let open = false;
  for (let at = 0; at < header.length; at += RECORD) {
    const record = recordText(header, at, where);
    const place = `${where}, record ${at / RECORD + 1}`;
    if (open && record.startsWith("CONTINUE")) {
      open = continueString(cards, record, place);
    } else {
      const card = parseRecord(record, place);
      cards.push(card);
      open = card.kind === "text" && card.value.endsWith("&");
    }
  }
  return cards;
}

function recordText(header: Uint8Array, at: number, where: string): string {
  let record = "";
  for (let i = at; i < at + RECORD; i += 1) {
    const code = header[i] ?? 0;
    if (code < 0x20 || code > 0x7e) {
      throw new FitsError(
        "nonAscii",
        `${where}, record ${at / RECORD + 1}: byte 0x${code.toString(16)} in column ${i - at + 1} is not printable ASCII`,
      );
    }
    record += String.fromCharCode(code);
  }
  return record;
}

function parseRecord(record: string, place: string): Card {
  const hierarch = /^HIERARCH +([^=]+?) *= (.*)$/.exec(record);
  if (hierarch !== null) {
    return valueCard(hierarch[1] ?? "", hierarch[2] ?? "", place);
  }
  const head = record.slice(0, 8);
  if (!KEYWORD.test(head)) {
    throw new FitsError("badCard", `${place}: "${head}" is no keyword: must be up to 8 of A-Z 0-9 _ -`);
  }
  const keyword = head.trimEnd();
  const isCommentary =
    keyword === "COMMENT" || keyword === "HISTORY" || keyword === "" || keyword === "CONTINUE";
  if (isCommentary || record.slice(8, 10) !== "= ") {
    return { kind: "commentary", keyword, value: record.slice(8).trimEnd() };
  }
  return valueCard(keyword, record.slice(10), place);
}

function valueCard(keyword: string, field: string, place: string): Card {
  const trimmed = field.trim();
  if (trimmed.startsWith("'")) {
    const [, body, remark] = STRING.exec(trimmed) ?? [];
    if (body === undefined) {
      throw new FitsError("badCard", `${place}: the string of ${keyword} is not closed`);
    }
    return {
      kind: "text",
      keyword,
      value: body.replaceAll("''", "'").trimEnd(),
      comment: remark?.trimEnd() ?? "",
    };
  }
  const slash = trimmed.indexOf("/");
  const value = (slash < 0 ? trimmed : trimmed.slice(0, slash)).trim();
  const comment = slash < 0 ? "" : trimmed.slice(slash + 1).trim();
  if (value === "") {
    return { kind: "undefined", keyword, value: null, comment };
  }
  if (value === "T" || value === "F") {
    return { kind: "logical", keyword, value: value === "T", comment };
  }
  if (INTEGER.test(value)) {
    const big = BigInt(value);
    return {
      kind: "integer",
      keyword,
      value: Number.isSafeInteger(Number(big)) ? Number(big) : big,
      comment,
    };
  }
  const number = realValue(value);
  if (number !== null) {
    return { kind: "real", keyword, value: number, comment };
  }
  const [, re, im] = COMPLEX.exec(value) ?? [];
  const [reValue, imValue] = [realValue(re ?? ""), realValue(im ?? "")];
  if (reValue !== null && imValue !== null) {
    return { kind: "complex", keyword, value: [reValue, imValue], comment };
  }
  throw new FitsError(
    "badCard",
    `${place}: the value "${value}" of ${keyword} is neither string, number, T nor F`,
  );
}

function realValue(text: string): number | null {
  return REAL.test(text) ? Number(text.replace("D", "E")) : null;
}

/** Joins a CONTINUE record to the string before it; true when that goes on still. */
function continueString(cards: Card[], record: string, place: string): boolean {
  const before = cards.at(-1);
  const [, body, remark] = STRING.exec(record.slice(8).trim()) ?? [];
  if (before?.kind !== "text" || body === undefined) {
    throw new FitsError("badCard", `${place}: CONTINUE must hold a string`);
  }
  const value = before.value.slice(0, -1) + body.replaceAll("''", "'").trimEnd();
  cards[cards.length - 1] = { ...before, value, comment: remark?.trimEnd() || (before.comment ?? "") };
  return value.endsWith("&");
}
