import type { WeatherValues } from "../../domain/safety/watch-state.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import { createAlpacaDevice } from "./device.ts";
import { AlpacaError } from "./errors.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

export interface SafetyMonitorClient {
  /** The interlock's single verdict. */
  isSafe(options?: CallOptions): Promise<boolean>;
  connect(options?: CallOptions): Promise<void>;
}

/** Client of one SafetyMonitor. */
export function createSafetyMonitorClient(
  transport: AlpacaTransport,
  address: DeviceAddress,
): SafetyMonitorClient {
  const device = createAlpacaDevice(transport, "safetymonitor", address);
  return {
    async isSafe(options) {
      if (await device.get("issafe", {}, options)) return true;
      // A monitor that is not connected answers false instead of an error: after its restart somebody must connect it.
      if (await device.get("connected", {}, options)) return false;
      await device.connect(options);
      return device.get("issafe", {}, options);
    },
    connect: (options) => device.connect(options),
  };
}

export interface ObservingConditionsClient {
  /** All sensors in one call; null: not fitted or no value. */
  values(options?: CallOptions): Promise<WeatherValues>;
  /**
   * The greatest age, in seconds of the station's clock, among the sensors that the limits look at: one that is stuck
   * hides behind the others in Alpaca's answer for all sensors. Sensors that are not fitted do not count; when the station
   * tells the age of none, or says that a sensor has never been updated, it is infinite.
   */
  oldestAgeS(options?: CallOptions): Promise<number>;
  connect(options?: CallOptions): Promise<void>;
}

/** Sensors that decide whether the dome may be open. */
const DECIDING_SENSORS = [
  "Humidity",
  "Temperature",
  "DewPoint",
  "WindSpeed",
  "WindGust",
  "RainRate",
  "CloudCover",
] as const;

/** Client of one weather station. */
export function createObservingConditionsClient(
  transport: AlpacaTransport,
  address: DeviceAddress,
): ObservingConditionsClient {
  const device = createAlpacaDevice(transport, "observingconditions", address);

  /** Null: not fitted. Its missing value is judged where the limits are. */
  async function ageS(sensor: string, options?: CallOptions): Promise<number | null> {
    try {
      const seconds = await device.get("timesincelastupdate", { SensorName: sensor }, options);
      // "A negative value indicates that no valid update has ever been received" (ASCOM, IObservingConditions).
      return seconds < 0 ? Number.POSITIVE_INFINITY : seconds;
    } catch (error) {
      if (!(error instanceof AlpacaError)) throw error;
      // Any other refusal: fitted, but never updated.
      return error.errorNumber === ErrorNumber.NotImplemented ? null : Number.POSITIVE_INFINITY;
    }
  }

  return {
    async values(options) {
      const state = await device.state(options);
      return {
        humidityPct: state.number("Humidity"),
        temperatureC: state.number("Temperature"),
        dewPointC: state.number("DewPoint"),
        windMS: state.number("WindSpeed"),
        gustMS: state.number("WindGust"),
        windDirectionDeg: state.number("WindDirection"),
        rainMmH: state.number("RainRate"),
        cloudPct: state.number("CloudCover"),
        pressureHPa: state.number("Pressure"),
        skyQualityMagArcsec2: state.number("SkyQuality"),
        skyTemperatureC: state.number("SkyTemperature"),
        seeingArcsec: state.number("StarFWHM"),
      };
    },

    async oldestAgeS(options) {
      const ages = await Promise.all(DECIDING_SENSORS.map((sensor) => ageS(sensor, options)));
      const known = ages.filter((age) => age !== null);
      return known.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...known);
    },

    connect: (options) => device.connect(options),
  };
}
