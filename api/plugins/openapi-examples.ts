import { readFileSync } from "node:fs";

/** What operations answer, by operation and status: answers of a demonstration night, shortened. */
export const responseExamples = JSON.parse(
  readFileSync(new URL("./openapi-examples.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
