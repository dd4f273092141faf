import type { WeatherLimits } from "../../domain/observatory.ts";
import type { WeatherValues } from "../../domain/safety/watch-state.ts";

export const LIMITS: WeatherLimits = {
  maxHumidityPct: 85,
  maxWindMS: 15,
  maxGustMS: 20,
  maxRainMmH: 0,
  maxCloudPct: 90,
  minDewMarginC: 2,
  staleAfterWallS: 60,
  safeForMin: 15,
};

export const FINE: WeatherValues = {
  humidityPct: 40,
  temperatureC: 12,
  dewPointC: 2,
  windMS: 4,
  gustMS: 7,
  windDirectionDeg: 200,
  rainMmH: 0,
  cloudPct: 5,
  pressureHPa: 730,
  skyQualityMagArcsec2: 21.5,
  skyTemperatureC: -30,
  seeingArcsec: null,
};
