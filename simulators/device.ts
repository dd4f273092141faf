/** What the server expects of a simulated device, and what it gives to it. */
import type { COMMON_MEMBERS, MEMBERS } from "../protocol/members.ts";
import { ErrorNumber } from "../protocol/errors.ts";
import type { PixelImage } from "../protocol/image-bytes.ts";
import type {
  AlpacaDeviceType,
  Operation,
  Parameter,
  ParameterType,
  ValueOf,
  ValueType,
} from "../protocol/member-types.ts";
import type { FaultKind } from "./faults.ts";

/** A refusal the device understood: HTTP 200 with this error number. */
export class AlpacaError extends Error {
  readonly errorNumber: number;

  constructor(errorNumber: number, message: string) {
    super(message);
    this.name = "AlpacaError";
    this.errorNumber = errorNumber;
  }
}

export interface DeviceIdentity {
  /** Id in the observatory file, e.g. `camera-vis`; the log names devices by it. */
  readonly id: string;
  readonly type: AlpacaDeviceType;
  readonly number: number;
  readonly name: string;
  readonly uniqueId: string;
}

interface ParameterTypes {
  readonly string: string;
  readonly boolean: boolean;
  readonly int32: number;
  readonly double: number;
}
export type ParameterValue = ParameterTypes[ParameterType];

type ParametersOf<P extends readonly Parameter[]> = {
  readonly [K in P[number] as K["name"]]: ParameterTypes[K["type"]];
};

/** `imagearray` is answered in JSON or ImageBytes, so its handler gives the pixels. */
type Answer<V extends ValueType> = V extends "imageArray" ? PixelImage<Uint16Array> : ValueOf<V>;

type Handler<O> = O extends Operation
  ? (parameters: ParametersOf<O["parameters"]>) => O["value"] extends "none" ? void : Answer<O["value"]>
  : never;

type Tables = typeof MEMBERS;

/** One handler for every GET and PUT in the protocol's table of that type: a member forgotten does not compile. */
export type Handlers<T extends AlpacaDeviceType> = {
  readonly [M in Exclude<keyof Tables[T], keyof typeof COMMON_MEMBERS>]: {
    readonly [V in keyof Tables[T][M]]: Handler<Tables[T][M][V]>;
  };
};

/** Handlers as the server calls them: it has checked the parameters against the table. */
export type AnyHandlers = Readonly<
  Record<
    string,
    Readonly<
      Partial<Record<"get" | "put", (parameters: Readonly<Record<string, ParameterValue>>) => unknown>>
    >
  >
>;

/** An Action: text in, text out. */
export interface DeviceAction {
  readonly run: (parameters: string) => string | Promise<string>;
  /** Written to the command log; what only reads or repeats every few seconds is not. */
  readonly logged: boolean;
}

export interface Device {
  readonly identity: DeviceIdentity;
  readonly description: string;
  readonly handlers: AnyHandlers;
  readonly actions: Readonly<Record<string, DeviceAction>>;
  /** Members that answer while Connected is false, beside the common ones. */
  readonly worksDisconnected?: readonly string[];
  /** Operational properties for DeviceState; what is unknown is left out. */
  readonly state: () => Readonly<Record<string, string | number | boolean>>;
  /** Called about four times a second of wall time. */
  readonly tick?: (wallMs: number) => void;
  /** The outlet was switched off. */
  readonly powerLost?: () => void;
  readonly close?: () => void;
}

export interface DeviceContext {
  readonly identity: DeviceIdentity;
  /** Observatory time, Unix ms. */
  readonly nowMs: () => number;
  /** Time by which motions proceed: observatory time, standing still while the fault `stuck` is on. */
  readonly motionMs: () => number;
  /** Wall time at which the observatory clock shows that instant. */
  readonly wallMsOf: (observatoryMs: number) => number;
  readonly fault: () => FaultKind | undefined;
  /** State kept by a former process; undefined at the first start. */
  readonly restored: unknown;
  /** Keeps the state over a restart. */
  readonly save: (state: object) => void;
  /** Writes a motion the device began by itself to the command log. */
  readonly logOwn: (command: string, cause: "dead-man") => void;
}

/** A member that always answers the same. */
export function constant<T>(value: T): { readonly get: () => T } {
  return { get: () => value };
}

/** A member the device does not have, whatever it is asked for, and why. */
export function absent(
  member: string,
  why = "not implemented by this device",
): { readonly get: () => never; readonly put: () => never } {
  const refuse = (): never => {
    throw new AlpacaError(ErrorNumber.NotImplemented, `${member}: ${why}`);
  };
  return { get: refuse, put: refuse };
}

/** Parameters of an Action: a JSON object, or nothing. Throws InvalidValue otherwise. */
export function actionParameters(action: string, text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === "") return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new AlpacaError(
      ErrorNumber.InvalidValue,
      `${action}: Parameters must be a JSON object, got ${JSON.stringify(text)}`,
    );
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new AlpacaError(
      ErrorNumber.InvalidValue,
      `${action}: Parameters must be a JSON object, got ${JSON.stringify(text)}`,
    );
  }
  return parsed as Record<string, unknown>;
}

/** A number among the parameters of an Action. Throws InvalidValue when it is missing or outside [least, most]. */
export function actionNumber(
  action: string,
  parameters: Readonly<Record<string, unknown>>,
  name: string,
  least: number,
  most: number,
): number {
  const value = parameters[name];
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new AlpacaError(
      ErrorNumber.InvalidValue,
      `${action}: ${name} is ${JSON.stringify(value)}, must be a number from ${least} to ${most}`,
    );
  }
  return value;
}

/** Throws InvalidValue when a parameter lies outside [least, most]. */
export function requireWithin(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new AlpacaError(
    ErrorNumber.InvalidValue,
    `${name} is ${value}, must lie between ${least} and ${most}`,
  );
}
