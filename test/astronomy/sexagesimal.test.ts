import { expect, test } from "@jest/globals";
import { assert, double, property } from "fast-check";
import {
  formatDeclination,
  formatRightAscension,
  parseDeclination,
  parseRightAscension,
} from "../../domain/astronomy/sexagesimal.ts";

test.each([
  ["05:34:31.94", 83.633083],
  ["05 34 31.94", 83.633083],
  ["5h34m31.94s", 83.633083],
  ["5h 34.5m", 83.625],
  ["5.5h", 82.5],
  ["83.633", 83.633],
  ["83.633d", 83.633],
  ["120", 120],
  ["83d30m00s", 83.5],
  ["0:0:0", 0],
])("right ascension %s", (text, deg) => {
  expect(parseRightAscension(text)).toBeCloseTo(deg, 5);
});

test.each([
  ["+22:00:52.2", 22.0145],
  ["-00:30:12", -0.503333],
  ["-0 30 12", -0.503333],
  ["−5d30m", -5.5],
  [`22°00'52.2"`, 22.0145],
  ["-89.9", -89.9],
  ["0", 0],
])("declination %s", (text, deg) => {
  expect(parseDeclination(text)).toBeCloseTo(deg, 5);
});

test.each([
  ["12", /hours or degrees/],
  ["05 34", /ambiguous/],
  ["05:34", /ambiguous/],
  ["24:00:00", /24 h/],
  ["5:61:00", /below 60/],
  ["-1:00:00", /negative/],
  ["360.0", /360/],
  ["abc", /write hh:mm:ss/],
  ["", /write hh:mm:ss/],
  ["5h34m31s later", /write hh:mm:ss/],
])("refuses the right ascension '%s'", (text, rule) => {
  expect(() => parseRightAscension(text)).toThrow(rule);
});

test.each([
  ["+90:00:01", /-90 to \+90/],
  ["12h", /degrees, not hours/],
  ["+22:00", /ambiguous/],
  ["22:00:60", /below 60/],
  ["--5", /write \+dd/],
])("refuses the declination '%s'", (text, rule) => {
  expect(() => parseDeclination(text)).toThrow(rule);
});

test("no field ever reads 60, and 24 h is 0 h", () => {
  expect(formatRightAscension(359.999999)).toBe("00:00:00.00");
  expect(formatRightAscension(83.633083)).toBe("05:34:31.94");
  expect(formatDeclination(-0.0083333)).toBe("-00:00:30.0");
  expect(formatDeclination(21.99999999)).toBe("+22:00:00.0");
  expect(formatDeclination(5, 0)).toBe("+05:00:00");
});

test("what is written can be read again", () => {
  assert(
    property(
      double({ min: 0, max: 359.99, noNaN: true }),
      double({ min: -90, max: 90, noNaN: true }),
      (ra, dec) => {
        expect(Math.abs(parseRightAscension(formatRightAscension(ra, 3)) - ra)).toBeLessThan(
          0.0005 / 240 + 1e-5,
        );
        expect(Math.abs(parseDeclination(formatDeclination(dec, 3)) - dec)).toBeLessThan(1e-6);
      },
    ),
  );
});
