/** What one observatory is made of: the shape of `observatories/<site>.json`, validated by adapters/config. */

export interface Site {
  /** Short id used in workflow ids and paths, e.g. `colibri`. */
  readonly id: string;
  readonly name: string;
  /** Geodetic latitude, north positive, degrees. */
  readonly latDeg: number;
  /** Longitude, EAST positive, degrees. */
  readonly lonDeg: number;
  readonly heightM: number;
  /** IANA zone, shown beside UTC only. */
  readonly timeZone: string;
}

export interface TelescopeDescription {
  readonly name: string;
  readonly apertureM: number;
  readonly focalLengthMm: number;
  /** No target below this altitude is observed. */
  readonly minAltDeg: number;
  /** No automatic pointing nearer to the Sun than this. */
  readonly minSunSeparationDeg: number;
  /** Limit on one slew, observatory seconds. */
  readonly slewLimitS: number;
  /** Position of best focus, focuser steps; left out when the focuser is not moved. */
  readonly focusSteps?: number;
  /** Dithers that may be asked for; none when left out. */
  readonly dither?: DitherLimits;
}

export interface DitherLimits {
  /** Largest step of a pattern, arcsec. */
  readonly maxStepArcsec: number;
  /** Time of one move and its settling, observatory seconds. */
  readonly overheadS: number;
}

export type DeviceType =
  | "telescope"
  | "dome"
  | "camera"
  | "filterwheel"
  | "focuser"
  | "covercalibrator"
  | "switch"
  | "safetymonitor"
  | "observingconditions";

export interface DeviceDescription {
  /** Id of the device in this observatory, e.g. `camera-vis`. */
  readonly id: string;
  readonly type: DeviceType;
  readonly name: string;
  /** Base address of its Alpaca server, e.g. `http://127.0.0.1:11111`. */
  readonly address: string;
  /** Alpaca device number on that server. */
  readonly number: number;
  /** Alpaca UniqueID: the device table is keyed by it. */
  readonly uniqueId: string;
  /** A blocking device that fails holds the observation; the others are noted and taken back later. */
  readonly blocking: boolean;
  /** Filter wheels only: id of the camera it sits on, or of the telescope: then all instruments look through it. */
  readonly boundTo?: string;
  /** What is tried when it fails, in this order; `defaultLadder` of domain/safety/recovery.ts when left out. */
  readonly recovery?: readonly RecoveryStep[];
  /** Of a switch: the channels that are alarms of the PLC. */
  readonly alarms?: readonly PlcAlarm[];
}

/** How a near-infrared detector is read while it exposes. */
export interface RampDescription {
  /** One of the camera's ReadoutModes, e.g. `UTR` (up the ramp), `Fowler-8`, `CDS`. */
  readonly mode: string;
  /** Non-destructive reads of one exposure. */
  readonly nreads: number;
  /** Resets before the first read. */
  readonly nresets: number;
  /** Groups into which the reads are averaged. */
  readonly groups: number;
}

export const RECOVERY_KINDS = ["retry", "reconnect", "power-cycle", "go-on-without", "call"] as const;
export type RecoveryKind = (typeof RECOVERY_KINDS)[number];

/** One rung of the ladder of a device that has failed. Times are wall time: they are for equipment and software. */
export interface RecoveryStep {
  /**
   * retry: look whether it answers. reconnect: disconnect and connect. power-cycle: its outlet off and on.
   * go-on-without: the night is told not to count on it. call: an alarm asks for a human.
   */
  readonly kind: RecoveryKind;
  /** How long it may take to answer after the step, wall seconds. */
  readonly limitS: number;
  /** Before the next step, wall seconds. */
  readonly pauseS: number;
  /** Of a power-cycle: the device id of the switch, the number of the outlet, and how long it stays off. */
  readonly switchId?: string;
  readonly switchNumber?: number;
  readonly offS?: number;
}

export const ALARM_LEVELS = ["CRITICAL", "HIGH", "LOW"] as const;
export type AlarmLevel = (typeof ALARM_LEVELS)[number];

/** One channel of a switch that is an alarm of the PLC: true means raised. */
export interface PlcAlarm {
  /** Stable name, e.g. `fire`. */
  readonly id: string;
  readonly number: number;
  readonly level: AlarmLevel;
  /** What it says, a sentence. */
  readonly text: string;
  /** What a person is to look at and to do. */
  readonly guidance: string;
}

export interface InstrumentDescription {
  /** e.g. `vis`. */
  readonly id: string;
  readonly name: string;
  /** Device id of its camera. */
  readonly cameraId: string;
  /** Filters that may be asked for, all of them in the wheel it looks through. Without a wheel there is exactly one. */
  readonly filters: readonly string[];
  /** Near-infrared detectors only: they are read many times up the ramp. */
  readonly ramp?: RampDescription;
  /** Cooler set point, Celsius. */
  readonly setPointC: number;
  /** Limit on read-out and download of one frame, observatory seconds. */
  readonly readoutLimitS: number;
  /** Configured overhead of a sequence with this instrument: slew, settle, read-outs, observatory seconds. */
  readonly overheadS: number;
  /** Time between two frames of one album (read-out and storing), observatory seconds. */
  readonly readoutS: number;
  /** Time of one change of filter, observatory seconds. */
  readonly filterChangeS: number;
  readonly gainEPerAdu: number;
  readonly readNoiseE: number;
  readonly saturationAdu: number;
  readonly minExposureS: number;
  readonly maxExposureS: number;
  /** Position angle of the detector's +Y axis, north through east, degrees. */
  readonly rotationDeg: number;
}

