/**
 * Which row of the schedule comes next, decided anew before each sequence from now, the constraints and what is left.
 * No row starts outside [tsp - deltaTL, tsp + deltaTR]: whoever comes later than that, or no longer fits its
 * constraints, is skipped with a reason, and the night plans again to fill the gap.
 */
export interface PlannedRow {
  readonly sequenceId: string;
  /** Planned start and end of the block (its overhead comes first), observatory ms. */
  readonly tspMs: number;
  readonly tepMs: number;
  /** How far the start may move earlier and later. */
  readonly deltaTLMs: number;
  readonly deltaTRMs: number;
  /** It wishes a time: then it waits for tsp. Otherwise it starts as early as it may. */
  readonly prefersTime: boolean;
}

/** Why a row is not observed now: a code for programs, a sentence with its numbers for people. */
export interface SkipReason {
  readonly code: "withdrawn" | "late" | "constraint" | "conditions";
  readonly text: string;
  readonly numbers: Readonly<Record<string, number>>;
}

export interface SkippedRow {
  readonly row: PlannedRow;
  readonly reason: SkipReason;
}

export type NextRow =
  | { readonly kind: "start"; readonly row: PlannedRow; readonly skipped: readonly SkippedRow[] }
  | {
      readonly kind: "wait";
      readonly row: PlannedRow;
      readonly untilMs: number;
      readonly skipped: readonly SkippedRow[];
    }
  | { readonly kind: "none"; readonly skipped: readonly SkippedRow[] };

/**
 * @param rows rows still to be observed, in any order.
 * @param refusalOf what speaks against starting a row at an instant: withdrawal, constraints; null when nothing does.
 */
export function nextRow(
  rows: readonly PlannedRow[],
  nowMs: number,
  refusalOf: (row: PlannedRow, startMs: number) => SkipReason | null,
): NextRow {
  const skipped: SkippedRow[] = [];
  for (const row of [...rows].sort((one, other) => one.tspMs - other.tspMs)) {
    const latestMs = row.tspMs + row.deltaTRMs;
    if (nowMs > latestMs) {
      skipped.push({ row, reason: lateReason(row, nowMs) });
      continue;
    }
    const startMs = Math.max(nowMs, row.prefersTime ? row.tspMs : row.tspMs - row.deltaTLMs);
    const refusal = refusalOf(row, startMs);
    if (refusal !== null) {
      skipped.push({ row, reason: refusal });
      continue;
    }
    return startMs <= nowMs
      ? { kind: "start", row, skipped }
      : { kind: "wait", row, untilMs: startMs, skipped };
  }
  return { kind: "none", skipped };
}

function lateReason(row: PlannedRow, nowMs: number): SkipReason {
  const lateS = Math.round((nowMs - row.tspMs) / 1_000);
  const roomS = Math.round(row.deltaTRMs / 1_000);
  return {
    code: "late",
    text: `Not started: it is ${lateS} s after its planned start and had ${roomS} s of room. The night plans again.`,
    numbers: { lateS, roomS },
  };
}
