import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { triggersOf } from "../../domain/alerts/trigger.ts";
import type { Notice } from "../../domain/alerts/notice.ts";
import { parseNotice } from "../../domain/alerts/parse.ts";
import { linkOf } from "../../domain/alerts/link.ts";
import { linksOf } from "../../domain/alerts/take.ts";
import { retime, typicalPacket } from "../../domain/alerts/typical.ts";
import { allNotices, Feed, noticeOf, PACKETS, packetsNamed } from "./packets.ts";

const T0 = Date.parse("2026-11-21T04:00:00Z");
const S = 1_000;

function swift(triggerId: string, atS: number, raDeg: number, decDeg: number): Notice {
  const t0Ms = T0 + atS * S;
  return parseNotice(
    typicalPacket("swift-bat", { triggerId, t0Ms, noticeMs: t0Ms + 20 * S, raDeg, decDeg }),
    "xml",
  );
}

function svom(triggerId: string, atS: number, raDeg: number, decDeg: number): Notice {
  const t0Ms = T0 + atS * S;
  return parseNotice(
    typicalPacket("svom-eclairs", { triggerId, t0Ms, noticeMs: t0Ms + 25 * S, raDeg, decDeg }),
    "xml",
  );
}

function fermi(triggerId: string, atS: number, raDeg: number, decDeg: number): Notice {
  const t0Ms = T0 + atS * S;
  return parseNotice(
    typicalPacket("fermi-gbm", { triggerId, t0Ms, noticeMs: t0Ms + 30 * S, raDeg, decDeg }),
    "xml",
  );
}

/** A real final Fermi position (68 % error 5.2 deg), moved. */
function fermiFinal(triggerId: string, atS: number, raDeg: number, decDeg: number): Notice {
  const name = "fermi_class_7to4__Fermi_GBM_Fin_Pos2021-01-01T203923.61_631226368_0-466.xml";
  const t0Ms = T0 + atS * S;
  const text = readFileSync(path.join(PACKETS, name), "utf8");
  return parseNotice(retime(text, t0Ms, t0Ms + 600 * S, raDeg, decDeg, triggerId), "xml");
}

/** The alerts as sorted lists of trigger ids. */
function partition(notices: readonly Notice[]): string[][] {
  const feed = new Feed().all(notices);
  return [...feed.open.values()]
    .map((alert) => [...new Set(alert.members.map(({ notice }) => notice.triggerId ?? ""))].sort())
    .sort((a, b) => a.join().localeCompare(b.join()));
}

describe("two satellites, one burst or two", () => {
  test.each([
    ["0.3 s and 8 deg apart: one", 0.3, 8, 1],
    ["8 s and 30 deg apart: one, the tail of Fermi positions", 8, 30, 1],
    ["120 s and 12 deg apart: one, a long burst", 120, 12, 1],
    ["15 s and 115 deg apart: two (GRB 160625A and B)", 15, 115, 2],
    ["118 s and 56 deg apart: two (V404 Cyg and a burst)", 118, 56, 2],
    ["335 s and 10 deg apart: two", 335, 10, 2],
  ])("%s", (_, dtS, sepDeg, alerts) => {
    expect(partition([swift("2001", 0, 100, 0), fermi("700000001", dtS, 100 + sepDeg, 0)])).toHaveLength(
      alerts,
    );
    expect(partition([fermi("700000001", dtS, 100 + sepDeg, 0), swift("2001", 0, 100, 0)])).toHaveLength(
      alerts,
    );
  });

  test("two precise positions join only where they agree", () => {
    expect(partition([swift("2001", 0, 100, 20), svom("sb26112101", 40, 100.1, 20.05)])).toHaveLength(1);
    expect(partition([swift("2001", 0, 100, 20), svom("sb26112101", 2, 103, 20)])).toHaveLength(2);
    expect(partition([swift("2001", 0, 100, 20), svom("sb26112101", 3_600, 100.05, 20)])).toHaveLength(1);
    expect(partition([swift("2001", 0, 100, 20), svom("sb26112101", 9_000, 100.05, 20)])).toHaveLength(2);
  });

  test("the join says its numbers", () => {
    const feed = new Feed();
    feed.take(swift("2001", 0, 100, 0));
    const { decision, reason } = feed.take(fermi("700000001", 4.5, 108, 0));
    expect(decision).toBe("JOIN");
    expect(reason).toMatch(
      /T0 4\.5 s apart, positions 8\.0 deg apart with a joint error of 6\.6 deg; the limit is 35\.0 deg/,
    );
    const [alert] = [...feed.open.values()];
    expect(linksOf(alert?.members ?? [])).toMatchObject([{ kind: "position", dtS: -4.5 }]);
  });

  test("a wide position between two precise ones joins the nearer in time and never bridges them", () => {
    const notices = [
      swift("2001", 0, 100, 0),
      svom("sb26112101", 15, 130, 0),
      fermi("700000001", 14, 115, 0),
    ];
    expect(partition(notices)).toEqual([["2001"], ["700000001", "sb26112101"]]);
    expect(partition(notices.toReversed())).toEqual([["2001"], ["700000001", "sb26112101"]]);
  });

  test("a time alone confirms within 20 s and never opens an alert", () => {
    const konus = {
      ...noticeOf(packetsNamed("calet__")[0] ?? ""),
      simulated: true,
      t0Ms: T0 + 12 * S,
      noticeMs: T0 + 60 * S,
    };
    const alone = new Feed().all([konus]);
    expect(alone.decisions[0]?.decision).toBe("RECORD");
    expect([...alone.open.values()][0]?.state).toBe("ignored");
    const after = new Feed().all([swift("2001", 0, 100, 0), konus]);
    expect(after.decisions[1]?.decision).toBe("JOIN");
    const before = new Feed().all([konus, swift("2001", 0, 100, 0)]);
    expect(before.decisions[1]).toMatchObject({
      decision: "TRIGGER",
      slew: true,
      alertKey: "swift-sim-2001",
    });
    expect(before.endState()).toEqual(after.endState());
    expect(new Feed().all([swift("2001", 0, 100, 0), { ...konus, t0Ms: T0 + 25 * S }]).open.size).toBe(2);
  });

  test("a simulated alert never joins a real one", () => {
    const simulated = swift("2001", 0, 100, 0);
    const real = {
      ...simulated,
      simulated: false,
      ivorn: "ivo://nasa.gsfc.gcn/SWIFT#x",
      triggerKeys: ["swift:3000"],
      digest: "d",
    };
    expect(new Feed().all([simulated, real]).open.size).toBe(2);
  });
});

