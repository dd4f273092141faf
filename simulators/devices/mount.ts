/** The mount's motion: where it points, where it is going, tracking, parking, synchronising. Refusals are the telescope's. */
import { ARCSEC_PER_DEG, DEG_PER_HOUR, MS_PER_SECOND, wrap360 } from "../../domain/units.ts";
import { DriveRate } from "../../protocol/enums.ts";
import type { DeviceContext } from "../device.ts";
import { createMountPath, holdAt, slewDurationS } from "../mount-path.ts";
import type { MountPath, Segment } from "../mount-path.ts";
import {
  angleDeg,
  apparentOf,
  directionOf,
  directionOfApparent,
  equatorialOf,
  horizontalOf,
  placeOf,
  siderealDeg,
} from "../sky/directions.ts";
import type { Direction, GeographicPlace, Horizontal, Place } from "../sky/directions.ts";

export interface MountOptions {
  readonly site: GeographicPlace;
  readonly equatorialSystem: "J2000" | "topocentric";
}

export type MountGoal = "park" | "home" | "target";

export interface Mount {
  /** Where the optical axis really points, ICRS. */
  readonly directionAt: (atMs: number) => Direction;
  readonly horizontalAt: (atMs: number) => Horizontal;
  readonly changes: MountPath["changes"];
  /** Where it says it points, in its own equatorial system. */
  readonly reported: () => Place;
  readonly slewing: () => boolean;
  readonly tracking: () => boolean;
  /** What it has reached or is on its way to; undefined when it was stopped or moved off. */
  readonly goal: () => MountGoal | undefined;
  readonly guiding: () => boolean;
  readonly driveRate: () => number;
  readonly offsetRates: () => OffsetRates;
  readonly settleS: () => number;

  readonly slewToSky: (reportedPlace: Place) => void;
  readonly slewToGround: (place: Horizontal, goal: MountGoal) => void;
  readonly park: () => void;
  readonly findHome: () => void;
  /** Leaves the parked state where it stands. */
  readonly unpark: () => void;
  readonly setParkHere: () => void;
  readonly setTracking: (on: boolean) => void;
  readonly moveAxis: (axis: "primary" | "secondary", rateDegS: number) => void;
  readonly stop: () => void;
  /** Guides for a while at rates in degrees of RA and Dec per second. */
  readonly guide: (raRate: number, decRate: number, forMs: number) => void;
  /** From now on the present direction is reported as this place. */
  readonly syncTo: (place: Place) => void;
  readonly setDriveRate: (driveRate: number) => void;
  readonly setOffsetRates: (rates: OffsetRates) => void;
  readonly setSettleS: (seconds: number) => void;
}

/** Offsets from sidereal tracking as Alpaca counts them. */
export interface OffsetRates {
  /** Seconds of RA per sidereal second. */
  readonly raS: number;
  /** Arc seconds per second. */
  readonly decArcsec: number;
}

interface MountState {
  readonly segments: readonly Segment[];
  readonly tracking: boolean;
  readonly goal: MountGoal | undefined;
  readonly settledMs: number;
  readonly park: Horizontal;
  /** Reported minus true position, set by synchronising. */
  readonly syncRaDeg: number;
  readonly syncDecDeg: number;
}

export const SIDEREAL_ARCSEC_S = 15.041_067;
const DRIVE_ARCSEC_S: Readonly<Record<number, number>> = {
  [DriveRate.Sidereal]: SIDEREAL_ARCSEC_S,
  [DriveRate.Lunar]: 14.685,
  [DriveRate.Solar]: 15,
  [DriveRate.King]: 15.0369,
};
const SIDEREAL_PER_SI_SECOND = 1.002_737_9;
const HOME: Horizontal = { altDeg: 80, azDeg: 180 };
const DEFAULT_PARK: Horizontal = { altDeg: 45, azDeg: 0 };
const WRONG_POSITION_DEG = 0.5;

