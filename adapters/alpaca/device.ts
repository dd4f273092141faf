import { DEVICE_STATE, TIME_STAMP } from "../../protocol/device-state.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import { MEMBERS } from "../../protocol/members.ts";
import type {
  AlpacaDeviceType,
  Member,
  Operation,
  ParameterType,
  ValueOf,
  ValueType,
} from "../../protocol/member-types.ts";
import { AlpacaError, BadAnswer, DeviceTimeout } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

type Members<T extends AlpacaDeviceType> = (typeof MEMBERS)[T];

type WireTypes = {
  readonly string: string;
  readonly boolean: boolean;
  readonly int32: number;
  readonly double: number;
};

type ParametersOf<O extends Operation> = {
  readonly [P in O["parameters"][number] as P["name"]]: WireTypes[P["type"] & ParameterType];
};

type OperationOf<T extends AlpacaDeviceType, M extends keyof Members<T>, V extends "get" | "put"> =
  Members<T>[M] extends Readonly<Record<V, infer O extends Operation>> ? O : never;

/** Names of the members of a type that can be read. */
export type ReadMember<T extends AlpacaDeviceType> = {
  [M in keyof Members<T>]: Members<T>[M] extends { readonly get: Operation } ? M : never;
}[keyof Members<T>] &
  string;

/** Names of the members of a type that can be written or commanded. */
export type WriteMember<T extends AlpacaDeviceType> = {
  [M in keyof Members<T>]: Members<T>[M] extends { readonly put: Operation } ? M : never;
}[keyof Members<T>] &
  string;

/** All operational properties of a device at one moment: Platform 7's DeviceState, by name. */
export interface DeviceState {
  number(name: string): number | null;
  boolean(name: string): boolean | null;
  /** Device time of the state, Unix ms, when the device says it. */
  readonly timeStampMs: number | null;
}

/** One Alpaca device, typed by the member table of its type. */
export interface AlpacaDevice<T extends AlpacaDeviceType> {
  readonly address: DeviceAddress;
  get<M extends ReadMember<T>>(
    member: M,
    parameters: ParametersOf<OperationOf<T, M, "get">>,
    options?: CallOptions,
  ): Promise<ValueOf<OperationOf<T, M, "get">["value"]>>;
  put<M extends WriteMember<T>>(
    member: M,
    parameters: ParametersOf<OperationOf<T, M, "put">>,
    options?: CallOptions,
  ): Promise<ValueOf<OperationOf<T, M, "put">["value"]>>;
  /** DeviceState in one call; member by member from a device older than Platform 7. */
  state(options?: CallOptions): Promise<DeviceState>;
  /** Connects and waits for it, at most 10 s. Does nothing when connected. */
  connect(options?: CallOptions): Promise<void>;
  /** Gives the connection up, for every client of the device. */
  disconnect(options?: CallOptions): Promise<void>;
}

/** One property of a device older than Platform 7: its value, or null and why it has none. */
interface PropertyRead {
  readonly Name: string;
  readonly Value: unknown;
  readonly failure?: AlpacaError;
}

const CONNECT_LIMIT_MS = 10_000;
const CONNECT_POLL_MS = 100;

/**
 * A device of type `T`. A call that the device refuses with NotConnected is repeated once after connecting: it was
 * not carried out, and a device that was switched off and on again must not stay lost.
 */
