import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { nextRow, type PlannedRow } from "../../domain/night/next-row.ts";

const MIN = 60_000;

function row(id: string, startMin: number, lengthMin: number, room: Partial<PlannedRow> = {}): PlannedRow {
  return {
    sequenceId: id,
    tspMs: startMin * MIN,
    tepMs: (startMin + lengthMin) * MIN,
    deltaTLMs: 0,
    deltaTRMs: 10 * MIN,
    prefersTime: false,
    ...room,
  };
}

const nothingSpeaksAgainst = () => null;

describe("which row comes next", () => {
  test("the earliest that may start now", () => {
    const next = nextRow([row("b", 20, 10), row("a", 5, 10)], 6 * MIN, nothingSpeaksAgainst);
    expect(next).toMatchObject({ kind: "start", row: { sequenceId: "a" }, skipped: [] });
  });

  test("a row that wishes no time starts as early as its room allows, one that does waits for its start", () => {
    const early = row("a", 30, 10, { deltaTLMs: 20 * MIN });
    expect(nextRow([early], 0, nothingSpeaksAgainst)).toMatchObject({ kind: "wait", untilMs: 10 * MIN });
    expect(nextRow([{ ...early, prefersTime: true }], 15 * MIN, nothingSpeaksAgainst)).toMatchObject({
      kind: "wait",
      untilMs: 30 * MIN,
    });
  });

  test("a row later than its room is skipped with the numbers, and the next one is looked at", () => {
    const next = nextRow([row("late", 0, 5), row("next", 15, 5)], 16 * MIN, nothingSpeaksAgainst);
    expect(next).toMatchObject({ kind: "start", row: { sequenceId: "next" } });
    expect(next.skipped[0]?.reason).toMatchObject({ code: "late", numbers: { lateS: 960, roomS: 600 } });
  });

  test("a withdrawn row and one that set are skipped with their reasons", () => {
    const next = nextRow([row("gone", 0, 5), row("low", 5, 5), row("good", 9, 5)], 9 * MIN, (each) =>
      each.sequenceId === "gone"
        ? { code: "withdrawn", text: "Skipped: it was withdrawn.", numbers: {} }
        : each.sequenceId === "low"
          ? { code: "constraint", text: "Skipped: altitude.", numbers: { value: 12, limit: 20 } }
          : null,
    );
    expect(next).toMatchObject({ kind: "start", row: { sequenceId: "good" } });
    expect(next.skipped.map(({ row, reason }) => [row.sequenceId, reason.code])).toEqual([
      ["gone", "withdrawn"],
      ["low", "constraint"],
    ]);
  });

  test("no row ever starts outside [tsp - deltaTL, tsp + deltaTR]", () => {
    const rows = fc.array(
      fc.record({
        sequenceId: fc.uuid(),
        tspMs: fc.integer({ min: 0, max: 1e7 }),
        tepMs: fc.constant(2e7),
        deltaTLMs: fc.integer({ min: 0, max: 1e6 }),
        deltaTRMs: fc.integer({ min: 0, max: 1e6 }),
        prefersTime: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(rows, fc.integer({ min: 0, max: 1.2e7 }), (given, nowMs) => {
        const next = nextRow(given, nowMs, nothingSpeaksAgainst);
        if (next.kind === "none") return;
        const startMs = next.kind === "start" ? nowMs : next.untilMs;
        expect(startMs).toBeGreaterThanOrEqual(next.row.tspMs - next.row.deltaTLMs);
        expect(startMs).toBeLessThanOrEqual(next.row.tspMs + next.row.deltaTRMs);
      }),
    );
  });
});
