import { expect, test } from "@jest/globals";
import { pixelOfSky, wcsOfPointing } from "../../domain/imaging/wcs.ts";
import { projectToPixel } from "../../simulators/sky/frame.ts";

// The simulator computes the sky on its own; this is the one place where both meet.
test.each([
  [0, 0, 0],
  [83.6, 22, 0],
  [83.6, 22, 30],
  [359.99, -60, 200],
  [120, 89.5, 90],
])(
  "stars lie where the world coordinates of the file put them: %d %d rotated %d",
  (raDeg, decDeg, rotationDeg) => {
    const detector: any = { width: 1024, height: 768 };
    const scale = 0.7;
    const wcs = wcsOfPointing({
      raDeg,
      decDeg,
      width: 1024,
      height: 768,
      scaleArcsecPerPx: scale,
      rotationDeg,
    });
    for (const [north, east] of [
      [0, 0],
      [0.05, 0],
      [0, 0.05],
      [-0.03, 0.06],
    ] as const) {
      const dec = decDeg + north;
      const ra = raDeg + east / Math.cos((dec * Math.PI) / 180);
      const seen = projectToPixel(
        { detector, pixelScaleArcsec: scale, rotationDeg },
        { raDeg, decDeg },
        ra,
        dec,
      );
      const file = pixelOfSky(wcs, ra, dec);
      // The simulator counts from the centre of the top left pixel, the file from 1 at the bottom left.
      expect(file?.x).toBeCloseTo((seen?.x ?? 0) + 1, 6);
      expect(file?.y).toBeCloseTo(768 - (seen?.y ?? 0), 6);
    }
  },
);
