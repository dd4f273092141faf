import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "@jest/globals";
import { replayHistories } from "../../bin/replay/replay-histories.ts";

const HISTORIES = fileURLToPath(new URL("../histories", import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), "vesper-traced-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base64 = (text: string): string => Buffer.from(text).toString("base64");
/** The header that a traced client or workflow sends. */
const TRACED = {
  fields: {
    "_tracer-data": {
      metadata: { encoding: base64("json/plain") },
      data: base64(JSON.stringify({ traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` })),
    },
  },
};

/** The history as it would be had everything that came in been traced. */
function traced(file: string): string {
  const history = JSON.parse(readFileSync(file, "utf8"));
  for (const event of history.events) {
    const attributes =
      event.workflowExecutionStartedEventAttributes ?? event.workflowExecutionSignaledEventAttributes;
    if (attributes !== undefined) attributes.header = TRACED;
  }
  const copy = path.join(folder, path.relative(HISTORIES, file).replaceAll(path.sep, "-"));
  writeFileSync(copy, JSON.stringify(history));
  return copy;
}

test("tracing may be turned on under open workflows: they command the same when all that comes in is traced", async () => {
  const files = readdirSync(HISTORIES, { recursive: true, encoding: "utf8" })
    .filter((name) => /^(alert|night|sequence|observatory)\b.*\.json$/.test(name))
    .map((name) => traced(path.join(HISTORIES, name)));
  expect(files.length).toBeGreaterThanOrEqual(6);
  const results = await replayHistories(files);
  expect(results.filter((result) => result.difference !== null)).toEqual([]);
}, 240_000);
