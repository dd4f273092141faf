import { motionLimitWallMs, type ClockFact } from "../clock.ts";
import type { AlarmLevel, DeviceDescription, Observatory } from "../observatory.ts";
import type { Healths } from "./device-health.ts";
import { closesDome, holdOf, type Hold } from "./holds.ts";
import { asSentence } from "./sentences.ts";
import type { WatchState } from "./watch-state.ts";

/**
 * Alarms: a person must do something, by a certain time, and the text says what. Everything else is a line of the journal
 * or a state. CRITICAL: hardware or people at risk, act in a minute. HIGH: the night is being lost, act in ten. LOW: by
 * morning. (Levels and their shares after ISA-18.2.)
 */
export interface RaisedAlarm {
  /** What is wrong, e.g. `device:camera-vis`. */
  readonly key: string;
  readonly level: AlarmLevel;
  readonly text: string;
  readonly guidance: string;
  /** Page that shows the thing itself. */
  readonly page: string;
  /** Key of the alarm that is the cause of this one, or null. */
  readonly hiddenBy: string | null;
}

/** Something that is so now; an alarm when it stays so for `onDelayWallMs`. */
export interface AlarmCause extends RaisedAlarm {
  readonly onDelayWallMs: number;
}

/** What alarms are judged by. */
export interface AlarmFacts {
  readonly observatory: Observatory;
  readonly clock: ClockFact;
  readonly watch: WatchState | null;
  readonly healths: Healths;
  readonly holds: readonly Hold[];
  readonly closedByHand: boolean;
  readonly nightOpen: boolean;
  /** The night is open and parks. */
  readonly nightParks: boolean;
  /** Sequences in a row that failed without a frame, and why the newest did; null when none did. */
  readonly failing: { readonly count: number; readonly why: string } | null;
  /** Date and outcome of a night that ended wrongly and was not opened again; null when there is none. */
  readonly wrongEnd: { readonly date: string; readonly outcome: string } | null;
}

/** Who is waited for before an alarm is raised: what goes by itself needs nobody. Wall ms. */
const BLOCKING_DOWN_WALL_MS = 20_000;
const OTHER_DOWN_WALL_MS = 60_000;
const SHORT_WALL_MS = 1_000;
/** One sequence may fail by itself; so many in a row do not. */
const FAILING_SEQUENCES = 3;
/** A cause that has gone for less than this has not gone, wall ms. */
export const OFF_DELAY_WALL_MS = 5_000;
/** A LOW alarm that was shorter than this leaves the list by itself, wall ms. */
const LOW_LATCHES_AFTER_WALL_MS = 60_000;

/** Whether an alarm stays on the list after its cause has gone, until somebody acknowledges it. */
export function latches(level: AlarmLevel, lastedWallMs: number): boolean {
  return level !== "LOW" || lastedWallMs >= LOW_LATCHES_AFTER_WALL_MS;
}

/** One row of the table of alarms: when it is so, and what is said of it. */
interface AlarmDefinition {
  readonly key: string;
  readonly level: AlarmLevel;
  readonly guidance: string;
  readonly page: string;
  readonly onDelayWallMs: (facts: AlarmFacts) => number;
  /** What is so now, a sentence; null when it is not. */
  readonly text: (facts: AlarmFacts) => string | null;
}

