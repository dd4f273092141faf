import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import {
  decide,
  evidenceVerdict,
  freshGuard,
  type GuardDecision,
  type GuardFacts,
  type GuardState,
  type Permission,
} from "../../domain/safety/guard.ts";
import type { ShutterWord } from "../../domain/safety/watch-state.ts";
import { FINE, LIMITS } from "../safety/fine-weather.ts";

const SAFE = { safe: true, reasons: [] };
const UNSAFE = { safe: false, reasons: ["The rain is 1.0 mm/h, the limit is 0 mm/h."] };
const ALLOWS: Permission = { kind: "allows", announces: false };
const SILENT: Permission = { kind: "silent", why: "Temporal is away." };
const FORBIDS: Permission = { kind: "forbids", why: "night/x is parking." };
const REFUSED: Permission = { kind: "refused", why: "night/x has ended." };

/** Runs loops at the times the guard asks for, for `forMs`; answers the last decision and when it tripped. */
function run(
  forMs: number,
  facts: (wallMs: number) => Partial<GuardFacts>,
  initial: GuardState = freshGuard(0),
): { last: GuardDecision; trippedMs: number | null; untrippedMs: number | null; loops: GuardDecision[] } {
  const loops: GuardDecision[] = [];
  let state = initial;
  let trippedMs: number | null = null;
  let untrippedMs: number | null = null;
  for (let wallMs = 0; wallMs <= forMs;) {
    const decision = decide(state, {
      wallMs,
      shutter: "Open",
      parked: false,
      safety: SAFE,
      permission: ALLOWS,
      ...facts(wallMs),
    });
    ({ state } = decision);
    loops.push(decision);
    if (decision.event === "tripped") trippedMs = wallMs;
    if (decision.event === "untripped") untrippedMs = wallMs;
    wallMs += decision.nextLoopWallMs;
  }
  return { last: loops.at(-1) as GuardDecision, trippedMs, untrippedMs, loops };
}

test("an open dome that is safe and answered for is kept alive, every 5 s", () => {
  const { loops, trippedMs } = run(600_000, () => ({}));
  expect(trippedMs).toBeNull();
  expect(loops).toHaveLength(121);
  expect(loops.every(({ keepAlive, close, park, abort }) => keepAlive && !close && !park && !abort)).toBe(
    true,
  );
});

test("unsafe with an open dome trips within 8 s of the first unsafe moment, and closes, aborts, parks", () => {
  for (let rainFromMs = 0; rainFromMs <= 10_000; rainFromMs += 500) {
    const { trippedMs, last } = run(rainFromMs + 9_000, (wallMs) =>
      wallMs >= rainFromMs ? { safety: UNSAFE } : {},
    );
    expect((trippedMs ?? Infinity) - rainFromMs).toBeLessThanOrEqual(8_000);
    expect(last).toMatchObject({ close: true, park: true, abort: true, keepAlive: false });
    expect(last.state.why).toContain("The rain is 1.0 mm/h");
  }
});

test("an observatory that closes by itself within 3 s is left alone", () => {
  const { trippedMs } = run(60_000, (wallMs) => {
    const shutter: ShutterWord = wallMs < 2_000 ? "Open" : wallMs < 4_000 ? "Closing" : "Closed";
    return { safety: UNSAFE, shutter };
  });
  expect(trippedMs).toBeNull();
});

test("under maintenance the announced closing gets its minute; then the guard closes all the same", () => {
  const announcing: Permission = { kind: "allows", announces: true };
  const rains = (permission: Permission) => (wallMs: number) =>
    wallMs < 10_000 ? { permission: announcing } : { safety: UNSAFE, permission };
  for (const meanwhile of [announcing, SILENT]) {
    expect(run(75_000, rains(meanwhile)).trippedMs).toBeNull();
    const { trippedMs, loops } = run(90_000, rains(meanwhile));
    // Silent, it counts from the last answer, the loop before the rain.
    expect(trippedMs).toBeGreaterThan(75_000);
    expect(trippedMs).toBeLessThanOrEqual(82_000);
    expect(loops.some(({ close }) => close)).toBe(true);
  }
  // Left meanwhile: nobody stands in the dome any more.
  expect(run(30_000, rains(ALLOWS)).trippedMs).toBeLessThanOrEqual(15_000);
});

test("no keep-alive while unsafe, silent or refused", () => {
  for (const facts of [{ safety: UNSAFE }, { permission: SILENT }, { permission: FORBIDS }]) {
    expect(run(0, () => facts).last.keepAlive).toBe(false);
  }
});

test.each([FORBIDS, REFUSED])(
  "a phase that forbids an open dome, or a workflow that ended, trips at once: %j",
  (permission) => {
    const { trippedMs, last } = run(0, () => ({ permission }));
    expect(trippedMs).toBe(0);
    expect(last).toMatchObject({ close: true, park: true, abort: true });
  },
);

test("silence trips after 120 s, and an answer between starts it anew", () => {
  expect(run(119_000, () => ({ permission: SILENT })).trippedMs).toBeNull();
  expect(run(130_000, () => ({ permission: SILENT })).trippedMs).toBe(120_000);
  const answeredOnce = run(200_000, (wallMs) => ({ permission: wallMs === 100_000 ? ALLOWS : SILENT }));
  expect(answeredOnce.trippedMs).toBeNull();
});

