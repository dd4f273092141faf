import { DEG_PER_HOUR } from "../units.ts";

/** A coordinate that cannot be taken as it is written: which field, what stood there, and the rule it breaks. */
export class CoordinateError extends RangeError {
  override readonly name = "CoordinateError";
  readonly field: string;
  readonly value: string;
  readonly rule: string;

  constructor(field: string, value: string, rule: string) {
    super(`${field} "${value}": ${rule}`);
    this.field = field;
    this.value = value;
    this.rule = rule;
  }
}

/**
 * Right ascension as hh:mm:ss.ss.
 * @param raDeg degrees, 0 to 360
 * @param decimals of the seconds; 2 are 0.15" at the equator
 */
export function formatRightAscension(raDeg: number, decimals = 2): string {
  const wholeTurn = 24 * 3_600;
  const [h, m, s] = sexagesimal(raDeg / DEG_PER_HOUR, decimals, wholeTurn);
  return `${h}:${m}:${s}`;
}

/** Declination as +dd:mm:ss.s, always with its sign. */
export function formatDeclination(decDeg: number, decimals = 1): string {
  const [d, m, s] = sexagesimal(Math.abs(decDeg), decimals, Infinity);
  return `${decDeg < 0 ? "-" : "+"}${d}:${m}:${s}`;
}

/**
 * Right ascension in degrees from what people write:
 * `05:34:31.94`, `05 34 31.94`, `5h34m31.94s`, `5h34.53m`, `5.575h`, `83.633d`, or a decimal number, which is degrees.
 * Refused as ambiguous: two fields without letters (`05 34`), a number without a decimal point up to 24 (degrees or hours?).
 * @throws CoordinateError naming the field, the value and the rule
 */
export function parseRightAscension(text: string): number {
  const written = text.trim();
  const refuse = (rule: string): never => {
    throw new CoordinateError("right ascension", text, rule);
  };
  if (/^\+?\d{1,2}$/.test(written) && Number(written) <= 24) {
    return refuse(`could be hours or degrees; write "${written}h" or "${written}.0"`);
  }
  const fields = readFields(written, "h", refuse);
  if (fields.sign < 0 && fields.value > 0) {
    return refuse("must not be negative");
  }
  const raDeg = fields.unit === "h" ? fields.value * DEG_PER_HOUR : fields.value;
  return raDeg < 360 ? raDeg : refuse("must be from 0 h up to, not including, 24 h (360 deg)");
}

/**
 * Declination in degrees from what people write:
 * `+22:00:52.2`, `-00 30 12`, `+22d00m52.2s`, `22°00'52.2"`, `-5.5d`, or a decimal number of degrees.
 * Refused as ambiguous: two fields without letters; refused: hours.
 * @throws CoordinateError naming the field, the value and the rule
 */
export function parseDeclination(text: string): number {
  const refuse = (rule: string): never => {
    throw new CoordinateError("declination", text, rule);
  };
  const fields = readFields(text.trim(), "d", refuse);
  if (fields.unit === "h") {
    return refuse("must be degrees, not hours");
  }
  return fields.value <= 90 ? fields.sign * fields.value : refuse("must be from -90 to +90 deg");
}

interface Fields {
  readonly sign: 1 | -1;
  readonly value: number;
  readonly unit: "h" | "d";
}

const UNSIGNED = String.raw`\d+(?:\.\d*)?|\.\d+`;
const DECIMAL = new RegExp(`^(${UNSIGNED})\\s*([hd]|deg)?$`);
const COLONS = /^(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d*)?)$/;
const SPACES = /^(\d{1,3})\s+(\d{1,2})\s+(\d{1,2}(?:\.\d*)?)$/;
const LETTERS = /^(\d{1,3})\s*([hd])\s*(?:(\d{1,2})\s*m\s*(?:(\d{1,2}(?:\.\d*)?)\s*s)?|(\d{1,2}\.\d*)\s*m)$/;

/** Fields without letters are in `unit`: hours in a right ascension, degrees in a declination. A lone number is degrees. */
function readFields(text: string, unit: "h" | "d", refuse: (rule: string) => never): Fields {
  // The sign is read apart from the number, so that -00:30:00 keeps it.
  const sign = /^[-−]/.test(text) ? -1 : 1;
  const body = text
    .replace(/^[-+−]\s*/, "")
    .toLowerCase()
    .replace(/[°º]/g, "d")
    .replace(/[′']/g, "m")
    .replace(/[″"]/g, "s");
  const decimal = DECIMAL.exec(body);
  if (decimal !== null) {
    return { sign, value: Number(decimal[1]), unit: decimal[2] === "h" ? "h" : "d" };
  }
  const plain = COLONS.exec(body) ?? SPACES.exec(body);
  if (plain !== null) {
    return { sign, value: combined(plain[1], plain[2], plain[3], refuse), unit };
  }
  const lettered = LETTERS.exec(body);
  if (lettered !== null) {
    const value = combined(lettered[1], lettered[3] ?? lettered[5], lettered[4], refuse);
    return { sign, value, unit: lettered[2] === "h" ? "h" : "d" };
  }
  if (/^\d{1,3}[:\s]\s*\d{1,2}(?:\.\d*)?$/.test(body)) {
    return refuse("two fields are ambiguous; write all three, or letters");
  }
  return refuse(
    unit === "h" ? "write hh:mm:ss.ss or decimal degrees" : "write +dd:mm:ss.s or decimal degrees",
  );
}

function combined(
  whole: string | undefined,
  minutes: string | undefined,
  seconds: string | undefined,
  refuse: (rule: string) => never,
): number {
  const m = Number(minutes ?? 0);
  const s = Number(seconds ?? 0);
  if (m >= 60 || s >= 60) {
    return refuse("minutes and seconds must be below 60");
  }
  return Number(whole) + m / 60 + s / 3_600;
}

/** Rounds before it splits, so that no field ever reads 60. */
function sexagesimal(value: number, decimals: number, turnS: number): [string, string, string] {
  const scale = 10 ** decimals;
  let ticks = Math.round(value * 3_600 * scale);
  if (ticks >= turnS * scale) {
    ticks -= turnS * scale;
  }
  const seconds = (ticks % (60 * scale)) / scale;
  const minutes = Math.floor(ticks / (60 * scale)) % 60;
  const whole = Math.floor(ticks / (3_600 * scale));
  const width = decimals > 0 ? 3 + decimals : 2;
  return [
    String(whole).padStart(2, "0"),
    String(minutes).padStart(2, "0"),
    seconds.toFixed(decimals).padStart(width, "0"),
  ];
}
