export type NoticeFormat = "xml" | "json";

/** `too-large` is HTTP 413; every other refusal is 400. */
export type RefusalCode =
  | "too-large"
  | "empty"
  | "encoding"
  | "doctype"
  | "too-deep"
  | "too-many"
  | "malformed";

export type Guarded =
  | { readonly ok: true; readonly text: string; readonly format: NoticeFormat }
  | { readonly ok: false; readonly code: RefusalCode; readonly reason: string };

export type Refusal = Guarded & { readonly ok: false };

/** A refusal with its reason in words. */
export function refusal(code: RefusalCode, reason: string): Refusal {
  return { ok: false, code, reason };
}
