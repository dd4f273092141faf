import { Body, BaryState, Rotation_EQJ_EQD } from "astronomy-engine";
import type { RotationMatrix } from "astronomy-engine";
import { DEG_PER_RAD, RAD_PER_DEG, wrap360 } from "../units.ts";
import { astroTime } from "./time-scales.ts";

/** Equatorial coordinates in degrees; which equinox, the function that gives them says. */
export interface Equatorial {
  readonly raDeg: number;
  readonly decDeg: number;
}

/** Cartesian direction or velocity. */
export type Vector3 = readonly [number, number, number];

/** All that turns a catalogue place (ICRS) into the apparent place of one instant. Costs 0.1 ms; each star then costs next to nothing. */
export interface ApparentFrame {
  /** Unix time in ms. */
  readonly tMs: number;
  /** Velocity of the Earth about the solar system's barycentre, in units of the speed of light, J2000 axes. */
  readonly earthVelocity: Vector3;
  /** Precession and nutation, from the mean equator of J2000 to the true equator and equinox of date. */
  readonly precessionNutation: RotationMatrix;
}

const LIGHT_AU_PER_DAY = 173.144_632_684_669_3;

/** The frame of the instant `tMs` (Unix time in ms). Precession IAU 2006 and nutation as astronomy-engine has them. */
export function apparentFrame(tMs: number): ApparentFrame {
  const time = astroTime(tMs);
  const earth = BaryState(Body.Earth, time);
  return {
    tMs,
    earthVelocity: [earth.vx / LIGHT_AU_PER_DAY, earth.vy / LIGHT_AU_PER_DAY, earth.vz / LIGHT_AU_PER_DAY],
    precessionNutation: Rotation_EQJ_EQD(time),
  };
}

/** Unit vector towards a direction in degrees. */
export function directionOf(raDeg: number, decDeg: number): Vector3 {
  const ra = raDeg * RAD_PER_DEG;
  const dec = decDeg * RAD_PER_DEG;
  return [Math.cos(dec) * Math.cos(ra), Math.cos(dec) * Math.sin(ra), Math.sin(dec)];
}

/** Direction in degrees of a vector of any length. */
export function equatorialOf([x, y, z]: Vector3): Equatorial {
  return {
    raDeg: wrap360(Math.atan2(y, x) * DEG_PER_RAD),
    decDeg: Math.atan2(z, Math.hypot(x, y)) * DEG_PER_RAD,
  };
}

/** Angle in degrees between two directions (vectors of any length). */
export function angleDeg(a: Vector3, b: Vector3): number {
  const cross = Math.hypot(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]);
  return Math.atan2(cross, a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) * DEG_PER_RAD;
}

/**
 * Apparent place of a star in an already computed frame: aberration (first order in v/c, exact to 1 mas), then
 * precession and nutation. No proper motion, no parallax, no refraction, no diurnal aberration (0.3").
 */
export function apparentPlace(frame: ApparentFrame, raDeg: number, decDeg: number): Equatorial {
  const [x, y, z] = directionOf(raDeg, decDeg);
  const [vx, vy, vz] = frame.earthVelocity;
  return equatorialOf(rotated(frame.precessionNutation, [x + vx, y + vy, z + vz]));
}

/** Catalogue place (ICRS) of an apparent place of the frame's date: the inverse of `apparentPlace`. */
export function cataloguePlace(frame: ApparentFrame, raDeg: number, decDeg: number): Equatorial {
  const seen = rotatedBack(frame.precessionNutation, directionOf(raDeg, decDeg));
  const [vx, vy, vz] = frame.earthVelocity;
  // `seen` is (u + v) / |u + v| with |u| = 1: the length s = |u + v| follows from |s seen - v| = 1.
  const along = seen[0] * vx + seen[1] * vy + seen[2] * vz;
  const length = along + Math.sqrt(along * along + 1 - (vx * vx + vy * vy + vz * vz));
  return equatorialOf([length * seen[0] - vx, length * seen[1] - vy, length * seen[2] - vz]);
}

/**
 * What a mount whose Alpaca EquatorialSystem is 1 (topocentric, "JNow") wants: the apparent place of date.
 * @param raDeg,decDeg ICRS/J2000, degrees
 * @param tMs Unix time in ms
 */
export function toTopocentricEquatorial(raDeg: number, decDeg: number, tMs: number): Equatorial {
  return apparentPlace(apparentFrame(tMs), raDeg, decDeg);
}

/** ICRS/J2000 place of what such a mount reports at `tMs`: the inverse of `toTopocentricEquatorial`. */
export function fromTopocentricEquatorial(raDeg: number, decDeg: number, tMs: number): Equatorial {
  return cataloguePlace(apparentFrame(tMs), raDeg, decDeg);
}

// astronomy-engine stores a rotation as rot[source axis][target axis].
function rotated({ rot }: RotationMatrix, v: Vector3): Vector3 {
  const column = (j: number): number =>
    (rot[0]?.[j] ?? 0) * v[0] + (rot[1]?.[j] ?? 0) * v[1] + (rot[2]?.[j] ?? 0) * v[2];
  return [column(0), column(1), column(2)];
}

function rotatedBack({ rot }: RotationMatrix, v: Vector3): Vector3 {
  const row = (i: number): number =>
    (rot[i]?.[0] ?? 0) * v[0] + (rot[i]?.[1] ?? 0) * v[1] + (rot[i]?.[2] ?? 0) * v[2];
  return [row(0), row(1), row(2)];
}
