import { describe, expect, test } from "@jest/globals";
import { ang2vec, nside2npix, order2nside, orderpix2uniq, pix2vec_nest, nest2ring } from "@hscmap/healpix";
import { readSkymap, summariseBase64Skymap, summariseSkymap } from "../../domain/alerts/skymap.ts";
import type { SkyPixel } from "../../domain/alerts/skymap.ts";
import { integer, text } from "../../domain/imaging/fits/card.ts";
import { writeFits } from "../../domain/imaging/fits/writer.ts";
import type { ImageHdu } from "../../domain/imaging/fits/writer.ts";
import { parseNotice } from "../../domain/alerts/parse.ts";
import { separationDeg } from "../../domain/units.ts";

/** A circular Gaussian of 3 deg at RA 150, Dec -30. */
const CENTRE = { raDeg: 150, decDeg: -30, sigmaDeg: 3 };
const ORDER = 6;

function gaussian(): SkyPixel[] {
  const nside = order2nside(ORDER);
  const centre = ang2vec(((90 - CENTRE.decDeg) * Math.PI) / 180, (CENTRE.raDeg * Math.PI) / 180);
  return Array.from({ length: nside2npix(nside) }, (_, ipix) => {
    const v = pix2vec_nest(nside, ipix);
    const cos = v[0] * centre[0] + v[1] * centre[1] + v[2] * centre[2];
    const deg = (Math.acos(Math.min(1, Math.max(-1, cos))) * 180) / Math.PI;
    return { order: ORDER, ipix, probability: Math.exp(-0.5 * (deg / CENTRE.sigmaDeg) ** 2) };
  });
}

const EMPTY: ImageHdu = {
  kind: "image",
  cards: [],
  axes: [],
  pixels: new Uint8Array(),
};

function multiOrderFile(pixels: readonly SkyPixel[]): Uint8Array {
  return writeFits([
    EMPTY,
    {
      kind: "table",
      name: "SKYMAP",
      cards: [text("ORDERING", "NUNIQ")],
      columns: [
        {
          name: "UNIQ",
          format: "K",
          values: pixels.map(({ order, ipix }) => BigInt(orderpix2uniq(order, ipix))),
        },
        { name: "PROBDENSITY", format: "D", values: pixels.map(({ probability }) => probability) },
      ],
    },
  ]);
}

describe("a HEALPix map", () => {
  const pixels = gaussian();

  test("gives its best position and the areas of 50 and 90 %", () => {
    const summary = summariseSkymap(pixels);
    // Within a pixel (0.9 deg at order 6).
    expect(separationDeg(summary.raDeg, summary.decDeg, CENTRE.raDeg, CENTRE.decDeg)).toBeLessThan(0.7);
    // A circular Gaussian holds p within the area -2 pi sigma^2 ln(1 - p).
    const area = (p: number) => -2 * Math.PI * CENTRE.sigmaDeg ** 2 * Math.log(1 - p);
    expect(summary.area90Deg2 / area(0.9)).toBeCloseTo(1, 1);
    expect(summary.area50Deg2 / area(0.5)).toBeCloseTo(1, 1);
    expect(summary.error90Deg).toBeCloseTo(CENTRE.sigmaDeg * Math.sqrt(2 * Math.log(10)), 0);
  });

  test("is the same from a multi-order file, and inside an IGWN alert", () => {
    const bytes = multiOrderFile(pixels);
    const fromFile = summariseSkymap(readSkymap(bytes));
    expect(fromFile.area90Deg2).toBeCloseTo(summariseSkymap(pixels).area90Deg2, 6);
    const skymap = Buffer.from(bytes).toString("base64");
    expect(summariseBase64Skymap(skymap)).toEqual(fromFile);
    const alert = {
      alert_type: "PRELIMINARY",
      time_created: "2026-11-21T04:00:30Z",
      superevent_id: "S261121a",
      event: {
        time: "2026-11-21T04:00:00.123Z",
        far: 1e-10,
        significant: true,
        group: "CBC",
        classification: { BNS: 0.9, Terrestrial: 0.1 },
        skymap,
      },
    };
    expect(parseNotice(JSON.stringify(alert), "json")).toMatchObject({
      stream: "lvk-preliminary",
      triggerKeys: ["lvk:S261121a"],
      classification: "BNS",
      raDeg: fromFile.raDeg,
      area90Deg2: fromFile.area90Deg2,
    });
    const broken = { ...alert, event: { ...alert.event, skymap: skymap.slice(0, 5_000) } };
    expect(parseNotice(JSON.stringify(broken), "json")).toMatchObject({
      raDeg: null,
      positionNote: expect.stringContaining("sky map"),
    });
  });

  test("of one order in ring numbering is the same map", () => {
    const nside = order2nside(ORDER);
    const ring = Array.from({ length: pixels.length }, () => 0);
    for (const { ipix, probability } of pixels) ring[nest2ring(nside, ipix)] = probability;
    const bytes = writeFits([
      EMPTY,
      {
        kind: "table",
        name: "SKYMAP",
        cards: [text("ORDERING", "RING"), integer("NSIDE", nside)],
        columns: [{ name: "PROB", format: "D", values: ring }],
      },
    ]);
    expect(summariseSkymap(readSkymap(bytes)).area90Deg2).toBeCloseTo(summariseSkymap(pixels).area90Deg2, 6);
  });

  test.each([
    ["nothing", new Uint8Array(), "cannot be read"],
    ["a compressed file", new Uint8Array([0x1f, 0x8b, 0x08]), "compressed"],
  ])("%s is refused", (_, bytes, words) => {
    expect(() => readSkymap(bytes)).toThrow(words);
  });
});