export interface WeatherLimits {
  readonly maxHumidityPct: number;
  readonly maxWindMS: number;
  readonly maxGustMS: number;
  readonly maxRainMmH: number;
  readonly maxCloudPct: number;
  /** Least distance of the temperature above the dew point, Celsius. */
  readonly minDewMarginC: number;
  /** Readings older than this (wall seconds) are unsafe. */
  readonly staleAfterWallS: number;
  /** A weather hold lifts after this long of uninterrupted safe readings, observatory minutes. */
  readonly safeForMin: number;
}

export interface NightRules {
  /** Start the night by itself. */
  readonly autoStart: boolean;
  /** A night may be prepared from this long before sunset, minutes. */
  readonly prepareBeforeSunsetMin: number;
  /** Observation begins and ends when the Sun's centre is at this altitude, degrees (-12: nautical twilight). */
  readonly observingSunAltDeg: number;
  /** The dome opens when the Sun is below this altitude, degrees. */
  readonly domeOpenSunAltDeg: number;
  /** Limit on opening or closing the dome, observatory seconds. */
  readonly domeLimitS: number;
  /** Limit on parking the telescope, observatory seconds. */
  readonly parkLimitS: number;
  /** Limit on cooling a camera to its set point, observatory seconds. */
  readonly coolLimitS: number;
  /** Limit on opening or closing the mirror cover, observatory seconds. */
  readonly coverLimitS: number;
  /** Limit on one motion of the focuser, observatory seconds. */
  readonly focusLimitS: number;
  /** Limit on one change of filter, observatory seconds. */
  readonly filterLimitS: number;
  /** Largest number of frames in one sequence attempt. */
  readonly maxFramesPerAttempt: number;
  /** Exposures are refused when less disk than this is free, MiB. */
  readonly minFreeDiskMiB: number;
}

/** Who is told what the observatory does. One without an address is not sent anything. */
export interface PartnerAddresses {
  /** Where the instrument control centre takes messages. */
  readonly ic?: string;
  /** Where the French Science Center takes messages. */
  readonly fsc?: string;
}

/** How calibrations are taken; what is not said has the default of domain/imaging/calibration/calibration-night. */
export interface CalibrationSection {
  readonly frames?: number;
  readonly flatLevel?: number;
  readonly lampPct?: number;
  readonly testFlatS?: number;
  readonly limitMin?: number;
  readonly holdLimitMin?: number;
  readonly maxAgeNights?: number;
}

export interface Observatory {
  readonly site: Site;
  readonly telescope: TelescopeDescription;
  readonly devices: readonly DeviceDescription[];
  readonly instruments: readonly InstrumentDescription[];
  readonly weather: WeatherLimits;
  readonly night: NightRules;
  readonly partners?: PartnerAddresses;
  readonly calibration?: CalibrationSection;
}

/** The device with that id. Throws when the observatory file has none: the file was validated, so this is a programmer's error. */
export function deviceOf(observatory: Observatory, deviceId: string): DeviceDescription {
  const device = observatory.devices.find((candidate) => candidate.id === deviceId);
  if (device === undefined) throw new Error(`observatory file has no device "${deviceId}"`);
  return device;
}

/** The only device of a type that an observatory has one of (telescope, dome, safetymonitor, observingconditions). */
export function soleDevice(observatory: Observatory, type: DeviceType): DeviceDescription {
  const device = observatory.devices.find((candidate) => candidate.type === type);
  if (device === undefined) throw new Error(`observatory file has no ${type}`);
  return device;
}

/** The instrument with that id. Throws when there is none. */
export function instrumentOf(observatory: Observatory, instrumentId: string): InstrumentDescription {
  const instrument = observatory.instruments.find((candidate) => candidate.id === instrumentId);
  if (instrument === undefined) throw new Error(`observatory file has no instrument "${instrumentId}"`);
  return instrument;
}

/** The device of a type that an observatory may do without (covercalibrator, focuser), or null. */
export function optionalDevice(observatory: Observatory, type: DeviceType): DeviceDescription | null {
  return observatory.devices.find((candidate) => candidate.type === type) ?? null;
}

/** Whether a filter wheel sits on the telescope, so that all instruments look through it. */
export function sitsOnTelescope(observatory: Observatory, wheel: DeviceDescription): boolean {
  return wheel.boundTo === soleDevice(observatory, "telescope").id;
}

/** Whether there is a filter wheel on the telescope: it turns once for all instruments, and while none exposes. */
export function sharesTelescopeWheel(observatory: Observatory): boolean {
  return observatory.devices.some(
    (device) => device.type === "filterwheel" && sitsOnTelescope(observatory, device),
  );
}

/** The filter wheel that an instrument looks through: on its own camera, or on the telescope; null without one. */
export function wheelBefore(
  observatory: Observatory,
  instrument: InstrumentDescription,
): DeviceDescription | null {
  return (
    observatory.devices.find(
      (device) =>
        device.type === "filterwheel" &&
        (device.boundTo === instrument.cameraId || sitsOnTelescope(observatory, device)),
    ) ?? null
  );
}

/** Whether an instrument's camera is blocking: without it nothing is observed. */
export function isBlocking(observatory: Observatory, instrument: InstrumentDescription): boolean {
  return deviceOf(observatory, instrument.cameraId).blocking;
}
