import { describe, expect, test } from "@jest/globals";
import { alertKeyOf } from "../../domain/alerts/alert-state.ts";
import { errorRadius90Deg, oneSigmaDeg, totalError90Deg } from "../../domain/alerts/error-radius.ts";
import { NoticeError, parseNotice } from "../../domain/alerts/parse.ts";
import { parseUtcMs } from "../../domain/alerts/utc.ts";
import { knownSourceAt } from "../../domain/alerts/known-sources.ts";
import { allNotices, noticeOf, packetsNamed } from "./packets.ts";

const named = (prefix: string) => noticeOf(packetsNamed(prefix)[0] ?? prefix);

describe("good fields of each stream", () => {
  test.each([
    [
      "seq_swift_full_GRB210112__SWIFT_BAT_GRB_Pos",
      {
        stream: "swift-bat-pos",
        triggerId: "1016881",
        significance: 10.89,
        durationS: 1.024,
        sourceName: "GRB 210112",
        errorDeg: 0.05,
      },
    ],
    [
      "seq_swift_full_GRB210112__SWIFT_UVOT",
      { stream: "swift-uvot-pos", magnitude: 19.52, errorDeg: 0.0001 },
    ],
    [
      "distinct_GRB160625A_vs_B__SWIFT_XRT_Nack",
      {
        kind: "companion",
        raDeg: null,
        positionNote: "the coordinates are where the spacecraft points (Coords_Type 2)",
      },
    ],
    ["fermi_class_7to4__Fermi_GBM_Alert", { stream: "fermi-gbm-alert", kind: "trigger", raDeg: null }],
    [
      "fermi_class_7to4__Fermi_GBM_Flt_Pos_2021-01-01T203923.61_631226368_44",
      { classification: "distant particles", classProbability: 0.8, classIsBurst: false, systematicDeg: 5.6 },
    ],
    [
      "fermi_class_7to4__Fermi_GBM_Fin",
      { stream: "fermi-gbm-final", classification: null, recordType: "update" },
    ],
    [
      "distinct_GRB160625A_vs_B__Fermi_LAT",
      { stream: "fermi-lat-update", instrument: "LAT", triggerKeys: ["fermi-lat:488587408"] },
    ],
    [
      "SVOM_sb25020701_grm",
      { stream: "svom-grm", raDeg: null, triggerKeys: ["svom:sb25020701"], significance: 9.2, durationS: 4 },
    ],
    ["SVOM_sb25020504_mxt", { stream: "svom-mxt", raDeg: 113.498, significance: 92 }],
    ["SVOM_sbYYMMDDnn", { stream: "svom-eclairs", errorDeg: 0.2, significance: 6.58 }],
    [
      "01709002661-WXT",
      {
        stream: "ep-wxt",
        mission: "ep",
        format: "gcn-json",
        noticeMs: null,
        significance: 8.3,
        triggerKeys: ["ep:01709002661"],
      },
    ],
    [
      "integral_not_a_grb_negative_err__INTEGRAL_Offline",
      { triggerKeys: ["integral:10311"], triggerId: "206919", retraction: false },
    ],
    [
      "260-FLT",
      {
        stream: "gecam-flight",
        triggerKeys: ["gecam:B260-240112"],
        classification: "GRB",
        classIsBurst: true,
        significance: 4.9,
      },
    ],
    ["333-FLT", { format: "voevent-json", stream: "gecam-flight", classIsBurst: false }],
    [
      "icecube_gold__AMON_ICECUBE_GOLD_Event2020-01-09T234139.93_24_133609_037927131_1",
      {
        stream: "icecube-gold",
        errorDeg: 2.91,
        classProbability: 0.7693,
        triggerKeys: ["icecube:133609_37927131"],
      },
    ],
    ["S190426c_1", { stream: "lvk-preliminary", classification: "BNS", kind: "trigger" }],
    ["S190518bb_2", { retraction: true, recordType: "retraction" }],
    ["S240421ar", { format: "voevent-json", mission: "lvk", triggerKeys: ["lvk:S240421ar"] }],
    ["MS181101ab2", { format: "igwn-json", test: true, retraction: true }],
    ["maxi_known", { kind: "survey", sourceName: "GX 339-4" }],
    ["calet__", { kind: "timing", raDeg: null, t0Ms: Date.parse("2021-01-29T10:35:39.700Z") }],
    [
      "fermi_gbm_trigger.flight3",
      {
        stream: "fermi-gbm-flight",
        classification: "GRB",
        classProbability: 0.85,
        systematicDeg: 0,
        noticeMs: Date.parse("2024-08-24T02:15:13Z"),
      },
    ],
    [
      "swift_bat_guano.loc_arc_min",
      { stream: "swift-guano", triggerKeys: ["swift-guano:694215995", "fermi:694215970"] },
    ],
    ["maxi_gsc.unknown.rectangle", { stream: "maxi-unknown", raDeg: 346.56 }],
    ["svom_eclairs_trigger.catalog", { stream: "svom-eclairs-catalog", test: true }],
  ])("%s", (prefix, fields) => {
    expect(named(prefix)).toMatchObject(fields);
  });

  test("the flags that count are marks, with the field that says so", () => {
    expect(named("lostlock_1016013__SWIFT_BAT_GRB_Pos").marks).toEqual([
      { kind: "lost-lock", because: "StarTrack_Lost_Lock=true" },
      { kind: "lost-lock", because: "ImTrig_during_ST_LoL=true" },
    ]);
    expect(named("bat_known_source").marks.map(({ because }) => because)).toEqual([
      "Target_in_Flt_Catalog=true",
      "GRB_Identified=false",
    ]);
    // A later slew of a true burst carries an empty Solution_Status.
    expect(noticeOf("distinct_GRB160625A_vs_B__SWIFT_SC_Slew_701503-891.xml").marks).toEqual([]);
  });

  test("the XML and the JSON form of one packet have the same content", () => {
    const xml = noticeOf("1209406-BAT_GRB_POS-lost_lock.xml");
    const json = noticeOf("1187142v2-BAT_GRB_POS.json");
    expect(json).toMatchObject({
      stream: xml.stream,
      kind: xml.kind,
      mission: "swift",
      triggerId: "1187142v2",
    });
    expect(json.marks.length).toBeGreaterThan(0);
  });

  test("a notice is plain JSON", () => {
    for (const notice of allNotices()) expect(JSON.parse(JSON.stringify(notice))).toEqual(notice);
  });

  test("a packet written anew by an archive is the same notice", () => {
    const text = `<?xml version="1.0"?><v:VOEvent xmlns:v="http://www.ivoa.net/xml/VOEvent/v2.0" role="observation" ivorn="ivo://nasa.gsfc.gcn/SWIFT#a"><Who><Date>2026-01-01T00:00:00</Date></Who><What><Param name="Packet_Type" value="61"/><Param name="TrigID" value="5"></Param></What></v:VOEvent>`;
    const anew = text
      .replaceAll("v:", "voe:")
      .replaceAll(":v=", ":voe=")
      .replaceAll("><", ">\n  <")
      .replaceAll("></Param>", "/>");
    expect(parseNotice(anew, "xml").digest).toBe(parseNotice(text, "xml").digest);
  });

  test.each([
    ["another root", "<quakeml/>", "xml", "the root element is <quakeml>"],
    ["no ivorn", '<VOEvent role="test"/>', "xml", "no ivorn"],
    ["a JSON schema", '{"$schema":"https://json-schema.org/draft/2020-12/schema"}', "json", "JSON schema"],
    ["broken JSON", "{a:1}", "json", "cannot be parsed"],
  ] as const)("%s is no notice", (_, text, format, words) => {
    expect(() => parseNotice(text, format)).toThrow(NoticeError);
    expect(() => parseNotice(text, format)).toThrow(words);
  });
});

