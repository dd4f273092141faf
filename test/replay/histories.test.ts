import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "@jest/globals";
import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";
import { replayHistories } from "../../bin/replay/replay-histories.ts";
import { WORKFLOW_TYPES } from "../../workflows/names.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const HISTORIES = path.join(PROJECT, "test", "histories");
/** Inside the project, so that the copy finds its packages, and not below node_modules, which is not compiled. */
const COPY = path.join(PROJECT, "test-results", `swapped-${process.pid}`);

const files = readdirSync(HISTORIES, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".json"))
  .map((name) => path.join(HISTORIES, name));

afterAll(() => rmSync(COPY, { recursive: true, force: true }));

describe("stored histories on the present code", () => {
  test("every workflow takes its stored path, and each type has a history", async () => {
    const results = await replayHistories(files);
    expect(results.filter((result) => result.difference !== null)).toEqual([]);
    const types = new Set(results.map((result) => result.workflowType));
    expect([...types].toSorted()).toEqual(Object.values(WORKFLOW_TYPES).toSorted());
  }, 120_000);

  test("two activities swapped in `sequence` are found, naming workflow and event", async () => {
    const code = await bundleWithSwappedActivities();
    const completed = files.filter((file) => file.endsWith(path.join("sequence", "completed.json")));
    const [result] = await replayHistories(completed, { code });
    expect(result?.workflowType).toBe("sequence");
    expect(result?.difference).toMatch(/^event \d+ \(ACTIVITY_TASK_SCHEDULED startExposure\)/);
  }, 120_000);
});

async function bundleWithSwappedActivities(): Promise<string> {
  mkdirSync(COPY, { recursive: true });
  for (const folder of ["workflows", "domain"]) {
    cpSync(path.join(PROJECT, folder), path.join(COPY, folder), { recursive: true });
  }
  const file = path.join(COPY, "workflows", "sequence", "frames.ts");
  const source = readFileSync(file, "utf8");
  const swapped = source
    .replaceAll("camera.startExposure(", "camera.SWAPPED(")
    .replaceAll("camera.fetchExposure(", "camera.startExposure(")
    .replaceAll("camera.SWAPPED(", "camera.fetchExposure(");
  expect(swapped).not.toBe(source);
  writeFileSync(file, swapped);
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(COPY, "workflows", "index.ts"),
    logger: new DefaultLogger("ERROR"),
  });
  return code;
}
