import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { randomInstance } from "../../scheduler/test/instances.ts";
import type { Measurement } from "./measure.ts";

/**
 * How planning grows with the number of sequences, beside astroplan's PriorityScheduler on the same instances and machine.
 *
 *   python3 -m venv VENV && VENV/bin/pip install astroplan==0.10.1
 *   node bench/scheduler/run.ts [--python VENV/bin/python] [--readme]
 *
 * Without a Python that has astroplan its columns stay empty. `--readme` puts the table into the package's README.
 */

const SEED = 1;
const SIZES = [10, 50, 200, 1_000, 5_000, 20_000];
/** astroplan gets this long for an instance; where it does not finish, larger ones are not given to it. */
const ASTROPLAN_LIMIT_MS = 240_000;
const folder = import.meta.dirname;
const root = path.resolve(folder, "../..");

interface Line extends Measurement {
  readonly astroplan: { readonly objective: number; readonly wall_s: number; readonly cpu_s: number } | null;
}

const python = optionValue("--python") ?? "python3";
let astroplanFinishes = true;
const lines: Line[] = SIZES.map((n) => {
  const budgetMs = n <= 200 ? 1_000 : 3_000;
  const measured = JSON.parse(
    execFileSync(
      process.execPath,
      [path.join(folder, "measure.ts"), String(n), String(SEED), String(budgetMs)],
      {
        encoding: "utf8",
        timeout: 120_000,
      },
    ),
  ) as Measurement;
  const other = astroplanFinishes ? astroplan(n) : null;
  astroplanFinishes = other !== null;
  return { ...measured, astroplan: other };
});
const table = tableOf(lines);
console.log(table);
for (const line of lines) console.log(verdict(line));
const results = path.join(root, "bench/results");
mkdirSync(results, { recursive: true });
const machine = {
  cpu: os.cpus()[0]?.model ?? "unknown",
  cores: os.cpus().length,
  node: process.version,
  loadAverage: os.loadavg(),
};
writeFileSync(
  path.join(results, "scheduler.json"),
  `${JSON.stringify({ machine, seed: SEED, lines }, null, 2)}\n`,
);
if (process.argv.includes("--readme")) writeReadme(table);

function astroplan(n: number): Line["astroplan"] {
  const scratch = mkdtempSync(path.join(os.tmpdir(), "vesper-bench-"));
  try {
    const file = path.join(scratch, "instance.json");
    writeFileSync(file, JSON.stringify(randomInstance(n, SEED)));
    const out = execFileSync(python, [path.join(folder, "astroplan_priority.py"), file], {
      encoding: "utf8",
      timeout: ASTROPLAN_LIMIT_MS,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return JSON.parse(out) as Line["astroplan"];
  } catch (error) {
    const why = error instanceof Error ? error.message.trim().split("\n").at(-1) : String(error);
    console.error(`astroplan, N = ${n}: not measured (${why})`);
    return null;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function tableOf(measured: readonly Line[]): string {
  const head = [
    "N",
    "first plan (cold)",
    "first plan",
    "CPU",
    "strict",
    "search",
    "iterations",
    "rows",
    "first / bound",
    "found / bound",
    "memory",
    "astroplan",
    "strict / astroplan",
    "found / astroplan",
    "faster",
  ];
  const rows = measured.map((line) => {
    const other = line.astroplan;
    return [
      line.n.toLocaleString("en"),
      ms(line.firstColdMs),
      ms(line.firstMs),
      ms(line.firstCpuMs),
      ms(line.strictMs),
      ms(line.searchMs),
      line.iterations.toLocaleString("en"),
      String(line.rows),
      (line.firstObjective / line.upperBound).toFixed(4),
      (line.objective / line.upperBound).toFixed(4),
      `${Math.round(line.maxRssMb)} MB`,
      other === null ? "" : `${other.wall_s.toFixed(2)} s`,
      other === null ? "" : (line.strictObjective / other.objective).toFixed(3),
      other === null ? "" : (line.objective / other.objective).toFixed(3),
      // Of the processor: other work on the machine spoils one run of it no more than the best of nine here.
      other === null ? "" : `${Math.round((other.cpu_s * 1_000) / line.strictCpuMs).toLocaleString("en")} x`,
    ];
  });
  return [head, head.map(() => "---:"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function verdict(line: Line): string {
  const limitMs = line.n === 5_000 ? 300 : line.n === 200 ? 20 : null;
  if (limitMs === null) return `N = ${line.n}: first plan ${ms(line.firstMs)}`;
  const kept = line.firstMs < limitMs;
  if (!kept) process.exitCode = 1;
  return `N = ${line.n}: first plan ${ms(line.firstMs)} (${ms(line.firstCpuMs)} of the processor), limit ${limitMs} ms: ${kept ? "kept" : "NOT KEPT"}`;
}

function writeReadme(text: string): void {
  const file = path.join(root, "scheduler/README.md");
  const readme = readFileSync(file, "utf8");
  const [begin, end] = ["<!-- bench:begin -->", "<!-- bench:end -->"];
  const [before, after] = [readme.indexOf(begin), readme.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${file}: the marks ${begin} and ${end} are missing`);
  writeFileSync(file, `${readme.slice(0, before + begin.length)}\n\n${text}\n\n${readme.slice(after)}`);
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function optionValue(name: string): string | undefined {
  const k = process.argv.indexOf(name);
  return k < 0 ? undefined : process.argv[k + 1];
}
