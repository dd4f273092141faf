/** The mount: an alt-azimuth 1.3 m telescope. Refusals follow the reference simulator (OmniSim). */
import { ARCSEC_PER_DEG, DEG_PER_HOUR, MS_PER_SECOND, RAD_PER_DEG, wrap360 } from "../../domain/units.ts";
import { AlignmentMode, DriveRate, EquatorialCoordinateType, TelescopeAxis } from "../../protocol/enums.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import { AlpacaError, absent, constant, requireWithin } from "../device.ts";
import type { AnyHandlers, Device, DeviceContext, Handlers } from "../device.ts";
import { CLOCK_OFF_MS } from "../faults.ts";
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

export interface TelescopeOptions {
  readonly site: GeographicPlace;
  readonly apertureM: number;
  readonly focalLengthMm: number;
  readonly equatorialSystem: "J2000" | "topocentric";
}

export interface SimulatedTelescope {
  readonly device: Device;
  /** Where the optical axis really points, ICRS. */
  readonly directionAt: (atMs: number) => Direction;
  /** Instants within the span at which the motion changes. */
  readonly changes: MountPath["changes"];
  readonly horizontalAt: (atMs: number) => Horizontal;
}

interface TelescopeState {
  readonly segments: readonly Segment[];
  readonly tracking: boolean;
  readonly goal: "park" | "home" | "target" | undefined;
  readonly settledMs: number;
  readonly park: Horizontal;
  /** Reported minus true position, set by synchronising. */
  readonly syncRaDeg: number;
  readonly syncDecDeg: number;
}

const SIDEREAL_ARCSEC_S = 15.041_067;
const DRIVE_ARCSEC_S: Readonly<Record<number, number>> = {
  [DriveRate.Sidereal]: SIDEREAL_ARCSEC_S,
  [DriveRate.Lunar]: 14.685,
  [DriveRate.Solar]: 15,
  [DriveRate.King]: 15.0369,
};
const HOME: Horizontal = { altDeg: 80, azDeg: 180 };
const DEFAULT_PARK: Horizontal = { altDeg: 45, azDeg: 0 };
const WRONG_POSITION_DEG = 0.5;
const MAX_AXIS_RATE = 4;

