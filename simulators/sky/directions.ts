/**
 * Directions on the sky, by astronomy-engine: between ICRS (J2000), apparent places of date and the horizon.
 * Written for the simulators alone, so that the observatory's own astronomy is checked against a second computation.
 */
import {
  BaryState,
  Body,
  MakeTime,
  RotateVector,
  Rotation_EQJ_EQD,
  SiderealTime,
  Vector,
} from "astronomy-engine";
import { DEG_PER_HOUR, DEG_PER_RAD, RAD_PER_DEG, wrap180, wrap360 } from "../../domain/units.ts";

/** Unit vector in the ICRS. */
export interface Direction {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export interface Place {
  readonly raDeg: number;
  readonly decDeg: number;
}

export interface Horizontal {
  readonly altDeg: number;
  /** From north through east. */
  readonly azDeg: number;
}

export interface GeographicPlace {
  readonly latDeg: number;
  readonly lonDeg: number;
  readonly heightM: number;
}

/** Speed of light in au per day. */
const LIGHT_AU_PER_DAY = 173.144_632_68;

export function directionOf(place: Place): Direction {
  const ra = place.raDeg * RAD_PER_DEG;
  const dec = place.decDeg * RAD_PER_DEG;
  return { x: Math.cos(dec) * Math.cos(ra), y: Math.cos(dec) * Math.sin(ra), z: Math.sin(dec) };
}

export function placeOf(direction: Direction): Place {
  const { x, y, z } = direction;
  return {
    raDeg: wrap360(Math.atan2(y, x) * DEG_PER_RAD),
    decDeg: Math.atan2(z, Math.hypot(x, y)) * DEG_PER_RAD,
  };
}

function unit(x: number, y: number, z: number): Direction {
  const length = Math.hypot(x, y, z);
  return { x: x / length, y: y / length, z: z / length };
}

/** Angle between two directions, degrees. */
export function angleDeg(a: Direction, b: Direction): number {
  const cross = Math.hypot(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
  return Math.atan2(cross, a.x * b.x + a.y * b.y + a.z * b.z) * DEG_PER_RAD;
}

/** The direction that lies `fraction` of the way from `a` to `b` on their great circle. */
export function between(a: Direction, b: Direction, fraction: number): Direction {
  const angle = angleDeg(a, b) * RAD_PER_DEG;
  if (angle < 1e-12) return b;
  if (Math.PI - angle < 1e-6) {
    // Opposite directions have no one great circle: go by way of a direction beside `a`.
    const beside = Math.abs(a.z) < 0.9 ? unit(-a.y, a.x, 0) : unit(0, -a.z, a.y);
    return fraction < 0.5 ? between(a, beside, 2 * fraction) : between(beside, b, 2 * fraction - 1);
  }
  const fromA = Math.sin((1 - fraction) * angle) / Math.sin(angle);
  const fromB = Math.sin(fraction * angle) / Math.sin(angle);
  return unit(fromA * a.x + fromB * b.x, fromA * a.y + fromB * b.y, fromA * a.z + fromB * b.z);
}

/** Velocity of the Earth in units of the speed of light: annual aberration. */
function earthVelocity(atMs: number): Direction {
  const state = BaryState(Body.Earth, MakeTime(new Date(atMs)));
  return { x: state.vx / LIGHT_AU_PER_DAY, y: state.vy / LIGHT_AU_PER_DAY, z: state.vz / LIGHT_AU_PER_DAY };
}

/**
 * Apparent place of date ("JNow": precession, nutation and annual aberration; diurnal aberration, below 0.3", left out)
 * of a star in that ICRS direction.
 */
export function apparentOf(direction: Direction, atMs: number): Place {
  const velocity = earthVelocity(atMs);
  const time = MakeTime(new Date(atMs));
  const shifted = unit(direction.x + velocity.x, direction.y + velocity.y, direction.z + velocity.z);
  const ofDate = RotateVector(Rotation_EQJ_EQD(time), new Vector(shifted.x, shifted.y, shifted.z, time));
  return placeOf(ofDate);
}

/** ICRS direction of a star whose apparent place of date is given: the inverse of `apparentOf`. */
export function directionOfApparent(place: Place, atMs: number): Direction {
  const velocity = earthVelocity(atMs);
  const time = MakeTime(new Date(atMs));
  const { x, y, z } = directionOf(place);
  // The transpose of the rotation turns the other way.
  const { rot } = Rotation_EQJ_EQD(time);
  const row = (index: 0 | 1 | 2): number =>
    (rot[index]?.[0] ?? 0) * x + (rot[index]?.[1] ?? 0) * y + (rot[index]?.[2] ?? 0) * z;
  const shifted = { x: row(0), y: row(1), z: row(2) };
  // v/c is 1e-4: one step leaves 2 mas, two leave nothing.
  let direction = shifted;
  for (let step = 0; step < 3; step++) {
    const length = Math.hypot(direction.x + velocity.x, direction.y + velocity.y, direction.z + velocity.z);
    direction = unit(
      shifted.x * length - velocity.x,
      shifted.y * length - velocity.y,
      shifted.z * length - velocity.z,
    );
  }
  return direction;
}

/** Local apparent sidereal time, degrees. */
export function siderealDeg(atMs: number, lonDeg: number): number {
  return wrap360(SiderealTime(MakeTime(new Date(atMs))) * DEG_PER_HOUR + lonDeg);
}

/** Altitude and azimuth, without refraction, of an apparent place given by hour angle and declination. */
export function horizontalOf(hourAngleDeg: number, decDeg: number, latDeg: number): Horizontal {
  const h = hourAngleDeg * RAD_PER_DEG;
  const d = decDeg * RAD_PER_DEG;
  const f = latDeg * RAD_PER_DEG;
  const south = Math.cos(h) * Math.cos(d) * Math.sin(f) - Math.sin(d) * Math.cos(f);
  const west = Math.sin(h) * Math.cos(d);
  const up = Math.cos(h) * Math.cos(d) * Math.cos(f) + Math.sin(d) * Math.sin(f);
  return {
    altDeg: Math.atan2(up, Math.hypot(south, west)) * DEG_PER_RAD,
    azDeg: wrap360(Math.atan2(-west, -south) * DEG_PER_RAD),
  };
}

/** Hour angle and declination of date of a horizontal place. */
export function equatorialOf(
  horizontal: Horizontal,
  latDeg: number,
): { hourAngleDeg: number; decDeg: number } {
  const alt = horizontal.altDeg * RAD_PER_DEG;
  const az = horizontal.azDeg * RAD_PER_DEG;
  const f = latDeg * RAD_PER_DEG;
  const north = Math.cos(alt) * Math.cos(az);
  const east = Math.cos(alt) * Math.sin(az);
  const up = Math.sin(alt);
  const x = up * Math.cos(f) - north * Math.sin(f);
  const z = up * Math.sin(f) + north * Math.cos(f);
  return {
    hourAngleDeg: wrap180(Math.atan2(-east, x) * DEG_PER_RAD),
    decDeg: Math.atan2(z, Math.hypot(x, east)) * DEG_PER_RAD,
  };
}
