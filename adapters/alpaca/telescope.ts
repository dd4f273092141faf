import {
  fromTopocentricEquatorial,
  toTopocentricEquatorial,
  type Equatorial,
} from "../../domain/astronomy/apparent.ts";
import { DEG_PER_HOUR, wrap360 } from "../../domain/units.ts";
import { EquatorialCoordinateType } from "../../protocol/enums.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import { createAlpacaDevice, isMissingMember, utcMs } from "./device.ts";
import { AlpacaError, BadAnswer } from "./errors.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

/** What a mount says of itself at one moment. Null: it does not say. */
export interface TelescopeStatus {
  /** ICRS/J2000, degrees. */
  readonly raDeg: number | null;
  readonly decDeg: number | null;
  readonly altDeg: number | null;
  readonly azDeg: number | null;
  readonly slewing: boolean;
  readonly tracking: boolean;
  readonly parked: boolean;
}

/** A mount in ICRS degrees, whatever equinox and unit it wants itself. */
export interface TelescopeClient {
  status(options?: CallOptions): Promise<TelescopeStatus>;
  /** Where it was last sent, ICRS/J2000; null before the first slew. */
  target(options?: CallOptions): Promise<Equatorial | null>;
  /** Starts a slew and returns at once. */
  slewTo(target: Equatorial, options?: CallOptions): Promise<void>;
  abortSlew(options?: CallOptions): Promise<void>;
  unpark(options?: CallOptions): Promise<void>;
  /** Starts parking and returns at once. */
  park(options?: CallOptions): Promise<void>;
  setTracking(on: boolean, options?: CallOptions): Promise<void>;
  /** The mount's own clock, Unix ms; null when it has none. */
  clockMs(options?: CallOptions): Promise<number | null>;
  connect(options?: CallOptions): Promise<void>;
}

const HOURS_PER_TURN = 24;

/** A coordinate outside its range is nonsense, and counts as none. */
function within(value: number | null, least: number, most: number): number | null {
  return value !== null && value >= least && value <= most ? value : null;
}

/**
 * Client of one mount. Alpaca takes right ascension in hours, and equatorial coordinates in the system that
 * EquatorialSystem names: topocentric of date (1) or J2000 (2); others are refused as BadAnswer.
 * @param nowMs observatory time (Unix ms): the date of topocentric coordinates
 */
export function createTelescopeClient(
  transport: AlpacaTransport,
  address: DeviceAddress,
  nowMs: () => number,
): TelescopeClient {
  const device = createAlpacaDevice(transport, "telescope", address);
  let system: "topocentric" | "J2000" | null = null;

  async function equatorialSystem(options?: CallOptions): Promise<"topocentric" | "J2000"> {
    const value = await device.get("equatorialsystem", {}, options);
    if (value === EquatorialCoordinateType.J2000) return "J2000";
    if (value === EquatorialCoordinateType.Topocentric) return "topocentric";
    throw new BadAnswer(
      address.name,
      "GET equatorialsystem",
      `EquatorialSystem is ${value}; only 1 (topocentric) and 2 (J2000) can be converted`,
    );
  }

  /** ICRS degrees of the mount's own coordinates; the system is asked for once, and again before each slew. */
  async function toIcrs(raHours: number, decDeg: number, options?: CallOptions): Promise<Equatorial> {
    system ??= await equatorialSystem(options);
    const raDeg = wrap360(raHours * DEG_PER_HOUR);
    return system === "J2000" ? { raDeg, decDeg } : fromTopocentricEquatorial(raDeg, decDeg, nowMs());
  }

  return {
    async status(options) {
      const state = await device.state(options);
      const raHours = within(state.number("RightAscension"), 0, HOURS_PER_TURN);
      const decDeg = within(state.number("Declination"), -90, 90);
      const place = raHours === null || decDeg === null ? null : await toIcrs(raHours, decDeg, options);
      // DeviceState may leave out what it does not know; a mount that moves must not pass for one that stands still.
      const [slewing, tracking, parked] = await Promise.all([
        state.boolean("Slewing") ?? device.get("slewing", {}, options),
        state.boolean("Tracking") ?? device.get("tracking", {}, options),
        state.boolean("AtPark") ?? device.get("atpark", {}, options),
      ]);
      return {
        raDeg: place?.raDeg ?? null,
        decDeg: place?.decDeg ?? null,
        altDeg: state.number("Altitude"),
        azDeg: state.number("Azimuth"),
        slewing,
        tracking,
        parked,
      };
    },

    async target(options) {
      try {
        const [raHours, decDeg] = await Promise.all([
          device.get("targetrightascension", {}, options),
          device.get("targetdeclination", {}, options),
        ]);
        return await toIcrs(raHours, decDeg, options);
      } catch (error) {
        if (error instanceof AlpacaError && error.errorNumber === ErrorNumber.ValueNotSet) return null;
        // OmniSim and others answer InvalidOperation before the first target.
        if (error instanceof AlpacaError && error.errorNumber === ErrorNumber.InvalidOperation) return null;
        if (isMissingMember(error)) return null;
        throw error;
      }
    },

    async slewTo({ raDeg, decDeg }, options) {
      system = await equatorialSystem(options);
      const place = system === "J2000" ? { raDeg, decDeg } : toTopocentricEquatorial(raDeg, decDeg, nowMs());
      await device.put(
        "slewtocoordinatesasync",
        { RightAscension: wrap360(place.raDeg) / DEG_PER_HOUR, Declination: place.decDeg },
        options,
      );
    },

    abortSlew: (options) => device.put("abortslew", {}, options),
    unpark: (options) => device.put("unpark", {}, options),
    park: (options) => device.put("park", {}, options),
    async clockMs(options) {
      try {
        return utcMs(await device.get("utcdate", {}, options));
      } catch (error) {
        if (error instanceof AlpacaError || isMissingMember(error)) return null;
        throw error;
      }
    },
    setTracking: (on, options) => device.put("tracking", { Tracking: on }, options),
    connect: (options) => device.connect(options),
  };
}
