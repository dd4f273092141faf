import { describe, expect, test } from "@jest/globals";
import type { Notice } from "../../domain/alerts/notice.ts";
import type { Visibility } from "../../domain/alerts/visibility.ts";
import { decide } from "../../domain/alerts/decide.ts";
import type { Strategy, StrategyRule } from "../../domain/strategies/strategy.ts";
import { Feed, noticeOf, packetsNamed, STRATEGY, withRule } from "./packets.ts";

const HOUR = 3_600_000;

function only(prefix: string): string {
  const [name] = packetsNamed(prefix);
  if (name === undefined) throw new Error(`no packet begins with ${prefix}`);
  return name;
}

function first(notice: Notice, strategy: Strategy = STRATEGY): string {
  const { decision, slew } = new Feed(strategy).take(notice);
  return slew ? `${decision} slew` : decision;
}

const BAT = noticeOf(only("bat_near_bright_star"));
const QUICK_LOOK = noticeOf("seq_swift_full_GRB210112__SWIFT_BAT_QuickLook_Pos_1016881-252.xml");
const IMAGE_QUICK_LOOK = noticeOf(only("lostlock_1016013__SWIFT_BAT_QuickLook"));
const XRT = noticeOf("seq_swift_full_GRB210112__SWIFT_XRT_Pos_1016881-259.xml");
const UVOT = noticeOf(only("seq_swift_full_GRB210112__SWIFT_UVOT"));
const ECLAIRS = noticeOf("SVOM_sbYYMMDDnn_eclairs-wakeup.xml");
const CATALOGUED: Notice = {
  ...ECLAIRS,
  marks: [{ kind: "not-a-burst", because: "ECLAIRs catalogue notice" }],
};
const EP = noticeOf("01709002661-WXT.json");
const INTEGRAL = noticeOf(only("integral_not_a_grb_negative_err__INTEGRAL_Wakeup"));
const LAT = noticeOf(only("distinct_GRB160625A_vs_B__Fermi_LAT"));
const GUANO = noticeOf("swift_bat_guano.loc_arc_min.example.json");
const GBM = noticeOf(only("fermi_class_7to4__Fermi_GBM_Flt_Pos_2021-01-01T203923.61_631226368_67"));
const GECAM = noticeOf("260-FLT.xml");
const GOLD = noticeOf("13311922683750-ASTROTRACK_GOLD.xml");
const WIDE_GOLD = noticeOf(
  only("icecube_gold__AMON_ICECUBE_GOLD_Event2020-01-09T234139.93_24_133609_037927131_0"),
);
const BRONZE = noticeOf(only("icecube_bronze"));
const GW = noticeOf("S190426c_1-PRELIMINARY.xml");
const MAXI = noticeOf(only("maxi_unknown__"));
const CALET = noticeOf(only("calet__"));
/** No packet of these streams is at hand: the nearest one under their type. */
const WEAK: Notice = { ...INTEGRAL, stream: "integral-weak", packetType: 56 };
const AGILE: Notice = { ...GECAM, stream: "agile-grid", mission: "agile", triggerKeys: ["agile:1"] };