describe("alert keys", () => {
  test.each([
    ["swift:1016881", "swift-1016881"],
    ["svom:sb25020701", "svom-sb25020701"],
    ["icecube:133609_37927131", "icecube-133609-37927131"],
  ])("%s is %s", (key, alertKey) => {
    expect(alertKeyOf(key)).toBe(alertKey);
  });

  test("are safe and tell strange ids apart", () => {
    const strange = [
      "x:💥",
      "x:💣",
      `x:${"a".repeat(80)}`,
      `x:${"a".repeat(81)}`,
      "x:",
      "x:a/b",
      "x:a b",
      "x:../..",
    ];
    const keys = strange.map(alertKeyOf);
    expect(new Set(keys).size).toBe(strange.length);
    for (const key of keys) expect(key).toMatch(/^[a-z0-9][a-z0-9-]{0,59}$/);
  });
});

describe("numbers", () => {
  test("errors are made 90 % by the circular Gaussian", () => {
    expect(errorRadius90Deg(1, 0.9)).toBe(1);
    // 68 % to 90 %: sqrt(ln 0.1 / ln 0.32)
    expect(errorRadius90Deg(1, 0.68)).toBeCloseTo(1.42155, 5);
    expect(errorRadius90Deg(1, 0.5)).toBeCloseTo(1.82262, 5);
    expect(oneSigmaDeg(1.42155)).toBeCloseTo(1, 4);
    expect(totalError90Deg(0, 5.6)).toBeCloseTo(7.9607, 3);
  });

  test.each([0, -1, 180, 360, Number.NaN, Infinity, null])("%p is a filler, not an error", (radius) => {
    expect(errorRadius90Deg(radius, 0.9)).toBeNull();
  });

  test.each([
    ["2021-01-12T01:37:03.79", "2021-01-12T01:37:03.790Z"],
    ["2016-09-25T11:16:48+00:00", "2016-09-25T11:16:48.000Z"],
    ["2019-04-26T15:21:55.336540", "2019-04-26T15:21:55.337Z"],
    ["2016-12-31T23:59:60", "2017-01-01T00:00:00.000Z"],
    ["2024-02-22 08:51:31Z", "2024-02-22T08:51:31.000Z"],
    ["2024-02-22T10:51:31+02:00", "2024-02-22T08:51:31.000Z"],
  ])("%s is %s", (text, iso) => {
    expect(parseUtcMs(text)).toBe(Date.parse(iso));
  });

  test.each([
    "2026-02-30T00:00:00",
    "2026-13-01",
    "26-01-01",
    "2026-01-01T25:00:00",
    "",
    "2026-01-01T00:00:00 nonsense",
  ])("%p is no time", (text) => {
    expect(parseUtcMs(text)).toBeNull();
  });

  test("known sources are found inside the error circle only, and not by wide positions", () => {
    expect(knownSourceAt(299.6, 35.2, 0.05)).toMatchObject({ name: "Cyg X-1" });
    expect(knownSourceAt(299.6, 35.5, 0.05)).toBeNull();
    expect(knownSourceAt(299.6, 35.2, 5)).toBeNull();
  });
});
