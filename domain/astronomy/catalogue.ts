import { CATALOGUE_LINES } from "./catalogue-data.ts";

/** A name that the bundled catalogue knows, with its J2000 position in degrees. */
export interface NamedObject {
  readonly name: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly otherNames: readonly string[];
}

/** Where the positions come from, for the line beside an answer. */
export const CATALOGUE_SOURCE = "bundled catalogue (Messier, NGC, IC, Hipparcos), good to about 1 arcminute";

let byKey: ReadonlyMap<string, NamedObject> | undefined;

/**
 * The object of a name, however it is written: `M31`, `messier 31`, `NGC0224`, `vega`, `HD 172167`.
 * @returns null when the catalogue does not have it
 */
export function resolveName(name: string): NamedObject | null {
  byKey ??= readCatalogue();
  return byKey.get(keyOf(name)) ?? null;
}

function readCatalogue(): Map<string, NamedObject> {
  const map = new Map<string, NamedObject>();
  for (const line of CATALOGUE_LINES.split("\n")) {
    const [name = "", ra = "", dec = "", ...otherNames] = line.split("|");
    if (name === "") continue;
    const object = { name, raDeg: Number(ra), decDeg: Number(dec), otherNames };
    // The first of a name wins: Messier objects stand before the NGC numbers they also have.
    for (const each of [name, ...otherNames]) {
      const key = keyOf(each);
      if (!map.has(key)) map.set(key, object);
    }
  }
  return map;
}

/** Letters and digits only, without leading zeros of numbers; Messier is M. */
function keyOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/^messier\b/, "m")
    .replaceAll(/[^\p{L}\p{N}.+]/gu, "")
    .replaceAll(/(?<![\d.])0+(?=\d)/g, "");
}
