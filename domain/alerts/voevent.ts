import { XMLParser } from "fast-xml-parser";
import { NoticeError } from "./notice.ts";
import type { Citation } from "./notice.ts";

/** What is read from any VOEvent (1.1, 2.0, 2.1), whether it came as XML or as the JSON form of the same tree. */
export interface VoEvent {
  readonly ivorn: string;
  readonly role: string;
  /** Who/Date as written. */
  readonly date: string | null;
  /** Params outside groups by name, in groups by `Group/name` (a group without a name by its type); the first of a name counts. */
  readonly params: ReadonlyMap<string, string>;
  /** WhereWhen ISOTime as written. */
  readonly isoTime: string | null;
  readonly c1: string | null;
  readonly c2: string | null;
  readonly errorRadius: string | null;
  /** What/Description, How/Description and Why names, for the few streams that say it there only. */
  readonly inferenceName: string | null;
  readonly description: string;
  readonly citations: readonly Citation[];
}

type Tree = { readonly [key: string]: unknown };

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  // Entities are resolved below, in one pass without expansion: the parser never sees a declaration.
  processEntities: false,
  ignoreDeclaration: true,
});

/**
 * Reads the XML form.
 * @throws NoticeError when the root is not a VOEvent or it has no ivorn
 */
export function readVoEventXml(text: string): VoEvent {
  let document: unknown;
  try {
    document = parser.parse(text);
  } catch (error) {
    throw new NoticeError(
      `the XML cannot be parsed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const roots = Object.entries(asTree(document)).filter(
    ([name]) => !name.startsWith("?") && name !== "#text",
  );
  const [name, root] = roots[0] ?? ["", undefined];
  if (name !== "VOEvent") throw new NoticeError(`the root element is <${name.slice(0, 40)}>, not <VOEvent>`);
  return readTree(asTree(root));
}

/** Reads a VOEvent tree, given as the JSON that SCiMMA and others make of it (attributes and elements alike as keys). */
export function readTree(tree: Tree): VoEvent {
  const ivorn = textOf(tree["ivorn"]);
  if (ivorn === null || ivorn === "") throw new NoticeError("the VOEvent has no ivorn");
  const what = asTree(tree["What"]);
  const coords = coordinates(tree);
  const value2 = asTree(asTree(coords["Position2D"])["Value2"]);
  const inference = asTree(first(asTree(tree["Why"])["Inference"]));
  return {
    ivorn,
    role: textOf(tree["role"]) ?? "observation",
    date: textOf(asTree(tree["Who"])["Date"]),
    params: paramsOf(what),
    isoTime: textOf(asTree(asTree(coords["Time"])["TimeInstant"])["ISOTime"]),
    c1: textOf(value2["C1"]),
    c2: textOf(value2["C2"]),
    errorRadius: textOf(asTree(coords["Position2D"])["Error2Radius"]),
    inferenceName: textOf(inference["Name"]),
    description: [textOf(what["Description"]), textOf(asTree(tree["How"])["Description"])].join(" ").trim(),
    citations: citationsOf(tree["Citations"]),
  };
}

function coordinates(tree: Tree): Tree {
  const data = asTree(first(asTree(tree["WhereWhen"])["ObsDataLocation"]));
  const location = asTree(first(data["ObservationLocation"]));
  return asTree(first(location["AstroCoords"]));
}

function paramsOf(what: Tree): Map<string, string> {
  const params = new Map<string, string>();
  addParams(params, "", what);
  for (const group of list(what["Group"])) {
    const tree = asTree(group);
    addParams(params, `${textOf(tree["name"]) ?? textOf(tree["type"]) ?? ""}/`, tree);
  }
  return params;
}

function addParams(params: Map<string, string>, prefix: string, holder: Tree): void {
  for (const entry of list(holder["Param"])) {
    const param = asTree(entry);
    const name = textOf(param["name"]);
    const value = textOf(param["value"]) ?? textOf(param["Value"]);
    if (name === null || value === null) continue;
    const key = prefix + name;
    if (!params.has(key)) params.set(key, value);
  }
}

function citationsOf(citations: unknown): Citation[] {
  const found: Citation[] = [];
  for (const entry of list(asTree(citations)["EventIVORN"])) {
    const ivorn = textOf(entry);
    if (ivorn === null || ivorn === "") continue;
    const cite = textOf(asTree(entry)["cite"]);
    found.push({ cite: cite === "supersedes" || cite === "retraction" ? cite : "followup", ivorn });
  }
  return found;
}

function asTree(value: unknown): Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null || value === "") return [];
  return Array.isArray(value) ? value : [value];
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}

/** The text of an element or attribute, entities resolved, trimmed; null when there is none. */
function textOf(value: unknown): string | null {
  const one = first(value);
  if (typeof one === "string") return unescapeXml(one).trim();
  if (typeof one === "number" || typeof one === "boolean") return String(one);
  if (typeof one === "object" && one !== null) {
    const inner: unknown = (one as Tree)["#text"];
    if (typeof inner === "string" || typeof inner === "number") return unescapeXml(String(inner)).trim();
  }
  return null;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

/** Resolves the five named entities of XML and numeric references, once: the result is never longer than the input. */
function unescapeXml(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{1,8}));/g, (whole, dec, hex, name) => {
    if (typeof name === "string") return NAMED.get(name) ?? whole;
    const code = typeof dec === "string" ? Number(dec) : Number.parseInt(String(hex), 16);
    return code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : whole;
  });
}
