import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { PixelImage } from "../../protocol/image-bytes.ts";
import { background, findSpots, measure, nearest, pixelOf } from "./stars.ts";
import type { Place } from "./stars.ts";
import { startSimulators } from "./support.ts";
import type { TestServer } from "./support.ts";

let sim: TestServer;
let field: Place;

beforeAll(async () => {
  sim = await startSimulators();
  field = await sim.lookUp();
  await sim.command("camera/0/cooleron", { CoolerOn: true });
  sim.skip(600);
});
afterAll(async () => {
  await sim.close();
});

interface CatalogueStar extends Place {
  readonly mag: number;
}

/** Catalogue stars well inside the frame that stand alone, brightest first. */
async function isolatedStars(faintest: number): Promise<{ x: number; y: number; mag: number }[]> {
  const stars: CatalogueStar[] = await sim.act("camera/0", "sky:stars", { ...field, radiusDeg: 0.35 });
  const placed = stars.map((star) => ({ ...pixelOf(star, field), mag: star.mag }));
  return placed.filter(
    (star) =>
      star.mag < faintest &&
      star.mag > 13.5 &&
      star.x > 20 &&
      star.x < 1_003 &&
      star.y > 20 &&
      star.y < 1_003 &&
      placed.every(
        (other) =>
          other === star || other.mag > star.mag + 4 || Math.hypot(other.x - star.x, other.y - star.y) > 16,
      ),
  );
}

function offsets(image: PixelImage, stars: readonly { x: number; y: number }[]): number[] {
  const spots = findSpots(image);
  return stars.map((star) => nearest(spots, star.x, star.y));
}

