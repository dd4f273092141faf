/** The official Python client drives every device (`pip install alpyca`). Skipped with one line where it is absent. */
import { expect, test } from "@jest/globals";
import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ALL_DEVICES, EVERYTHING, startSimulators } from "./support.ts";

const found = spawnSync("python3", ["-c", "import alpaca.telescope"], { encoding: "utf8", timeout: 20_000 });
const absent = found.error !== undefined || found.status !== 0;
if (absent)
  process.stderr.write("alpyca.test.ts is skipped: python3 with alpyca (pip install alpyca) is not here\n");

(absent ? test.skip : test)(
  "alpyca drives every device type",
  async () => {
    const sim = await startSimulators({ ...EVERYTHING, rate: 20 });
    try {
      const script = fileURLToPath(new URL("alpyca_check.py", import.meta.url));
      const { stdout } = await promisify(execFile)("python3", [script, new URL(sim.address).host], {
        timeout: 100_000,
      });
      expect(stdout.trim().split("\n")).toHaveLength(10);
      expect(stdout.match(/: ok$/gm)).toHaveLength(10);
      const types = new Set(ALL_DEVICES.map(({ type }) => type));
      for (const type of types) expect(stdout).toContain(`${type}: ok`);
    } finally {
      await sim.close();
    }
  },
  120_000,
);
