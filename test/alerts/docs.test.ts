import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { streamNames } from "../../domain/alerts/streams.ts";
import { STRATEGY } from "./packets.ts";

const text = readFileSync(new URL("../../docs/alerts.md", import.meta.url), "utf8").replaceAll(/ {2,}/g, " ");

test("docs/alerts.md says what is extracted from each stream", () => {
  expect(streamNames().filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

test("docs/alerts.md has a line for each rule of the shipped strategy, with its action and rank", () => {
  for (const { name, action, rank } of STRATEGY.rules)
    expect(text).toContain(`\n| ${name} | ${action} | ${rank} |`);
});
