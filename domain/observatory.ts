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
}

export interface InstrumentDescription {
  /** e.g. `vis`. */
  readonly id: string;
  readonly name: string;
  /** Device id of its camera. */
  readonly cameraId: string;
  /** Device id of its filter wheel, if it has one. Instruments that name the same wheel share it: it sits on the telescope. */
  readonly wheelId?: string;
  /** Filters that may be asked for. Without a wheel there is exactly one. */
  readonly filters: readonly string[];
  /** Cooler set point, Celsius. */
  readonly setPointC: number;
  /** Limit on read-out and download of one frame, observatory seconds. */
  readonly readoutLimitS: number;
  /** Configured overhead of a sequence with this instrument: slew, settle, read-outs, observatory seconds. */
  readonly overheadS: number;
  /** Time between two frames of one album (read-out and storing), observatory seconds. */
  readonly readoutS: number;
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

export interface Observatory {
  readonly site: Site;
  readonly telescope: TelescopeDescription;
  readonly devices: readonly DeviceDescription[];
  readonly instruments: readonly InstrumentDescription[];
  readonly weather: WeatherLimits;
  readonly night: NightRules;
  readonly partners?: PartnerAddresses;
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
