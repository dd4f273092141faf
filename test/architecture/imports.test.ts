import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Folders that a folder may import from, beside itself (docs/architecture.md); `type` imports are looser, see below. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  scheduler: [],
  workflows: ["domain"],
  activities: ["domain", "scheduler", "adapters", "db", "workflows"],
  ingest: ["domain", "db", "adapters", "workflows"],
  adapters: ["domain", "protocol", "workflows"],
  db: ["domain", "protocol"],
  api: ["db", "domain", "ingest", "workflows", "adapters"],
  simulators: ["domain", "protocol"],
  protocol: [],
  workers: ["activities", "adapters", "db", "domain", "ingest", "protocol", "scheduler", "workflows"],
};
/** Files a folder may reach inside another one that it may import only in part. */
const ONLY: readonly [string, string, RegExp][] = [
  ["activities", "workflows", /^(messages|names)\.ts$/],
  ["ingest", "workflows", /^(messages|names)\.ts$/],
  ["api", "workflows", /^(messages|names)\.ts$/],
  ["workers", "workflows", /^(messages|names)\.ts$/],
  ["adapters", "workflows", /^(messages|names)\.ts$/],
  ["ingest", "adapters", /^temporal\//],
  ["api", "adapters", /^(temporal|config|telemetry)\//],
  ["simulators", "domain", /^(units|clock)\.ts$/],
];
/** What workflows may see of activities and of the scheduler is types. */
const TYPES_ONLY: readonly [string, string][] = [
  ["workflows", "activities"],
  ["workflows", "scheduler"],
];

interface Import {
  readonly from: string;
  readonly folder: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

test.each(Object.keys(MAY_IMPORT))("%s imports only what it may", (folder) => {
  const wrong = importsOf(folder).filter((each) => !allowed(each));
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

function allowed({ folder, to, typeOnly }: Import): boolean {
  const [target = "", ...rest] = to.split("/");
  if (target === folder) return true;
  if (typeOnly && TYPES_ONLY.some(([from, into]) => from === folder && into === target)) return true;
  if (!(MAY_IMPORT[folder] ?? []).includes(target)) return false;
  const only = ONLY.find(([from, into]) => from === folder && into === target);
  return only === undefined || only[2].test(rest.join("/"));
}

function importsOf(folder: string): Import[] {
  return readdirSync(path.join(PROJECT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules") && !/(^|\/)test\//.test(name))
    .flatMap((name) => {
      const from = path.join(folder, name);
      const text = readFileSync(path.join(PROJECT, from), "utf8");
      return [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+"(\.[^"]+)"/gm)].map((match) => ({
        from,
        folder,
        to: path.relative(PROJECT, path.resolve(PROJECT, path.dirname(from), match[2] ?? "")),
        typeOnly: match[1] !== undefined,
      }));
    });
}
