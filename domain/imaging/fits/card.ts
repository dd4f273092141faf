import { FitsError } from "./error.ts";

/**
 * One header record. Integers and reals are told apart, because `30` and `30.0` are different cards;
 * `undefined` is a keyword without value; `commentary` is COMMENT, HISTORY or a blank keyword.
 */
export type Card =
  | { readonly kind: "text"; readonly keyword: string; readonly value: string; readonly comment?: string }
  | {
      readonly kind: "integer";
      readonly keyword: string;
      readonly value: number | bigint;
      readonly comment?: string;
    }
  | { readonly kind: "real"; readonly keyword: string; readonly value: number; readonly comment?: string }
  | { readonly kind: "logical"; readonly keyword: string; readonly value: boolean; readonly comment?: string }
  | {
      readonly kind: "complex";
      readonly keyword: string;
      readonly value: readonly [number, number];
      readonly comment?: string;
    }
  | { readonly kind: "undefined"; readonly keyword: string; readonly value: null; readonly comment?: string }
  | { readonly kind: "commentary"; readonly keyword: string; readonly value: string };

export type CardValue = Card["value"];

/** A card with a string; longer than 68 characters it is continued on further records. */
export function text(keyword: string, value: string, comment = ""): Card {
  return { kind: "text", keyword, value, comment };
}

/** A card with a whole number. */
export function integer(keyword: string, value: number | bigint, comment = ""): Card {
  return { kind: "integer", keyword, value, comment };
}

/**
 * A card with a real number.
 * @param decimals rounds to so many decimals, when given
 */
export function real(keyword: string, value: number, comment = "", decimals?: number): Card {
  return {
    kind: "real",
    keyword,
    value: decimals === undefined ? value : Number(value.toFixed(decimals)),
    comment,
  };
}

/** A card with T or F. */
export function logical(keyword: string, value: boolean, comment = ""): Card {
  return { kind: "logical", keyword, value, comment };
}

/** A HISTORY record; long text takes several. */
export function history(value: string): Card {
  return { kind: "commentary", keyword: "HISTORY", value };
}

/** A COMMENT record; long text takes several. */
export function comment(value: string): Card {
  return { kind: "commentary", keyword: "COMMENT", value };
}

/** The first card with that keyword. */
export function findCard(cards: readonly Card[], keyword: string): Card | undefined {
  return cards.find((card) => card.keyword === keyword && card.kind !== "commentary");
}

/** Number of a card, or undefined when it is absent or has no number. */
export function numberOf(cards: readonly Card[], keyword: string): number | undefined {
  const card = findCard(cards, keyword);
  return card?.kind === "integer" || card?.kind === "real" ? Number(card.value) : undefined;
}

/** String of a card without trailing blanks, or undefined when it is absent or has no string. */
export function textOf(cards: readonly Card[], keyword: string): string | undefined {
  const card = findCard(cards, keyword);
  return card?.kind === "text" ? card.value.trimEnd() : undefined;
}

/** The header with each of `changes` in the place of the card of its keyword, new ones at the end. */
export function withCards(cards: readonly Card[], changes: readonly Card[]): Card[] {
  const result = [...cards];
  for (const change of changes) {
    const index = result.findIndex((card) => card.keyword === change.keyword);
    if (index < 0 || change.kind === "commentary") {
      result.push(change);
    } else {
      result[index] = change;
    }
  }
  return result;
}

const RECORD = 80;
const LONGEST_TEXT = 68;
const KEYWORD = /^[A-Z0-9_-]{1,8}$/;
const HIERARCH_KEYWORD = /^[A-Z0-9_-]+( [A-Z0-9_-]+)*$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * The 80-character records of a card (FITS 4.0, sections 4.1 and 4.2). A comment that does not fit is cut: it is no data.
 * @throws FitsError `badValue` for text that is not printable ASCII, for NaN and infinities, for a wrong keyword
 */