describe("the real pairs", () => {
  test.each([
    ["GECAM and Swift, GRB 221028", "pair_GRB221028", 1],
    ["V404 Cyg seen by Swift and Fermi: the known source", "known_V404Cyg", 1],
    ["Cyg X-1 and a Fermi burst 91 s before, 102 deg away", "distinct_CygX1", 1],
    ["GRB 180620 and a Fermi burst 335 s before", "distinct_GRB180620", 2],
    ["GRB 160625A and B", "distinct_GRB160625A", 2],
  ])("%s", (_, prefix, alerts) => {
    expect(new Feed().all(packetsNamed(prefix).map(noticeOf)).open.size).toBe(alerts);
  });

  test("Fermi alone would observe what Swift knows to be V404 Cyg: the join cancels it", () => {
    const names = packetsNamed("known_V404Cyg");
    const fermiOnly = new Feed().all(names.filter((name) => name.includes("Fermi")).map(noticeOf));
    expect([...fermiOnly.open.values()].map(({ state }) => state)).toEqual(["active"]);
    const both = new Feed().all(names.map(noticeOf));
    expect([...both.open.values()].map(({ state }) => state)).not.toContain("active");
  });

  test("Cyg X-1 and the burst stay two alerts when both come", () => {
    const cygnus = noticeOf("bat_spatial_prox__SWIFT_BAT_GRB_Pos_1197507-006.xml");
    const feed = new Feed().all([...packetsNamed("distinct_CygX1").map(noticeOf), cygnus]);
    expect([...feed.open.values()].map(({ alertKey, state }) => [alertKey, state])).toEqual([
      ["fermi-722132593", "active"],
      ["swift-1197507", "ignored"],
    ]);
  });

  test("BAT takes a burst into its own catalogue and triggers on it 400 s later: the burst goes on", () => {
    const first = noticeOf("retrigger_GRB200205_400s__SWIFT_BAT_GRB_Pos_954519-098.xml");
    const again: Notice = {
      ...first,
      ivorn: "ivo://nasa.gsfc.gcn/SWIFT#BAT_GRB_Pos_954520-110",
      digest: "again",
      triggerId: "954520",
      triggerKeys: ["swift:954520"],
      t0Ms: (first.t0Ms ?? 0) + 400 * S,
      noticeMs: (first.noticeMs ?? 0) + 400 * S,
      raDeg: (first.raDeg ?? 0) + 0.02,
      flags: ["Target_in_Flt_Catalog", "Already_Observing_Position"],
      marks: [{ kind: "not-a-burst", because: "GRB_Identified=false" }],
    };
    const feed = new Feed().all([first, again]);
    expect(feed.decisions.map(({ decision, withdraw }) => [decision, withdraw])).toEqual([
      ["TRIGGER", false],
      ["JOIN", false],
    ]);
    expect([...feed.open.values()].map(({ state }) => state)).toEqual(["active"]);
    expect(new Feed().all([again, first]).endState()).toEqual(feed.endState());
  });
});

