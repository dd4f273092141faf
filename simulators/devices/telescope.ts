/** The telescope on its mount, an alt-azimuth of 1.3 m. Refusals follow the reference simulator (OmniSim). */
import { DEG_PER_HOUR, RAD_PER_DEG } from "../../domain/units.ts";
import {
  AlignmentMode,
  DriveRate,
  EquatorialCoordinateType,
  GuideDirection,
  TelescopeAxis,
} from "../../protocol/enums.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import { AlpacaError, absent, constant, requireWithin } from "../device.ts";
import type { AnyHandlers, Device, DeviceContext, Handlers } from "../device.ts";
import { CLOCK_OFF_MS } from "../faults.ts";
import { directionOfApparent, equatorialOf, placeOf, siderealDeg } from "../sky/directions.ts";
import { SIDEREAL_ARCSEC_S, createMount } from "./mount.ts";
import type { Mount, MountOptions } from "./mount.ts";

export interface TelescopeOptions extends MountOptions {
  readonly apertureM: number;
  readonly focalLengthMm: number;
}

/** What the cameras need of it. */
export type SimulatedTelescope = Pick<Mount, "directionAt" | "horizontalAt" | "changes"> & {
  readonly device: Device;
};

const MAX_AXIS_RATE = 4;
const MAX_GUIDE_RATE = 0.1;

