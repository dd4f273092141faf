import { scanJson } from "./guard-json.ts";
import { scanXml } from "./guard-xml.ts";
import { refusal } from "./refusal.ts";
import type { Guarded } from "./refusal.ts";

export type { Guarded, NoticeFormat, RefusalCode } from "./refusal.ts";

/** Largest VOEvent taken in; the largest real one is 7.9 kB. */
export const MAX_XML_BYTES = 64 * 1024;
/** Largest JSON notice taken in: gravitational-wave notices carry their sky map, 1 to 2.3 MB. */
export const MAX_JSON_BYTES = 4 * 1024 * 1024;

/**
 * The first thing every alert message meets, whatever door it came through: decides from the bytes alone, in one
 * linear pass and before any parser sees them, whether they may be parsed.
 *
 * Refused: too large (64 KiB for XML, 4 MiB for JSON), not UTF-8, a document type or entity declaration (entity
 * expansion attacks need one), processing instructions, nesting deeper than 32, more than 2,000 XML elements or
 * 50,000 JSON values, tags that do not match.
 *
 * @param bytes the message exactly as it arrived
 * @returns the decoded text and its format, or the refusal with its code and reason; never throws
 */
export function guardBytes(bytes: Uint8Array): Guarded {
  if (bytes.length === 0) return refusal("empty", "the message has no bytes");
  if (bytes.length > MAX_JSON_BYTES) {
    return refusal("too-large", `the message has ${bytes.length} bytes; at most ${MAX_JSON_BYTES} are read`);
  }
  const first = firstMeaningfulByte(bytes);
  if (first === null) return refusal("empty", "the message has only white space");
  const isJson = first === 0x7b; // {
  if (!isJson && bytes.length > MAX_XML_BYTES) {
    return refusal(
      "too-large",
      `the message has ${bytes.length} bytes; a VOEvent may have at most ${MAX_XML_BYTES}`,
    );
  }
  const text = decodeUtf8(bytes);
  if (text === null) return refusal("encoding", "the message is not valid UTF-8");
  if (text.includes("\u0000")) return refusal("encoding", "the message contains a NUL character");
  if (isJson) return scanJson(text) ?? { ok: true, text, format: "json" };
  if (first === 0x3c) return scanXml(text) ?? { ok: true, text, format: "xml" }; // <
  return refusal(
    "malformed",
    "the message is neither XML (it does not begin with <) nor a JSON object (nor with {)",
  );
}

/** The first byte that is neither a UTF-8 byte order mark nor white space. */
function firstMeaningfulByte(bytes: Uint8Array): number | null {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return byte;
  }
  return null;
}

/** The text without a byte order mark, or null when the bytes are not UTF-8. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
