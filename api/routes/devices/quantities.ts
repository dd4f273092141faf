import type { DeviceStatusRecord } from "../../../db/entities/device-status.ts";

/** A number that a device says, as a history draws it. */
export interface Quantity {
  /** Key in the stored values. */
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  readonly decimals: number;
  /** Key of the value that it should have. */
  readonly wanted?: string;
}

/** What is drawn of each type of device. Weather has a page of its own. */
const QUANTITIES: Readonly<Record<string, readonly Quantity[]>> = {
  telescope: [
    { key: "altDeg", name: "Altitude", unit: "°", decimals: 1 },
    { key: "azDeg", name: "Azimuth", unit: "°", decimals: 1 },
  ],
  camera: [
    { key: "temperatureC", name: "Temperature", unit: "°C", decimals: 1, wanted: "setPointC" },
    { key: "coolerPowerPct", name: "Cooler power", unit: "%", decimals: 0 },
  ],
  focuser: [{ key: "position", name: "Position", unit: "steps", decimals: 0 }],
  covercalibrator: [{ key: "brightness", name: "Lamp brightness", unit: "", decimals: 0 }],
};

export function quantitiesOf(type: string): readonly Quantity[] {
  return QUANTITIES[type] ?? [];
}

export function valueOf({ values }: Pick<DeviceStatusRecord, "values">, key: string): number | null {
  const value = values[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Other names of stored values, with their units. */
const LABELS: Readonly<Record<string, string>> = {
  raDeg: "Right ascension, degrees",
  decDeg: "Declination, degrees",
  altDeg: "Altitude, degrees",
  azDeg: "Azimuth, degrees",
  temperatureC: "Temperature, °C",
  setPointC: "Set point, °C",
  coolerPowerPct: "Cooler power, %",
  percentCompleted: "Exposure done, %",
  imageReady: "Image ready",
  isSafe: "Safe",
  ageWallS: "Age of the oldest reading, real s",
  why: "Trouble",
  humidityPct: "Humidity, %",
  dewPointC: "Dew point, °C",
  pressureHPa: "Pressure, hPa",
  windMS: "Wind, m/s",
  gustMS: "Gust, m/s",
  windDirectionDeg: "Wind from, degrees",
  rainMmH: "Rain, mm/h",
  cloudPct: "Cloud, %",
  skyTemperatureC: "Sky temperature, °C",
  skyQualityMagArcsec2: "Sky brightness, mag/arcsec²",
  seeingArcsec: "Seeing, arcsec",
};

/** `setPointC` → `Set point, °C`; `CoverState` → `Cover state`. */
export function labelOf(key: string): string {
  const known = LABELS[key];
  if (known !== undefined) return known;
  const words = key.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return `${words[0]?.toUpperCase() ?? ""}${words.slice(1)}`;
}