describe("each rule of the shipped strategy, on both sides of each limit", () => {
  interface Side {
    readonly rule: string;
    readonly notice: Notice;
    readonly inside: string;
    readonly change: Partial<StrategyRule>;
    readonly outside: string;
  }
  const sides: Side[] = [
    {
      rule: "swift-bat",
      notice: BAT,
      inside: "TRIGGER slew",
      change: { maxErrorDeg: 0.04 },
      outside: "OPEN",
    },
    { rule: "swift-bat", notice: BAT, inside: "TRIGGER slew", change: { validS: 10 }, outside: "RECORD" },
    {
      rule: "swift-bat",
      notice: BAT,
      inside: "TRIGGER slew",
      change: { minSignificance: 11 },
      outside: "HOLD",
    },
    { rule: "swift-bat", notice: BAT, inside: "TRIGGER slew", change: { askHuman: true }, outside: "OPEN" },
    {
      rule: "swift-bat-quicklook",
      notice: QUICK_LOOK,
      inside: "TRIGGER slew",
      change: { minSignificance: 23 },
      outside: "HOLD",
    },
    {
      rule: "swift-bat-quicklook",
      notice: IMAGE_QUICK_LOOK,
      inside: "HOLD",
      change: { minSignificance: 0 },
      outside: "TRIGGER slew",
    },
    {
      rule: "swift-xrt",
      notice: XRT,
      inside: "HOLD",
      change: { needs: ["swift-xrt-pos"] },
      outside: "TRIGGER slew",
    },
    {
      rule: "swift-uvot",
      notice: UVOT,
      inside: "HOLD",
      change: { needs: ["swift-uvot-pos"] },
      outside: "TRIGGER slew",
    },
    {
      rule: "svom",
      notice: ECLAIRS,
      inside: "TRIGGER slew",
      change: { minSignificance: 6.6 },
      outside: "HOLD",
    },
    { rule: "svom", notice: ECLAIRS, inside: "TRIGGER slew", change: { maxErrorDeg: 0.1 }, outside: "OPEN" },
    {
      rule: "einstein-probe",
      notice: EP,
      inside: "TRIGGER slew",
      change: { minSignificance: 9 },
      outside: "HOLD",
    },
    {
      rule: "integral",
      notice: INTEGRAL,
      inside: "TRIGGER slew",
      change: { minSignificance: 9.5 },
      outside: "HOLD",
    },
    { rule: "fermi-lat", notice: LAT, inside: "TRIGGER slew", change: { maxErrorDeg: 0.4 }, outside: "OPEN" },
    {
      rule: "swift-guano",
      notice: GUANO,
      inside: "RECORD",
      change: { validS: 36_000 },
      outside: "TRIGGER slew",
    },
    {
      rule: "fermi-gbm",
      notice: GBM,
      inside: "OPEN",
      change: { minClassProbability: 0.52 },
      outside: "HOLD",
    },
    { rule: "fermi-gbm", notice: GBM, inside: "OPEN", change: { maxErrorDeg: 20 }, outside: "TRIGGER slew" },
    { rule: "wide-position", notice: GECAM, inside: "OPEN", change: { minSignificance: 5 }, outside: "HOLD" },
    { rule: "wide-position", notice: GECAM, inside: "OPEN", change: { action: "record" }, outside: "RECORD" },
    {
      rule: "no-position-yet",
      notice: noticeOf(only("fermi_class_7to4__Fermi_GBM_Alert")),
      inside: "HOLD",
      change: { action: "record" },
      outside: "RECORD",
    },
    { rule: "integral-weak", notice: WEAK, inside: "HOLD", change: { validS: 1 }, outside: "RECORD" },
    {
      rule: "neutrino-gold",
      notice: GOLD,
      inside: "TRIGGER slew",
      change: { minClassProbability: 0.6 },
      outside: "HOLD",
    },
    {
      rule: "neutrino-gold",
      notice: GOLD,
      inside: "TRIGGER slew",
      change: { maxFarHz: 1e-9 },
      outside: "HOLD",
    },
    {
      rule: "neutrino-gold",
      notice: WIDE_GOLD,
      inside: "OPEN",
      change: { maxErrorDeg: 2 },
      outside: "TRIGGER slew",
    },
    {
      rule: "neutrino-other",
      notice: BRONZE,
      inside: "HOLD",
      change: { action: "record" },
      outside: "RECORD",
    },
    { rule: "gravitational-wave", notice: GW, inside: "HOLD", change: { validS: 1 }, outside: "RECORD" },
    { rule: "maxi-unknown", notice: MAXI, inside: "HOLD", change: { validS: 60 }, outside: "RECORD" },
    { rule: "agile-grid", notice: AGILE, inside: "OPEN", change: { action: "hold" }, outside: "HOLD" },
    { rule: "time-only", notice: CALET, inside: "RECORD", change: { action: "hold" }, outside: "HOLD" },
  ];

  test.each(sides)(
    "$rule: $inside, and $outside with $change",
    ({ rule, notice, inside, change, outside }) => {
      expect(first(notice)).toBe(inside);
      expect(first(notice, withRule(rule, change))).toBe(outside);
    },
  );

  test("every rule is covered", () => {
    expect([...new Set(sides.map(({ rule }) => rule))].sort()).toEqual(
      STRATEGY.rules.map(({ name }) => name).sort(),
    );
  });

  test("a stream that no rule names is only recorded, with that reason", () => {
    const without = { ...STRATEGY, rules: STRATEGY.rules.filter(({ name }) => name !== "swift-bat") };
    const decision = new Feed(without).take(BAT);
    expect(decision).toMatchObject({ decision: "RECORD", slew: false, rule: "none" });
    expect(decision.reason).toContain("swift-bat-pos");
  });
});

