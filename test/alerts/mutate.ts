/** Small, seeded random numbers (mulberry32): the same seed gives the same packets everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const NUMBERS = [
  "-1",
  "0",
  "360.0001",
  "-90.5",
  "1e308",
  "NaN",
  "Infinity",
  "999999999999999999999",
  "0x1F",
  "",
  "1.7976931348623157e309",
];
const TIMES = [
  "2016-06-25T22:40:16.28",
  "9999-99-99T99:99:99",
  "1969-12-31T23:59:60",
  "2026-02-30T00:00:00",
  "0000-00-00",
  "2016-06-25",
];
const PIECES = [
  "&#x110000;",
  "&lt;",
  "&a;",
  "]]>",
  "<![CDATA[",
  "-->",
  '"',
  "'",
  "<",
  ">",
  "\u2028",
  "😀",
  "\\u0000",
  "__proto__",
  "constructor",
  "true",
  "false",
  "ivo://x#y",
];

/** A packet broken in one to four of the ways packets get broken: by bytes, by structure, by values. */
export function mutate(original: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  let bytes = original;
  const times = 1 + Math.floor(random() * 4);
  for (let i = 0; i < times; i++) bytes = mutateOnce(bytes, other, random);
  return bytes;
}

function mutateOnce(bytes: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * bytes.length);
  const length = Math.floor(random() * Math.min(400, bytes.length - at));
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? "";
  switch (Math.floor(random() * 9)) {
    case 0: {
      const copy = bytes.slice();
      copy[at] = Math.floor(random() * 256);
      return copy;
    }
    case 1:
      return joined(bytes.subarray(0, at), bytes.subarray(at + length));
    case 2:
      return joined(bytes.subarray(0, at + length), bytes.subarray(at));
    case 3:
      return joined(bytes.subarray(0, at), other.subarray(Math.floor(random() * other.length)));
    case 4:
      return bytes.subarray(0, at);
    case 5:
      return joined(bytes.subarray(0, at), new TextEncoder().encode(pick(PIECES)), bytes.subarray(at));
    case 6:
      return replaceOne(bytes, /(?<=[">: ])-?\d+\.?\d*(?=["<,}\]])/g, pick(NUMBERS), random);
    case 7:
      return replaceOne(bytes, /\d{4}-\d\d-\d\dT[\d:.]+/g, pick(TIMES), random);
    default:
      return replaceOne(
        bytes,
        /(?<=(?:value|name|role|cite)=")[^"]*/g,
        pick([...PIECES, ...NUMBERS, "test", "retraction"]),
        random,
      );
  }
}

/** The text with one of the matches of a pattern replaced. */
function replaceOne(bytes: Uint8Array, pattern: RegExp, by: string, random: () => number): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const matches = [...text.matchAll(pattern)];
  const match = matches[Math.floor(random() * matches.length)];
  if (match === undefined) return bytes;
  return new TextEncoder().encode(
    text.slice(0, match.index) + by + text.slice(match.index + match[0].length),
  );
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