describe("a better position", () => {
  test("splits an alert, and both parts are consistent", () => {
    const burst = swift("2001", 0, 100, 0);
    const rough = fermi("700000001", 60, 112, 0);
    const final = fermiFinal("700000001", 60, 160, 0);
    const feed = new Feed().all([burst, rough]);
    expect(feed.open.size).toBe(1);
    feed.take(final);
    expect(feed.open.size).toBe(2);
    const [one, other] = [...feed.open.values()];
    expect(one).toMatchObject({ alertKey: "swift-sim-2001", state: "active", raDeg: 100, rule: "swift-bat" });
    expect(one?.members).toHaveLength(1);
    expect(other).toMatchObject({
      alertKey: "fermi-sim-700000001",
      state: "active",
      raDeg: 160,
      pointing: null,
    });
    expect(other?.members).toHaveLength(2);
    expect(new Feed().all([final, rough, burst]).endState()).toEqual(feed.endState());
  });

  test("joins two alerts into the one that was opened first", () => {
    const feed = new Feed().all([swift("2001", 0, 100, 0), fermi("700000001", 60, 160, 0)]);
    expect(feed.open.size).toBe(2);
    feed.take(fermiFinal("700000001", 60, 108, 0));
    expect([...feed.open.values()].map(({ alertKey, members }) => [alertKey, members.length])).toEqual([
      ["swift-sim-2001", 3],
    ]);
  });

  test("re-points when it moves by more than the limit, as the next generation", () => {
    const feed = new Feed();
    feed.take(fermiFinal("700000001", 0, 100.5, 0));
    expect(feed.take(swift("2001", 1, 100, 0))).toMatchObject({ slew: true, generation: 1 });
    const xrt = (raDeg: number, digest: string): Notice => ({
      ...swift("2001", 1, raDeg, 0),
      digest,
      stream: "swift-xrt-pos",
      positionGrade: 3,
      errorDeg: 0.001,
      noticeMs: T0 + 90 * S,
    });
    expect(feed.take(xrt(100.05, "a"))).toMatchObject({ decision: "UPDATE", slew: false });
    expect(feed.take(xrt(100.3, "b"))).toMatchObject({ decision: "UPDATE", slew: true, generation: 2 });
  });
});

describe("properties", () => {
  const everything = allNotices();
  const triggers = triggersOf(everything.map((notice) => ({ notice, receivedMs: notice.noticeMs ?? 0 }))).map(
    ({ facts }) => facts,
  );

  test("a link is symmetric", () => {
    let linked = 0;
    for (const a of triggers) {
      for (const b of triggers) {
        const link = linkOf(a, b);
        if (link !== null) linked += 1;
        expect(linkOf(b, a)).toEqual(link);
      }
    }
    expect(linked).toBeGreaterThan(20);
  });

  test("any order and any repetition of all packets ends in the same alerts", () => {
    const expected = new Feed().all(everything).endState();
    expect(expected.length).toBeGreaterThan(20);
    const order = fc.tuple(
      fc.shuffledSubarray(everything, { minLength: everything.length }),
      fc.array(fc.constantFrom(...everything), { maxLength: 40 }),
    );
    fc.assert(
      fc.property(order, ([shuffled, repeated]) => {
        const mixed = [...repeated, ...shuffled];
        expect(new Feed().all(mixed).endState()).toEqual(expected);
      }),
      { numRuns: 25, seed: 8 },
    );
  });

  const sky = fc.record({
    mission: fc.constantFrom(swift, svom, fermi, fermiFinal),
    id: fc.integer({ min: 1, max: 6 }),
    atS: fc.integer({ min: 0, max: 400 }),
    raDeg: fc.integer({ min: 80, max: 140 }),
    decDeg: fc.integer({ min: -20, max: 20 }),
  });

  test("any crowd of triggers ends in the same alerts in any order", () => {
    const crowd = fc.uniqueArray(sky, {
      minLength: 2,
      maxLength: 8,
      selector: ({ mission, id }) => `${mission.name}${id}`,
    });
    fc.assert(
      fc.property(
        crowd.chain((members) =>
          fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length })),
        ),
        ([members, shuffled]) => {
          const read = (list: typeof members) =>
            list.map(({ mission, id, atS, raDeg, decDeg }) => mission(`${id}`, atS, raDeg, decDeg));
          expect(new Feed().all(read(shuffled)).endState()).toEqual(new Feed().all(read(members)).endState());
        },
      ),
      { numRuns: 150, seed: 8 },
    );
  });

  test("no alert loses or shares a member", () => {
    const feed = new Feed().all(everything);
    const ids = [...feed.open.values()].flatMap(({ members }) =>
      members.map(({ notice }) => `${notice.ivorn}|${notice.digest}`),
    );
    expect(new Set(ids).size).toBe(ids.length);
    const kept = feed.decisions.filter(({ alertKey }) => alertKey !== null).length;
    const distinct = new Set(everything.map((notice) => `${notice.ivorn}|${notice.digest}`)).size;
    const ignored = new Set(
      everything
        .filter((_, i) => feed.decisions[i]?.alertKey === null)
        .map((notice) => `${notice.ivorn}|${notice.digest}`),
    ).size;
    expect(kept).toBeGreaterThanOrEqual(ids.length);
    expect(ids.length).toBe(distinct - ignored);
  });
});
