import path from "node:path";
import { expect, test } from "@jest/globals";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { statusInThisSky, whyNoInstrument, whyNotInThisSky } from "../../domain/requests/conditions.ts";

const observatory = loadObservatory(path.join(projectFolder, "observatories", "colibri.json"), {});
const SKY = { seeingArcsec: 1.4, cloudPct: 30, skyQualityMag: 20.5 };

test("a sequence without limits is content with any sky, also an unknown one", () => {
  expect(whyNotInThisSky({}, SKY, false)).toBeNull();
  expect(whyNotInThisSky({}, { seeingArcsec: null, cloudPct: null, skyQualityMag: null }, false)).toBeNull();
});

test("each limit is said with its number", () => {
  expect(whyNotInThisSky({ maxSeeingArcsec: 1.2 }, SKY, false)).toEqual({
    text: "The seeing is 1.40″; its limit is 1.2″.",
    numbers: { value: 1.4, limit: 1.2 },
  });
  expect(whyNotInThisSky({ maxCloudPct: 20 }, SKY, false)?.text).toBe(
    "The cloud cover is 30 %; its limit is 20 %.",
  );
  expect(whyNotInThisSky({ minSkyQualityMag: 21 }, SKY, false)?.text).toBe(
    "The sky has 20.50 mag/arcsec²; it needs 21 mag/arcsec² or darker.",
  );
  expect(
    whyNotInThisSky({ maxSeeingArcsec: 1.4, maxCloudPct: 30, minSkyQualityMag: 20.5 }, SKY, false),
  ).toBeNull();
});

test("what is not known cannot be checked: it waits", () => {
  expect(whyNotInThisSky({ maxSeeingArcsec: 2 }, { ...SKY, seeingArcsec: null }, false)?.text).toMatch(
    /not known/,
  );
});

test("one that waits comes back only when the sky is clearly better", () => {
  const limit = { maxSeeingArcsec: 1.42 };
  expect(whyNotInThisSky(limit, SKY, false)).toBeNull();
  expect(whyNotInThisSky(limit, SKY, true)).not.toBeNull();
  expect(whyNotInThisSky(limit, { ...SKY, seeingArcsec: 1.3 }, true)).toBeNull();
});

test("a sequence waits for instruments only when none of those it needs works", () => {
  const lost = { "camera-nir": "No answer" };
  expect(whyNoInstrument(observatory, ["vis", "nir"], lost)).toBeNull();
  expect(whyNoInstrument(observatory, ["nir"], lost)?.text).toBe(
    "Near-infrared camera does not work: No answer.",
  );
  expect(whyNoInstrument(observatory, ["nir"], { "wheel-nir": "Stuck." })?.text).toMatch(/wheel.*Stuck\./);
  expect(whyNoInstrument(observatory, [], lost)).toBeNull();
});

test("statuses change once in each direction", () => {
  const reason = { text: "x", numbers: {} };
  expect(statusInThisSky("planned", reason)).toBe("waiting");
  expect(statusInThisSky("waiting", reason)).toBeNull();
  expect(statusInThisSky("waiting", null)).toBe("submitted");
  expect(statusInThisSky("interrupted", null)).toBeNull();
});
