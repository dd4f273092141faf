import { expect, test } from "@jest/globals";
import { decodeRawImage } from "../../adapters/alpaca/image.ts";
import { checkIdentity } from "../../adapters/alpaca/management.ts";
import { createObservingConditionsClient } from "../../adapters/alpaca/conditions.ts";
import { deviceOf } from "../../domain/observatory.ts";
import { separationDeg } from "../../domain/units.ts";
import { createRig, rawDevice, type Rig } from "../activities/rig.ts";

async function withRig(
  options: Parameters<typeof createRig>[0],
  use: (rig: Rig) => Promise<void>,
): Promise<void> {
  const rig = await createRig(options);
  try {
    await use(rig);
  } finally {
    await rig.close();
  }
}

test("a topocentric mount is sent to, and read at, the same ICRS place as a J2000 one", async () => {
  const places: { raHours: number; decDeg: number }[] = [];
  for (const equatorialSystem of ["J2000", "topocentric"] as const) {
    await withRig({ rate: 600, settings: { equatorialSystem } }, async (rig) => {
      const target = { raDeg: 20, decDeg: 40 };
      await rig.telescope.unpark();
      await rig.telescope.setTracking(true);
      await rig.telescope.slewTo(target);
      while ((await rig.telescope.status()).slewing) await new Promise((resolve) => setTimeout(resolve, 20));
      const { raDeg, decDeg } = await rig.telescope.status();
      expect(separationDeg(raDeg ?? 0, decDeg ?? 0, target.raDeg, target.decDeg) * 3_600).toBeLessThan(2);
      const sentTo = await rig.telescope.target();
      expect(separationDeg(sentTo?.raDeg ?? 0, sentTo?.decDeg ?? 0, 20, 40) * 3_600).toBeLessThan(0.5);
      const raw = rawDevice(rig, "telescope", "telescope");
      places.push({
        raHours: await raw.get("rightascension", {}),
        decDeg: await raw.get("declination", {}),
      });
    });
  }
  // Between 2000 and 2026 precession moves a place by some 0.37 deg: the two mounts themselves disagree.
  const [j2000, topocentric] = places;
  const apartDeg = separationDeg(
    (j2000?.raHours ?? 0) * 15,
    j2000?.decDeg ?? 0,
    (topocentric?.raHours ?? 0) * 15,
    topocentric?.decDeg ?? 0,
  );
  expect(apartDeg).toBeGreaterThan(0.3);
  expect(apartDeg).toBeLessThan(0.45);
});

test("an image comes in ImageBytes, with its size", async () => {
  await withRig({ rate: 600 }, async (rig) => {
    await rig.camera.connect();
    await rig.camera.startExposure(1, false);
    while (!(await rig.camera.status()).imageReady) await new Promise((resolve) => setTimeout(resolve, 20));
    const raw = await rig.camera.download();
    expect(raw.format).toBe("imagebytes");
    expect(decodeRawImage(raw)).toMatchObject({ width: 64, height: 64, planes: 1 });
  });
});

test("the weather station gives values and the age of its oldest sensor", async () => {
  await withRig({}, async (rig) => {
    const station = createObservingConditionsClient(rig.transport, deviceOf(rig.observatory, "weather"));
    const values = await station.values();
    expect(values.humidityPct).toBeGreaterThan(0);
    expect(values.dewPointC).toBeLessThan(values.temperatureC ?? 0);
    expect(await station.oldestAgeS()).toBeLessThan(120);
  });
});

test("every simulated device is the one of the observatory file", async () => {
  await withRig({}, async (rig) => {
    for (const device of rig.observatory.devices) {
      expect(await checkIdentity(rig.transport, device)).toEqual({ kind: "same" });
    }
  });
});