describe("what never slews", () => {
  test.each([
    [
      "GRB_Identified=false, catalogue source",
      noticeOf(only("bat_known_source")),
      "RECORD",
      "Target_in_Flt_Catalog=true",
    ],
    ["lost star lock", noticeOf(only("lostlock_trans")), "HOLD", "lost star lock"],
    ["role test", noticeOf(only("test__SWIFT")), "IGNORE", "test notice"],
    ["role utility", noticeOf(only("utility_pointing")), "IGNORE", "role utility"],
    ["role prediction", { ...BAT, role: "prediction" }, "IGNORE", "role prediction"],
    [
      "a T0 more than 60 s ahead",
      { ...BAT, noticeMs: (BAT.t0Ms ?? 0) - 61_000 },
      "IGNORE",
      "61 s in the future",
    ],
    [
      "a replay ten days late",
      { ...BAT, noticeMs: (BAT.t0Ms ?? 0) + 240 * HOUR },
      "RECORD",
      "10.0 d after T0",
    ],
    ["an error of 0", { ...BAT, errorDeg: null, quotedErrorDeg: 0 }, "HOLD", "no error"],
    ["a solar flare (GECAM)", noticeOf("333-FLT-not_grb.json"), "RECORD", "SRC_CLASS=SFLARE"],
    ["a terrestrial gamma-ray flash (Fermi)", noticeOf(only("distinct_short_tgf")), "HOLD", "TGF (100 %)"],
    ["an ECLAIRs catalogue notice", CATALOGUED, "RECORD", "catalogue"],
    [
      "a known source without flags",
      { ...EP, raDeg: 244.979, decDeg: -15.64 },
      "RECORD",
      "known source Sco X-1",
    ],
    ["BAT's own monitor of known sources", noticeOf(only("bat_known_pos")), "IGNORE", "known"],
  ])("%s", (_, notice, word, words) => {
    const decision = new Feed().take(notice);
    expect(decision).toMatchObject({ decision: word, slew: false });
    expect(decision.reason).toContain(words);
  });

  test("a T0 59 s ahead is a clock, not a replay", () => {
    expect(first({ ...BAT, noticeMs: (BAT.t0Ms ?? 0) - 59_000 })).toBe("TRIGGER slew");
  });

  test("a class that turns from burst to something else cancels, one that only weakens does not", () => {
    const later = (change: Partial<Notice>): Notice => ({
      ...GBM,
      digest: "later",
      noticeMs: (GBM.noticeMs ?? 0) + 20_000,
      ...change,
    });
    const flare = later({ classification: "solar flare", classIsBurst: false, classProbability: 0.9 });
    const weaker = later({ classProbability: 0.45 });
    expect(new Feed().all([GBM, flare]).decisions.map(({ decision }) => decision)).toEqual([
      "OPEN",
      "CANCEL",
    ]);
    expect(new Feed().all([GBM, weaker]).decisions.map(({ decision }) => decision)).toEqual([
      "OPEN",
      "UPDATE",
    ]);
    expect(new Feed().all([flare, GBM]).endState()).toEqual(new Feed().all([GBM, flare]).endState());
  });

  test("a retraction cancels, a later notice that supersedes it opens again", () => {
    const opening = withRule("gravitational-wave", { action: "open", askHuman: false });
    const preliminary: Notice = {
      ...noticeOf("S190518bb_1-PRELIMINARY.xml"),
      raDeg: 10,
      decDeg: 10,
      errorDeg: 8,
      kind: "position",
      positionGrade: 1,
    };
    const retraction = noticeOf("S190518bb_2-RETRACTION.xml");
    const update: Notice = {
      ...preliminary,
      digest: "update",
      ivorn: "ivo://gwnet/LVC#S190518bb-3-Update",
      noticeMs: (retraction.noticeMs ?? 0) + 60_000,
      citations: [{ cite: "supersedes", ivorn: retraction.ivorn }],
    };
    const feed = new Feed(opening).all([preliminary, retraction, update]);
    expect(feed.decisions.map(({ decision }) => decision)).toEqual(["OPEN", "CANCEL", "OPEN"]);
  });
});

