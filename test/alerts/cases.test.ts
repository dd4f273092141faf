import { describe, expect, test } from "@jest/globals";
import { Feed, noticeOf, packetsNamed, withRule, wordsOf } from "./packets.ts";

const SWIFT = "seq_swift_full_GRB210112__SWIFT_";
const PAIR = "distinct_GRB160625A_vs_B__";
const LOST = "lostlock_1016013__SWIFT_";
const FLIP = "seq_670793_grb_then_known_source__SWIFT_BAT_";
const FERMI = "fermi_class_7to4__Fermi_GBM_";
const INTEGRAL = "integral_not_a_grb_negative_err__INTEGRAL_";

interface Case {
  readonly name: string;
  readonly packets: readonly (readonly [packet: string, words: string])[];
  readonly alerts: readonly (readonly [key: string, state: string, members: number])[];
}

/** Seven bursts and what an expert decides for each packet, in order of arrival. */
const CASES: readonly Case[] = [
  {
    name: "plain rate-trigger burst, full Swift sequence",
    packets: [
      [`${SWIFT}BAT_QuickLook_Pos_1016881-252.xml`, "TRIGGER slew"],
      [`${SWIFT}BAT_GRB_Pos_1016881-253.xml`, "UPDATE"],
      [`${SWIFT}FOM_Obs_1016881-254.xml`, "RECORD"],
      [`${SWIFT}SC_Slew_1016881-258.xml`, "RECORD"],
      [`${SWIFT}XRT_Pos_1016881-259.xml`, "UPDATE"],
      [`${SWIFT}BAT_Lightcurve_1016881-265.xml`, "RECORD"],
      [`${SWIFT}BAT_Lightcurve_1016881-266.xml`, "RECORD"],
      [`${SWIFT}UVOT_Pos_1016881-284.xml`, "UPDATE"],
      [`${SWIFT}BAT_Lightcurve_1016881-293.xml`, "RECORD"],
      [`${SWIFT}XRT_Pos_1016881-412.xml`, "UPDATE"],
    ],
    alerts: [["swift-1016881", "active", 10]],
  },
  {
    name: "GRB 160625A (Swift) and 160625B (Fermi, LAT), 15 s and 115 deg apart",
    packets: [
      [`${PAIR}Fermi_GBM_Alert_2016-06-25T224016.28_488587220_1-781.xml`, "HOLD"],
      [`${PAIR}Fermi_GBM_Flt_Pos_2016-06-25T224016.28_488587220_47-784.xml`, "OPEN"],
      [`${PAIR}SWIFT_BAT_QuickLook_Pos_701503-786.xml`, "TRIGGER slew"],
      [`${PAIR}SWIFT_BAT_GRB_Pos_701503-787.xml`, "UPDATE"],
      [`${PAIR}Fermi_GBM_Gnd_Pos_2016-06-25T224016.28_488587220_59-789.xml`, "UPDATE"],
      [`${PAIR}SWIFT_FOM_Obs_701503-795.xml`, "RECORD"],
      [`${PAIR}SWIFT_SC_Slew_701503-797.xml`, "RECORD"],
      [`${PAIR}Fermi_GBM_Gnd_Pos_2016-06-25T224016.28_488587220_0-799.xml`, "UPDATE"],
      [`${PAIR}SWIFT_BAT_Lightcurve_701503-807.xml`, "RECORD"],
      [`${PAIR}SWIFT_BAT_Lightcurve_701503-808.xml`, "RECORD"],
      [`${PAIR}Fermi_LAT_Updated_Pos_2016-06-25T224324.82_488587408_1-813.xml`, "JOIN slew"],
      [`${PAIR}Fermi_LAT_Updated_Pos_2016-06-25T224324.82_488587408_2-815.xml`, "UPDATE"],
      [`${PAIR}Fermi_LAT_Updated_Pos_2016-06-25T224324.82_488587408_3-818.xml`, "UPDATE"],
      [`${PAIR}SWIFT_BAT_Lightcurve_701503-868.xml`, "RECORD"],
      [`${PAIR}SWIFT_SC_Slew_701503-891.xml`, "RECORD"],
      [`${PAIR}SWIFT_SC_Slew_701503-895.xml`, "RECORD"],
      [`${PAIR}SWIFT_XRT_Nack_Pos_701503-900.xml`, "RECORD"],
      [`${PAIR}SWIFT_XRT_Pos_701503-026.xml`, "UPDATE"],
    ],
    alerts: [
      ["fermi-488587220", "active", 7],
      ["swift-701503", "active", 11],
    ],
  },
  {
    name: "lost star lock although GRB_Identified=true",
    packets: [
      [`${LOST}BAT_GRB_Pos_1016013-342.xml`, "HOLD"],
      [`${LOST}BAT_QuickLook_Pos_1016013-341.xml`, "HOLD"],
      [`${LOST}FOM_Obs_1016013-343.xml`, "RECORD"],
      [`${LOST}SC_Slew_1016013-347.xml`, "RECORD"],
      [`${LOST}XRT_Pos_1016013-348.xml`, "HOLD"],
      [`${LOST}BAT_Lightcurve_1016013-361.xml`, "RECORD"],
      [`${LOST}BAT_Lightcurve_1016013-362.xml`, "RECORD"],
    ],
    alerts: [["swift-1016013", "held", 7]],
  },
  {
    name: "one trigger id, first a burst, 23 s later a catalogue source",
    packets: [
      [`${FLIP}GRB_Pos_670793-592.xml`, "TRIGGER slew"],
      [`${FLIP}GRB_Pos_670793-595.xml`, "CANCEL"],
      [`${FLIP}Trans_Pos_670793-596.xml`, "RECORD"],
    ],
    alerts: [["swift-670793", "cancelled", 3]],
  },
  {
    name: "Fermi GBM class 7 becomes 4",
    packets: [
      [`${FERMI}Alert_2021-01-01T203923.61_631226368_1-304.xml`, "HOLD"],
      [`${FERMI}Flt_Pos_2021-01-01T203923.61_631226368_44-305.xml`, "HOLD"],
      [`${FERMI}Flt_Pos_2021-01-01T203923.61_631226368_67-309.xml`, "OPEN"],
      [`${FERMI}Fin_Pos2021-01-01T203923.61_631226368_0-466.xml`, "UPDATE"],
    ],
    alerts: [["fermi-631226368", "active", 4]],
  },
  {
    name: "INTEGRAL wakeup, then offline: not a burst, negative error",
    packets: [
      [`${INTEGRAL}Wakeup_Pos_010311-1-881.xml`, "TRIGGER slew"],
      [`${INTEGRAL}Offline_Pos_010311-3-920.xml`, "CANCEL"],
    ],
    alerts: [["integral-10311", "cancelled", 2]],
  },
  {
    name: "tests that look perfect",
    packets: packetsNamed("test__").map((name) => [name, "IGNORE"] as const),
    alerts: [],
  },
];

