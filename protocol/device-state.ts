import type { AlpacaDeviceType } from "./member-types.ts";

/** InterfaceVersion of each type at ASCOM Platform 7: from it on Connect, Connecting and DeviceState exist. */
export const PLATFORM_7_INTERFACE_VERSION = {
  camera: 4,
  covercalibrator: 2,
  dome: 3,
  filterwheel: 3,
  focuser: 4,
  observingconditions: 2,
  rotator: 4,
  safetymonitor: 3,
  switch: 3,
  telescope: 4,
} as const satisfies Record<AlpacaDeviceType, number>;

/**
 * Operational properties that DeviceState of each type reports (ASCOM Platform 7 interface definitions).
 * Every entry is optional and a `TimeStamp` may join them. The names of `switch` carry the switch number:
 * `GetSwitch0`, `GetSwitchValue0`, `StateChangeComplete0`.
 */
export const DEVICE_STATE = {
  camera: [
    "CameraState",
    "CCDTemperature",
    "CoolerPower",
    "HeatSinkTemperature",
    "ImageReady",
    "IsPulseGuiding",
    "PercentCompleted",
  ],
  covercalibrator: ["Brightness", "CalibratorState", "CalibratorChanging", "CoverState", "CoverMoving"],
  dome: ["Altitude", "AtHome", "AtPark", "Azimuth", "ShutterStatus", "Slewing"],
  filterwheel: ["Position"],
  focuser: ["IsMoving", "Position", "Temperature"],
  observingconditions: [
    "CloudCover",
    "DewPoint",
    "Humidity",
    "Pressure",
    "RainRate",
    "SkyBrightness",
    "SkyQuality",
    "SkyTemperature",
    "StarFWHM",
    "Temperature",
    "WindDirection",
    "WindGust",
    "WindSpeed",
  ],
  rotator: ["IsMoving", "MechanicalPosition", "Position"],
  safetymonitor: ["IsSafe"],
  switch: ["GetSwitch", "GetSwitchValue", "StateChangeComplete"],
  telescope: [
    "Altitude",
    "AtHome",
    "AtPark",
    "Azimuth",
    "Declination",
    "IsPulseGuiding",
    "RightAscension",
    "SideOfPier",
    "SiderealTime",
    "Slewing",
    "Tracking",
    "UTCDate",
  ],
} as const satisfies Record<AlpacaDeviceType, readonly string[]>;

/** Name of the entry that says when the state was read. */
export const TIME_STAMP = "TimeStamp";