/** The alarms of the observatory as a whole. Those of devices and of the PLC are made from the observatory file. */
export const ALARMS: readonly AlarmDefinition[] = [
  {
    key: "dome-not-closed",
    level: "CRITICAL",
    guidance:
      "Look at the dome camera. Press Close dome again. When it does not move, call the site: the shutter can be closed by hand with the crank beside the door.",
    page: "/night",
    onDelayWallMs: ({ clock, observatory }) => motionLimitWallMs(clock, observatory.night.domeLimitS),
    text: whyNotClosed,
  },
  {
    key: "guard-silent",
    level: "CRITICAL",
    guidance:
      "The process `guard` does not run or hangs. Look at System, start it again (`vesper guard`), and keep the dome closed until it answers: nobody else closes it when Vesper hangs.",
    page: "/system",
    onDelayWallMs: () => 0,
    text: ({ watch }) => (watch?.guard.silent === true ? watch.guard.why : null),
  },
  {
    key: "watch-silent",
    level: "CRITICAL",
    guidance:
      "The worker `compute` does not run or hangs: nobody looks at the devices. Look at System and at its log. The guard closes by itself.",
    page: "/system",
    onDelayWallMs: () => 0,
    text: ({ holds }) => holds.find(({ kind, who }) => kind === "safety" && who === "watch")?.why ?? null,
  },
  {
    key: "dome-error",
    level: "HIGH",
    guidance:
      "The dome's controller reports an error of its shutter. Look at the dome camera and at the controller; clear its error there. Observing waits.",
    page: "/night",
    onDelayWallMs: () => 5_000,
    text: ({ watch }) => (watch?.dome.shutter === "Error" ? "The dome's shutter reports an error." : null),
  },
  {
    key: "guard-tripped",
    level: "HIGH",
    guidance:
      "The guard has closed the dome by itself. Read why; it lets go 5 min after its reason has gone. When nobody controlled the night, look whether the workers run.",
    page: "/night",
    onDelayWallMs: () => 0,
    text: ({ watch }) =>
      watch?.guard.tripped === true ? `The guard has closed the dome. ${watch.guard.why}` : null,
  },
  {
    key: "night-ended-wrongly",
    level: "HIGH",
    guidance:
      "Read the history of the night in the Temporal UI (link on Night). When you know why, press Start the night: it goes on where it stopped.",
    page: "/night",
    onDelayWallMs: () => 0,
    text: ({ wrongEnd }) =>
      wrongEnd === null
        ? null
        : `The night of ${wrongEnd.date} ended wrongly (${wrongEnd.outcome}) and is not open.`,
  },
  {
    key: "mount-astray",
    level: "CRITICAL",
    guidance:
      "Vesper has told the mount to stop tracking, and it tracks on. Press STOP on the Manual page, then Park. When it does not obey, call the site: the mount's drives have a switch.",
    page: "/manual",
    onDelayWallMs: () => 30_000,
    text: ({ watch, healths, observatory }) =>
      healths[idOf(observatory, "telescope")]?.state === "DISABLED" ? null : (watch?.telescope.stray ?? null),
  },
  {
    key: "mount-not-parked",
    level: "HIGH",
    guidance:
      "Press Park on the Manual page. When the mount does not park, look at its own display: a limit switch, a brake or an emergency stop. It must not stand unparked by day.",
    page: "/manual",
    onDelayWallMs: ({ clock, observatory }) => 2 * motionLimitWallMs(clock, observatory.night.parkLimitS),
    text: whyNotParked,
  },
  {
    key: "mount-clock",
    level: "LOW",
    guidance:
      "The mount points beside its targets by 15″ for each second. Set its clock, or look whether it reaches its time server.",
    page: "/devices",
    onDelayWallMs: () => 20_000,
    text: ({ watch }) => {
      const offS = watch?.telescope.clockOffS ?? 0;
      const words = `${Math.abs(offS).toFixed(1)} s ${offS > 0 ? "ahead" : "behind"}`;
      return offS === 0 ? null : `The mount's clock is ${words}; more than 1 s is an alarm.`;
    },
  },
  {
    key: "sequences-fail",
    level: "HIGH",
    guidance:
      "One and the same thing may spoil them all: read the reason, look at that device, and at the journal of the night. The night goes on trying, 2 min after each failure.",
    page: "/night",
    onDelayWallMs: () => 0,
    text: ({ failing }) =>
      failing !== null && failing.count >= FAILING_SEQUENCES
        ? `The last ${failing.count} sequences failed without a frame. ${asSentence(failing.why)}`
        : null,
  },
  {
    key: "disk-low",
    level: "HIGH",
    guidance:
      "Exposures are refused when the disk is full. Move old nights from VESPER_HOME/images to another disk, or free space on this one.",
    page: "/system",
    onDelayWallMs: () => 0,
    text: ({ watch, observatory }) =>
      watch?.disk.low === true
        ? `The disk has ${watch.disk.freeMiB ?? "?"} MiB left for images. Below ${observatory.night.minFreeDiskMiB} MiB nothing is exposed.`
        : null,
  },
];

