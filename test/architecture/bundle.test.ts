import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { workflowBundle } from "../../workers/bundle.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
/** What a workflow may be made of (docs/architecture.md). */
const OWN_FOLDERS = ["workflows", "domain"];
const PACKAGES = [
  "@temporalio/common",
  "@temporalio/workflow",
  "astronomy-engine",
  "long",
  "ms",
  "nexus-rpc",
];
const MOST_BYTES = 5_000_000;

test("the workflow bundle holds workflows, domain and the pure packages, nothing else", async () => {
  const { codePath } = await workflowBundle();
  const sources = sourcesOf(await readFile(codePath, "utf8"));
  expect(sources.length).toBeGreaterThan(50);
  const foreign = sources.filter((source) => !isAllowed(source));
  expect(foreign).toEqual([]);
  // An ORM reached from a workflow bundles without complaint and shows only here.
  expect((await stat(codePath)).size).toBeLessThan(MOST_BYTES);
}, 60_000);

function sourcesOf(code: string): string[] {
  const map = /sourceMappingURL=data:application\/json;[^,]*base64,([A-Za-z0-9+/=]+)/.exec(code)?.[1];
  if (map === undefined) throw new Error("the bundle has no source map");
  const { sources } = JSON.parse(Buffer.from(map, "base64").toString("utf8")) as { sources: string[] };
  return sources.map((source) => source.split("?")[0] ?? source);
}

function isAllowed(source: string): boolean {
  const file = source.replace(/^webpack:\/\/[^/]*\//, "");
  if (file.startsWith("webpack/")) return true;
  const inPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];
  if (inPackage !== undefined) return PACKAGES.includes(inPackage);
  const relative = path.isAbsolute(file) ? path.relative(PROJECT, file) : file;
  return OWN_FOLDERS.includes(relative.split(path.sep)[0] ?? "");
}