/** A mount at that site; a new one is parked. Its state outlives the process. */
export function createMount(context: DeviceContext, { site, equatorialSystem }: MountOptions): Mount {
  const fixedAt = (place: Horizontal, atMs: number): Segment => {
    const { hourAngleDeg, decDeg } = equatorialOf(place, site.latDeg);
    return { kind: "earth", startMs: atMs, hourAngleDeg, decDeg, hourAngleRate: 0, decRate: 0 };
  };
  const restored = context.restored as MountState | undefined;
  const [firstSegment = fixedAt(DEFAULT_PARK, context.nowMs()), ...laterSegments] = restored?.segments ?? [];
  const path = createMountPath(site.lonDeg, [firstSegment, ...laterSegments]);
  let tracking = restored?.tracking ?? false;
  let goal = restored === undefined ? "park" : restored.goal;
  let settledMs = restored?.settledMs ?? 0;
  let parkPlace = restored?.park ?? DEFAULT_PARK;
  let sync = { raDeg: restored?.syncRaDeg ?? 0, decDeg: restored?.syncDecDeg ?? 0 };
  let settleS = 3;
  let driveRate: number = DriveRate.Sidereal;
  let offsets: OffsetRates = { raS: 0, decArcsec: 0 };
  let axes = { primary: 0, secondary: 0 };
  let guideEndMs = 0;

  const save = (): void =>
    context.save({
      segments: path.segments().slice(-2),
      tracking,
      goal,
      settledMs,
      park: parkPlace,
      syncRaDeg: sync.raDeg,
      syncDecDeg: sync.decDeg,
    } satisfies MountState);

  // Motion stands still while stuck: then every later instant shows where it stuck.
  const directionAt = (atMs: number): Direction =>
    path.directionAt(context.fault() === "stuck" ? Math.min(atMs, context.motionMs()) : atMs);
  const directionNow = (): Direction => path.directionAt(context.motionMs());
  const onTheWay = (): boolean => context.motionMs() < settledMs;
  const horizontalAt = (atMs: number): Horizontal => {
    const apparent = apparentOf(directionAt(atMs), atMs);
    return horizontalOf(siderealDeg(atMs, site.lonDeg) - apparent.raDeg, apparent.decDeg, site.latDeg);
  };
  const reported = (): Place => {
    const direction = directionNow();
    const place = equatorialSystem === "J2000" ? placeOf(direction) : apparentOf(direction, context.nowMs());
    return { raDeg: wrap360(place.raDeg + sync.raDeg), decDeg: place.decDeg + sync.decDeg };
  };

  const rates = (): { raRate: number; decRate: number } => {
    const drive = DRIVE_ARCSEC_S[driveRate] ?? SIDEREAL_ARCSEC_S;
    const raOffset = (offsets.raS * DEG_PER_HOUR * SIDEREAL_PER_SI_SECOND) / ARCSEC_PER_DEG;
    const followed = {
      raRate: (SIDEREAL_ARCSEC_S - drive) / ARCSEC_PER_DEG + raOffset,
      decRate: offsets.decArcsec / ARCSEC_PER_DEG,
    };
    return {
      raRate: (tracking ? followed.raRate : 0) + axes.primary,
      decRate: (tracking ? followed.decRate : 0) + axes.secondary,
    };
  };
  /** Goes on from where the mount is now, with the present tracking and rates. */
  const holdNow = (): void => {
    const now = context.motionMs();
    path.follow(now, holdAt(directionNow(), now, site.lonDeg, tracking, rates()));
    save();
  };
  const stop = (): void => {
    axes = { primary: 0, secondary: 0 };
    if (onTheWay()) goal = undefined;
    settledMs = Math.min(settledMs, context.motionMs());
    holdNow();
  };
  const beginSlew = (to: Direction, after: (arrivalMs: number) => Segment, newGoal: MountGoal): void => {
    axes = { primary: 0, secondary: 0 };
    const startMs = context.motionMs();
    const from = directionNow();
    const endMs = startMs + Math.round(slewDurationS(angleDeg(from, to)) * MS_PER_SECOND);
    path.follow(startMs, { kind: "slew", startMs, endMs, from, to }, after(endMs));
    goal = newGoal;
    settledMs = endMs + settleS * MS_PER_SECOND;
    save();
  };
  const slewToGround = (place: Horizontal, newGoal: MountGoal): void => {
    const { hourAngleDeg, decDeg } = equatorialOf(place, site.latDeg);
    const directionOfPlace = (atMs: number): Direction =>
      directionOfApparent({ raDeg: siderealDeg(atMs, site.lonDeg) - hourAngleDeg, decDeg }, atMs);
    // The ground turns while the mount moves: meet it at the arrival, which one iteration settles to an arc second.
    const startMs = context.motionMs();
    const guessS = slewDurationS(angleDeg(directionNow(), directionOfPlace(startMs)));
    beginSlew(
      directionOfPlace(startMs + guessS * MS_PER_SECOND),
      (arrivalMs) => fixedAt(place, arrivalMs),
      newGoal,
    );
  };
  const holdUnlessSlewing = (): void => {
    if (!onTheWay()) holdNow();
  };

  return {
    directionAt,
    horizontalAt,
    changes: path.changes,
    reported,
    slewing: () => onTheWay() || axes.primary !== 0 || axes.secondary !== 0,
    tracking: () => tracking,
    goal: () => goal,
    guiding: () => context.motionMs() < guideEndMs,
    driveRate: () => driveRate,
    offsetRates: () => offsets,
    settleS: () => settleS,

    slewToSky: (place) => {
      const wrongDeg = context.fault() === "wrong-position" ? WRONG_POSITION_DEG : 0;
      const raDeg = place.raDeg - sync.raDeg;
      const decDeg = place.decDeg - sync.decDeg - Math.sign(place.decDeg || 1) * wrongDeg;
      const to =
        equatorialSystem === "J2000"
          ? directionOf({ raDeg, decDeg })
          : directionOfApparent({ raDeg, decDeg }, context.nowMs());
      beginSlew(to, (arrivalMs) => holdAt(to, arrivalMs, site.lonDeg, true, rates()), "target");
    },
    slewToGround,
    park: () => {
      tracking = false;
      if (context.fault() !== "wrong-position") slewToGround(parkPlace, "park");
      else slewToGround({ ...parkPlace, altDeg: parkPlace.altDeg - WRONG_POSITION_DEG }, "target");
    },
    findHome: () => {
      tracking = false;
      slewToGround(HOME, "home");
    },
    unpark: () => {
      goal = undefined;
      save();
    },
    setParkHere: () => {
      parkPlace = horizontalAt(context.nowMs());
      save();
    },
    setTracking: (on) => {
      tracking = on;
      if (goal !== "park") goal = undefined;
      stop();
    },
    moveAxis: (axis, rateDegS) => {
      if (onTheWay()) stop();
      goal = undefined;
      axes = { ...axes, [axis]: rateDegS };
      holdNow();
    },
    stop,
    guide: (raRate, decRate, forMs) => {
      const startMs = context.motionMs();
      const base = rates();
      const guided = { raRate: base.raRate + raRate, decRate: base.decRate + decRate };
      path.follow(startMs, holdAt(directionNow(), startMs, site.lonDeg, tracking, guided));
      guideEndMs = startMs + forMs;
      path.follow(guideEndMs, holdAt(path.directionAt(guideEndMs), guideEndMs, site.lonDeg, tracking, base));
      save();
    },
    syncTo: (place) => {
      const before = reported();
      sync = {
        raDeg: sync.raDeg + place.raDeg - before.raDeg,
        decDeg: sync.decDeg + place.decDeg - before.decDeg,
      };
      save();
    },
    setDriveRate: (next) => {
      driveRate = next;
      holdUnlessSlewing();
    },
    setOffsetRates: (next) => {
      offsets = next;
      holdUnlessSlewing();
    },
    setSettleS: (seconds) => {
      settleS = seconds;
    },
  };
}