describe.each(CASES)("$name", ({ packets, alerts }) => {
  const notices = packets.map(([name]) => noticeOf(name));

  test("each packet is decided as an expert would", () => {
    expect(wordsOf(packets.map(([name]) => name))).toEqual(packets.map(([, words]) => words));
  });

  test("ends in the right alerts", () => {
    const feed = new Feed().all(notices);
    const found = [...feed.open.values()]
      .map((alert) => [alert.alertKey, alert.state, alert.members.length])
      .sort((a, b) => String(a[0]).localeCompare(String(b[0])));
    expect(found).toEqual(alerts.map((alert) => [...alert]));
  });

  test("reversed, doubled, and doubled through two doors it ends the same", () => {
    const forward = new Feed().all(notices).endState();
    expect(new Feed().all(notices.toReversed()).endState()).toEqual(forward);
    expect(new Feed().all([...notices, ...notices]).endState()).toEqual(forward);
    expect(new Feed().all(notices.flatMap((notice) => [notice, notice])).endState()).toEqual(forward);
  });

  test("a packet that comes again changes nothing and moves nothing", () => {
    const feed = new Feed().all(notices);
    const before = JSON.stringify([...feed.open.values()]);
    for (const notice of notices) {
      const { decision, slew } = feed.take(notice);
      expect(["RECORD", "IGNORE"]).toContain(decision);
      expect(slew).toBe(false);
    }
    expect(JSON.stringify([...feed.open.values()])).toBe(before);
  });
});

describe("details of the cases", () => {
  test("the T0 stays that of the BAT notice, the position becomes that of UVOT", () => {
    const feed = new Feed().all(packetsNamed(SWIFT).map(noticeOf));
    const alert = feed.open.get("swift-1016881");
    expect(alert?.t0Ms).toBe(Date.parse("2021-01-12T01:37:03.790Z"));
    expect([alert?.raDeg, alert?.decDeg, alert?.errorDeg]).toEqual([219.006, 33.0542, 0.0001]);
    expect(alert?.rule).toBe("swift-uvot");
    expect(alert?.generation).toBe(1);
  });

  test("either of the two BAT notices may come first", () => {
    const [first, second] = [
      `${SWIFT}BAT_GRB_Pos_1016881-253.xml`,
      `${SWIFT}BAT_QuickLook_Pos_1016881-252.xml`,
    ];
    expect(wordsOf([first, second])).toEqual(["TRIGGER slew", "UPDATE"]);
  });

  test("the LAT position replaces that of GBM: 0.5 deg", () => {
    const feed = new Feed().all(packetsNamed(PAIR).map(noticeOf));
    expect(feed.open.get("fermi-488587220")?.errorDeg).toBe(0.5);
  });

  test("no order of a lost-lock storm's packets ever slews, and XRT makes it ask a person", () => {
    const names = packetsNamed(LOST);
    for (const order of [names, names.toReversed()]) {
      expect(new Feed().all(order.map(noticeOf)).decisions.some(({ slew }) => slew)).toBe(false);
    }
    const alert = new Feed().all(packetsNamed(LOST).map(noticeOf)).open.get("swift-1016013");
    expect(alert?.askHuman).toBe(true);
    expect(alert?.generation).toBe(0);
  });

  test("a cancelled alert calls its pointing back and says why", () => {
    const feed = new Feed();
    feed.take(noticeOf(`${FLIP}GRB_Pos_670793-592.xml`));
    const cancel = feed.take(noticeOf(`${FLIP}GRB_Pos_670793-595.xml`));
    expect(cancel.withdraw).toBe(true);
    expect(cancel.reason).toContain("Target_in_Flt_Catalog=true");
    expect(feed.open.get("swift-670793")?.pointing).toBeNull();
  });

  test("the burst threshold of Fermi is the strategy's: 51 % opens at 50 and holds at 60", () => {
    const names = packetsNamed(FERMI);
    const order = [names[0], names[2], names[3], names[1]].map((name) => name ?? "");
    expect(wordsOf(order)).toEqual(["HOLD", "HOLD", "OPEN", "UPDATE"]);
    const strict = withRule("fermi-gbm", { minClassProbability: 0.6 });
    expect(wordsOf(order, strict).slice(0, 3)).toEqual(["HOLD", "HOLD", "HOLD"]);
  });

  test("a negative error is a radius all the same", () => {
    const notice = noticeOf(`${INTEGRAL}Offline_Pos_010311-3-920.xml`);
    expect(notice.quotedErrorDeg).toBe(-0.0511);
    expect(notice.errorDeg).toBe(0.0511);
  });
});
