import { execFile } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { scratchFolder } from "./process-kit.ts";

const run = promisify(execFile);

interface Bootstrap {
  readonly nodeVersionProblem: (version: string) => string | null;
  readonly missingFromInstall: (folder: string, options?: { production?: boolean }) => string | null;
}
// Plain JavaScript without types: it runs before anything that could check them.
const bootstrapFile: string = "../../bin/bootstrap.mjs";
const { nodeVersionProblem, missingFromInstall } = (await import(bootstrapFile)) as Bootstrap;

let folder: string;
beforeEach(() => {
  folder = scratchFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a lock file and, unless null, what npm says it installed, with our Node in it. */
function project(wanted: Record<string, object>, installed: Record<string, object> | null): void {
  writeFileSync(path.join(folder, "package-lock.json"), JSON.stringify({ packages: { "": {}, ...wanted } }));
  if (installed === null) return;
  const bin = path.join(folder, "node_modules", "node", "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, "node"), "");
  writeFileSync(
    path.join(folder, "node_modules", ".package-lock.json"),
    JSON.stringify({ packages: installed }),
  );
}

test("Node 20.3 and newer may start us, older ones are told", () => {
  expect(nodeVersionProblem("v20.3.0")).toBeNull();
  expect(nodeVersionProblem("v24.1.0")).toBeNull();
  expect(nodeVersionProblem("v20.2.1")).toMatch(
    /^Node v20\.2\.1 is too old: Vesper needs Node 20\.3 or newer/,
  );
  expect(nodeVersionProblem("v18.20.0")).not.toBeNull();
});

test("a fresh clone has everything to install", () => {
  project({ "node_modules/a": { version: "1.0.0" } }, null);
  expect(missingFromInstall(folder)).toBe("they are not there yet");
});

test("what is installed as the lock file says needs nothing", () => {
  const packages = {
    "node_modules/a": { version: "1.0.0" },
    "node_modules/ours": { link: true, resolved: "ours" },
  };
  project({ ...packages, ours: {} }, packages);
  expect(missingFromInstall(folder)).toBeNull();
});

test("a package that is missing, or of another version, is named", () => {
  project(
    { "node_modules/a": { version: "1.0.0" }, "node_modules/@s/b": { version: "2.0.0" } },
    { "node_modules/a": { version: "1.0.0" } },
  );
  expect(missingFromInstall(folder)).toBe("@s/b is missing");
  project({ "node_modules/a": { version: "1.0.1" } }, { "node_modules/a": { version: "1.0.0" } });
  expect(missingFromInstall(folder)).toBe("a is 1.0.0, package-lock.json says 1.0.1");
});

test("other platforms' packages may be absent, in production those of development too", () => {
  project(
    {
      "node_modules/mac": { version: "1.0.0", optional: true },
      "node_modules/jest": { version: "1.0.0", dev: true },
    },
    {},
  );
  expect(missingFromInstall(folder)).toBe("jest is missing");
  expect(missingFromInstall(folder, { production: true })).toBeNull();
});

test("the lock file names every platform's packages, or npm ci refuses it", async () => {
  const { stdout } = await run(process.execPath, [
    path.join(projectFolder, ".ci", "complete-lock.mjs"),
    "--check",
  ]);
  expect(stdout).toBe("package-lock.json is complete\n");
});

test("the launcher passes arguments, output and exit code through", async () => {
  const launcher = path.join(projectFolder, "bin", "vesper.mjs");
  const { stdout } = await run(process.execPath, [launcher, "--help"]);
  expect(stdout).toContain("Usage: vesper");
  await expect(run(process.execPath, [launcher, "no-such-command"])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("unknown command 'no-such-command'"),
  });
});
