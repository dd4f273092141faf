import { describe, expect, test } from "@jest/globals";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { loadStrategies } from "../../adapters/config/strategies.ts";
import { decide } from "../../domain/alerts/decide.ts";
import { streamNames } from "../../domain/alerts/streams.ts";
import { strategyProblems } from "../../domain/strategies/contradictions.ts";
import { mergeStrategies } from "../../domain/strategies/merge.ts";
import { tilesFor } from "../../domain/strategies/tiles.ts";
import { separationDeg } from "../../domain/units.ts";
import { noticeOf, packetsNamed, STRATEGY, withRule } from "./packets.ts";

const observatories = fileURLToPath(new URL("../../observatories", import.meta.url));

describe("strategy files", () => {
  test("the shipped ones fit the schema, the streams and the shipped site", () => {
    const site = loadObservatory(path.join(observatories, "colibri.json"), {});
    expect(loadStrategies(path.join(observatories, "strategies"), site).map(({ name }) => name)).toContain(
      "default",
    );
  });

  test("the shipped default names every stream that can open an alert", () => {
    const named = new Set(STRATEGY.rules.flatMap(({ streams }) => streams));
    const silent = streamNames().filter((name) => !named.has(name));
    expect(silent).toEqual(expect.arrayContaining(["unknown", "test", "swift-slew", "swift-bat-known"]));
    for (const stream of [
      "swift-bat-pos",
      "fermi-gbm-flight",
      "svom-eclairs",
      "ep-wxt",
      "lvk-initial",
      "icecube-gold",
    ]) {
      expect(named).toContain(stream);
    }
  });

  test("what contradicts itself or the site is told by field, value and rule", () => {
    const [rule] = STRATEGY.rules;
    if (rule === undefined) throw new Error("no rule");
    const wrong = {
      ...STRATEGY,
      rules: [
        { ...rule, streams: ["swift-bat-poss"] },
        { ...rule, observation: { plan: [] } },
        {
          ...rule,
          name: "other",
          observation: { plan: [{ instrument: "vis", filter: "z", exposureS: 9_999, count: 1 }] },
        },
      ],
    };
    const site = {
      instruments: [
        { id: "vis", filters: ["r"], minExposureS: 0.1, maxExposureS: 600 },
        { id: "nir", filters: ["J", "H"], minExposureS: 1, maxExposureS: 300 },
      ],
    };
    const problems = strategyProblems(wrong, site).join("\n");
    expect(problems).toContain('"swift-bat-poss" is no stream');
    expect(problems).toContain("another rule has the same name");
    expect(problems).toContain("plan is empty");
    expect(problems).toContain('filter "z" is not on vis; it has r');
    expect(problems).toContain("exposureS 9999: vis takes 0.1 to 600 s");
    expect(strategyProblems(STRATEGY, site)).toEqual([]);
  });

  test("a small file changes one stream and leaves the rest", () => {
    const mine = { ...withRule("swift-bat", { rank: 7 }), name: "mine", rules: [] as typeof STRATEGY.rules };
    const rule = withRule("swift-bat", { rank: 7 }).rules.find(({ name }) => name === "swift-bat");
    const merged = mergeStrategies([STRATEGY, { ...mine, rules: rule === undefined ? [] : [rule] }]);
    const nowMs = noticeOf(packetsNamed("bat_near_bright_star")[0] ?? "").noticeMs ?? 0;
    const bat = noticeOf(packetsNamed("bat_near_bright_star")[0] ?? "");
    expect(decide(bat, null, { strategy: merged, nowMs }).rank).toBe(7);
    expect(merged.rules.length).toBe(STRATEGY.rules.length + 1);
    expect(() => mergeStrategies([])).toThrow("must be at least one");
  });
});

describe("tiles", () => {
  const tiling = { maxTiles: 9, overlap: 0.1 };

  test("an error inside the field needs one pointing", () => {
    expect(tilesFor(10, 20, 0.2, 0.43, tiling)).toEqual([{ raDeg: 10, decDeg: 20 }]);
  });

  test.each([
    [0, 0],
    [120, 60],
    [359.9, -75],
  ])("cover an error circle at RA %p, Dec %p without a gap, centre first", (raDeg, decDeg) => {
    const tiles = tilesFor(raDeg, decDeg, 0.6, 0.43, { maxTiles: 50, overlap: 0.1 });
    expect(separationDeg(raDeg, decDeg, tiles[0]?.raDeg ?? 0, tiles[0]?.decDeg ?? 0)).toBeLessThan(1e-9);
    // Every place of the circle is nearer than half a field diagonal to a tile's centre.
    for (let angle = 0; angle < 360; angle += 5) {
      for (const radius of [0.1, 0.3, 0.5, 0.6]) {
        const dec = decDeg + radius * Math.sin((angle * Math.PI) / 180);
        const ra = raDeg + (radius * Math.cos((angle * Math.PI) / 180)) / Math.cos((dec * Math.PI) / 180);
        const nearest = Math.min(...tiles.map((tile) => separationDeg(ra, dec, tile.raDeg, tile.decDeg)));
        expect(nearest).toBeLessThan((0.43 / 2) * Math.SQRT2);
      }
    }
  });

  test("are never more than the strategy allows", () => {
    expect(tilesFor(10, 20, 5, 0.43, tiling)).toHaveLength(9);
    expect(tilesFor(10, 89.5, 5, 0.43, tiling)).toHaveLength(9);
  });

  test("come with the decision when the field of view is known", () => {
    const lat = noticeOf(packetsNamed("distinct_GRB160625A_vs_B__Fermi_LAT")[0] ?? "");
    const context = { strategy: STRATEGY, nowMs: lat.noticeMs ?? 0 };
    expect(decide(lat, null, context).tiles).toHaveLength(1);
    expect(decide(lat, null, { ...context, fieldDeg: 0.43 }).tiles.length).toBeGreaterThan(3);
  });
});
