/** Puts a device on the wire: connection, common members, faults, command log. */
import { performance } from "node:perf_hooks";
import { PLATFORM_7_INTERFACE_VERSION, TIME_STAMP } from "../protocol/device-state.ts";
import { ErrorNumber } from "../protocol/errors.ts";
import type { COMMON_MEMBERS } from "../protocol/members.ts";
import type { CommandLog } from "./command-log.ts";
import { clientName } from "./command-log.ts";
import { AlpacaError, actionNumber, actionParameters } from "./device.ts";
import type { Device, DeviceAction, ParameterValue } from "./device.ts";
import { FAULT_KINDS } from "./faults.ts";
import type { FaultKind, FaultState } from "./faults.ts";

export const DRIVER_VERSION = "0.1";

export interface HostedDevice {
  readonly device: Device;
  readonly fault: FaultState;
  readonly connected: () => boolean;
  /** Answers one member; throws AlpacaError. `parameters` were checked against the protocol's table. */
  readonly answer: (
    verb: "get" | "put",
    member: string,
    parameters: Readonly<Record<string, ParameterValue>>,
    clientId: number,
  ) => unknown;
  /** Runs an Action; throws AlpacaError. */
  readonly act: (name: string, text: string, clientId: number) => Promise<string>;
  /** False while its outlet is off: it does not answer at all. */
  readonly powered: () => boolean;
}

export interface HostOptions {
  readonly log: CommandLog;
  readonly nowMs: () => number;
  readonly powered: () => boolean;
}

/** Wall time that Connect takes. */
const CONNECT_WALL_MS = 100;

/** Hosts a device whose fault state the device itself reads too. */
export function hostDevice(
  device: Device,
  fault: FaultState,
  connection: Connection,
  options: HostOptions,
): HostedDevice {
  const { identity } = device;
  const record = (
    command: string,
    parameters: Readonly<Record<string, ParameterValue>>,
    clientId: number,
  ): void =>
    options.log.append({
      wallMs: Date.now(),
      observatoryMs: options.nowMs(),
      device: identity.id,
      command,
      parameters,
      clientId,
      client: clientName(clientId),
      cause: "command",
    });

  const simulatorActions: Readonly<Record<string, DeviceAction>> = {
    "sim:fault": {
      logged: true,
      run: (text) => {
        const parameters = actionParameters("sim:fault", text);
        const kind = parameters["kind"];
        if (!FAULT_KINDS.includes(kind as FaultKind)) {
          throw new AlpacaError(
            ErrorNumber.InvalidValue,
            `sim:fault: kind is ${JSON.stringify(kind)}, must be one of ${FAULT_KINDS.join(", ")}`,
          );
        }
        const seconds =
          parameters["seconds"] === undefined
            ? undefined
            : actionNumber("sim:fault", parameters, "seconds", 0, 1e6);
        fault.set(kind as FaultKind, seconds);
        return JSON.stringify({ kind, seconds });
      },
    },
    "sim:clear": {
      logged: true,
      run: () => {
        fault.clear();
        return "{}";
      },
    },
    "sim:log": {
      logged: false,
      run: (text) => {
        const parameters = actionParameters("sim:log", text);
        const sinceWallMs =
          parameters["sinceWallMs"] === undefined
            ? 0
            : actionNumber("sim:log", parameters, "sinceWallMs", 0, Number.MAX_SAFE_INTEGER);
        return JSON.stringify(
          options.log.since(sinceWallMs, parameters["all"] === true ? undefined : identity.id),
        );
      },
    },
  };
  const actions = { ...device.actions, ...simulatorActions };

  const notImplemented = (): never => {
    throw new AlpacaError(ErrorNumber.NotImplemented, "raw commands are deprecated and not implemented");
  };
  const common: Readonly<
    Record<
      keyof typeof COMMON_MEMBERS,
      Partial<Record<"get" | "put", (parameters: Readonly<Record<string, ParameterValue>>) => unknown>>
    >
  > = {
    action: { put: notImplemented },
    commandblind: { put: notImplemented },
    commandbool: { put: notImplemented },
    commandstring: { put: notImplemented },
    connect: { put: connection.begin },
    connected: {
      get: connection.connected,
      put: ({ Connected }) => connection.set(Connected === true),
    },
    connecting: { get: connection.connecting },
    description: { get: () => device.description },
    devicestate: { get: () => stateEntries() },
    disconnect: { put: () => connection.set(false) },
    driverinfo: { get: () => "Vesper simulators, an ASCOM Alpaca server for tests and demonstrations" },
    driverversion: { get: () => DRIVER_VERSION },
    interfaceversion: { get: () => PLATFORM_7_INTERFACE_VERSION[identity.type] },
    name: { get: () => identity.name },
    supportedactions: { get: () => Object.keys(actions) },
  };
  const stateEntries = (): { Name: string; Value: string | number | boolean }[] => [
    ...Object.entries(device.state()).map(([Name, Value]) => ({ Name, Value })),
    { Name: TIME_STAMP, Value: new Date(options.nowMs()).toISOString() },
  ];

  return {
    device,
    fault,
    connected: connection.connected,
    answer: (verb, member, parameters, clientId) => {
      if (fault.current() === "error") {
        throw new AlpacaError(
          ErrorNumber.DriverBase,
          "the device's controller reports a failure (simulated)",
        );
      }
      const isCommon = Object.hasOwn(common, member);
      // DeviceState never fails for values that are unknown, but a device that is not connected has none to give.
      const needsConnection = member === "devicestate" || !isCommon;
      if (needsConnection && !connection.connected() && device.worksDisconnected?.includes(member) !== true) {
        throw new AlpacaError(ErrorNumber.NotConnected, `${identity.name} is not connected`);
      }
      const operations = isCommon ? common[member as keyof typeof COMMON_MEMBERS] : device.handlers[member];
      const run = operations?.[verb];
      if (run === undefined) throw new Error(`no handler for ${verb} ${identity.type}/${member}`);
      const value = run(parameters);
      if (verb === "put") record(member, parameters, clientId);
      return value;
    },
    powered: options.powered,
    act: async (name, text, clientId) => {
      const action = Object.entries(actions).find(([known]) => known.toLowerCase() === name.toLowerCase());
      if (fault.current() === "error" && !name.toLowerCase().startsWith("sim:")) {
        throw new AlpacaError(
          ErrorNumber.DriverBase,
          "the device's controller reports a failure (simulated)",
        );
      }
      if (action === undefined) {
        throw new AlpacaError(
          ErrorNumber.ActionNotImplemented,
          `Action ${JSON.stringify(name)} is not among ${Object.keys(actions).join(", ")}`,
        );
      }
      const result = await action[1].run(text);
      if (action[1].logged) record(action[0], { Parameters: text }, clientId);
      return result;
    },
  };
}

export interface Connection {
  readonly connected: () => boolean;
  readonly connecting: () => boolean;
  readonly set: (connected: boolean) => void;
  /** Connects without keeping the caller waiting. */
  readonly begin: () => void;
}

/** Connection of one device, shared by all clients as the protocol has it. */
export function createConnection(): Connection {
  let connected = false;
  let readyAt: number | undefined;
  const settle = (): void => {
    if (readyAt === undefined || performance.now() < readyAt) return;
    readyAt = undefined;
    connected = true;
  };
  return {
    connected: () => {
      settle();
      return connected;
    },
    connecting: () => {
      settle();
      return readyAt !== undefined;
    },
    set: (next) => {
      readyAt = undefined;
      connected = next;
    },
    begin: () => {
      settle();
      if (!connected) readyAt ??= performance.now() + CONNECT_WALL_MS;
    },
  };
}