export function recordsOf(card: Card): string[] {
  if (card.kind === "commentary") {
    return commentaryRecords(card.keyword, card.value);
  }
  const start = keywordPart(card.keyword);
  const remark = printable(card.keyword, card.comment ?? "");
  if (card.kind === "text") {
    return textRecords(start, card.keyword, card.value, remark);
  }
  return [padded(withComment(`${start}${valueField(card).padStart(20)}`, remark))];
}

/** Whether the card needs the CONTINUE convention. */
export function isLong(card: Card): boolean {
  return card.kind === "text" && quoted(card.value).length > RECORD - keywordPart(card.keyword).length;
}

function valueField(card: Exclude<Card, { kind: "text" | "commentary" }>): string {
  switch (card.kind) {
    case "integer":
      if (typeof card.value === "number" && !Number.isSafeInteger(card.value)) {
        throw new FitsError(
          "badValue",
          `${card.keyword}: ${card.value} is not a whole number that can be held exactly`,
        );
      }
      return String(card.value);
    case "real":
      return realField(card.keyword, card.value);
    case "logical":
      return card.value ? "T" : "F";
    case "complex":
      return `(${realField(card.keyword, card.value[0])}, ${realField(card.keyword, card.value[1])})`;
    default:
      return "";
  }
}

function realField(keyword: string, value: number): string {
  if (!Number.isFinite(value)) {
    throw new FitsError(
      "badValue",
      `${keyword}: ${value} cannot be written; leave the card out or undefined`,
    );
  }
  const shortest = Object.is(value, -0) ? "-0" : String(value);
  const [mantissa = "", exponent] = shortest.split("e");
  const decimal = mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? decimal : `${decimal}E${exponent.replace("+", "")}`;
}

function textRecords(start: string, keyword: string, value: string, remark: string): string[] {
  const whole = quoted(printable(keyword, value));
  if (start.length + whole.length <= RECORD) {
    return [padded(withComment(`${start}${whole.padEnd(20)}`, remark))];
  }
  const records: string[] = [];
  let lead = start;
  let rest = value;
  while (rest.length > 0) {
    const last = quoted(rest);
    if (lead.length + last.length <= RECORD) {
      records.push(padded(withComment(`${lead}${last}`, remark)));
      return records;
    }
    // Two quotes of one apostrophe must stay in one record, so the piece is measured as it will be written.
    let length = Math.min(rest.length, LONGEST_TEXT - (lead.length - 10));
    while (lead.length + quoted(`${rest.slice(0, length)}&`).length > RECORD) {
      length -= 1;
    }
    records.push(padded(`${lead}${quoted(`${rest.slice(0, length)}&`)}`));
    rest = rest.slice(length);
    lead = "CONTINUE  ";
  }
  return records;
}

function commentaryRecords(keyword: string, value: string): string[] {
  if (keyword !== "" && !KEYWORD.test(keyword)) {
    throw new FitsError("badValue", `"${keyword}" is no keyword: must be up to 8 of A-Z 0-9 _ -`);
  }
  const words = printable(keyword, value);
  const records: string[] = [];
  for (let at = 0; at === 0 || at < words.length; at += RECORD - 8) {
    records.push(padded(keyword.padEnd(8) + words.slice(at, at + RECORD - 8)));
  }
  return records;
}

function keywordPart(keyword: string): string {
  if (KEYWORD.test(keyword)) {
    return `${keyword.padEnd(8)}= `;
  }
  if (HIERARCH_KEYWORD.test(keyword) && keyword.length <= 50) {
    return `HIERARCH ${keyword} = `;
  }
  throw new FitsError("badValue", `"${keyword}" is no keyword: must be up to 8 of A-Z 0-9 _ -`);
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "''").padEnd(8)}'`;
}

function withComment(record: string, remark: string): string {
  return remark === "" ? record : `${record} / ${remark}`;
}

function padded(record: string): string {
  return record.slice(0, RECORD).padEnd(RECORD);
}

function printable(keyword: string, value: string): string {
  if (!PRINTABLE.test(value)) {
    throw new FitsError("badValue", `${keyword}: ${JSON.stringify(value)} must be printable ASCII`);
  }
  return value;
}
