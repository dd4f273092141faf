import { describe, expect, test } from "@jest/globals";
import { guardBytes, MAX_JSON_BYTES, MAX_XML_BYTES } from "../../domain/alerts/guard.ts";
import { bytesOf, cpuMs } from "./packets.ts";

const encoder = new TextEncoder();
const guard = (text: string) => guardBytes(encoder.encode(text));
const codeOf = (text: string) => {
  const guarded = guard(text);
  return guarded.ok ? "ok" : guarded.code;
};

describe("what is refused before any parser sees it", () => {
  test.each([
    ["nothing", "", "empty"],
    ["white space", " \n\t ", "empty"],
    ["plain text", "hello", "malformed"],
    ["a JSON array", "[1,2]", "malformed"],
    ["a document type", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "doctype"],
    ["a document type in lower case with blanks", "<! doctype x><x/>", "doctype"],
    ["an entity hidden in a comment", "<x><!-- <!ENTITY a 'b'> --></x>", "doctype"],
    ["a stylesheet instruction", '<?xml-stylesheet href="http://evil"?><x/>', "malformed"],
    ["an instruction inside", "<x><?php echo 1 ?></x>", "malformed"],
    ["another encoding", '<?xml version="1.0" encoding="ISO-8859-1"?><x/>', "encoding"],
    ["a NUL character", "<x>\u0000</x>", "encoding"],
    ["an open tag", "<x><y></x>", "malformed"],
    ["a missing end", "<x><y></y>", "malformed"],
    ["two roots", "<x/><y/>", "malformed"],
    ["an end without a beginning", "</x>", "malformed"],
    ["an open comment", "<x><!-- ", "malformed"],
    ["an open CDATA section", "<x><![CDATA[ </x>", "malformed"],
    ["a tag without an end", `<x ${"a".repeat(5_000)}`, "malformed"],
    ["no element at all", "<!-- only this -->", "malformed"],
    ["a name that is none", "<1x></1x>", "malformed"],
    ["33 levels", "<x>".repeat(33) + "</x>".repeat(33), "too-deep"],
    ["2,001 elements", `<x>${"<y/>".repeat(2_000)}</x>`, "too-many"],
    ["JSON 33 deep", '{"a":'.repeat(33) + "1" + "}".repeat(33), "too-deep"],
    ["JSON with an open string", '{"a":"b}', "malformed"],
    ["JSON with an open bracket", '{"a":[1}', "malformed"],
    ["JSON with one bracket too many", '{"a":1}}', "malformed"],
    ["JSON with 50,001 values", `{"a":[${"1,".repeat(50_001)}1]}`, "too-many"],
  ])("%s", (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  test("too large, as a code of its own (HTTP 413)", () => {
    expect(codeOf(`<x>${"a".repeat(MAX_XML_BYTES)}</x>`)).toBe("too-large");
    expect(codeOf(`<x>${"a".repeat(MAX_XML_BYTES - 7)}</x>`)).toBe("ok");
    expect(codeOf(`{"a":"${"b".repeat(MAX_XML_BYTES)}"}`)).toBe("ok");
    expect(codeOf(`{"a":"${"b".repeat(MAX_JSON_BYTES)}"}`)).toBe("too-large");
  });

  test("bytes that are no UTF-8", () => {
    expect(guardBytes(new Uint8Array([0x3c, 0x78, 0xff, 0xfe, 0x3e]))).toMatchObject({
      ok: false,
      code: "encoding",
    });
    const utf16 = new Uint8Array([0xff, 0xfe, 0x3c, 0x00]);
    expect(guardBytes(utf16).ok).toBe(false);
  });

  test("every refusal says why", () => {
    const guarded = guard("<x>".repeat(33) + "</x>".repeat(33));
    expect(guarded).toMatchObject({ ok: false, reason: "elements nested deeper than 32" });
  });
});

describe("what passes", () => {
  test.each([
    ["a byte order mark", "\uFEFF<x/>"],
    [
      "comments, CDATA, attributes with > in quotes",
      '<?xml version="1.0" encoding="utf-8"?>\n<a:x b="1>2"><!-- - --><![CDATA[<y>]]></a:x>',
    ],
    ["brackets in JSON strings", '{"a":"]}\\"","b":[{}]}'],
    ["32 levels", "<x>".repeat(32) + "</x>".repeat(32)],
  ])("%s", (_, text) => {
    expect(codeOf(text)).toBe("ok");
  });
});

describe("bombs", () => {
  /** A few ms on a quiet machine (bench/alert-decision); what grows with the square of 4 MB takes hours. */
  const PROMPT_MS = 2_000;

  /** The best of a few tries: what the code needs, not what else the machine does. */
  function bestMs(bytes: Uint8Array): number {
    let best = Infinity;
    for (let i = 0; i < 5; i++) {
      const start = cpuMs();
      guardBytes(bytes);
      best = Math.min(best, cpuMs() - start);
    }
    return best;
  }

  test.each(["malicious_test_billion_laughs.xml", "malicious_test_quadratic_blowup.xml"])(
    "%s is refused before it expands",
    (name) => {
      expect(guardBytes(bytesOf(name))).toMatchObject({ ok: false });
      expect(bestMs(bytesOf(name))).toBeLessThan(PROMPT_MS);
    },
  );

  test.each([
    ["60 kB of <", "<".repeat(60_000)],
    ["60 kB of <!--", "<!--".repeat(15_000)],
    ["60 kB of quotes", `<x a="${'" b="'.repeat(12_000)}"/>`],
    ["60 kB of &amp;", `<x>${"&amp;".repeat(12_000)}</x>`],
    ["60 kB of ]]", `<x><![CDATA[${"]]".repeat(29_000)}]]></x>`],
    ["4 MB of [", `{"a":${"[".repeat(4_000_000)}`],
    ["4 MB of backslashes", `{"a":"${"\\".repeat(4_000_000)}"}`],
    ['4 MB of \\"', `{"a":"${'\\"'.repeat(2_000_000)}"}`],
  ])("%s takes time in proportion to its size", (_, text) => {
    expect(bestMs(encoder.encode(text))).toBeLessThan(PROMPT_MS);
  });
});
