import type { DeviceDescription, RecoveryKind, RecoveryStep } from "../observatory.ts";

/** What is tried when the observatory file says nothing of a device. */
export function defaultLadder({ blocking }: Pick<DeviceDescription, "blocking">): readonly RecoveryStep[] {
  return [
    { kind: "retry", limitS: 15, pauseS: 0 },
    { kind: "reconnect", limitS: 30, pauseS: 5 },
    { kind: blocking ? "call" : "go-on-without", limitS: 60, pauseS: 0 },
  ];
}

/** The ladder of a device: from the observatory file, else the default one. */
export function ladderOf(device: DeviceDescription): readonly RecoveryStep[] {
  return device.recovery ?? defaultLadder(device);
}

const DOING: Readonly<Record<RecoveryKind, string>> = {
  retry: "asked again",
  reconnect: "connected anew",
  "power-cycle": "switched off and on",
  "go-on-without": "left out until it answers",
  call: "a human is called; it is asked until it answers",
};

/** What a step does, as a phrase after the name of the device. */
export function doingOf(kind: RecoveryKind): string {
  return DOING[kind];
}

/** Of the steps up to and with `index`: whether one of that kind was reached. */
export function reached(ladder: readonly RecoveryStep[], index: number, kind: RecoveryKind): boolean {
  return ladder.slice(0, index + 1).some((step) => step.kind === kind);
}
