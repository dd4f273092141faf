import { expect, test } from "@jest/globals";
import {
  problemSentence,
  readDeclination,
  readPosition,
  readRightAscension,
} from "../../domain/astronomy/coordinates.ts";

test.each([
  ["5 34 31.9", 83.632917],
  ["05:34:31.9", 83.632917],
  ["5h34m31.9s", 83.632917],
  ["5h 34m 31.9s", 83.632917],
  ["5 h 34 m 31.9 s", 83.632917],
  ["5.575h", 83.625],
  ["83.633", 83.633],
  [" 83.633° ", 83.633],
  ["83d37m58.5s", 83.632917],
  ["24", 24],
  ["120", 120],
])("the right ascension %s is understood", (text, deg) => {
  const reading = readRightAscension(text);
  expect(reading).toMatchObject({ ok: true });
  if (reading.ok) expect(reading.coordinate.deg).toBeCloseTo(deg, 5);
});

test.each([
  ["+22:00:52.2", 22.0145],
  ["-00 30 12", -0.503333],
  ["22d00m52.2s", 22.0145],
  ["+22° 00′ 52.2″", 22.0145],
  [`22°00'52.2"`, 22.0145],
  ["−5.5", -5.5],
  ["12", 12],
])("the declination %s is understood", (text, deg) => {
  const reading = readDeclination(text);
  expect(reading).toMatchObject({ ok: true });
  if (reading.ok) expect(reading.coordinate.deg).toBeCloseTo(deg, 5);
});

test("what was understood is given in both forms", () => {
  expect(readPosition({ ra: "5h34m31.9s", dec: "-5:23:28" })).toEqual({
    ok: true,
    ra: { deg: expect.closeTo(83.632917, 5), sexagesimal: "05:34:31.90", degrees: "83.63292" },
    dec: { deg: expect.closeTo(-5.391111, 5), sexagesimal: "-05:23:28.0", degrees: "-5.39111" },
  });
});

test.each(["12", "5.575", "0", "23.99"])("the right ascension %s asks: hours or degrees", (text) => {
  const reading = readRightAscension(text);
  if (reading.ok) throw new Error("was guessed");
  expect(reading.problem.choices.map(({ write }) => write)).toEqual([`${text}h`, `${text}d`]);
  for (const { write, means } of reading.problem.choices) {
    expect(readRightAscension(write)).toEqual({ ok: true, coordinate: means });
  }
});

test.each([
  ["", /^Right ascension: is missing; write/],
  ["24:00:00", /"24:00:00" must be from 0 h up to, not including, 24 h/],
  ["400", /"400" must be .*360 deg/],
  ["5:61:00", /minutes and seconds must be below 60/],
  ["-1:00:00", /must not be negative/],
  ["05 34", /two fields are ambiguous/],
  ["Crab", /"Crab" is not understood; write 05:34:31.9/],
  ["5", /could be hours or degrees. Write 5h \(05:00:00.00, 75.00000°\) or 5d \(00:20:00.00, 5.00000°\)/],
])("the right ascension '%s' is refused in words", (text, words) => {
  const reading = readRightAscension(text);
  if (reading.ok) throw new Error("was taken");
  expect(problemSentence(reading.problem)).toMatch(words);
  expect(reading.problem).toMatchObject({ field: "Right ascension", value: text });
});

test("every problem is named at once, each with its field", () => {
  const reading = readPosition({ ra: "25:00:00", dec: "-95" });
  if (reading.ok) throw new Error("was taken");
  expect(reading.problems.map(({ field, value }) => [field, value])).toEqual([
    ["Right ascension", "25:00:00"],
    ["Declination", "-95"],
  ]);
  expect(problemSentence(reading.problems[1]!)).toMatch(/must be from -90 to \+90 deg/);
});
