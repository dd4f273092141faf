import path from "node:path";
import type { ClockFact } from "../../domain/clock.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";

/** The lease as processes without a database read it. */
export interface LeaseFile {
  /** Workflow id; null: nobody holds it. */
  readonly holder: string | null;
  readonly generation: number;
}

const leaseFile = (home: string): string => path.join(home, "lease.json");
const clockFile = (home: string): string => path.join(home, "clock.json");

/** VESPER_HOME/lease.json; null when there is none that can be read. */
export async function readLeaseFile(home: string): Promise<LeaseFile | null> {
  const { holder, generation } = fieldsOf(await readJsonFile(leaseFile(home)));
  if (typeof generation !== "number" || (holder !== null && typeof holder !== "string")) return null;
  return { holder, generation };
}

/** Writes VESPER_HOME/lease.json. Called with each lease written to the database. */
export async function writeLeaseFile(home: string, { holder, generation }: LeaseFile): Promise<void> {
  await writeJsonFile(leaseFile(home), { holder, generation });
}

/** VESPER_HOME/clock.json, as `up` writes it; null when there is none that can be read. */
export async function readClockFile(home: string): Promise<ClockFact | null> {
  const { startMs, anchorMs, rate, epoch } = fieldsOf(await readJsonFile(clockFile(home)));
  if (![startMs, anchorMs, rate, epoch].every((value) => Number.isFinite(value))) return null;
  return (rate as number) > 0 ? ({ startMs, anchorMs, rate, epoch } as ClockFact) : null;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
