import { readFileSync } from "node:fs";
import path from "node:path";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import type { FaultKind } from "../../simulators/faults.ts";

export const PHASES = ["idle", "slewing", "exposing", "reading", "closing"] as const;
export type Phase = (typeof PHASES)[number];

/** What a fault ends with, and the test of workflows that shows it. */
export const ENDS = {
  hold: "a blocking device that is lost holds; set up again, it lifts by itself and the night goes on",
  skipped: "without the infrared arm the visible one goes on",
  degraded: "what the night goes on without",
  retaken: "a lost frame is taken again",
  again: "sequences that fail one after another raise an alarm",
  alarm: "every alarm says what to do",
  closed: "twenty minutes of rain: aborts, closes",
  nothing: "opens, observes in the planned order",
} as const;
export type End = keyof typeof ENDS;

export interface Cell {
  readonly deviceId: string;
  readonly fault: FaultKind;
  readonly phase: Phase;
  /** How the device's work ends; `–`: nothing asks it; null: impossible. */
  readonly seen: string | null;
  readonly ends: readonly End[];
}

export interface Row {
  readonly deviceId: string;
  readonly fault: FaultKind;
  /** What the watch makes of the device, in any phase. */
  readonly watch: string;
  readonly cells: readonly Cell[];
}

/** The table of docs/faults.md. Throws when it is not as it says of itself. */
export function readFaultTable(): readonly Row[] {
  const text = readFileSync(path.join(projectFolder, "docs", "faults.md"), "utf8");
  return text.split(/^## /m).slice(1).flatMap(rowsOf);
}

function rowsOf(section: string): Row[] {
  const deviceId = section.slice(0, section.indexOf("\n")).trim();
  const lines = section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2);
  const rows = lines.map((line) => rowOf(deviceId, line));
  const impossible = rows.some(({ cells }) => cells.some(({ seen }) => seen === null));
  if (impossible !== /^Impossible: /m.test(section))
    throw new Error(`${deviceId}: say why cells are impossible`);
  return rows;
}

function rowOf(deviceId: string, line: string): Row {
  const [fault = "", watch = "", ...phases] = line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
  if (phases.length !== PHASES.length) throw new Error(`${deviceId}, ${fault}: ${phases.length} phases`);
  return {
    deviceId,
    fault: fault as FaultKind,
    watch,
    cells: PHASES.map((phase, index) => cellOf(deviceId, fault as FaultKind, phase, phases[index] ?? "")),
  };
}

function cellOf(deviceId: string, fault: FaultKind, phase: Phase, text: string): Cell {
  const at = { deviceId, fault, phase };
  if (text === "impossible") return { ...at, seen: null, ends: [] };
  const [seen = "", words = ""] = text.split(": ");
  const ends = words.split(", ");
  const unknown = ends.find((end) => !Object.hasOwn(ENDS, end));
  if (unknown !== undefined) throw new Error(`${deviceId}, ${fault}, ${phase}: "${unknown}" is no end`);
  return { ...at, seen, ends: ends as End[] };
}
