import type { WeatherLimits } from "../observatory.ts";
import type { Verdict, WeatherValues } from "./watch-state.ts";

/** Limits by name, so that a limit newly crossed is told from one whose number only moves. */
export type WeatherLimitName = "humidity" | "wind" | "gust" | "rain" | "cloud" | "dew" | "stale";

export interface WeatherVerdict extends Verdict {
  readonly crossed: readonly WeatherLimitName[];
}

/**
 * What a working sensor can read, noise at the ends included: outside it is broken (a cable off reads -9999), and what it
 * says is no weather. The widest values ever measured on Earth lie inside.
 */
const READABLE = {
  humidity: [-2, 110],
  wind: [-2, 120],
  gust: [-2, 150],
  rain: [-0.5, 2_500],
  cloud: [-2, 110],
  temperature: [-95, 65],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

function isReadable(value: number, [least, most]: readonly [number, number]): boolean {
  return value >= least && value <= most;
}

/**
 * The weather against the limits of the observatory file, in sentences with numbers.
 * A value that is missing, or that no sensor can read, cannot be checked and is unsafe, and so are readings older than the
 * limit.
 * @param ageWallS age of the readings in wall seconds; infinite when there are none
 */
export function weatherVerdict(
  values: WeatherValues,
  ageWallS: number,
  limits: WeatherLimits,
): WeatherVerdict {
  const found: (readonly [WeatherLimitName, string])[] = [];
  const atMost = (
    name: Exclude<WeatherLimitName, "dew" | "stale">,
    words: string,
    value: number | null,
    limit: number,
    unit: string,
  ): void => {
    if (value === null)
      found.push([name, `${words} is not known; the limit of ${limit}${unit} cannot be checked.`]);
    else if (!isReadable(value, READABLE[name]))
      found.push([name, `${words} reads ${value}${unit}, which cannot be: its sensor counts as broken.`]);
    else if (!(value <= limit))
      found.push([name, `${words} is ${shown(value)}${unit}, the limit is ${limit}${unit}.`]);
  };
  if (!(ageWallS <= limits.staleAfterWallS)) {
    const age = Number.isFinite(ageWallS) ? `are ${ageWallS.toFixed(0)} s old` : "are missing";
    found.push([
      "stale",
      `The weather readings ${age}; older than ${limits.staleAfterWallS} s counts as unsafe.`,
    ]);
  }
  atMost("humidity", "The humidity", values.humidityPct, limits.maxHumidityPct, " %");
  atMost("wind", "The wind", values.windMS, limits.maxWindMS, " m/s");
  atMost("gust", "The gust", values.gustMS, limits.maxGustMS, " m/s");
  atMost("rain", "The rain", values.rainMmH, limits.maxRainMmH, " mm/h");
  atMost("cloud", "The cloud cover", values.cloudPct, limits.maxCloudPct, " %");
  const { temperatureC, dewPointC } = values;
  if (temperatureC === null || dewPointC === null) {
    found.push([
      "dew",
      `The dew point is not known; the margin of ${limits.minDewMarginC} °C cannot be checked.`,
    ]);
  } else if (
    !isReadable(temperatureC, READABLE.temperature) ||
    !isReadable(dewPointC, READABLE.temperature)
  ) {
    found.push([
      "dew",
      `Temperature and dew point read ${temperatureC} and ${dewPointC} °C, which cannot be: a sensor counts as broken.`,
    ]);
  } else if (!(temperatureC - dewPointC >= limits.minDewMarginC)) {
    found.push([
      "dew",
      `The temperature is ${shown(temperatureC - dewPointC)} °C above the dew point, the limit is ${limits.minDewMarginC} °C.`,
    ]);
  }
  return {
    safe: found.length === 0,
    reasons: found.map(([, reason]) => reason),
    crossed: found.map(([name]) => name),
  };
}

/** One decimal; two below 0.1, so that light rain is not "0.0". */
function shown(value: number): string {
  return value !== 0 && Math.abs(value) < 0.1 ? value.toFixed(2) : value.toFixed(1);
}
