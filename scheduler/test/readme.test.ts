import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { linesOf, planExample } from "../example/plan-example.ts";
import type { RefusalCode } from "../index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("the README's worked example is what the package plans", () => {
  expect(readme).toContain(`\`\`\`\n${linesOf(planExample()).join("\n")}\n\`\`\``);
});

test("the README explains every code of a refusal", () => {
  const schema = JSON.parse(
    readFileSync(new URL("../schemas/schedule.schema.json", import.meta.url), "utf8"),
  ) as { properties: { refused: { items: { properties: { code: { enum: RefusalCode[] } } } } } };
  const codes = schema.properties.refused.items.properties.code.enum;
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
});