/** Everything that is so now, causes and what they hide alike. */
export function alarmCauses(facts: AlarmFacts): AlarmCause[] {
  const own = ALARMS.flatMap(({ text, onDelayWallMs, ...row }) => {
    const words = text(facts);
    return words === null
      ? []
      : [{ ...row, text: words, onDelayWallMs: onDelayWallMs(facts), hiddenBy: null }];
  });
  const servers = silentServers(facts);
  return [...own, ...servers, ...deviceAlarms(facts, servers), ...plcAlarms(facts)];
}

/** Why the dome must be closed while it is not known to be, or null. */
function whyNotClosed({ watch, holds, closedByHand, nightOpen }: AlarmFacts): string | null {
  if (watch === null || watch.dome.shutter === "Closed") return null;
  const state = watch.dome.shutter === "Unknown" ? "does not say whether it is closed" : "is not closed";
  const why = [
    ...(watch.safety.safe ? [] : watch.safety.reasons),
    ...(watch.weather.safe ? [] : watch.weather.reasons),
  ];
  const closing = holds.find(({ kind }) => closesDome(kind));
  if (why.length > 0) return `The dome ${state} and it is unsafe: ${why.join(" ")}`;
  if (closing !== undefined)
    return `The dome ${state}, and the hold ${closing.kind} closes it: ${closing.why}`;
  if (closedByHand) return `The dome ${state}, though a person closed it.`;
  const maintained = holdOf(holds, "maintenance") !== undefined;
  return nightOpen || maintained ? null : `The dome ${state}, and no night is open.`;
}

/** Why the telescope should be parked while it is not, or null. One that is lost has an alarm of its own. */
function whyNotParked({
  observatory,
  watch,
  healths,
  holds,
  nightOpen,
  nightParks,
}: AlarmFacts): string | null {
  if (watch?.telescope.parked !== false || holdOf(holds, "maintenance") !== undefined) return null;
  if (healths[idOf(observatory, "telescope")]?.state === "DISABLED") return null;
  if (nightParks) return "The night ends, and the telescope does not park.";
  return nightOpen ? null : "The telescope is not parked, and no night is open.";
}

function idOf({ devices }: Observatory, type: DeviceDescription["type"]): string {
  return devices.find((device) => device.type === type)?.id ?? "";
}

/** Servers of which no device answers: one line instead of one for each device. */
function silentServers({ observatory, healths, holds }: AlarmFacts): AlarmCause[] {
  const byAddress = Map.groupBy(observatory.devices, ({ address }) => address);
  return [...byAddress].flatMap(([address, devices]) => {
    const down = devices.filter(({ id }) => healths[id]?.state === "DISABLED");
    if (devices.length < 2 || down.length < devices.length) return [];
    return [
      {
        key: serverKey(address),
        level: "HIGH" as const,
        text: `None of the ${devices.length} devices at ${address} answers.`,
        guidance:
          "Their Alpaca server or the line to it is down. Look whether the server's machine has power and network, and start its program again. Vesper takes the devices back by itself.",
        page: "/devices",
        onDelayWallMs: BLOCKING_DOWN_WALL_MS,
        hiddenBy: hiddenByMaintenance(holds),
      },
    ];
  });
}

function deviceAlarms(facts: AlarmFacts, servers: readonly AlarmCause[]): AlarmCause[] {
  const { observatory, healths, holds } = facts;
  return observatory.devices.flatMap((device) => {
    const health = healths[device.id];
    if (health?.state !== "DISABLED") return [];
    const server = servers.find(({ key }) => key === serverKey(device.address));
    const children = device.alarms?.length ?? 0;
    const needed = device.blocking || children > 0;
    const calls = health.recovery?.calls === true;
    return [
      {
        key: deviceKey(device.id),
        level: needed || calls ? ("HIGH" as const) : ("LOW" as const),
        text: deviceText(device, health.why, children),
        guidance: deviceGuidance(device, calls),
        page: `/devices/${device.id}`,
        onDelayWallMs: calls ? 0 : needed ? BLOCKING_DOWN_WALL_MS : OTHER_DOWN_WALL_MS,
        hiddenBy: server?.key ?? hiddenByMaintenance(holds),
      },
    ];
  });
}

function deviceText({ name, blocking }: DeviceDescription, why: string, children: number): string {
  const hides = children === 0 ? "" : ` Its ${children} alarms cannot be read (hides ${children}).`;
  const effect = blocking ? "Observing waits for it." : "Observing goes on without it.";
  return `${name} does not work. ${asSentence(why)} ${effect}${hides}`;
}