describe("the sky through the camera", () => {
  test("three frames of one field, and one an hour later, show the catalogue's stars within a pixel", async () => {
    const stars = await isolatedStars(16.5);
    expect(stars.length).toBeGreaterThan(15);
    for (const laterS of [0, 120, 120, 3_600]) {
      sim.skip(laterS);
      const image = await sim.expose(30);
      expect(Math.max(...offsets(image, stars))).toBeLessThan(1);
    }
  });

  test("a frame of 30 s shows tens of stars, and every bright spot is a star of the catalogue", async () => {
    const image = await sim.expose(30);
    const spots = findSpots(image);
    expect(spots.length).toBeGreaterThan(40);
    const stars: CatalogueStar[] = await sim.act("camera/0", "sky:stars", { ...field, radiusDeg: 0.35 });
    const places = stars.map((star) => ({ ...pixelOf(star, field), flux: 0 }));
    const strangers = spots.filter((spot) => nearest(places, spot.x, spot.y) > 1.5);
    // Blends move centroids; a few percent of the spots are two stars in one.
    expect(strangers.length).toBeLessThan(spots.length * 0.08);
  });

  test("fluxes follow the magnitudes", async () => {
    const image = await sim.expose(30);
    const stars = (await isolatedStars(16)).filter((star) => star.mag > 14.3);
    const zeroPoints = stars.map((star) => star.mag + 2.5 * Math.log10(measure(image, star.x, star.y).flux));
    const mean = zeroPoints.reduce((sum, value) => sum + value, 0) / zeroPoints.length;
    for (const zeroPoint of zeroPoints) expect(Math.abs(zeroPoint - mean)).toBeLessThan(0.35);
  });

  test("JSON and ImageBytes give the same pixels", async () => {
    const image = await sim.expose(1);
    const answer = await sim.get("camera/0/imagearray");
    expect(answer).toMatchObject({ Type: 2, Rank: 2, ErrorNumber: 0 });
    const columns = answer.Value as number[][];
    expect(columns.length).toBe(image.width);
    for (const [x, column] of columns.entries()) {
      for (let y = x % 13; y < image.height; y += 13) {
        if (column[y] !== image.pixels[y * image.width + x]) throw new Error(`pixel ${x}, ${y} differs`);
      }
    }
  });

  test("a transient appears at its place and fades as the power law says", async () => {
    const place = { raDeg: field.raDeg + 0.05, decDeg: field.decDeg - 0.04 };
    const t0Ms = sim.nowMs();
    const { x, y } = pixelOf(place, field);
    const before = measure(await sim.expose(30), x, y).flux;
    await sim.act("camera/0", "sky:transient", { ...place, t0Ms, mag: 14, index: 1 });
    const fluxes: { ageS: number; flux: number }[] = [];
    for (const ageS of [200, 800, 3_200]) {
      sim.skip(ageS - (sim.nowMs() - t0Ms) / 1_000);
      const image = await sim.expose(30);
      const startMs = Date.parse(`${await sim.read("camera/0/lastexposurestarttime")}Z`);
      fluxes.push({ ageS: (startMs - t0Ms) / 1_000 + 15, flux: measure(image, x, y).flux });
    }
    const [first, second, third] = fluxes;
    if (first === undefined || second === undefined || third === undefined) throw new Error("three frames");
    expect(first.flux).toBeGreaterThan(20 * Math.abs(before));
    expect(first.flux / second.flux / (second.ageS / first.ageS)).toBeCloseTo(1, 0);
    expect(Math.abs(Math.log2(first.flux / second.flux / (second.ageS / first.ageS)))).toBeLessThan(0.2);
    expect(Math.abs(Math.log2(second.flux / third.flux / (third.ageS / second.ageS)))).toBeLessThan(0.35);
  });

  test("with tracking off the stars are trails along the parallel, as long as the exposure", async () => {
    await sim.command("telescope/0/tracking", { Tracking: false });
    const image = await sim.expose(20);
    await sim.command("telescope/0/tracking", { Tracking: true });
    const { level, sigma } = background(image);
    // Runs of bright pixels along rows: 20 s at dec 25 are 174 pixels.
    let longest = 0;
    for (let y = 0; y < image.height; y++) {
      let run = 0;
      for (let x = 0; x < image.width; x++) {
        run = Number(image.pixels[y * image.width + x]) > level + 3 * sigma ? run + 1 : 0;
        longest = Math.max(longest, run);
      }
    }
    expect(longest).toBeGreaterThan(100);
    // Back where it was: the mount had stopped, so the field has drifted; slew there again.
    await sim.command("telescope/0/slewtocoordinatesasync", {
      RightAscension: field.raDeg / 15,
      Declination: field.decDeg,
    });
    await sim.until("telescope/0/slewing", false);
  });

  test("in the closed dome there is no star, only the detector", async () => {
    await sim.command("dome/0/closeshutter");
    await sim.until("dome/0/shutterstatus", 1);
    const image = await sim.expose(60);
    expect(findSpots(image, 20)).toEqual([]);
    const { level, sigma } = background(image);
    expect(level).toBeGreaterThan(990);
    expect(level).toBeLessThan(1_015);
    // Read noise 8 e at 1.5 e/ADU, bias structure and dark current: some 6 ADU.
    expect(sigma).toBeGreaterThan(4.5);
    expect(sigma).toBeLessThan(8);
    await sim.command("dome/0/openshutter");
    await sim.until("dome/0/shutterstatus", 0);
  });

  test("what happens during the exposure is in the frame: the shutter that closes, the mount that leaves", async () => {
    const whole = background(await sim.expose(100)).level - 1_000;
    sim.atRate(1);
    await sim.command("camera/0/startexposure", { Duration: 100, Light: true });
    sim.skip(20);
    await sim.command("dome/0/closeshutter");
    sim.skip(100);
    await sim.until("camera/0/imageready", true);
    // 20 s open and 60 s of closing, which count half.
    expect((background(await sim.image()).level - 1_000) / whole).toBeCloseTo(0.5, 1);
    await sim.command("dome/0/openshutter");
    sim.skip(61);

    const [star] = await isolatedStars(16);
    if (star === undefined) throw new Error("no star stands alone");
    sim.atRate(200);
    const still = measure(await sim.expose(0.2), star.x, star.y).flux / 0.2;
    sim.atRate(1);
    await sim.command("camera/0/startexposure", { Duration: 4, Light: true });
    sim.skip(1);
    await sim.command("telescope/0/slewtocoordinatesasync", {
      RightAscension: field.raDeg / 15,
      Declination: field.decDeg + 3,
    });
    sim.skip(20);
    await sim.until("camera/0/imageready", true);
    const share = measure(await sim.image(), star.x, star.y).flux / still / 4;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.45);
    await sim.command("telescope/0/slewtocoordinatesasync", {
      RightAscension: field.raDeg / 15,
      Declination: field.decDeg,
    });
    sim.atRate(200);
    await sim.until("telescope/0/slewing", false);
  });

  test("a dark frame has no star under the open dome", async () => {
    expect(findSpots(await sim.expose(30, false), 20)).toEqual([]);
  });

  test("two frames of one field differ in their noise", async () => {
    const first = await sim.expose(5);
    const second = await sim.expose(5);
    const same = Array.from(first.pixels).filter((value, index) => value === second.pixels[index]).length;
    expect(same).toBeLessThan(first.pixels.length * 0.1);
  });

  test("binning and subframes give their size, their stars and their share of the light", async () => {
    const whole = await sim.expose(10);
    await sim.command("camera/0/binx", { BinX: 2 });
    await sim.command("camera/0/biny", { BinY: 2 });
    await sim.command("camera/0/numx", { NumX: 200 });
    await sim.command("camera/0/numy", { NumY: 100 });
    await sim.command("camera/0/startx", { StartX: 150 });
    await sim.command("camera/0/starty", { StartY: 200 });
    const part = await sim.expose(10);
    expect([part.width, part.height]).toEqual([200, 100]);
    expect((background(part).level - 1_002) / (background(whole).level - 1_002)).toBeCloseTo(4, 0);
    await sim.command("camera/0/binx", { BinX: 1 });
    await sim.command("camera/0/biny", { BinY: 1 });
    await sim.command("camera/0/startx", { StartX: 900 });
    const outside = await sim.put("camera/0/startexposure", { Duration: 1, Light: true });
    expect(outside.ErrorNumber).toBe(0x401);
    expect(outside.ErrorMessage).toContain("StartX is 900");
  });
});