export function createAlpacaDevice<T extends AlpacaDeviceType>(
  transport: AlpacaTransport,
  type: T,
  address: DeviceAddress,
): AlpacaDevice<T> {
  const table: Readonly<Record<string, Member>> = MEMBERS[type];
  let hasDeviceState = true;

  async function read(member: string, parameters: object, options?: CallOptions): Promise<unknown> {
    const value = await transport.get(address, member, { ...parameters }, options);
    return checkedValue(address.name, `GET ${member}`, table[member]?.get?.value ?? "none", value);
  }

  async function write(member: string, parameters: object, options?: CallOptions): Promise<unknown> {
    const value = await transport.put(address, member, { ...parameters }, options);
    return checkedValue(address.name, `PUT ${member}`, table[member]?.put?.value ?? "none", value);
  }

  async function connect(options?: CallOptions): Promise<void> {
    if ((await read("connected", {}, options)) === true) return;
    try {
      await write("connect", {}, options);
    } catch (error) {
      // Older than Platform 7: no Connect method, the property does it, and answers when it is done.
      if (!isMissingMember(error)) throw error;
      await write("connected", { Connected: true }, { limitMs: CONNECT_LIMIT_MS, ...options });
      return;
    }
    for (let waitedMs = 0; (await read("connecting", {}, options)) === true; waitedMs += CONNECT_POLL_MS) {
      if (waitedMs >= CONNECT_LIMIT_MS) {
        throw new DeviceTimeout(address.name, address.address, "PUT connect", CONNECT_LIMIT_MS);
      }
      await new Promise((resolve) => setTimeout(resolve, CONNECT_POLL_MS));
    }
  }

  async function disconnect(options?: CallOptions): Promise<void> {
    try {
      await write("disconnect", {}, options);
    } catch (error) {
      if (!isMissingMember(error)) throw error;
      await write("connected", { Connected: false }, options);
    }
  }

  async function connected<R>(call: () => Promise<R>, options?: CallOptions): Promise<R> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof AlpacaError) || error.errorNumber !== ErrorNumber.NotConnected) throw error;
      await connect(options);
      return call();
    }
  }

  async function readState(options?: CallOptions): Promise<DeviceState> {
    if (hasDeviceState) {
      try {
        return deviceState(await read("devicestate", {}, options));
      } catch (error) {
        if (!isMissingMember(error)) throw error;
        hasDeviceState = false;
      }
    }
    const entries = await Promise.all(DEVICE_STATE[type].map((name) => entryOf(name, options)));
    // One sensor may be broken; a device of which every property fails does not work.
    const failures = entries.flatMap(({ failure }) => failure ?? []);
    if (failures.length > 0 && !entries.some(({ Value }) => Value !== null)) throw failures[0];
    return deviceState(entries);
  }

  async function entryOf(name: string, options?: CallOptions): Promise<PropertyRead> {
    try {
      return { Name: name, Value: await read(name.toLowerCase(), {}, options) };
    } catch (error) {
      // A property that this device does not have, or that has no value yet, is left out, as DeviceState does.
      if (isMissingMember(error)) return { Name: name, Value: null };
      if (error instanceof AlpacaError && !isNotConnected(error)) {
        return { Name: name, Value: null, failure: error };
      }
      throw error;
    }
  }

  return {
    address,
    get: (member, parameters, options) =>
      connected(() => read(member, parameters, options), options) as never,
    put: (member, parameters, options) =>
      connected(() => write(member, parameters, options), options) as never,
    state: (options) => connected(() => readState(options), options),
    connect,
    disconnect,
  };
}

function isNotConnected(error: AlpacaError): boolean {
  return error.errorNumber === ErrorNumber.NotConnected;
}

/** Whether the device says that it has no such member: NotImplemented, or HTTP 4xx for an unknown path. */
export function isMissingMember(error: unknown): boolean {
  if (error instanceof AlpacaError) return error.errorNumber === ErrorNumber.NotImplemented;
  return error instanceof BadAnswer && error.status >= 400 && error.status < 500;
}

/** Whether the device says that it has no such Action, or no Actions at all. */
export function isMissingAction(error: unknown): boolean {
  if (error instanceof AlpacaError && error.errorNumber === ErrorNumber.ActionNotImplemented) return true;
  return isMissingMember(error);
}

function deviceState(value: unknown): DeviceState {
  const values = new Map<string, unknown>();
  for (const entry of Array.isArray(value) ? (value as unknown[]) : []) {
    if (typeof entry !== "object" || entry === null) continue;
    const name = fieldOf(entry, "Name");
    // Names are compared without case: devices differ ("CCDTemperature", "CcdTemperature").
    if (typeof name === "string") values.set(name.toLowerCase(), fieldOf(entry, "Value"));
  }
  const stamp = values.get(TIME_STAMP.toLowerCase());
  return {
    number: (name) => finiteOrNull(values.get(name.toLowerCase())),
    boolean: (name) => {
      const found = values.get(name.toLowerCase());
      return typeof found === "boolean" ? found : null;
    },
    timeStampMs: typeof stamp === "string" ? utcMs(stamp) : null,
  };
}

function finiteOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Unix ms of Alpaca's date texts: ISO 8601 in UTC, with or without `Z`. Null when it is no date. */
export function utcMs(text: string): number | null {
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(ms) ? null : ms;
}

/** The value, when it is of the type that the member table promises; else BadAnswer. */
function checkedValue(device: string, call: string, type: ValueType, value: unknown): unknown {
  if (type === "none") return undefined;
  if (!matches(type, value)) {
    const shown = JSON.stringify(value) ?? "missing";
    throw new BadAnswer(device, call, `Value is ${shown.slice(0, 80)}, must be of type ${type}`);
  }
  return value;
}

function matches(type: ValueType, value: unknown): boolean {
  switch (type) {
    case "string":
    case "boolean":
      return typeof value === type;
    case "int32":
      return typeof value === "number" && Number.isInteger(value);
    case "double":
      return typeof value === "number" && Number.isFinite(value);
    case "string[]":
      return Array.isArray(value) && value.every((each) => typeof each === "string");
    case "int32[]":
    case "driveRates":
      return Array.isArray(value) && value.every(Number.isInteger);
    default:
      return Array.isArray(value);
  }
}
