import type { ShutterWord, WeatherValues } from "./watch-state.ts";

/** What one poll of a device gave. */
export type Reading =
  | {
      readonly type: "telescope";
      readonly parked: boolean;
      readonly tracking: boolean;
      readonly slewing: boolean;
      readonly raDeg: number | null;
      readonly decDeg: number | null;
      readonly altDeg: number | null;
      readonly azDeg: number | null;
      /** How far its clock is ahead of ours, ms; 0 when that is within a second, or not known. */
      readonly clockOffMs: number;
    }
  | { readonly type: "dome"; readonly shutter: ShutterWord; readonly azDeg: number | null }
  | {
      readonly type: "camera";
      readonly state: string;
      readonly imageReady: boolean;
      readonly temperatureC: number | null;
      readonly setPointC: number | null;
      readonly coolerPowerPct: number | null;
      readonly percentCompleted: number | null;
    }
  | { readonly type: "safetymonitor"; readonly isSafe: boolean }
  | {
      readonly type: "observingconditions";
      readonly values: WeatherValues;
      /** Age of the oldest deciding sensor, wall seconds, at the poll. */
      readonly ageWallS: number;
    }
  | { readonly type: "filterwheel"; readonly filter: string | null }
  | { readonly type: "focuser"; readonly position: number; readonly moving: boolean }
  | {
      readonly type: "covercalibrator";
      readonly cover: string;
      readonly lamp: string;
      readonly brightness: number | null;
    }
  | {
      readonly type: "switch";
      /** By name of the channel. */
      readonly channels: Readonly<Record<string, boolean>>;
      /** Alarms of the observatory file that are raised, by id. */
      readonly raised: readonly string[];
    }
  /** A device of which only life and plain values are watched. */
  | { readonly type: "plain"; readonly values: Readonly<Record<string, string | number | boolean>> };

/** The main value of a reading in words, for lists of devices. */
export function readingInWords(reading: Reading): string {
  switch (reading.type) {
    case "telescope":
      if (reading.parked) return "parked";
      if (reading.slewing) return "slewing";
      return reading.tracking ? "tracking" : "stopped";
    case "dome":
      return reading.shutter.toLowerCase();
    case "camera":
      return cameraInWords(reading);
    case "safetymonitor":
      return reading.isSafe ? "safe" : "unsafe";
    case "observingconditions":
      return weatherInWords(reading.values);
    case "filterwheel":
      return reading.filter === null ? "turning" : `filter ${reading.filter}`;
    case "focuser":
      return `${reading.moving ? "moving, " : ""}step ${reading.position}`;
    case "covercalibrator":
      return `${reading.cover.toLowerCase()}, lamp ${reading.lamp.toLowerCase()}`;
    case "switch":
      return reading.raised.length === 0 ? "no alarm" : `alarm: ${reading.raised.join(", ")}`;
    default:
      return "answers";
  }
}

function cameraInWords(reading: Extract<Reading, { type: "camera" }>): string {
  const { temperatureC, setPointC } = reading;
  const state = reading.state.toLowerCase();
  if (temperatureC === null) return state;
  const warm = setPointC !== null && Math.abs(temperatureC - setPointC) > 1;
  return `${state}, ${celsius(temperatureC)}${warm ? ` of ${celsius(setPointC)}` : ""} °C`;
}

function weatherInWords({ temperatureC, humidityPct, windMS }: WeatherValues): string {
  const parts = [
    temperatureC === null ? [] : [`${celsius(temperatureC)} °C`],
    humidityPct === null ? [] : [`${humidityPct.toFixed(0)} %`],
    windMS === null ? [] : [`wind ${windMS.toFixed(1)} m/s`],
  ].flat();
  return parts.length === 0 ? "no values" : parts.join(", ");
}

/** With the typographic minus that the pages use. */
function celsius(value: number): string {
  return value.toFixed(1).replace("-", "\u2212");
}

/** The discrete facts of a reading: what makes a new row and a new signal when it changes, unlike a number that moves. */
export function discreteFact(reading: Reading | null): string {
  if (reading === null) return "";
  if (reading.type === "telescope") return reading.parked ? "parked" : "unparked";
  if (reading.type === "dome") return reading.shutter;
  if (reading.type === "safetymonitor") return reading.isSafe ? "safe" : "unsafe";
  if (reading.type === "covercalibrator") return reading.cover;
  if (reading.type === "switch") return reading.raised.join(" ");
  return "";
}
