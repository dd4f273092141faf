/** Alarms of the PLC: raised by a cause, latched until reset when their kind says so. */

export interface AlarmDescription {
  /** Stable: alarms are known by it, not by their switch number. */
  readonly name: string;
  readonly text: string;
  readonly severity: "critical" | "warning";
  /** Stays after its cause is gone, until reset. */
  readonly latching: boolean;
}

export const ALARMS: readonly AlarmDescription[] = [
  {
    name: "emergency-stop",
    text: "An emergency stop button is pressed",
    severity: "critical",
    latching: true,
  },
  {
    name: "dome-hydraulics",
    text: "Pressure of the dome's hydraulics is low",
    severity: "critical",
    latching: false,
  },
  { name: "door-open", text: "The dome's door is open", severity: "critical", latching: false },
  { name: "fire", text: "Smoke in the cabinet room", severity: "critical", latching: true },
  { name: "mains-lost", text: "The site runs on its batteries", severity: "warning", latching: false },
  { name: "chiller", text: "The cameras' coolant is warm", severity: "warning", latching: true },
];

export interface AlarmStatus extends AlarmDescription {
  readonly active: boolean;
  /** Observatory time since which it is active; null when it is not. */
  readonly sinceMs: number | null;
  /** The cause is still there: a reset would not clear it. */
  readonly cause: boolean;
}

export interface PlcAlarms {
  readonly list: () => readonly AlarmStatus[];
  /** Raises or removes the cause of an alarm; false when no alarm has that name. */
  readonly setCause: (name: string, present: boolean) => boolean;
  /** Clears latched alarms whose cause is gone. */
  readonly reset: () => void;
}

interface AlarmsState {
  readonly causes: readonly string[];
  readonly activeSince: readonly (readonly [string, number])[];
}

/** The alarms on observatory time. `restored` is what `save` was last given. */
export function createPlcAlarms(
  nowMs: () => number,
  restored: unknown,
  save: (state: object) => void,
): PlcAlarms {
  const former = restored as AlarmsState | undefined;
  const causes = new Set<string>(former?.causes);
  const activeSince = new Map<string, number>(former?.activeSince);
  const keep = (): void => save({ causes: [...causes], activeSince: [...activeSince] } satisfies AlarmsState);
  return {
    list: () =>
      ALARMS.map((alarm) => ({
        ...alarm,
        active: activeSince.has(alarm.name),
        sinceMs: activeSince.get(alarm.name) ?? null,
        cause: causes.has(alarm.name),
      })),
    setCause: (name, present) => {
      const alarm = ALARMS.find((candidate) => candidate.name === name);
      if (alarm === undefined) return false;
      if (present) {
        causes.add(name);
        if (!activeSince.has(name)) activeSince.set(name, nowMs());
      } else {
        causes.delete(name);
        if (!alarm.latching) activeSince.delete(name);
      }
      keep();
      return true;
    },
    reset: () => {
      for (const name of activeSince.keys()) {
        if (!causes.has(name)) activeSince.delete(name);
      }
      keep();
    },
  };
}
