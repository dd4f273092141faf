import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import * as fc from "fast-check";
import {
  electronRate,
  exposureForSnr,
  rateForSnr,
  signalToNoise,
  type CcdMeasurement,
} from "../../domain/imaging/signal-to-noise.ts";
import {
  calculateExposure,
  calculatorDefaults,
  calculatorErrors,
  type CalculatorInput,
} from "../../domain/requests/exposure-calculator.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { fileURLToPath } from "node:url";

interface Cases {
  readonly snr: readonly {
    readonly source: number;
    readonly sky: number;
    readonly dark: number;
    readonly rdnoise: number;
    readonly npix: number;
    readonly nback: number;
    readonly gain: number;
    readonly exptime: number;
    readonly snr: number;
    readonly time_for_snr10: number;
    readonly rate_for_snr5: number;
  }[];
  readonly ab_rate: readonly {
    readonly mag: number;
    readonly area_m2: number;
    readonly lam_nm: number;
    readonly dlam_nm: number;
    readonly throughput: number;
    readonly e_s: number;
  }[];
}

const all = new URL("../../../shared/images/extras.json", import.meta.url);
const some = new URL("../fixtures/signal-to-noise.json", import.meta.url);
const files = [some, ...(existsSync(all) ? [all] : [])];
const observatory = loadObservatory(
  fileURLToPath(new URL("../../observatories/colibri.json", import.meta.url)),
  {},
);
const [vis] = observatory.instruments;
if (vis === undefined) throw new Error("the demonstration has no instrument");

const within = (value: number, reference: number): void => {
  expect(Math.abs(value / reference - 1)).toBeLessThan(0.001);
};

test.each(files.map((file) => [file.pathname.split("/").at(-1) ?? "", file]))(
  "signal over noise, time and rate agree with astropy's to 0.1 %%: %s",
  (_name, file) => {
    const cases = JSON.parse(readFileSync(file, "utf8")) as Cases;
    expect(cases.snr.length).toBeGreaterThanOrEqual(12);
    for (const one of cases.snr) {
      const ccd: CcdMeasurement = {
        skyEPerS: one.sky,
        darkEPerS: one.dark,
        readNoiseE: one.rdnoise,
        aperturePixels: one.npix,
        backgroundPixels: one.nback,
        gainEPerAdu: one.gain,
      };
      within(signalToNoise(one.source, one.exptime, ccd), one.snr);
      within(exposureForSnr(one.source, 10, ccd), one.time_for_snr10);
      within(rateForSnr(one.exptime, 5, ccd), one.rate_for_snr5);
    }
    for (const one of cases.ab_rate) {
      within(electronRate(one.mag, one.area_m2, one.lam_nm, one.dlam_nm, one.throughput), one.e_s);
    }
  },
);

const base = calculatorDefaults(vis, "r");

test("the three modes are each other's inverse", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 10, max: 22, noNaN: true }),
      fc.double({ min: 1, max: 1_000, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      (mag, exposureS, frames) => {
        const given: CalculatorInput = { ...base, mag, exposureS, frames };
        const { snr } = calculateExposure(given, observatory, vis);
        within(calculateExposure({ ...given, mode: "time", snr }, observatory, vis).exposureS, exposureS);
        const limit = calculateExposure({ ...given, mode: "mag", snr }, observatory, vis).mag;
        expect(Math.abs(limit - mag)).toBeLessThan(0.001);
      },
    ),
  );
});

test("longer, brighter and darker is better; a bright star saturates, and the safe time does not", () => {
  const snr = (change: Partial<CalculatorInput>): number =>
    calculateExposure({ ...base, ...change }, observatory, vis).snr;
  expect(snr({ exposureS: 240 })).toBeGreaterThan(snr({}));
  expect(snr({ mag: 17 })).toBeGreaterThan(snr({ mag: 19 }));
  expect(snr({ skyMag: 22 })).toBeGreaterThan(snr({ skyMag: 18 }));
  expect(snr({ airmass: 1 })).toBeGreaterThan(snr({ airmass: 2.5 }));
  within(snr({ frames: 4 }), 2 * snr({}));
  const bright = calculateExposure({ ...base, mag: 9.1, exposureS: 400 }, observatory, vis);
  expect(bright.saturation.saturated).toBe(true);
  const { safeExposureS } = bright.saturation;
  const safe = calculateExposure({ ...base, mag: 9.1, exposureS: safeExposureS }, observatory, vis);
  within(safe.saturation.share, 0.7);
});

test("errors name the field and the range", () => {
  expect(calculatorErrors(base)).toEqual([]);
  expect(calculatorErrors({ ...base, airmass: 0.5, bandId: "q", mag: Number.NaN })).toEqual([
    expect.objectContaining({ field: "bandId", value: "q" }),
    expect.objectContaining({ field: "mag", value: "" }),
    { field: "airmass", value: 0.5, rule: "write a number from 1 to 10" },
  ]);
  expect(() => calculateExposure({ ...base, airmass: 0 }, observatory, vis)).toThrow("airmass is 0");
});
