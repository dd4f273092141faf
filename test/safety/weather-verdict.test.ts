import { expect, test } from "@jest/globals";
import { weatherVerdict } from "../../domain/safety/weather-verdict.ts";
import { FINE, LIMITS } from "./fine-weather.ts";

test("fine weather is safe without reasons", () => {
  expect(weatherVerdict(FINE, 5, LIMITS)).toEqual({ safe: true, reasons: [], crossed: [] });
});

test.each([
  [{ humidityPct: 90.26 }, "humidity", "The humidity is 90.3 %, the limit is 85 %."],
  [{ windMS: 15.4 }, "wind", "The wind is 15.4 m/s, the limit is 15 m/s."],
  [{ gustMS: 21 }, "gust", "The gust is 21.0 m/s, the limit is 20 m/s."],
  [{ rainMmH: 0.02 }, "rain", "The rain is 0.02 mm/h, the limit is 0 mm/h."],
  [{ cloudPct: 95 }, "cloud", "The cloud cover is 95.0 %, the limit is 90 %."],
  [{ dewPointC: 10.5 }, "dew", "The temperature is 1.5 °C above the dew point, the limit is 2 °C."],
  [{ rainMmH: null }, "rain", "The rain is not known; the limit of 0 mm/h cannot be checked."],
  [{ dewPointC: null }, "dew", "The dew point is not known; the margin of 2 °C cannot be checked."],
  [{ windMS: Number.NaN }, "wind", "The wind reads NaN m/s, which cannot be: its sensor counts as broken."],
] as const)("%j crosses the limit %s", (change, name, sentence) => {
  expect(weatherVerdict({ ...FINE, ...change }, 5, LIMITS)).toEqual({
    safe: false,
    reasons: [sentence],
    crossed: [name],
  });
});

test("a value at its limit is safe", () => {
  const atLimits = { ...FINE, humidityPct: 85, windMS: 15, gustMS: 20, cloudPct: 90, dewPointC: 10 };
  expect(weatherVerdict(atLimits, 60, LIMITS).safe).toBe(true);
});

test("readings that are old or missing are unsafe", () => {
  expect(weatherVerdict(FINE, 61, LIMITS).reasons).toEqual([
    "The weather readings are 61 s old; older than 60 s counts as unsafe.",
  ]);
  expect(weatherVerdict(FINE, Number.POSITIVE_INFINITY, LIMITS).reasons[0]).toContain("are missing");
  expect(weatherVerdict(FINE, Number.NaN, LIMITS).safe).toBe(false);
});

test("what no sensor can read is no weather: a broken one never opens a dome", () => {
  const broken: Partial<typeof FINE>[] = [
    { humidityPct: -9_999 },
    { humidityPct: 1e300 },
    { windMS: -32_768 },
    { gustMS: -1_000 },
    { rainMmH: -1 },
    { cloudPct: -9_999 },
    { temperatureC: 1_000 },
    { dewPointC: -9_999 },
  ];
  for (const values of broken) {
    const { safe, reasons } = weatherVerdict({ ...FINE, ...values }, 0, LIMITS);
    expect({ values, safe }).toEqual({ values, safe: false });
    expect(reasons.join(" ")).toMatch(/cannot be|the limit is/);
  }
  // Noise around nothing is still nothing.
  expect(weatherVerdict({ ...FINE, windMS: -0.1, rainMmH: -0.01 }, 0, LIMITS).safe).toBe(true);
});