/** The mount at that site. Motions take observatory time: 4 deg/s after acceleration, then the settle time. */
export function createTelescope(context: DeviceContext, options: TelescopeOptions): SimulatedTelescope {
  const { site } = options;
  const fixedAt = (place: Horizontal, atMs: number): Segment => {
    const { hourAngleDeg, decDeg } = equatorialOf(place, site.latDeg);
    return { kind: "earth", startMs: atMs, hourAngleDeg, decDeg, hourAngleRate: 0, decRate: 0 };
  };

  const restored = context.restored as TelescopeState | undefined;
  const [firstSegment = fixedAt(DEFAULT_PARK, context.nowMs()), ...laterSegments] = restored?.segments ?? [];
  const path = createMountPath(site.lonDeg, [firstSegment, ...laterSegments]);
  let tracking = restored?.tracking ?? false;
  let goal = restored === undefined ? "park" : restored.goal;
  let settledMs = restored?.settledMs ?? context.nowMs();
  let parkPlace = restored?.park ?? DEFAULT_PARK;
  let syncRaDeg = restored?.syncRaDeg ?? 0;
  let syncDecDeg = restored?.syncDecDeg ?? 0;

  let settleS = 3;
  let targetRaHours: number | undefined;
  let targetDecDeg: number | undefined;
  let driveRate: number = DriveRate.Sidereal;
  let raRateS = 0;
  let decRateArcsec = 0;
  const guideRateDegS = {
    ra: SIDEREAL_ARCSEC_S / 2 / ARCSEC_PER_DEG,
    dec: SIDEREAL_ARCSEC_S / 2 / ARCSEC_PER_DEG,
  };
  const axisRates = { primary: 0, secondary: 0 };
  let pulseEndMs = 0;

  const save = (): void => {
    const state: TelescopeState = {
      segments: path.segments().slice(-2),
      tracking,
      goal,
      settledMs,
      park: parkPlace,
      syncRaDeg,
      syncDecDeg,
    };
    context.save(state);
  };

  // Motion stands still while stuck, so the present direction is that of motion time.
  const directionAt = (atMs: number): Direction => path.directionAt(Math.min(atMs, motionLimit()));
  const motionLimit = (): number =>
    context.fault() === "stuck" ? context.motionMs() : Number.POSITIVE_INFINITY;
  const directionNow = (): Direction => path.directionAt(context.motionMs());
  const movingAxis = (): boolean => axisRates.primary !== 0 || axisRates.secondary !== 0;
  const slewing = (): boolean => context.motionMs() < settledMs || movingAxis();
  const atPark = (): boolean => goal === "park" && !slewing();
  const atHome = (): boolean => goal === "home" && !slewing();

  const horizontalAt = (atMs: number): Horizontal => {
    const apparent = apparentOf(directionAt(atMs), atMs);
    return horizontalOf(siderealDeg(atMs, site.lonDeg) - apparent.raDeg, apparent.decDeg, site.latDeg);
  };

  const reported = (): Place => {
    const direction = directionNow();
    const place =
      options.equatorialSystem === "J2000" ? placeOf(direction) : apparentOf(direction, context.nowMs());
    return { raDeg: wrap360(place.raDeg + syncRaDeg), decDeg: place.decDeg + syncDecDeg };
  };

  /** ICRS direction the mount must take so that it reports that place. */
  const directionReporting = (place: Place): Direction => {
    const unsynced = { raDeg: place.raDeg - syncRaDeg, decDeg: place.decDeg - syncDecDeg };
    return options.equatorialSystem === "J2000"
      ? directionOf(unsynced)
      : directionOfApparent(unsynced, context.nowMs());
  };

  const rates = (): { raRate: number; decRate: number } => {
    const drive = DRIVE_ARCSEC_S[driveRate] ?? SIDEREAL_ARCSEC_S;
    // RightAscensionRate is in seconds of RA per sidereal second.
    const offset = (raRateS * DEG_PER_HOUR * 1.002_737_9) / ARCSEC_PER_DEG;
    return {
      raRate: (tracking ? (SIDEREAL_ARCSEC_S - drive) / ARCSEC_PER_DEG + offset : 0) + axisRates.primary,
      decRate: (tracking ? decRateArcsec / ARCSEC_PER_DEG : 0) + axisRates.secondary,
    };
  };

  /** Goes on from where the mount is now, with the present tracking and rates. */
  const holdNow = (): void => {
    const now = context.motionMs();
    path.follow(now, holdAt(directionNow(), now, site.lonDeg, tracking, rates()));
  };

  const stop = (): void => {
    axisRates.primary = 0;
    axisRates.secondary = 0;
    if (context.motionMs() < settledMs) goal = undefined;
    settledMs = Math.min(settledMs, context.motionMs());
    holdNow();
  };

  const beginSlew = (to: Direction, after: (arrivalMs: number) => Segment, newGoal: typeof goal): void => {
    axisRates.primary = 0;
    axisRates.secondary = 0;
    const startMs = context.motionMs();
    const from = directionNow();
    const endMs = startMs + Math.round(slewDurationS(angleDeg(from, to)) * MS_PER_SECOND);
    path.follow(startMs, { kind: "slew", startMs, endMs, from, to }, after(endMs));
    goal = newGoal;
    settledMs = endMs + settleS * MS_PER_SECOND;
    save();
  };

  const slewToSky = (place: Place): void => {
    const wrong = context.fault() === "wrong-position";
    const to = directionReporting(
      wrong
        ? { raDeg: place.raDeg, decDeg: place.decDeg - Math.sign(place.decDeg || 1) * WRONG_POSITION_DEG }
        : place,
    );
    beginSlew(to, (endMs) => holdAt(to, endMs, site.lonDeg, true, rates()), "target");
  };

  const slewToGround = (place: Horizontal, newGoal: typeof goal): void => {
    const { hourAngleDeg, decDeg } = equatorialOf(place, site.latDeg);
    const directionAtInstant = (atMs: number): Direction =>
      directionOfApparent({ raDeg: siderealDeg(atMs, site.lonDeg) - hourAngleDeg, decDeg }, atMs);
    // The ground turns while the mount moves: meet it at the arrival, which one iteration settles to an arcsecond.
    const startMs = context.motionMs();
    const guessMs =
      startMs + slewDurationS(angleDeg(directionNow(), directionAtInstant(startMs))) * MS_PER_SECOND;
    beginSlew(directionAtInstant(guessMs), (endMs) => fixedAt(place, endMs), newGoal);
  };

  const refuseParked = (what: string): void => {
    if (atPark() || (goal === "park" && slewing())) {
      throw new AlpacaError(ErrorNumber.InvalidWhileParked, `${what} is refused while parked or parking`);
    }
  };
  const requireTracking = (what: string, wanted: boolean): void => {
    if (tracking === wanted) return;
    throw new AlpacaError(
      ErrorNumber.InvalidOperation,
      `${what} is refused while Tracking is ${wanted ? "off" : "on"}`,
    );
  };
  const requireEquatorial = (raHours: number, decDeg: number): void => {
    if (!(raHours >= 0 && raHours < 24)) {
      throw new AlpacaError(
        ErrorNumber.InvalidValue,
        `RightAscension is ${raHours}, must lie in [0, 24) hours`,
      );
    }
    requireWithin("Declination", decDeg, -90, 90);
  };
  const requireHorizontal = (azDeg: number, altDeg: number): void => {
    requireWithin("Azimuth", azDeg, 0, 360);
    requireWithin("Altitude", altDeg, -90, 90);
  };
  const target = (): { raHours: number; decDeg: number } => ({ raHours: targetRa(), decDeg: targetDec() });
  const targetRa = (): number => {
    if (targetRaHours !== undefined) return targetRaHours;
    throw new AlpacaError(ErrorNumber.ValueNotSet, "TargetRightAscension has not been set");
  };
  const targetDec = (): number => {
    if (targetDecDeg !== undefined) return targetDecDeg;
    throw new AlpacaError(ErrorNumber.ValueNotSet, "TargetDeclination has not been set");
  };
  const slewToEquatorial = (raHours: number, decDeg: number): void => {
    refuseParked("Slewing");
    requireEquatorial(raHours, decDeg);
    requireTracking("Slewing to equatorial coordinates", true);
    targetRaHours = raHours;
    targetDecDeg = decDeg;
    slewToSky({ raDeg: raHours * DEG_PER_HOUR, decDeg });
  };
  const syncTo = (raHours: number, decDeg: number): void => {
    refuseParked("Synchronising");
    requireEquatorial(raHours, decDeg);
    requireTracking("Synchronising to equatorial coordinates", true);
    targetRaHours = raHours;
    targetDecDeg = decDeg;
    const now = reported();
    syncRaDeg += raHours * DEG_PER_HOUR - now.raDeg;
    syncDecDeg += decDeg - now.decDeg;
    save();
  };
  const requireAxis = (axis: number): void => {
    requireWithin("Axis", axis, TelescopeAxis.Primary, TelescopeAxis.Tertiary);
  };
  const fixedSite = (member: string, valueNow: number): { get: () => number; put: () => never } => ({
    get: () => valueNow,
    put: () => {
      throw new AlpacaError(ErrorNumber.NotImplemented, `${member} is set in the observatory file`);
    },
  });

  const handlers: Handlers<"telescope"> = {
    abortslew: {
      put: () => {
        if (atPark()) {
          throw new AlpacaError(ErrorNumber.InvalidWhileParked, "AbortSlew is refused while parked");
        }
        stop();
        save();
      },
    },
    alignmentmode: constant(AlignmentMode.AltAz),
    altitude: { get: () => horizontalAt(context.nowMs()).altDeg },
    aperturearea: constant((Math.PI * options.apertureM ** 2) / 4),
    aperturediameter: constant(options.apertureM),
    athome: { get: atHome },
    atpark: { get: atPark },
    axisrates: {
      get: ({ Axis }) => {
        requireAxis(Axis);
        return Axis === TelescopeAxis.Tertiary ? [] : [{ Minimum: 0, Maximum: MAX_AXIS_RATE }];
      },
    },
    azimuth: { get: () => horizontalAt(context.nowMs()).azDeg },
    canfindhome: constant(true),
    canmoveaxis: {
      get: ({ Axis }) => {
        requireAxis(Axis);
        return Axis !== TelescopeAxis.Tertiary;
      },
    },
    canpark: constant(true),
    canpulseguide: constant(true),
    cansetdeclinationrate: constant(true),
    cansetguiderates: constant(true),
    cansetpark: constant(true),
    cansetpierside: constant(false),
    cansetrightascensionrate: constant(true),
    cansettracking: constant(true),
    canslew: constant(false),
    canslewaltaz: constant(false),
    canslewaltazasync: constant(true),
    canslewasync: constant(true),
    cansync: constant(true),
    cansyncaltaz: constant(true),
    canunpark: constant(true),
    declination: { get: () => reported().decDeg },
    declinationrate: {
      get: () => decRateArcsec,
      put: ({ DeclinationRate }) => {
        requireSidereal("DeclinationRate");
        decRateArcsec = DeclinationRate;
        holdUnlessSlewing();
      },
    },
    destinationsideofpier: absent("DestinationSideOfPier"),
    doesrefraction: {
      get: () => false,
      put: ({ DoesRefraction }) => {
        if (DoesRefraction) {
          throw new AlpacaError(
            ErrorNumber.InvalidValue,
            "DoesRefraction is true; this mount does not refract",
          );
        }
      },
    },
    equatorialsystem: constant(
      options.equatorialSystem === "J2000"
        ? EquatorialCoordinateType.J2000
        : EquatorialCoordinateType.Topocentric,
    ),
    findhome: {
      put: () => {
        refuseParked("FindHome");
        tracking = false;
        slewToGround(HOME, "home");
      },
    },
    focallength: constant(options.focalLengthMm / 1_000),
    guideratedeclination: {
      get: () => guideRateDegS.dec,
      put: ({ GuideRateDeclination }) => {
        requireWithin("GuideRateDeclination", GuideRateDeclination, 0, 0.1);
        guideRateDegS.dec = GuideRateDeclination;
      },
    },
    guideraterightascension: {
      get: () => guideRateDegS.ra,
      put: ({ GuideRateRightAscension }) => {
        requireWithin("GuideRateRightAscension", GuideRateRightAscension, 0, 0.1);
        guideRateDegS.ra = GuideRateRightAscension;
      },
    },
    ispulseguiding: { get: () => context.motionMs() < pulseEndMs },
    moveaxis: {
      put: ({ Axis, Rate }) => {
        refuseParked("MoveAxis");
        requireAxis(Axis);
        if (Axis === TelescopeAxis.Tertiary) {
          throw new AlpacaError(ErrorNumber.InvalidValue, "Axis is 2, this mount has axes 0 and 1");
        }
        requireWithin("Rate", Rate, -MAX_AXIS_RATE, MAX_AXIS_RATE);
        if (context.motionMs() < settledMs) stop();
        goal = undefined;
        axisRates[Axis === TelescopeAxis.Primary ? "primary" : "secondary"] = Rate;
        holdNow();
        save();
      },
    },
    park: {
      put: () => {
        if (goal === "park") return;
        tracking = false;
        slewToGround(parkPlace, "park");
      },
    },
    pulseguide: {
      put: ({ Direction: direction, Duration }) => {
        refuseParked("PulseGuide");
        requireWithin("Direction", direction, 0, 3);
        requireWithin("Duration", Duration, 0, 60_000);
        if (slewing())
          throw new AlpacaError(ErrorNumber.InvalidOperation, "PulseGuide is refused while slewing");
        const startMs = context.motionMs();
        const base = rates();
        const pulse = {
          raRate:
            base.raRate + (direction === 2 ? guideRateDegS.ra : direction === 3 ? -guideRateDegS.ra : 0),
          decRate:
            base.decRate + (direction === 0 ? guideRateDegS.dec : direction === 1 ? -guideRateDegS.dec : 0),
        };
        path.follow(startMs, holdAt(directionNow(), startMs, site.lonDeg, tracking, pulse));
        pulseEndMs = startMs + Duration;
        path.follow(
          pulseEndMs,
          holdAt(path.directionAt(pulseEndMs), pulseEndMs, site.lonDeg, tracking, base),
        );
        save();
      },
    },
    rightascension: { get: () => reported().raDeg / DEG_PER_HOUR },
    rightascensionrate: {
      get: () => raRateS,
      put: ({ RightAscensionRate }) => {
        requireSidereal("RightAscensionRate");
        raRateS = RightAscensionRate;
        holdUnlessSlewing();
      },
    },
    setpark: {
      put: () => {
        parkPlace = horizontalAt(context.nowMs());
        save();
      },
    },
    sideofpier: absent("SideOfPier"),
    siderealtime: { get: () => siderealDeg(context.nowMs(), site.lonDeg) / DEG_PER_HOUR },
    siteelevation: fixedSite("SiteElevation", site.heightM),
    sitelatitude: fixedSite("SiteLatitude", site.latDeg),
    sitelongitude: fixedSite("SiteLongitude", site.lonDeg),
    slewing: { get: slewing },
    slewsettletime: {
      get: () => settleS,
      put: ({ SlewSettleTime }) => {
        requireWithin("SlewSettleTime", SlewSettleTime, 0, 60);
        settleS = SlewSettleTime;
      },
    },
    slewtoaltaz: absent("SlewToAltAz (deprecated; use SlewToAltAzAsync)"),
    slewtoaltazasync: {
      put: ({ Azimuth, Altitude }) => {
        refuseParked("Slewing");
        requireHorizontal(Azimuth, Altitude);
        requireTracking("Slewing to horizontal coordinates", false);
        slewToGround({ azDeg: Azimuth, altDeg: Altitude }, "target");
      },
    },
    slewtocoordinates: absent("SlewToCoordinates (deprecated; use SlewToCoordinatesAsync)"),
    slewtocoordinatesasync: {
      put: ({ RightAscension, Declination }) => slewToEquatorial(RightAscension, Declination),
    },
    slewtotarget: absent("SlewToTarget (deprecated; use SlewToTargetAsync)"),
    slewtotargetasync: {
      put: () => {
        const { raHours, decDeg } = target();
        slewToEquatorial(raHours, decDeg);
      },
    },
    synctoaltaz: {
      put: ({ Azimuth, Altitude }) => {
        refuseParked("Synchronising");
        requireHorizontal(Azimuth, Altitude);
        requireTracking("Synchronising to horizontal coordinates", false);
        const now = context.nowMs();
        const { hourAngleDeg, decDeg } = equatorialOf({ azDeg: Azimuth, altDeg: Altitude }, site.latDeg);
        const apparent = { raDeg: siderealDeg(now, site.lonDeg) - hourAngleDeg, decDeg };
        const place =
          options.equatorialSystem === "J2000" ? placeOf(directionOfApparent(apparent, now)) : apparent;
        const before = reported();
        syncRaDeg += place.raDeg - before.raDeg;
        syncDecDeg += place.decDeg - before.decDeg;
        save();
      },
    },
    synctocoordinates: { put: ({ RightAscension, Declination }) => syncTo(RightAscension, Declination) },
    synctotarget: {
      put: () => {
        const { raHours, decDeg } = target();
        syncTo(raHours, decDeg);
      },
    },
    targetdeclination: {
      get: targetDec,
      put: ({ TargetDeclination }) => {
        requireWithin("TargetDeclination", TargetDeclination, -90, 90);
        targetDecDeg = TargetDeclination;
      },
    },
    targetrightascension: {
      get: targetRa,
      put: ({ TargetRightAscension }) => {
        requireEquatorial(TargetRightAscension, 0);
        targetRaHours = TargetRightAscension;
      },
    },
    tracking: {
      get: () => tracking,
      put: ({ Tracking }) => {
        if (Tracking) refuseParked("Tracking");
        if (tracking === Tracking) return;
        tracking = Tracking;
        stop();
        goal = goal === "home" || goal === "target" ? undefined : goal;
        save();
      },
    },
    trackingrate: {
      get: () => driveRate,
      put: ({ TrackingRate }) => {
        requireWithin("TrackingRate", TrackingRate, DriveRate.Sidereal, DriveRate.King);
        driveRate = TrackingRate;
        holdUnlessSlewing();
      },
    },
    trackingrates: constant(Object.values(DriveRate)),
    unpark: {
      put: () => {
        if (goal !== "park") return;
        if (slewing()) {
          throw new AlpacaError(ErrorNumber.InvalidOperation, "Unpark is refused while the mount is parking");
        }
        goal = undefined;
        save();
      },
    },
    utcdate: {
      get: () => {
        const off = context.fault() === "clock-off" ? CLOCK_OFF_MS : 0;
        return new Date(context.nowMs() + off).toISOString();
      },
      put: () => {
        throw new AlpacaError(
          ErrorNumber.NotImplemented,
          "UTCDate follows the observatory clock and cannot be set",
        );
      },
    },
  };

  function requireSidereal(member: string): void {
    if (driveRate === DriveRate.Sidereal) return;
    throw new AlpacaError(ErrorNumber.InvalidOperation, `${member} needs TrackingRate Sidereal`);
  }
  function holdUnlessSlewing(): void {
    if (context.motionMs() < settledMs) return;
    holdNow();
    save();
  }

  const state = (): Record<string, string | number | boolean> => {
    const place = reported();
    const horizontal = horizontalAt(context.nowMs());
    return {
      Altitude: horizontal.altDeg,
      AtHome: atHome(),
      AtPark: atPark(),
      Azimuth: horizontal.azDeg,
      Declination: place.decDeg,
      IsPulseGuiding: context.motionMs() < pulseEndMs,
      RightAscension: place.raDeg / DEG_PER_HOUR,
      SiderealTime: siderealDeg(context.nowMs(), site.lonDeg) / DEG_PER_HOUR,
      Slewing: slewing(),
      Tracking: tracking,
      UTCDate: handlers.utcdate.get({}),
    };
  };

  const device: Device = {
    identity: context.identity,
    description: `Simulated ${options.apertureM} m alt-azimuth telescope, f = ${options.focalLengthMm} mm`,
    handlers: handlers as unknown as AnyHandlers,
    actions: {},
    state,
    powerLost: () => {
      tracking = false;
      stop();
      save();
    },
  };
  return { device, directionAt, changes: path.changes, horizontalAt };
}

/** Relative air mass at an altitude (plane-parallel, held at 10 near and below the horizon). */
export function airmassAt(altDeg: number): number {
  return Math.min(10, 1 / Math.max(0.05, Math.sin(Math.max(0, altDeg) * RAD_PER_DEG)));
}