function deviceGuidance({ name }: DeviceDescription, calls: boolean): string {
  const tried = calls
    ? "All steps of its recovery were taken in vain."
    : "Its recovery is under way: wait for its last step before you do anything.";
  return `${tried} Look whether ${name} has power and its network cable, and at its own display or log. When it answers, Vesper sets it up, verifies it and goes on by itself.`;
}

/** Alarms of the PLC; of a switch that does not answer what it said last is not known to be so. */
function plcAlarms({ observatory, watch, healths }: AlarmFacts): AlarmCause[] {
  return observatory.devices.flatMap((device) =>
    (device.alarms ?? [])
      .filter(({ id }) => watch?.plcAlarms.includes(`${device.id}/${id}`) === true)
      .map(({ id, level, text, guidance }) => ({
        key: `plc:${device.id}/${id}`,
        level,
        text,
        guidance,
        page: `/devices/${device.id}`,
        onDelayWallMs: SHORT_WALL_MS,
        hiddenBy: healths[device.id]?.state === "DISABLED" ? deviceKey(device.id) : null,
      })),
  );
}

/** People at work on the telescope take devices off the line. */
function hiddenByMaintenance(holds: readonly Hold[]): string | null {
  return holdOf(holds, "maintenance") === undefined ? null : "maintenance";
}

function deviceKey(deviceId: string): string {
  return `device:${deviceId}`;
}

function serverKey(address: string): string {
  return `server:${address}`;
}

/* ---- Delays ------------------------------------------------------------------------------------------------ */

/** What is kept from one look to the next: carried over continue-as-new. */
export interface AlarmBook {
  /** Since when each cause has been so, wall ms. */
  readonly since: Readonly<Record<string, number>>;
  /** Since when the cause of each raised alarm has been gone, wall ms. */
  readonly goneSince: Readonly<Record<string, number>>;
  readonly raised: Readonly<Record<string, RaisedAlarm>>;
}

export const NO_ALARMS: AlarmBook = { since: {}, goneSince: {}, raised: {} };

export interface AlarmStep {
  readonly book: AlarmBook;
  /** Something people see is different: the table has to be brought up to date. */
  readonly changed: boolean;
  /** When to look again though nothing happens, wall ms; null: when something happens. */
  readonly nextWallMs: number | null;
}

/** The book after a look: causes become alarms after their on-delay, alarms end after the off-delay. */
export function alarmsAfter(before: AlarmBook, causes: readonly AlarmCause[], wallMs: number): AlarmStep {
  const since: Record<string, number> = {};
  const goneSince: Record<string, number> = {};
  const raised: Record<string, RaisedAlarm> = {};
  const dueWallMs: number[] = [];
  for (const { onDelayWallMs, ...alarm } of causes) {
    const { key } = alarm;
    const sinceWallMs = before.since[key] ?? wallMs;
    since[key] = sinceWallMs;
    if (before.raised[key] !== undefined || wallMs >= sinceWallMs + onDelayWallMs) raised[key] = alarm;
    else dueWallMs.push(sinceWallMs + onDelayWallMs);
  }
  for (const [key, alarm] of Object.entries(before.raised)) {
    if (since[key] !== undefined) continue;
    const gone = before.goneSince[key] ?? wallMs;
    if (wallMs >= gone + OFF_DELAY_WALL_MS) continue;
    goneSince[key] = gone;
    raised[key] = alarm;
    // It goes on as the same one when its cause comes back.
    since[key] = before.since[key] ?? wallMs;
    dueWallMs.push(gone + OFF_DELAY_WALL_MS);
  }
  return {
    book: { since, goneSince, raised },
    changed: JSON.stringify(shown(raised)) !== JSON.stringify(shown(before.raised)),
    nextWallMs: dueWallMs.length === 0 ? null : Math.min(...dueWallMs),
  };
}

/** Without the texts, whose numbers move. */
function shown(raised: AlarmBook["raised"]): readonly string[] {
  return Object.values(raised)
    .map(({ key, level, hiddenBy }) => `${key} ${level} ${hiddenBy ?? ""}`)
    .sort();
}
