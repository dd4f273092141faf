import { expect, test } from "@jest/globals";
import { visiblePlace } from "../../api/routes/alerts/placement.ts";
import { altAz } from "../../domain/astronomy/alt-az.ts";
import { moonSeparationDeg } from "../../domain/astronomy/sun-moon.ts";
import { observatory } from "./support/web.ts";

const DAY_MS = 86_400_000;
const NIGHT_MS = Date.UTC(2026, 10, 21, 4);

test.each([0, 0.3, 0.6, 0.999])(
  "a simulated burst is high and away from the Moon in any season (choice %d)",
  (choice) => {
    for (let day = 0; day < 365; day += 23) {
      const nowMs = NIGHT_MS + day * DAY_MS;
      const { raDeg, decDeg } = visiblePlace(observatory, nowMs, choice);
      for (const afterMs of [0, 45 * 60_000, 90 * 60_000]) {
        expect(altAz(observatory.site, raDeg, decDeg, nowMs + afterMs).altDeg).toBeGreaterThan(30);
      }
      expect(moonSeparationDeg(observatory.site, raDeg, decDeg, nowMs)).toBeGreaterThan(38);
    }
  },
);

test("by day it is a place that can be observed after the coming dusk", () => {
  const noonMs = Date.UTC(2026, 10, 20, 20);
  const { raDeg, decDeg } = visiblePlace(observatory, noonMs, 0.5);
  // Nautical dusk of 20 November at San Pedro Mártir.
  const duskMs = Date.UTC(2026, 10, 21, 1, 28);
  expect(altAz(observatory.site, raDeg, decDeg, duskMs + 60_000).altDeg).toBeGreaterThan(35);
});
