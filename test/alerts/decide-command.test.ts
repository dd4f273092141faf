import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, jest, test } from "@jest/globals";
import { decideCommand } from "../../bin/commands/decide.ts";
import { PACKETS, packetsNamed } from "./packets.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(path.join(tmpdir(), "vesper-decide-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const packet = (name: string) => path.join(PACKETS, name);
const FERMI = [
  "fermi_class_7to4__Fermi_GBM_Alert_2021-01-01T203923.61_631226368_1-304.xml",
  "fermi_class_7to4__Fermi_GBM_Flt_Pos_2021-01-01T203923.61_631226368_44-305.xml",
  "fermi_class_7to4__Fermi_GBM_Flt_Pos_2021-01-01T203923.61_631226368_67-309.xml",
].map(packet);

/** Runs the command and reads the lines it prints. */
async function run(
  ...args: string[]
): Promise<{ code: number; lines: any[]; alerts: any[]; errors: string }> {
  const printed: string[] = [];
  const errors: string[] = [];
  const out = jest.spyOn(console, "log").mockImplementation((line: string) => void printed.push(line));
  const err = jest.spyOn(console, "error").mockImplementation((line: string) => void errors.push(line));
  try {
    const code = await decideCommand(args);
    const all = printed.map((line) => JSON.parse(line));
    return { code, lines: all.slice(0, -1), alerts: all.at(-1)?.alerts ?? [], errors: errors.join("\n") };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

test("one line each with all fields, the alerts at the end, exit 0", async () => {
  const { code, lines, alerts } = await run(...FERMI);
  expect(code).toBe(0);
  expect(lines.map(({ decision }) => decision)).toEqual(["HOLD", "HOLD", "OPEN"]);
  for (const field of [
    "file",
    "ivorn",
    "stream",
    "role",
    "decision",
    "alertKey",
    "slew",
    "t0",
    "raDeg",
    "decDeg",
    "errorDeg",
    "classification",
    "rule",
    "reason",
  ]) {
    expect(lines[2]).toHaveProperty(field);
  }
  expect(lines[2]).toMatchObject({
    classification: "GRB",
    alertKey: "fermi-631226368",
    t0: "2021-01-01T20:39:23.610Z",
  });
  expect(alerts).toMatchObject([
    { alertKey: "fermi-631226368", state: "active", members: expect.any(Array) },
  ]);
});

test("what cannot be read is IGNORE with the reason, and exit 0", async () => {
  const garbage = path.join(scratch, "garbage.xml");
  writeFileSync(garbage, "<x><y></x>");
  const { code, lines, alerts } = await run(
    garbage,
    packet("malicious_test_billion_laughs.xml"),
    packet("quakeml.xml"),
    path.join(scratch, "absent"),
  );
  expect(code).toBe(0);
  expect(lines.map(({ decision }) => decision)).toEqual(["IGNORE", "IGNORE", "IGNORE", "IGNORE"]);
  expect(lines.map(({ reason }) => reason)).toEqual([
    expect.stringContaining("closes <y>"),
    expect.stringContaining("DOCTYPE"),
    expect.stringContaining("<quakeml>"),
    expect.stringContaining("cannot be read"),
  ]);
  expect(alerts).toEqual([]);
});

test("two orders of a pair end in the same line of alerts", async () => {
  const files = packetsNamed("distinct_GRB160625A").map(packet);
  const { alerts, lines } = await run(...files);
  expect((await run(...files.toReversed())).alerts).toEqual(alerts);
  expect(new Set(lines.map(({ alertKey }) => alertKey))).toEqual(
    new Set(alerts.map(({ alertKey }) => alertKey)),
  );
});

test("--strategies: changing a limit in the file changes the decision", async () => {
  const folder = path.join(scratch, "strategies");
  mkdirSync(folder);
  cpSync(path.join(root, "observatories/strategies"), folder, { recursive: true });
  expect((await run(...FERMI, "--strategies", folder)).lines[2].decision).toBe("OPEN");
  const file = path.join(folder, "default.json");
  const strategy = JSON.parse(readFileSync(file, "utf8"));
  strategy.rules.find(({ name }: { name: string }) => name === "fermi-gbm").minClassProbability = 0.6;
  writeFileSync(file, JSON.stringify(strategy));
  expect((await run(...FERMI, `--strategies=${folder}`)).lines[2].decision).toBe("HOLD");
  strategy.rules[0].rank = 11;
  writeFileSync(file, JSON.stringify(strategy));
  const wrong = await run(...FERMI, "--strategies", folder);
  expect(wrong.code).toBe(2);
  expect(wrong.errors).toContain("rank");
});

test("--site: a place below the horizon opens and says why, or when it rises", async () => {
  const bat = packet("distinct_GRB160625A_vs_B__SWIFT_BAT_GRB_Pos_701503-787.xml");
  expect((await run(bat)).lines[0]).toMatchObject({ decision: "TRIGGER", slew: true });
  const { code, lines } = await run(bat, "--site", path.join(root, "observatories/colibri.json"));
  expect(code).toBe(0);
  expect(lines[0]).toMatchObject({ decision: "OPEN", slew: false });
  expect(lines[0].reason).toMatch(/not visible: the (Sun|target) is at/);
});

test("wrong options are exit 2 with one line", async () => {
  expect((await run()).errors).toContain("no FILE given");
  expect((await run("x.xml", "--nonsense")).errors).toContain("--nonsense: unknown");
  expect((await run("x.xml", "--site", path.join(scratch, "none.json"))).code).toBe(2);
});
