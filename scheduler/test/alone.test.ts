import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";

const root = path.resolve(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  dependencies?: Record<string, string>;
  devDependencies: Record<string, string>;
};

function importsOf(folder: string): { file: string; from: string }[] {
  return readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const file = path.join(folder, name);
      const text = readFileSync(path.join(root, file), "utf8");
      return [...text.matchAll(/^(?:import|export)\b[^;]*?from "([^"]+)";/gm)].map(([, from = ""]) => ({
        file,
        from,
      }));
    });
}

function leaves({ file, from }: { file: string; from: string }): boolean {
  if (!from.startsWith(".")) return true;
  return path.relative(root, path.resolve(root, path.dirname(file), from)).startsWith("..");
}

test("the package stands alone: it imports itself and Node's own thread and event modules", () => {
  const outside = importsOf(".").filter(leaves);
  expect(manifest.dependencies).toBeUndefined();
  expect(outside.filter(({ file }) => !["plan-in-thread.ts", "plan-thread.ts"].includes(file))).toEqual([]);
  expect(new Set(outside.map(({ from }) => from))).toEqual(new Set(["node:events", "node:worker_threads"]));
});

test("its tests and its example need nothing but what its own manifest names", () => {
  const outside = [...importsOf("test"), ...importsOf("example")].filter(leaves).map(({ from }) => from);
  const missing = outside.filter((from) => {
    const name = from.startsWith("@") ? from.split("/", 2).join("/") : (from.split("/")[0] ?? from);
    return !from.startsWith("node:") && manifest.devDependencies[name] === undefined;
  });
  expect(missing).toEqual([]);
  expect(outside).toContain("@jest/globals");
});
