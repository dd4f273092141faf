/** The weather station. */
import { MS_PER_SECOND } from "../../domain/units.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import { AlpacaError, actionNumber, actionParameters } from "../device.ts";
import type { AnyHandlers, Device, DeviceContext, Handlers } from "../device.ts";
import { WEATHER_KINDS } from "../weather.ts";
import type { Weather, WeatherKind } from "../weather.ts";

export interface ObservingConditionsOptions {
  readonly weather: Weather;
  /** Brightness of the sky at the zenith, mag/arcsec2. */
  readonly skyQuality: () => number;
}

const CABLE_OFF = -9_999;

const SENSORS = {
  CloudCover: "Cloud sensor, share of the sky covered, %",
  DewPoint: "Dew point from temperature and humidity, C",
  Humidity: "Capacitive hygrometer, %",
  Pressure: "Barometer, station pressure, hPa",
  RainRate: "Rain gauge, mm/h",
  SkyBrightness: "Photometer, lux",
  SkyQuality: "Sky quality meter at the zenith, mag/arcsec2",
  SkyTemperature: "Infrared thermometer at the zenith, C",
  StarFWHM: "Seeing monitor, arcsec",
  Temperature: "Air temperature, C",
  WindDirection: "Vane, degrees from north, 0 when calm",
  WindGust: "Anemometer, 3 s peak over 2 min, m/s",
  WindSpeed: "Anemometer, m/s",
} as const;

/** The ObservingConditions device; Action `sim:weather {kind, seconds?}` sets the weather (seconds of observatory time). */
export function createObservingConditions(
  context: DeviceContext,
  { weather, skyQuality }: ObservingConditionsOptions,
): Device {
  // 108 000 lux is a sky of -12.6 mag/arcsec2 over the hemisphere: lux = 10.8e4 * 10^(-0.4 mag) * pi in cd/m2.
  const skyBrightness = (): number => Math.PI * 10.8e4 * 10 ** (-0.4 * skyQuality());
  const known = (name: string): void => {
    if (name === "") return;
    if (Object.keys(SENSORS).some((sensor) => sensor.toLowerCase() === name.toLowerCase())) return;
    throw new AlpacaError(
      ErrorNumber.InvalidValue,
      `SensorName is ${JSON.stringify(name)}, must be one of ${Object.keys(SENSORS).join(", ")}`,
    );
  };
  let stuck: Record<keyof typeof SENSORS, number> | undefined;
  const values = (): Record<keyof typeof SENSORS, number> => {
    if (context.fault() !== "stuck") stuck = undefined;
    else stuck ??= read();
    return stuck ?? read();
  };
  const read = (): Record<keyof typeof SENSORS, number> => {
    const reading = weather.reading();
    return {
      CloudCover: reading.cloudCoverPct,
      DewPoint: reading.dewPointC,
      // The fault `wrong-position` of a station: a sensor whose cable is off.
      Humidity: context.fault() === "wrong-position" ? CABLE_OFF : reading.humidityPct,
      Pressure: reading.pressureHPa,
      RainRate: reading.rainRateMmH,
      SkyBrightness: skyBrightness(),
      SkyQuality: skyQuality(),
      SkyTemperature: reading.skyTemperatureC,
      StarFWHM: reading.starFwhmArcsec,
      Temperature: reading.temperatureC,
      WindDirection: reading.windDirectionDeg,
      WindGust: reading.windGustMS,
      WindSpeed: reading.windSpeedMS,
    };
  };
  const sensor = (name: keyof typeof SENSORS): { readonly get: () => number } => ({
    get: () => values()[name],
  });

  const handlers: Handlers<"observingconditions"> = {
    averageperiod: {
      get: () => 0,
      put: ({ AveragePeriod }) => {
        if (AveragePeriod === 0) return;
        throw new AlpacaError(
          ErrorNumber.InvalidValue,
          `AveragePeriod is ${AveragePeriod}; this station does not average, only 0 can be set`,
        );
      },
    },
    cloudcover: sensor("CloudCover"),
    dewpoint: sensor("DewPoint"),
    humidity: sensor("Humidity"),
    pressure: sensor("Pressure"),
    rainrate: sensor("RainRate"),
    refresh: { put: () => weather.refresh() },
    sensordescription: {
      get: ({ SensorName }) => {
        known(SensorName);
        const found = Object.entries(SENSORS).find(
          ([name]) => name.toLowerCase() === SensorName.toLowerCase(),
        );
        if (found === undefined) throw new AlpacaError(ErrorNumber.InvalidValue, "SensorName is empty");
        return found[1];
      },
    },
    skybrightness: sensor("SkyBrightness"),
    skyquality: sensor("SkyQuality"),
    skytemperature: sensor("SkyTemperature"),
    starfwhm: sensor("StarFWHM"),
    temperature: sensor("Temperature"),
    timesincelastupdate: {
      get: ({ SensorName }) => {
        known(SensorName);
        // Stuck, it repeats what it read when the fault began.
        return weather.ageS() + (context.nowMs() - context.motionMs()) / MS_PER_SECOND;
      },
    },
    winddirection: sensor("WindDirection"),
    windgust: sensor("WindGust"),
    windspeed: sensor("WindSpeed"),
  };

  return {
    identity: context.identity,
    description: "Simulated weather station",
    handlers: handlers as unknown as AnyHandlers,
    actions: {
      "sim:weather": {
        logged: true,
        run: (text) => {
          const parameters = actionParameters("sim:weather", text);
          const kind = parameters["kind"];
          if (!WEATHER_KINDS.includes(kind as WeatherKind)) {
            throw new AlpacaError(
              ErrorNumber.InvalidValue,
              `sim:weather: kind is ${JSON.stringify(kind)}, must be one of ${WEATHER_KINDS.join(", ")}`,
            );
          }
          const seconds =
            parameters["seconds"] === undefined
              ? undefined
              : actionNumber("sim:weather", parameters, "seconds", 0, 1e7);
          weather.set(kind as WeatherKind, seconds);
          return JSON.stringify({ kind, seconds });
        },
      },
    },
    state: values,
  };
}