test("a closed dome needs nobody: silence and rain are no trip", () => {
  const { trippedMs, loops } = run(600_000, () => ({
    shutter: "Closed",
    safety: UNSAFE,
    permission: SILENT,
  }));
  expect(trippedMs).toBeNull();
  expect(loops.some(({ close, keepAlive }) => close || keepAlive)).toBe(false);
});

test("a dome that does not answer counts as what it was: silence is no open dome, and no closed one either", () => {
  const silentAfter = (shutter: ShutterWord, facts: Partial<GuardFacts>) =>
    run(20_000, (wallMs) => (wallMs === 0 ? { shutter } : { shutter: "Unknown", ...facts }));
  for (const facts of [{ permission: FORBIDS }, { permission: REFUSED }, { safety: UNSAFE }]) {
    expect(silentAfter("Closed", facts).trippedMs).toBeNull();
    expect(silentAfter("Open", facts).last).toMatchObject({ close: true });
  }
  // Not heard since the guard started.
  expect(run(20_000, () => ({ shutter: "Unknown", permission: FORBIDS })).trippedMs).toBeNull();
});

test.each(["Open", "Opening", "Error"] as const)("a shutter that is %s counts as not closed", (shutter) => {
  expect(run(10_000, () => ({ shutter, safety: UNSAFE })).last.close).toBe(true);
});

const TRIPPED: GuardState = { ...freshGuard(0), tripped: true, why: "rain", lastLoopWallMs: 0 };

test("tripped, it orders again until the dome is closed and the mount parked, then rests", () => {
  const { loops } = run(
    30_000,
    (wallMs) => ({
      shutter: wallMs < 10_000 ? "Open" : "Closed",
      parked: wallMs >= 20_000,
      permission: SILENT,
    }),
    TRIPPED,
  );
  expect(loops.map(({ close, park }) => [close, park])).toEqual([
    [true, true],
    [true, true],
    [false, true],
    [false, true],
    [false, false],
    [false, false],
    [false, false],
  ]);
});

test("it untrips after 5 min of everything good; a phase that forbids an open dome does not keep it tripped", () => {
  for (const permission of [ALLOWS, FORBIDS]) {
    const good = { shutter: "Closed" as const, parked: true, permission };
    expect(run(600_000, () => good, TRIPPED).untrippedMs).toBe(300_000);
    expect(run(299_000, () => good, TRIPPED).untrippedMs).toBeNull();
  }
});

test.each([
  ["rain", { safety: UNSAFE }],
  ["silence", { permission: SILENT }],
  ["an ended workflow", { permission: REFUSED }],
  ["a dome that is not closed", { shutter: "Open" as const }],
])("%s in between starts the 5 min anew", (_name, bad) => {
  const { untrippedMs } = run(
    700_000,
    (wallMs) => ({ shutter: "Closed", parked: true, ...(wallMs === 250_000 ? bad : {}) }),
    TRIPPED,
  );
  expect(untrippedMs).toBe(555_000);
});

test("a guard that was frozen does not count the time it slept as good", () => {
  const good: GuardFacts = {
    wallMs: 10_000,
    shutter: "Closed",
    parked: true,
    safety: SAFE,
    permission: ALLOWS,
  };
  const before = { ...TRIPPED, goodSinceWallMs: 5_000, lastLoopWallMs: 5_000 };
  expect(decide(before, { ...good, wallMs: 900_000 }).event).toBeNull();
  expect(decide(before, { ...good, wallMs: 900_000 }).state.goodSinceWallMs).toBe(900_000);
});

test("whatever happens: never a keep-alive with a close, never a keep-alive that is not deserved", () => {
  const facts = fc.record({
    wallMs: fc.integer({ min: 0, max: 1_000_000 }),
    shutter: fc.constantFrom<ShutterWord>("Open", "Closed", "Opening", "Closing", "Error", "Unknown"),
    parked: fc.constantFrom(true, false, null),
    safety: fc.constantFrom(SAFE, UNSAFE),
    permission: fc.constantFrom(ALLOWS, SILENT, FORBIDS, REFUSED),
  });
  fc.assert(
    fc.property(fc.array(facts, { maxLength: 40 }), (unordered) => {
      let state = freshGuard(0);
      for (const each of unordered.toSorted((a, b) => a.wallMs - b.wallMs)) {
        const decision = decide(state, each);
        if (decision.keepAlive) {
          expect(decision.close || decision.state.tripped).toBe(false);
          expect(each.safety.safe && each.permission.kind === "allows").toBe(true);
        }
        if (decision.state.tripped && each.shutter === "Open") expect(decision.close).toBe(true);
        ({ state } = decision);
      }
    }),
  );
});

const LENIENT = { ...LIMITS, staleAfterWallS: 300 };

test("evidence counts for 60 s, however lenient the observatory file is", () => {
  const evidence = {
    interlock: { isSafe: true, wallMs: 0 },
    weather: { values: FINE, ageWallS: 10, wallMs: 0 },
  };
  expect(evidenceVerdict(evidence, LENIENT, 50_000).safe).toBe(true);
  expect(evidenceVerdict(evidence, LENIENT, 51_000).reasons[0]).toContain("61 s old");
  expect(evidenceVerdict(evidence, LENIENT, 61_000).reasons[0]).toContain("The interlock has not answered");
  expect(evidenceVerdict({ interlock: null, weather: null }, LENIENT, 0).reasons).toHaveLength(2);
  expect(
    evidenceVerdict({ ...evidence, interlock: { isSafe: false, wallMs: 0 } }, LENIENT, 0).reasons,
  ).toEqual(["The interlock says unsafe."]);
});
