import { isAlias, isMap, isNode, isPair, isSeq, LineCounter, parseDocument, stringify, visit } from "yaml";
import type { Document, Pair } from "yaml";
import type { FieldError } from "../../../domain/requests/build.ts";
import { readRequestFile, requestFile } from "../../../domain/requests/request-file.ts";
import type { RequestDraft } from "../../../domain/requests/request.ts";
import type { WrittenRequest } from "../../../domain/requests/written.ts";

/** An error of a file: the field, its value, the rule, and the line (from 1) where it stands. */
export interface FileError extends FieldError {
  readonly line: number;
}

export type ParsedFile =
  | {
      readonly ok: true;
      readonly written: WrittenRequest;
      /** Line of a field, or of what it would stand in. */
      readonly lineOf: (path: string) => number;
    }
  | { readonly ok: false; readonly errors: readonly FileError[] };

export const FILE_FORMATS = ["yaml", "json"] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** No request file is deeper: list, sequence, albums, album, plans, plan. */
const MAX_DEPTH = 12;

/** The text of a request's file. */
export function fileText(draft: RequestDraft, format: FileFormat): string {
  const file = requestFile(draft);
  return format === "json" ? `${JSON.stringify(file, null, 2)}\n` : stringify(file, { lineWidth: 0 });
}

/**
 * Reads the text of a request file, JSON or YAML (what begins with a brace is JSON). Every error has its line. Anchors,
 * aliases and tags of YAML are refused: a file of a few bytes could say gigabytes with them.
 */
export function parseFile(text: string): ParsedFile {
  const wrong = (line: number, words: string, field = "", value: unknown = ""): ParsedFile => ({
    ok: false,
    errors: [{ field, value, rule: words, line }],
  });
  if (text.trim() === "") return wrong(1, "the file is empty");
  const depth = deepest(text);
  if (depth.depth > MAX_DEPTH) return wrong(depth.line, `brackets are nested more than ${MAX_DEPTH} deep`);
  const isJson = text.trimStart().startsWith("{");
  if (isJson) {
    try {
      JSON.parse(text);
    } catch (error) {
      return wrong(lineOfJsonError(text, error), `is no JSON: ${jsonWords(error)}`);
    }
  }
  const lines = new LineCounter();
  // JSON is YAML: read as such it has lines, and a key that stands twice is found.
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    strict: true,
    logLevel: "silent",
  });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    return {
      ok: false,
      errors: problems.map((problem) => ({
        field: "",
        value: "",
        rule: `is no ${isJson ? "JSON" : "YAML"}: ${problem.message.split(" at line ")[0] ?? problem.message}`,
        line: problem.linePos?.[0].line ?? 1,
      })),
    };
  }
  const forbidden = firstReference(document, lines);
  if (forbidden !== null)
    return wrong(forbidden, "anchors, aliases and tags are not taken: write the values out");
  const lineOf = (path: string): number => lineAt(document, lines, path);
  const reading = readRequestFile(document.toJS());
  if (reading.ok) return { ok: true, written: reading.written, lineOf };
  return { ok: false, errors: reading.errors.map((error) => ({ ...error, line: lineOf(error.field) })) };
}

/** `line 12, sequences[0].dec: -95 …`, as pages and the API say it. */
export function fileErrorWords({ line, field, value, rule }: FileError): string {
  const where = field === "" ? `Line ${line}` : `Line ${line}, ${field}`;
  const simple = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  const shown =
    simple && value !== "" && !rule.includes(String(value)) ? ` ${JSON.stringify(value).slice(0, 60)}:` : ":";
  return `${where}${shown === ":" ? ":" : ` is${shown}`} ${rule}.`;
}

function firstReference(document: Document, lines: LineCounter): number | null {
  let line: number | null = null;
  visit(document, {
    Node: (_key, node) => {
      const tagged = "tag" in node && typeof node.tag === "string" && node.tag.startsWith("!");
      const anchored = "anchor" in node && node.anchor !== undefined;
      if (!isAlias(node) && !anchored && !tagged) return undefined;
      line = lines.linePos(node.range?.[0] ?? 0).line;
      return visit.BREAK;
    },
  });
  return line;
}

/** Follows a path as far as the file goes; the line of the key, or of the item, that it comes to. */
function lineAt(document: Document, lines: LineCounter, path: string): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const key of path.split(/[.[\]]+/).filter((part) => part !== "")) {
    if (isSeq(node)) {
      node = node.items[Number(key)];
      if (!isNode(node)) break;
      offset = node.range?.[0] ?? offset;
    } else if (isMap(node)) {
      const pair: Pair | undefined = node.items.find(
        (item) =>
          isPair(item) &&
          isNode(item.key) &&
          String((item.key as { readonly value?: unknown }).value) === key,
      );
      if (pair === undefined) break;
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else break;
  }
  return lines.linePos(offset).line;
}

function lineOfJsonError(text: string, error: unknown): number {
  const message = error instanceof Error ? error.message : "";
  const line = /line (\d+)/.exec(message)?.[1];
  if (line !== undefined) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  // It ended too early: what is missing would stand on the last line.
  const before = position === undefined ? text.trimEnd() : text.slice(0, Number(position));
  return before.split("\n").length;
}

function jsonWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/ in JSON at position.*$/s, "")
    .replace(/,? "[^"]*"\.{0,3}.* is not valid JSON$/s, "");
}

/** How deep brackets and dashes go, outside of quotes roughly: a parser must not be driven out of its stack. */
function deepest(text: string): { readonly depth: number; readonly line: number } {
  let depth = 0;
  let most = 0;
  let line = 1;
  let mostLine = 1;
  for (const character of text) {
    if (character === "\n") line += 1;
    if (character === "[" || character === "{") depth += 1;
    if (character === "]" || character === "}") depth -= 1;
    if (depth > most) [most, mostLine] = [depth, line];
  }
  // Block lists nest on one line: `- - - - x`.
  const dashes = /^[ \t]*(?:-[ \t]+){13,}/m.exec(text);
  return dashes === null
    ? { depth: most, line: mostLine }
    : { depth: MAX_DEPTH + 1, line: text.slice(0, dashes.index).split("\n").length };
}
