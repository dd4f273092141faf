import { NoticeError } from "./notice.ts";
import type { Notice } from "./notice.ts";
import type { NoticeFormat } from "./refusal.ts";
import { noticeOfVoEvent } from "./notice-of-voevent.ts";
import { noticeOfJson } from "./notice-of-json.ts";
import { readTree, readVoEventXml } from "./voevent.ts";

export { NoticeError } from "./notice.ts";
export type { Notice } from "./notice.ts";

/**
 * Reads a notice of any stream.
 *
 * Understood: VOEvent 1.1, 2.0 and 2.1 as XML; the same tree as JSON (SCiMMA); GCN JSON notices; IGWN (LVK) JSON
 * alerts. Streams that are not in the table are read generically and carry `stream: "unknown"`.
 *
 * @param text a text that passed `guardBytes`
 * @throws NoticeError, with the reason in words, when it is well-formed but no notice
 */
export function parseNotice(text: string, format: NoticeFormat): Notice {
  if (format === "xml") return noticeOfVoEvent(readVoEventXml(text), "voevent");
  const value = parseJson(text);
  if (typeof value["ivorn"] === "string") return noticeOfVoEvent(readTree(value), "voevent-json");
  return noticeOfJson(value);
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new NoticeError(
      `the JSON cannot be parsed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new NoticeError("the JSON is not an object");
  return value as Readonly<Record<string, unknown>>;
}
