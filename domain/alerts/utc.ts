/**
 * Unix ms of a UTC time as notices write it: ISO 8601 with or without Z or +00:00, T or blank, any number of
 * decimals (rounded to 1 ms); seconds may be 60 (leap second: counted into the next minute).
 * @returns null when it is no such time or lies outside 1900..2200
 */
export function parseUtcMs(text: string | null | undefined): number | null {
  if (typeof text !== "string" || text.length > 40) return null;
  const m =
    /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?\s*$/i.exec(
      text,
    );
  if (m === null) return null;
  const [year, month, day, hour, minute, second] = [m[1], m[2], m[3], m[4] ?? 0, m[5] ?? 0, m[6] ?? 0].map(
    Number,
  ) as [number, number, number, number, number, number];
  if (year < 1900 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31) return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const midnight = Date.UTC(year, month - 1, day);
  if (new Date(midnight).getUTCDate() !== day) return null;
  const fraction = m[7] === undefined ? 0 : Math.round(Number(m[7]) * 1_000);
  return midnight + hour * 3_600_000 + minute * 60_000 + second * 1_000 + fraction - offsetMs(m[8]);
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === "Z") return 0;
  const sign = zone.startsWith("-") ? -1 : 1;
  const digits = zone.slice(1).replace(":", "");
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))) * 60_000;
}

/** `2021-01-12T01:37:03.790` of a Unix time in ms: the form VOEvents use (UTC, no zone). */
export function voEventTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23);
}