test("a topocentric mount, sent to the place of date, shows the same field", async () => {
  const jnow = await startSimulators({ settings: { equatorialSystem: "topocentric" } });
  try {
    expect(await jnow.read("telescope/0/equatorialsystem")).toBe(1);
    const ofDate = await jnow.lookUp(0.5, 25);
    // IAU 1976 precession from J2000 to the date, to 20": far smaller than what is being told apart (0.3 deg).
    const years = (jnow.nowMs() - Date.UTC(2000, 0, 1, 12)) / (365.25 * 86_400_000);
    const ra = (ofDate.raDeg * Math.PI) / 180;
    const m = (46.1244 * years) / 3_600;
    const n = (20.0431 * years) / 3_600;
    const j2000 = {
      raDeg: ofDate.raDeg - m - n * Math.sin(ra) * Math.tan((25 * Math.PI) / 180),
      decDeg: ofDate.decDeg - n * Math.cos(ra),
    };
    const stars: CatalogueStar[] = await jnow.act("camera/0", "sky:stars", { ...j2000, radiusDeg: 0.15 });
    const bright = stars.filter((star) => star.mag < 16 && star.mag > 13);
    const spots = findSpots(await jnow.expose(30));
    // One shift, below the arc minute of the formula above, brings all stars onto their spots.
    const shifts = bright.flatMap((star) => {
      const { x, y } = pixelOf(star, j2000);
      return spots
        .filter((spot) => Math.hypot(spot.x - x, spot.y - y) < 40)
        .map((spot) => ({ dx: spot.x - x, dy: spot.y - y }));
    });
    const agreeing = shifts.map(
      ({ dx, dy }) => shifts.filter((other) => Math.hypot(other.dx - dx, other.dy - dy) < 1.5).length,
    );
    expect(bright.length).toBeGreaterThan(4);
    expect(Math.max(...agreeing)).toBeGreaterThanOrEqual(Math.ceil(bright.length * 0.8));
  } finally {
    await jnow.close();
  }
});