describe("what one trigger says of another", () => {
  test("a second instrument that sees what a blind spacecraft saw is slewed to, at its own position", () => {
    const blind = noticeOf(only("lostlock_trans"));
    const second: Notice = {
      ...ECLAIRS,
      t0Ms: (blind.t0Ms ?? 0) + 1_000,
      noticeMs: (blind.noticeMs ?? 0) + 30_000,
      raDeg: 200,
      decDeg: 40,
    };
    const feed = new Feed().all([blind, second]);
    expect(feed.decisions.map(({ decision, slew }) => [decision, slew])).toEqual([
      ["HOLD", false],
      ["TRIGGER", true],
    ]);
    expect([...feed.open.values()]).toMatchObject([
      { state: "active", raDeg: 200, decDeg: 40, rule: "svom" },
    ]);
    expect(new Feed().all([second, blind]).endState()).toEqual(feed.endState());
    // That XRT looked at the blind position makes a person decide on that one only.
    const xrt: Notice = {
      ...blind,
      stream: "swift-xrt-pos",
      marks: [],
      flags: [],
      digest: "xrt",
      positionGrade: 3,
      errorDeg: 0.001,
    };
    expect(new Feed().all([blind, xrt, second]).decisions.map(({ slew }) => slew)).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("a retraction under another trigger id, by citation, takes the event back", () => {
    const unknown = { ...ECLAIRS, mission: "lofar", stream: "svom-eclairs" };
    const event: Notice = { ...unknown, ivorn: "ivo://lofar/a#1", triggerKeys: ["lofar:1"], digest: "1" };
    const retraction: Notice = {
      ...unknown,
      ivorn: "ivo://lofar/a#2",
      triggerKeys: ["lofar:2"],
      digest: "2",
      noticeMs: (event.noticeMs ?? 0) + 600_000,
      raDeg: null,
      decDeg: null,
      kind: "trigger",
      marks: [{ kind: "retracted", because: "cites the earlier notice as a retraction" }],
      citations: [{ cite: "retraction", ivorn: event.ivorn }],
    };
    const feed = new Feed().all([event, retraction]);
    expect(feed.decisions.map(({ decision, withdraw }) => [decision, withdraw])).toEqual([
      ["TRIGGER", false],
      ["CANCEL", true],
    ]);
    expect(new Feed().all([retraction, event]).endState()).toEqual(feed.endState());
    const foreign = { ...retraction, mission: "somebody-else" };
    expect(new Feed().all([event, foreign]).decisions.map(({ decision }) => decision)).not.toContain(
      "CANCEL",
    );
  });
});

describe("the sky over the site", () => {
  const at =
    (altDeg: number, sunAltDeg = -30, moonSepDeg = 90): Visibility =>
    () => ({ altDeg, sunAltDeg, moonSepDeg });
  const nowMs = BAT.noticeMs ?? 0;
  const look = (visibility: Visibility) =>
    decide(BAT, null, { strategy: STRATEGY, nowMs, visibility, site: { minAltDeg: 25 } });

  test("slews to what is up at night, away from the Moon", () => {
    expect(look(at(60))).toMatchObject({ decision: "TRIGGER", slew: true });
  });

  test.each([
    ["below the site's limit", at(24), "below 25"],
    ["by day", at(60, -11), "above -12"],
    ["beside the Moon", at(60, -30, 14), "nearer than 15"],
  ])("opens but does not slew %s", (_, visibility, words) => {
    const decision = look(visibility);
    expect(decision).toMatchObject({ decision: "OPEN", slew: false, observableFromMs: null });
    expect(decision.reason).toContain(words);
  });

  test("says from when a rising target can be observed", () => {
    const rising: Visibility = (_ra, _dec, tMs) => ({
      altDeg: 20 + (tMs - nowMs) / 300_000,
      sunAltDeg: -30,
      moonSepDeg: 90,
    });
    const decision = look(rising);
    expect(decision.slew).toBe(false);
    expect(decision.observableFromMs).toBe(nowMs + 5 * 300_000);
  });
});
