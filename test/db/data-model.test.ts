import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { dataModelDocument, tableModels } from "../../db/data-model.ts";

test("docs/data.md is what the entities describe", async () => {
  const committed = readFileSync(new URL("../../docs/data.md", import.meta.url), "utf8");
  if (plain(committed) !== plain(await dataModelDocument())) {
    throw new Error(
      "docs/data.md is older than db/entities: run `node bin/vesper.mjs data-model` and commit the file",
    );
  }
});

/** Without what a formatter may change. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/-{3,}/g, "---")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/\\([*_])/g, "$1")
    .trim();
}

/** What the observatory keeps, each as a table. */
const NOUNS = [
  "user",
  "programme",
  "membership",
  "quota_entry",
  "lease",
  "request",
  "sequence",
  "album",
  "plan",
  "exposure",
  "image",
  "schedule",
  "scheduled_sequence",
  "night",
  "hold",
  "clock",
  "alert",
  "notice",
  "strategy",
  "device",
  "device_status",
  "weather",
  "analysis",
  "report",
  "journal_entry",
  "outbox",
  "fsc_message",
  "audit",
  "api_token",
];

test("every noun of the model is a table", async () => {
  const names = (await tableModels()).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(NOUNS));
});

/** Columns that name something without being a foreign key, and why that is right. */
const NAMES_ONLY: Readonly<Record<string, RegExp>> = {
  "devices, instruments and cameras are of the observatory file":
    /^(image|exposure|album|device|device_command|master|calibration\w*|calibrated_image)\.(camera|instrument|device|wheel)_id$/,
  "traces outlive what they speak of": /^(journal_entry|audit)\.\w+_(id|key)$/,
  "groups are of the plan of one calibration": /^calibration_frame\.group_id$/,
  "workflows live in Temporal": /\.workflow_id$/,
  "keys that make a write happen once": /\.once_key$/,
};

test("what names a row of another table is a foreign key", async () => {
  const loose = (await tableModels()).flatMap(({ name, columns }) =>
    columns
      .filter((column) => /_(id|key)$/.test(column.name) && column.refersTo === null && !column.primary)
      .map((column) => `${name}.${column.name}`),
  );
  expect(loose.filter((column) => !Object.values(NAMES_ONLY).some((rule) => rule.test(column)))).toEqual([]);
});
