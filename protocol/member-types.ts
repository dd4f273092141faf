/** The words in which `members.ts` (generated) describes the Alpaca device API. */

export type AlpacaDeviceType =
  | "camera"
  | "covercalibrator"
  | "dome"
  | "filterwheel"
  | "focuser"
  | "observingconditions"
  | "rotator"
  | "safetymonitor"
  | "switch"
  | "telescope";

/** How one parameter is written on the wire: decimal point only, booleans true/false in any casing. */
export type ParameterType = "string" | "boolean" | "int32" | "double";

export interface Parameter {
  /** Exact casing for PUT bodies; GET queries are case-insensitive. */
  readonly name: string;
  readonly type: ParameterType;
}

/** What `Value` of the answer is; `none`: the answer carries no `Value`. */
export type ValueType =
  | "none"
  | "string"
  | "boolean"
  | "int32"
  | "double"
  | "string[]"
  | "int32[]"
  | "deviceState"
  | "imageArray"
  | "axisRates"
  | "driveRates";

export interface Operation {
  readonly parameters: readonly Parameter[];
  readonly value: ValueType;
}

/** One member of a device: the last element of its URL, and what GET and PUT on it take and answer. */
export interface Member {
  readonly get?: Operation;
  readonly put?: Operation;
}

export type MemberTable = Readonly<Record<string, Member>>;

/** One entry of DeviceState. */
export interface DeviceStateEntry {
  readonly Name: string;
  readonly Value: string | number | boolean;
}

export interface AxisRate {
  readonly Minimum: number;
  readonly Maximum: number;
}

/** Pixels as JSON carries them: outer index X, inner index Y, for colour a third one for the plane. */
export type ImageArrayValue = readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[];

interface ValueTypes {
  readonly none: undefined;
  readonly string: string;
  readonly boolean: boolean;
  readonly int32: number;
  readonly double: number;
  readonly "string[]": readonly string[];
  readonly "int32[]": readonly number[];
  readonly deviceState: readonly DeviceStateEntry[];
  readonly imageArray: ImageArrayValue;
  readonly axisRates: readonly AxisRate[];
  readonly driveRates: readonly number[];
}

/** The TypeScript type of a value type. */
export type ValueOf<T extends ValueType> = ValueTypes[T];
