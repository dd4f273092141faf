import { formatDeclination, formatRightAscension } from "../../domain/astronomy/sexagesimal.ts";
import { NONE, number } from "./numbers.ts";

/** A position as pages show it, and as one copies it. */
export interface ShownPosition {
  readonly ra: string;
  readonly dec: string;
  /** Both in degrees, for the tooltip and for copying. */
  readonly degrees: string;
}

/** ICRS degrees to `05:34:31.94`, `+22:00:52.2`. */
export function position(raDeg: number, decDeg: number): ShownPosition {
  return {
    ra: formatRightAscension(raDeg),
    dec: formatDeclination(decDeg),
    degrees: `${raDeg.toFixed(5)} ${decDeg < 0 ? "" : "+"}${decDeg.toFixed(5)}`,
  };
}

/** Radius of an error circle: `3.2″`, `1.8′`, `4.1°`. */
export function skyError(errorDeg: number | null): string {
  if (errorDeg === null) return NONE;
  if (errorDeg < 1 / 60) return `${number(errorDeg * 3_600, 1)}″`;
  if (errorDeg < 1) return `${number(errorDeg * 60, 1)}′`;
  return `${number(errorDeg, 1)}°`;
}
