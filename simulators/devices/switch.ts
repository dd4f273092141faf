/**
 * The PLC's channels: alarms to read, outlets of the devices to switch, lights, reset. Channels are known by their
 * names; their numbers follow the list of devices.
 */
import { ErrorNumber } from "../../protocol/errors.ts";
import { AlpacaError, actionParameters, requireWithin } from "../device.ts";
import type { AnyHandlers, Device, DeviceContext, Handlers } from "../device.ts";
import { ALARMS } from "./plc-alarms.ts";
import type { PlcAlarms } from "./plc-alarms.ts";

export interface SwitchOptions {
  readonly alarms: PlcAlarms;
  /** Devices with an outlet of their own. The dome has none: its controller closes on batteries. */
  readonly outlets: readonly { readonly deviceId: string; readonly name: string }[];
  readonly power: {
    readonly isOn: (deviceId: string) => boolean;
    readonly set: (deviceId: string, on: boolean) => void;
  };
}

interface Channel {
  readonly name: string;
  readonly description: string;
  readonly max: number;
  readonly step: number;
  readonly read: () => number;
  /** Absent: read-only. */
  readonly write?: (value: number) => void;
}

/** An asynchronous change takes this long, observatory ms. */
const ASYNC_MS = 2_000;

/** The Switch; Actions `alarms:list`, and `sim:alarm {name, on}` to raise or remove a cause. */
export function createSwitch(context: DeviceContext, options: SwitchOptions): Device {
  const { alarms, power } = options;
  let lights = 0;
  const channels: readonly Channel[] = [
    ...ALARMS.map((alarm): Channel => ({
      name: `alarm:${alarm.name}`,
      description: JSON.stringify({ text: alarm.text, severity: alarm.severity, latching: alarm.latching }),
      max: 1,
      step: 1,
      read: () => (alarms.list().some(({ name, active }) => name === alarm.name && active) ? 1 : 0),
    })),
    {
      name: "reset:alarms",
      description: "Write true to reset latched alarms whose cause is gone",
      max: 1,
      step: 1,
      read: () => 0,
      write: (value) => {
        if (value >= 0.5) alarms.reset();
      },
    },
    {
      name: "lights",
      description: "Dome lights, per cent",
      max: 100,
      step: 1,
      read: () => lights,
      write: (value) => {
        lights = value;
      },
    },
    ...options.outlets.map(({ deviceId, name }): Channel => ({
      name: `power:${deviceId}`,
      description: `Outlet of ${name}`,
      max: 1,
      step: 1,
      read: () => (power.isOn(deviceId) ? 1 : 0),
      write: (value) => power.set(deviceId, value >= 0.5),
    })),
  ];

  const pending = new Map<number, { readonly dueMs: number; readonly value: number }>();
  /** Changes that were called off; `told`: StateChangeComplete has said so once, as ISwitchV3 wants it. */
  const cancelled = new Map<number, { readonly told: boolean }>();
  const settle = (): void => {
    for (const [id, { dueMs, value }] of pending) {
      if (context.motionMs() < dueMs) continue;
      pending.delete(id);
      channels[id]?.write?.(value);
    }
  };
  const channel = (id: number): Channel => {
    settle();
    const found = channels[id];
    if (found !== undefined) return found;
    throw new AlpacaError(
      ErrorNumber.InvalidValue,
      `Id is ${id}, must lie between 0 and ${channels.length - 1}`,
    );
  };
  const writable = (id: number): Channel & Required<Pick<Channel, "write">> => {
    const found = channel(id);
    if (found.write !== undefined) return { ...found, write: found.write };
    throw new AlpacaError(ErrorNumber.NotImplemented, `switch ${id} (${found.name}) is read-only`);
  };
  /** The value in steps of the channel. */
  const taken = ({ max, step }: Channel, value: number): number => {
    requireWithin("Value", value, 0, max);
    return Math.round(value / step) * step;
  };
  const set = (id: number, value: number): void => {
    const found = writable(id);
    const next = taken(found, value);
    // A relay that is stuck takes the order and stays where it is.
    if (context.fault() !== "stuck") found.write(next);
    pending.delete(id);
    cancelled.delete(id);
  };
  const begin = (id: number, value: number): void => {
    const found = writable(id);
    pending.set(id, { dueMs: context.motionMs() + ASYNC_MS, value: taken(found, value) });
    cancelled.delete(id);
  };
  const cancel = (id: number): void => {
    writable(id);
    if (pending.delete(id)) cancelled.set(id, { told: false });
  };
  /** A change that was called off is never complete; the first question about it is answered with an error. */
  const complete = (id: number): boolean => {
    writable(id);
    if (cancelled.get(id)?.told === false) {
      cancelled.set(id, { told: true });
      throw new AlpacaError(ErrorNumber.OperationCancelled, `the change of switch ${id} was cancelled`);
    }
    return isComplete(id);
  };
  const isComplete = (id: number): boolean => !pending.has(id) && !cancelled.has(id);

  const handlers: Handlers<"switch"> = {
    canasync: { get: ({ Id }) => channel(Id).write !== undefined },
    cancelasync: { put: ({ Id }) => cancel(Id) },
    canwrite: { get: ({ Id }) => channel(Id).write !== undefined },
    getswitch: { get: ({ Id }) => channel(Id).read() > 0 },
    getswitchdescription: { get: ({ Id }) => channel(Id).description },
    getswitchname: { get: ({ Id }) => channel(Id).name },
    getswitchvalue: { get: ({ Id }) => channel(Id).read() },
    maxswitch: { get: () => channels.length },
    maxswitchvalue: { get: ({ Id }) => channel(Id).max },
    minswitchvalue: {
      get: ({ Id }) => {
        channel(Id);
        return 0;
      },
    },
    setasync: { put: ({ Id, State }) => begin(Id, State ? channel(Id).max : 0) },
    setasyncvalue: { put: ({ Id, Value }) => begin(Id, Value) },
    setswitch: { put: ({ Id, State }) => set(Id, State ? channel(Id).max : 0) },
    setswitchname: {
      put: ({ Id }) => {
        channel(Id);
        throw new AlpacaError(ErrorNumber.NotImplemented, "SetSwitchName: names are wired into the PLC");
      },
    },
    setswitchvalue: { put: ({ Id, Value }) => set(Id, Value) },
    statechangecomplete: { get: ({ Id }) => complete(Id) },
    switchstep: { get: ({ Id }) => channel(Id).step },
  };

  return {
    identity: context.identity,
    description: "Simulated PLC: alarms, outlets, lights",
    handlers: handlers as unknown as AnyHandlers,
    actions: {
      "alarms:list": { logged: false, run: () => JSON.stringify(alarms.list()) },
      "sim:alarm": {
        logged: true,
        run: (text) => {
          const { name, on } = actionParameters("sim:alarm", text);
          if (typeof on !== "boolean") {
            throw new AlpacaError(
              ErrorNumber.InvalidValue,
              `sim:alarm: on is ${JSON.stringify(on)}, must be true or false`,
            );
          }
          if (typeof name !== "string" || !alarms.setCause(name, on)) {
            throw new AlpacaError(
              ErrorNumber.InvalidValue,
              `sim:alarm: name is ${JSON.stringify(name)}, must be one of ${ALARMS.map((alarm) => alarm.name).join(", ")}`,
            );
          }
          return JSON.stringify({ name, on });
        },
      },
    },
    state: () => {
      settle();
      return Object.fromEntries(
        channels.flatMap(({ read, write }, id) => [
          [`GetSwitch${id}`, read() > 0],
          [`GetSwitchValue${id}`, read()],
          ...(write === undefined ? [] : [[`StateChangeComplete${id}`, isComplete(id)]]),
        ]),
      );
    },
    tick: settle,
  };
}
