/** The weather over the site: smooth, plausible and harmless by itself; rain, wind, cloud and damp come by command. */
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND, wrap360 } from "../domain/units.ts";

export const WEATHER_KINDS = ["clear", "rain", "wind", "cloud", "humid", "stale"] as const;
export type WeatherKind = (typeof WEATHER_KINDS)[number];

export interface WeatherReading {
  readonly cloudCoverPct: number;
  readonly dewPointC: number;
  readonly humidityPct: number;
  readonly pressureHPa: number;
  readonly rainRateMmH: number;
  readonly skyTemperatureC: number;
  readonly starFwhmArcsec: number;
  readonly temperatureC: number;
  readonly windDirectionDeg: number;
  readonly windGustMS: number;
  readonly windSpeedMS: number;
}

/** Readings beyond these are unsafe; the site's own limits, known to its interlock. */
export interface WeatherLimits {
  readonly maxHumidityPct: number;
  readonly maxWindMS: number;
  readonly maxGustMS: number;
  readonly maxRainMmH: number;
  readonly maxCloudPct: number;
  readonly minDewMarginC: number;
}

export interface Weather {
  /** The newest reading of the sensors. */
  readonly reading: () => WeatherReading;
  /** Observatory seconds since the sensors were read. */
  readonly ageS: () => number;
  readonly refresh: () => void;
  readonly set: (kind: WeatherKind, seconds: number | undefined) => void;
  readonly kind: () => WeatherKind;
}

interface WeatherState {
  readonly kind: WeatherKind;
  readonly sinceMs: number;
  readonly untilMs: number | null;
}

const SENSOR_PERIOD_MS = 10 * MS_PER_SECOND;

/** Weather read every 10 observatory seconds. `restored` is what `save` was last given. */
export function createWeather(
  nowMs: () => number,
  heightM: number,
  restored: unknown,
  save: (state: object) => void,
): Weather {
  let state = (restored as WeatherState | undefined) ?? { kind: "clear", sinceMs: 0, untilMs: null };
  let refreshedMs = nowMs();

  const kind = (): WeatherKind => {
    if (state.untilMs !== null && nowMs() >= state.untilMs) setKind("clear", undefined);
    return state.kind;
  };
  const setKind = (next: WeatherKind, seconds: number | undefined): void => {
    const sinceMs = nowMs();
    state = {
      kind: next,
      sinceMs,
      untilMs: seconds === undefined ? null : sinceMs + seconds * MS_PER_SECOND,
    };
    // The sensors see the change at once.
    refreshedMs = sinceMs;
    save(state);
  };
  const readMs = (): number => {
    const now = nowMs();
    if (kind() === "stale") return state.sinceMs;
    return Math.max(Math.min(refreshedMs, now), Math.floor(now / SENSOR_PERIOD_MS) * SENSOR_PERIOD_MS);
  };
  return {
    kind,
    set: setKind,
    reading: () => {
      const atMs = readMs();
      return disturbed(naturalWeather(atMs, heightM), kind());
    },
    ageS: () => Math.max(0, nowMs() - readMs()) / MS_PER_SECOND,
    refresh: () => {
      if (kind() !== "stale") refreshedMs = nowMs();
    },
  };
}

/** A slow wave between -1 and 1: sines of periods that share no multiple, so that no two nights are alike. */
function wave(atMs: number, periodH: number, phase: number): number {
  const turns = atMs / (periodH * MS_PER_HOUR);
  return (
    0.6 * Math.sin(2 * Math.PI * (turns + phase)) +
    0.3 * Math.sin(2 * Math.PI * (turns * 2.618 + phase * 3.7)) +
    0.1 * Math.sin(2 * Math.PI * (turns * 9.17 + phase * 5.3))
  );
}

/** Dew point over water from temperature and humidity (Magnus formula, coefficients of Sonntag 1990). */
export function dewPointC(temperatureC: number, humidityPct: number): number {
  const gamma = Math.log(Math.max(1, humidityPct) / 100) + (17.62 * temperatureC) / (243.12 + temperatureC);
  return (243.12 * gamma) / (17.62 - gamma);
}

function naturalWeather(atMs: number, heightM: number): WeatherReading {
  const dayWave = Math.cos((2 * Math.PI * (atMs % MS_PER_DAY)) / MS_PER_DAY);
  const temperatureC = 9 - 4 * dayWave + 3 * wave(atMs, 90, 0.1);
  const humidityPct = 35 + 12 * wave(atMs, 31, 0.4);
  const windSpeedMS = Math.max(0, 4 + 3 * wave(atMs, 7.3, 0.7));
  const cloudCoverPct = Math.max(0, 4 + 4 * wave(atMs, 13, 0.2));
  return {
    cloudCoverPct,
    dewPointC: dewPointC(temperatureC, humidityPct),
    humidityPct,
    // Station pressure: barometric formula of the ICAO standard atmosphere, then weather.
    pressureHPa: 1013.25 * (1 - 2.255_77e-5 * heightM) ** 5.255_88 + 3 * wave(atMs, 110, 0.9),
    rainRateMmH: 0,
    skyTemperatureC: temperatureC - 32 + 0.2 * cloudCoverPct,
    starFwhmArcsec: 1.1 + 0.25 * wave(atMs, 5.1, 0.3),
    temperatureC,
    windDirectionDeg: windSpeedMS === 0 ? 0 : wrap360(300 + 50 * wave(atMs, 19, 0.6)),
    windGustMS: windSpeedMS * 1.35 + 0.5,
    windSpeedMS,
  };
}

function disturbed(natural: WeatherReading, kind: WeatherKind): WeatherReading {
  const damp = (humidityPct: number): Pick<WeatherReading, "humidityPct" | "dewPointC"> => ({
    humidityPct,
    dewPointC: dewPointC(natural.temperatureC, humidityPct),
  });
  switch (kind) {
    case "rain":
      return {
        ...natural,
        ...damp(97),
        rainRateMmH: 3.2,
        cloudCoverPct: 100,
        skyTemperatureC: natural.temperatureC - 2,
      };
    case "wind":
      return { ...natural, windSpeedMS: 22, windGustMS: 29 };
    case "cloud":
      return { ...natural, cloudCoverPct: 100, skyTemperatureC: natural.temperatureC - 4 };
    case "humid":
      return { ...natural, ...damp(96) };
    default:
      return natural;
  }
}

/** Why the reading is unsafe, in words with numbers; empty when it is safe. */
export function unsafeReasons(reading: WeatherReading, limits: WeatherLimits): string[] {
  const reasons: string[] = [];
  const over = (name: string, value: number, limit: number, unit: string): void => {
    if (value > limit) reasons.push(`${name} ${value.toFixed(1)} ${unit} over ${limit} ${unit}`);
  };
  over("rain", reading.rainRateMmH, limits.maxRainMmH, "mm/h");
  over("wind", reading.windSpeedMS, limits.maxWindMS, "m/s");
  over("gust", reading.windGustMS, limits.maxGustMS, "m/s");
  over("humidity", reading.humidityPct, limits.maxHumidityPct, "%");
  over("cloud", reading.cloudCoverPct, limits.maxCloudPct, "%");
  const margin = reading.temperatureC - reading.dewPointC;
  if (margin < limits.minDewMarginC) {
    reasons.push(`dew point margin ${margin.toFixed(1)} C under ${limits.minDewMarginC} C`);
  }
  return reasons;
}
