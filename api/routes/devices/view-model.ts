import type { DeviceRecord } from "../../../db/entities/device.ts";
import type { DeviceCommandRecord } from "../../../db/entities/device-command.ts";
import type { DeviceStatusRecord } from "../../../db/entities/device-status.ts";
import type { Observatory } from "../../../domain/observatory.ts";
import { SPAN_WORDS, SPANS, type Span } from "../../charts/spans.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Situation, SituationDevice } from "../../situation/situation.ts";
import { deviceMark, type Mark } from "../../situation/tone.ts";
import { count, NONE, number } from "../../words/numbers.ts";
import { clockTime, dateTime, duration } from "../../words/time.ts";
import type { Pager } from "../lists.ts";
import { labelOf, quantitiesOf } from "./quantities.ts";
import { deviceWords } from "./words.ts";

const WORST_FIRST: readonly SituationDevice["state"][] = ["DISABLED", "DEGRADED", "UNKNOWN", "UP"];

export function deviceHref(deviceId: string): string {
  return `/devices/${encodeURIComponent(deviceId)}`;
}

/** All devices, worst first: which is down, does it block, is it real. */
export function devicesModel(
  situation: Situation,
  rows: readonly DeviceRecord[],
  nowWallMs: number,
): PageModel {
  const down = situation.devices.filter(({ state }) => state !== "UP");
  const blocking = down.filter((device) => device.blocking);
  return {
    title: "Devices",
    sentence:
      down.length === 0
        ? `All ${count(situation.devices.length, "device")} are up.`
        : `${count(down.length, "device")} of ${situation.devices.length} not up${blocking.length === 0 ? ", none of them blocks observing" : `; ${blocking.map(({ name }) => name).join(", ")} block${blocking.length === 1 ? "s" : ""} observing`}.`,
    topics: ["devices"],
    stale: situation.stale === null ? "" : `Last known state. ${situation.stale.why}`,
    devices: situation.devices
      .toSorted((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state))
      .map((device) => {
        const row = rows.find(({ deviceId }) => deviceId === device.id);
        return {
          href: deviceHref(device.id),
          name: device.name,
          type: typeWords(device.type),
          mark: deviceMark(device.state),
          blocking: device.blocking,
          simulated: isSimulated(row),
          words: mainWords(device, row),
          since: row === undefined ? NONE : duration(nowWallMs - row.sinceWallMs),
          age: row === undefined ? "never" : `${duration(nowWallMs - row.seenWallMs)} ago`,
          recovery: recoveryWords(device),
        };
      }),
  };
}

function mainWords(device: SituationDevice, row: DeviceRecord | undefined): string {
  if (device.state !== "UP" || row === undefined) return device.words;
  return deviceWords(device.type, row.values);
}

function recoveryWords({ recovery }: SituationDevice): string {
  if (recovery === null) return "";
  const next = recovery.nextWallMs === null ? "" : `, next at ${clockTime(recovery.nextWallMs)} real time`;
  return `${recovery.step} of ${recovery.steps}: ${recovery.doing}${next}`;
}

/** A simulator says so itself. */
export function isSimulated(row: DeviceRecord | undefined): boolean {
  const { driverInfo, name } = row?.versions ?? {};
  return /simulat/i.test(`${driverInfo ?? ""} ${name ?? ""}`);
}

const TYPES: Readonly<Record<string, string>> = {
  telescope: "telescope mount",
  dome: "dome",
  camera: "camera",
  filterwheel: "filter wheel",
  focuser: "focuser",
  covercalibrator: "cover and lamp",
  switch: "PLC switches",
  safetymonitor: "interlock",
  observingconditions: "weather station",
};

function typeWords(type: string): string {
  return TYPES[type] ?? type;
}

export interface DeviceFacts {
  readonly device: SituationDevice;
  readonly row: DeviceRecord | undefined;
  readonly observatory: Observatory;
  readonly span: Span;
  readonly changes: readonly DeviceStatusRecord[];
  readonly commands: readonly DeviceCommandRecord[];
  readonly commandsPager: Pager;
  readonly nowWallMs: number;
}

/** One device: state, values, history, commands, versions. */
export function deviceModel(facts: DeviceFacts): PageModel {
  const { device, row, observatory, span, changes, nowWallMs } = facts;
  const described = observatory.devices.find(({ id }) => id === device.id);
  return {
    title: device.name,
    sentence: `${device.state}: ${mainWords(device, row)}.`.replace("..", "."),
    topics: ["devices"],
    device: {
      id: device.id,
      type: typeWords(device.type),
      mark: deviceMark(device.state),
      blocking: device.blocking,
      simulated: isSimulated(row),
      recovery: recoveryWords(device),
      trouble: device.state === "UP" ? "" : device.words,
      since: row === undefined ? NONE : `${dateTime(row.sinceWallMs)} UTC, real time`,
      age: row === undefined ? "never" : `${duration(nowWallMs - row.seenWallMs)} ago, real`,
      address: `${described?.address ?? NONE}, number ${described?.number ?? NONE}`,
      uniqueId: described?.uniqueId ?? NONE,
      isWeather: device.type === "observingconditions",
    },
    values: Object.entries(row?.values ?? {}).map(([key, value]) => ({
      name: labelOf(key),
      value: valueWords(value),
    })),
    spans: SPANS.map((each) => ({
      label: SPAN_WORDS[each],
      href: `${deviceHref(device.id)}?span=${each}`,
      current: each === span,
    })),
    charts: quantitiesOf(device.type).map(({ key, name, unit }) => ({
      address: `${deviceHref(device.id)}/history.svg?value=${key}&span=${span}`,
      words: `${name}${unit === "" ? "" : ` in ${unit}`}, ${SPAN_WORDS[span]}; dotted lines mark changes of state.`,
    })),
    changes: changes.map((change) => ({
      at: dateTime(change.atMs),
      mark: deviceMark(change.state),
      words: deviceWords(device.type, change.values),
    })),
    commands: facts.commands.map((command) => ({
      at: dateTime(command.atMs),
      command: command.command,
      who: command.who,
      why: command.why,
      mark: COMMAND_MARKS[command.outcome],
      detail: command.detail,
      took: `${number(command.tookS, 1)} s`,
    })),
    pager: facts.commandsPager,
    versions: versionsOf(row),
  };
}

const COMMAND_MARKS: Readonly<Record<DeviceCommandRecord["outcome"], Mark>> = {
  done: { tone: "ok", word: "done" },
  failed: { tone: "alarm", word: "FAILED" },
  stopped: { tone: "warning", word: "stopped" },
};

function versionsOf(row: DeviceRecord | undefined) {
  const { name, driverInfo, driverVersion, interfaceVersion } = row?.versions ?? {};
  return [
    { name: "Name by its driver", value: name ?? NONE },
    { name: "Driver", value: driverInfo ?? NONE },
    { name: "Driver version", value: driverVersion ?? NONE },
    {
      name: "Alpaca interface",
      value: interfaceVersion === undefined || interfaceVersion === null ? NONE : String(interfaceVersion),
    },
  ];
}

function valueWords(value: unknown): string {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return Number.isInteger(value) ? number(value) : number(value, 3);
  return typeof value === "string" ? value : JSON.stringify(value);
}
