import { julianDate, unixMsOfJulianDate } from "../units.ts";

/** How instants are written in a form: UTC of the Gregorian calendar, or Julian date (UTC). */
export const TIME_FORMS = ["utc", "jd"] as const;
export type TimeForm = (typeof TIME_FORMS)[number];

/** 8 decimals of a day are 0.9 ms: enough to find the millisecond again. */
const JD_DECIMALS = 8;
const UTC =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?)?\s*(?:Z|UTC|UT)?$/i;
const JD = /^(?:JD\s*)?(\d{7}(?:\.\d*)?)$/i;
const MJD = /^MJD\s*(\d{5}(?:\.\d*)?)$/i;
const MJD_ZERO_JD = 2_400_000.5;
const FORMS = "write 2026-11-20 07:14:32 (UTC) or a Julian date, 2461364.80176410";

/**
 * Reads an instant as people write it: `2026-11-20`, `2026-11-20 07:14:32.418`, `2026-11-20T07:14Z`, `2461364.8017641`,
 * `JD 2461364.8`, `MJD 61364.3`. Always UTC.
 * @returns Unix ms, or the rule that the text breaks
 */
export function readInstant(text: string): { readonly ms: number } | { readonly rule: string } {
  const written = text.trim();
  if (written === "") return { rule: `is missing; ${FORMS}` };
  const jd = JD.exec(written);
  if (jd !== null) return { ms: unixMsOfJulianDate(Number(jd[1])) };
  const mjd = MJD.exec(written);
  if (mjd !== null) return { ms: unixMsOfJulianDate(Number(mjd[1]) + MJD_ZERO_JD) };
  const utc = UTC.exec(written);
  if (utc === null) return { rule: `"${written}" is not understood; ${FORMS}` };
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = utc.slice(1, 7).map(Number);
  const millisecond = Number((utc[7] ?? "0").padEnd(3, "0"));
  const [h, m, s] = [hour || 0, minute || 0, second || 0];
  const ms = Date.UTC(year, month - 1, day, h, m, s, millisecond);
  // Date.UTC takes 30 February for the second of March, and hour 25 for the next day.
  const back = new Date(ms);
  const same = back.getUTCMonth() === month - 1 && back.getUTCDate() === day && h < 24 && m < 60 && s < 60;
  return same ? { ms } : { rule: `"${written}" is no day and time of the calendar` };
}

/** An instant as a form shows it: `2026-11-20 07:14:32` (with ms when it has some) or `2461364.80176410`. */
export function writtenInstant(ms: number, form: TimeForm): string {
  if (form === "jd") return julianDate(ms).toFixed(JD_DECIMALS);
  const iso = new Date(ms).toISOString();
  return (ms % 1_000 === 0 ? iso.slice(0, 19) : iso.slice(0, 23)).replace("T", " ");
}

/** The same text in the other form; what cannot be read stays as it was typed. */
export function convertedInstant(text: string, form: TimeForm): string {
  const reading = readInstant(text);
  return "ms" in reading ? writtenInstant(reading.ms, form) : text;
}
