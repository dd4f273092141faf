/** Broken request files: what can go wrong in one, made from a good one by a list and by mutation. */
export interface BrokenFile {
  readonly name: string;
  readonly text: string;
}

type Path = readonly (string | number)[];

/** Every place of a JSON value, from the root down. */
function placesOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [at];
  return [
    at,
    ...Object.entries(value).flatMap(([key, inner]) =>
      placesOf(inner, [...at, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], root);
}

/** A copy of the file with another value at a place; `undefined` takes it out. */
function changed(root: unknown, path: Path, value: unknown): unknown {
  const copy = structuredClone(root);
  const last = path.at(-1);
  if (last === undefined) return value;
  const holder = valueAt(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
  return copy;
}

/** Values of the wrong kind or out of every range, by the name of the field. */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  format: ["vesper-request/2", 1, null],
  name: ["", "   ", "x".repeat(121), 5, null],
  comment: [7, "y".repeat(2_001), []],
  programmeId: ["", "NOT-MINE", 3, null],
  sequences: [[], {}, "none", null],
  targetName: ["", "t".repeat(121), false],
  ra: [-1, 360, 1e9, "25:00:00", "12", "east", true, null],
  dec: [-90.001, 95, "+91:00:00", "north", [], null],
  windowStart: ["yesterday", "2026-13-01", "2026-02-30 00:00", true],
  windowEnd: ["2020-01-01", "soon", {}],
  preferred: ["2019-01-01T00:00:00Z", "never", false],
  priority: [-1, 101, 1.5, "high", null],
  minAltDeg: [5, 91, "30", null],
  maxAirmass: [0.5, 11, "two"],
  minMoonSepDeg: [-1, 181, "far"],
  maxSunAltDeg: [0, -91, "dark"],
  carryOverNights: [-1, 61, 0.5, "often"],
  maxSeeingArcsec: [0.1, 21, "good"],
  maxCloudPct: [-1, 101, "few"],
  minSkyQualityMag: [9, 24, "dark"],
  ditherPositions: [1, 10, 2.5, "many"],
  ditherStepArcsec: [0, 61, "small"],
  albums: [[], "vis", null],
  instrumentId: ["", "ccd", 4],
  plans: [[], {}, 9],
  filter: ["", "purple", 7],
  exposureS: [0, -60, 1e6, 0.00001, 1.00001, "60", null],
  count: [0, -3, 1.5, 1_000, "five", null],
};

/** At least 200 of them from one good file with a sequence, an album and a plan. */
export function brokenFiles(good: unknown): BrokenFile[] {
  const json = (value: unknown): string => JSON.stringify(value, null, 2);
  const files: BrokenFile[] = [];
  const seen = new Set<string>();
  const add = (name: string, text: string): void => {
    if (!seen.has(text)) files.push({ name, text });
    seen.add(text);
  };
  for (const path of placesOf(good)) {
    const field = path.at(-1);
    const at = path.join(".");
    if (typeof field !== "string") {
      if (typeof field === "number")
        for (const value of ["x", 5, null, []])
          add(`${at} is ${json(value)}`, json(changed(good, path, value)));
      continue;
    }
    for (const value of WRONG[field] ?? [])
      add(`${at} is ${json(value).slice(0, 40)}`, json(changed(good, path, value)));
    const holder = valueAt(good, path.slice(0, -1)) as Record<string, unknown>;
    add(`${at} twice misspelt`, json(changed(good, [...path.slice(0, -1), `${field}x`], holder[field])));
    if (
      [
        "format",
        "name",
        "programmeId",
        "sequences",
        "targetName",
        "ra",
        "dec",
        "albums",
        "instrumentId",
        "plans",
        "filter",
        "exposureS",
        "count",
      ].includes(field)
    ) {
      add(`${at} is missing`, json(changed(good, path, undefined)));
    }
  }
  const text = json(good);
  // Cut short, at many places; a comma, a quote or a brace too few.
  for (let part = 1; part < 20; part += 1)
    add(`cut at ${part}/20`, text.slice(0, Math.floor((text.length * part) / 20)));
  for (const [what, from, to] of [
    ["a comma too few", ",\n", "\n"],
    ["a comma too many", "\n}", ",\n}"],
    ["a colon too few", '": ', '" '],
    ["a quote too few", '": "', '": '],
    ["single quotes", '"', "'"],
    ["a brace too many", "}", "}}"],
    ["a bracket too few", "]", ""],
  ] as const) {
    add(what, text.replace(from, to));
  }
  for (const [name, broken] of [
    ["nothing", ""],
    ["blanks", " \n\t\n"],
    ["a list", "[]"],
    ["a number", "42"],
    ["a word", "hello"],
    ["null", "null"],
    ["HTML", "<html><body>Not found</body></html>"],
    ["a FITS header", "SIMPLE  =                    T / standard"],
    ["deep brackets", "[".repeat(100_000)],
    ["deep braces", '{"a":'.repeat(50_000)],
    ["deep dashes", `${"- ".repeat(50_000)}x`],
    ["a key twice", text.replace("{", '{ "name": "first",')],
    ["an alias", "a: &a [1, 2]\nb: *a\n"],
    ["a bomb", `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n`],
    ["a tag", "!!js/function 'function () {}'\n"],
    ["two documents", "name: a\n---\nname: b\n"],
    ["tabs for blanks", "sequences:\n\t- targetName: M 31\n"],
    ["a prototype", json({ ...(good as object), ["__proto__x"]: 1 })],
    ["a constructor", json({ ...(good as object), constructor: { prototype: {} } })],
    ["a NUL in the name", json({ ...(good as object), name: "a\u0000b" })],
    ["an unknown field", json({ ...(good as object), owner: "me" })],
    ["indentation", "format: vesper-request/1\n  name: x\n"],
  ] as const) {
    add(name, broken);
  }
  return files;
}