/** The telescope at that site. Motions take observatory time: 4 deg/s after acceleration, then the settle time. */
export function createTelescope(context: DeviceContext, options: TelescopeOptions): SimulatedTelescope {
  const { site } = options;
  const mount = createMount(context, options);
  const guideRates = { ra: SIDEREAL_ARCSEC_S / 2 / 3_600, dec: SIDEREAL_ARCSEC_S / 2 / 3_600 };
  let targetRaHours: number | undefined;
  let targetDecDeg: number | undefined;

  const atPark = (): boolean => mount.goal() === "park" && !mount.slewing();
  const atHome = (): boolean => mount.goal() === "home" && !mount.slewing();

  const refuseParked = (what: string): void => {
    if (mount.goal() !== "park") return;
    throw new AlpacaError(ErrorNumber.InvalidWhileParked, `${what} is refused while parked or parking`);
  };
  const requireTracking = (what: string, wanted: boolean): void => {
    if (mount.tracking() === wanted) return;
    throw new AlpacaError(
      ErrorNumber.InvalidOperation,
      `${what} is refused while Tracking is ${wanted ? "off" : "on"}`,
    );
  };
  const requireSidereal = (member: string): void => {
    if (mount.driveRate() === DriveRate.Sidereal) return;
    throw new AlpacaError(ErrorNumber.InvalidOperation, `${member} needs TrackingRate Sidereal`);
  };
  const requireAxis = (axis: number): void => {
    requireWithin("Axis", axis, TelescopeAxis.Primary, TelescopeAxis.Tertiary);
  };
  const requireRa = (name: string, hours: number): void => {
    if (hours >= 0 && hours < 24) return;
    throw new AlpacaError(ErrorNumber.InvalidValue, `${name} is ${hours}, must lie in [0, 24) hours`);
  };
  const targetRa = (): number => {
    if (targetRaHours !== undefined) return targetRaHours;
    throw new AlpacaError(ErrorNumber.ValueNotSet, "TargetRightAscension has not been set");
  };
  const targetDec = (): number => {
    if (targetDecDeg !== undefined) return targetDecDeg;
    throw new AlpacaError(ErrorNumber.ValueNotSet, "TargetDeclination has not been set");
  };
  /** Checks an equatorial command and remembers its place as the target. */
  const takeTarget = (what: string, raHours: number, decDeg: number): { raDeg: number; decDeg: number } => {
    refuseParked(what);
    requireRa("RightAscension", raHours);
    requireWithin("Declination", decDeg, -90, 90);
    requireTracking(`${what} to equatorial coordinates`, true);
    targetRaHours = raHours;
    targetDecDeg = decDeg;
    return { raDeg: raHours * DEG_PER_HOUR, decDeg };
  };
  const checkHorizontal = (what: string, azDeg: number, altDeg: number): void => {
    refuseParked(what);
    requireWithin("Azimuth", azDeg, 0, 360);
    requireWithin("Altitude", altDeg, -90, 90);
    requireTracking(`${what} to horizontal coordinates`, false);
  };
  const slewTo = (raHours: number, decDeg: number): void =>
    mount.slewToSky(takeTarget("Slewing", raHours, decDeg));
  const syncTo = (raHours: number, decDeg: number): void =>
    mount.syncTo(takeTarget("Synchronising", raHours, decDeg));
  const fixedSite = (member: string, value: number): { get: () => number; put: () => never } => ({
    get: () => value,
    put: absent(member, "it is set in the observatory file").put,
  });
  const guideRate = (name: string, axis: "ra" | "dec") => ({
    get: () => guideRates[axis],
    set: (rate: number) => {
      requireWithin(name, rate, 0, MAX_GUIDE_RATE);
      guideRates[axis] = rate;
    },
  });
  const raGuideRate = guideRate("GuideRateRightAscension", "ra");
  const decGuideRate = guideRate("GuideRateDeclination", "dec");
  const utcDate = (): string => {
    const off = context.fault() === "clock-off" ? CLOCK_OFF_MS : 0;
    return new Date(context.nowMs() + off).toISOString();
  };

  const handlers: Handlers<"telescope"> = {
    abortslew: {
      put: () => {
        if (atPark()) {
          throw new AlpacaError(ErrorNumber.InvalidWhileParked, "AbortSlew is refused while parked");
        }
        mount.stop();
      },
    },
    alignmentmode: constant(AlignmentMode.AltAz),
    altitude: { get: () => mount.horizontalAt(context.nowMs()).altDeg },
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
    azimuth: { get: () => mount.horizontalAt(context.nowMs()).azDeg },
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
    declination: { get: () => mount.reported().decDeg },
    declinationrate: {
      get: () => mount.offsetRates().decArcsec,
      put: ({ DeclinationRate }) => {
        requireSidereal("DeclinationRate");
        mount.setOffsetRates({ ...mount.offsetRates(), decArcsec: DeclinationRate });
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
        mount.findHome();
      },
    },
    focallength: constant(options.focalLengthMm / 1_000),
    guideratedeclination: { get: decGuideRate.get, put: (p) => decGuideRate.set(p.GuideRateDeclination) },
    guideraterightascension: { get: raGuideRate.get, put: (p) => raGuideRate.set(p.GuideRateRightAscension) },
    ispulseguiding: { get: mount.guiding },
    moveaxis: {
      put: ({ Axis, Rate }) => {
        refuseParked("MoveAxis");
        requireAxis(Axis);
        if (Axis === TelescopeAxis.Tertiary) {
          throw new AlpacaError(ErrorNumber.InvalidValue, "Axis is 2, this mount has axes 0 and 1");
        }
        requireWithin("Rate", Rate, -MAX_AXIS_RATE, MAX_AXIS_RATE);
        mount.moveAxis(Axis === TelescopeAxis.Primary ? "primary" : "secondary", Rate);
      },
    },
    park: {
      put: () => {
        if (mount.goal() !== "park") mount.park();
      },
    },
    pulseguide: {
      put: ({ Direction, Duration }) => {
        refuseParked("PulseGuide");
        requireWithin("Direction", Direction, GuideDirection.North, GuideDirection.West);
        requireWithin("Duration", Duration, 0, 60_000);
        if (mount.slewing()) {
          throw new AlpacaError(ErrorNumber.InvalidOperation, "PulseGuide is refused while slewing");
        }
        const sign = Direction === GuideDirection.North || Direction === GuideDirection.East ? 1 : -1;
        const inDec = Direction === GuideDirection.North || Direction === GuideDirection.South;
        mount.guide(inDec ? 0 : sign * guideRates.ra, inDec ? sign * guideRates.dec : 0, Duration);
      },
    },
    rightascension: { get: () => mount.reported().raDeg / DEG_PER_HOUR },
    rightascensionrate: {
      get: () => mount.offsetRates().raS,
      put: ({ RightAscensionRate }) => {
        requireSidereal("RightAscensionRate");
        mount.setOffsetRates({ ...mount.offsetRates(), raS: RightAscensionRate });
      },
    },
    setpark: { put: mount.setParkHere },
    sideofpier: absent("SideOfPier"),
    siderealtime: { get: () => siderealDeg(context.nowMs(), site.lonDeg) / DEG_PER_HOUR },
    siteelevation: fixedSite("SiteElevation", site.heightM),
    sitelatitude: fixedSite("SiteLatitude", site.latDeg),
    sitelongitude: fixedSite("SiteLongitude", site.lonDeg),
    slewing: { get: mount.slewing },
    slewsettletime: {
      get: mount.settleS,
      put: ({ SlewSettleTime }) => {
        requireWithin("SlewSettleTime", SlewSettleTime, 0, 60);
        mount.setSettleS(SlewSettleTime);
      },
    },
    slewtoaltaz: absent("SlewToAltAz", "deprecated; use SlewToAltAzAsync"),
    slewtoaltazasync: {
      put: ({ Azimuth, Altitude }) => {
        checkHorizontal("Slewing", Azimuth, Altitude);
        mount.slewToGround({ azDeg: Azimuth, altDeg: Altitude }, "target");
      },
    },
    slewtocoordinates: absent("SlewToCoordinates", "deprecated; use SlewToCoordinatesAsync"),
    slewtocoordinatesasync: { put: ({ RightAscension, Declination }) => slewTo(RightAscension, Declination) },
    slewtotarget: absent("SlewToTarget", "deprecated; use SlewToTargetAsync"),
    slewtotargetasync: { put: () => slewTo(targetRa(), targetDec()) },
    synctoaltaz: {
      put: ({ Azimuth, Altitude }) => {
        checkHorizontal("Synchronising", Azimuth, Altitude);
        const now = context.nowMs();
        const { hourAngleDeg, decDeg } = equatorialOf({ azDeg: Azimuth, altDeg: Altitude }, site.latDeg);
        const apparent = { raDeg: siderealDeg(now, site.lonDeg) - hourAngleDeg, decDeg };
        const j2000 = options.equatorialSystem === "J2000";
        mount.syncTo(j2000 ? placeOf(directionOfApparent(apparent, now)) : apparent);
      },
    },
    synctocoordinates: { put: ({ RightAscension, Declination }) => syncTo(RightAscension, Declination) },
    synctotarget: { put: () => syncTo(targetRa(), targetDec()) },
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
        requireRa("TargetRightAscension", TargetRightAscension);
        targetRaHours = TargetRightAscension;
      },
    },
    tracking: {
      get: mount.tracking,
      put: ({ Tracking }) => {
        if (Tracking) refuseParked("Tracking");
        if (mount.tracking() !== Tracking) mount.setTracking(Tracking);
      },
    },
    trackingrate: {
      get: mount.driveRate,
      put: ({ TrackingRate }) => {
        requireWithin("TrackingRate", TrackingRate, DriveRate.Sidereal, DriveRate.King);
        mount.setDriveRate(TrackingRate);
      },
    },
    trackingrates: constant(Object.values(DriveRate)),
    unpark: {
      put: () => {
        if (mount.goal() !== "park") return;
        if (mount.slewing()) {
          throw new AlpacaError(ErrorNumber.InvalidOperation, "Unpark is refused while the mount is parking");
        }
        mount.unpark();
      },
    },
    utcdate: {
      get: utcDate,
      put: absent("UTCDate", "it follows the observatory clock and cannot be set").put,
    },
  };

  const state = (): Record<string, string | number | boolean> => {
    const place = mount.reported();
    const horizontal = mount.horizontalAt(context.nowMs());
    return {
      Altitude: horizontal.altDeg,
      AtHome: atHome(),
      AtPark: atPark(),
      Azimuth: horizontal.azDeg,
      Declination: place.decDeg,
      IsPulseGuiding: mount.guiding(),
      RightAscension: place.raDeg / DEG_PER_HOUR,
      SiderealTime: siderealDeg(context.nowMs(), site.lonDeg) / DEG_PER_HOUR,
      Slewing: mount.slewing(),
      Tracking: mount.tracking(),
      UTCDate: utcDate(),
    };
  };

  return {
    device: {
      identity: context.identity,
      description: `Simulated ${options.apertureM} m alt-azimuth telescope, f = ${options.focalLengthMm} mm`,
      handlers: handlers as unknown as AnyHandlers,
      actions: {},
      state,
      powerLost: () => mount.setTracking(false),
    },
    directionAt: mount.directionAt,
    horizontalAt: mount.horizontalAt,
    changes: mount.changes,
  };
}

/** Relative air mass at an altitude (plane-parallel, held at 10 near and below the horizon). */
export function airmassAt(altDeg: number): number {
  return Math.min(10, 1 / Math.max(0.05, Math.sin(Math.max(0, altDeg) * RAD_PER_DEG)));
}
