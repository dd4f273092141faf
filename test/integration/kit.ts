import { readFileSync } from "node:fs";
import path from "node:path";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { projectFolder } from "../../adapters/config/read-settings.ts";
import { visiblePlace, type Place } from "../../api/routes/alerts/placement.ts";
import { retime } from "../../domain/alerts/typical.ts";
import type { CommandEntry } from "../../simulators/command-log.ts";
import { wrap360 } from "../../domain/units.ts";
import { closeAlertSignal, withdrawAlertSignal } from "../../workflows/messages.ts";
import { alertWorkflowId, observatoryWorkflowId } from "../../workflows/names.ts";
import type { Observed } from "../support/observed.ts";
import { waitFor, type Stack } from "../support/stack.ts";

/** Observatory seconds per second in these tests. */
export const RATE = 60;
/** How long the software may take for what takes a quiet machine a second or two; the machine of the tests may be busy. */
export const PATIENCE_MS = 60_000;

export const observatory = loadObservatory(path.join(projectFolder, "observatories", "colibri.json"), {});

/** A stack that is started before the tests run. */
export type TheStack = () => Stack;

/** Measured figures, printed when the tests are over. */
export const measured: string[] = [];

export function note(what: string, ms: number): void {
  measured.push(`${what}: ${(ms / 1_000).toFixed(2)} s`);
}

/** A real packet of the fixtures. */
export function fixture(name: string): string {
  return readFileSync(path.join(projectFolder, "test", "fixtures", "voevents", name), "utf8");
}

export const SWIFT_BURST = "876016-BAT_GRB_POS.xml";
export const SWIFT_LOST_LOCK = "1209406-BAT_GRB_POS-lost_lock.xml";
export const SWIFT_KNOWN_SOURCE = "bat_known_source__SWIFT_BAT_GRB_Pos_597320-238.xml";

export async function skyNowMs(stack: Observed): Promise<number> {
  const { status, body } = await stack.api("/api/clock");
  if (status !== 200) throw new Error(`the clock answered ${status} ${JSON.stringify(body)}`);
  return Date.parse(body.now);
}

export interface Burst {
  readonly xml: string;
  readonly key: string;
  readonly place: Place;
}

let packets = 0;

export interface BurstOptions {
  /** Name of the real packet it is made from. */
  readonly packet?: string;
  /** Trigger time, observatory ms; 30 s ago when absent. */
  readonly t0Ms?: number;
  readonly place?: Place;
}

/** A real Swift packet moved to now and, unless told where, to a place that is up and that no burst has had yet. */
export async function burst(stack: Observed, triggerId: string, options: BurstOptions = {}): Promise<Burst> {
  const nowMs = await skyNowMs(stack);
  const { packet = SWIFT_BURST, t0Ms = nowMs - 30_000, place = freshPlace(nowMs) } = options;
  packets += 1;
  // The ivorn is made from the notice's time: no two may share it.
  const noticeMs = nowMs + packets;
  const xml = retime(fixture(packet), t0Ms, noticeMs, place.raDeg, place.decDeg, triggerId);
  return { xml, key: `swift-sim-${triggerId}`, place };
}

const GRID = 7;
const BASE_VALID_MS = 30 * 60_000;
let base: { readonly place: Place; readonly atMs: number } | null = null;

/** A place that is up, a degree from those before: bursts of one place would be joined into one event. */
function freshPlace(nowMs: number): Place {
  if (base === null || nowMs - base.atMs > BASE_VALID_MS) {
    base = { place: visiblePlace(observatory, nowMs, 0.5), atMs: nowMs };
  }
  const east = (packets % GRID) - 3;
  const north = (Math.floor(packets / GRID) % GRID) - 3;
  return { raDeg: wrap360(base.place.raDeg + east), decDeg: base.place.decDeg + north };
}

/** What GET /api/observatory says. */
export async function state(stack: Observed): Promise<any> {
  return (await stack.api("/api/observatory")).body;
}

/** Waits for a frame of a routine sequence to be exposing, asked of the camera itself. */
export function routineFrame(stack: Observed, limitMs = 2 * PATIENCE_MS): Promise<any> {
  return waitFor(
    "a routine frame is exposing",
    limitMs,
    async () => {
      const now = await state(stack);
      if (now.phase !== "observing" || now.executing?.alertKey !== null) return null;
      return (await stack.device("camera", "camerastate")) === CAMERA_EXPOSING ? now.executing : null;
    },
    () => state(stack),
  );
}

export const CAMERA_IDLE = 0;
export const CAMERA_EXPOSING = 2;
export const SHUTTER_OPEN = 0;
export const SHUTTER_CLOSED = 1;
export const SHUTTER_CLOSING = 3;

/** Slews that were begun towards a place, from the log of the mount. */
export function slewsTo(stack: Observed, { raDeg, decDeg }: Place, sinceWallMs = 0): CommandEntry[] {
  return stack
    .commands(sinceWallMs)
    .filter(
      ({ command, parameters }) =>
        command === "slewtocoordinatesasync" &&
        Math.abs(Number(parameters["RightAscension"]) * 15 - raDeg) < 0.01 &&
        Math.abs(Number(parameters["Declination"]) - decDeg) < 0.01,
    );
}

/** Orders to close the dome, whoever gave them. */
export function closings(stack: Observed, sinceWallMs: number): CommandEntry[] {
  return stack
    .commands(sinceWallMs)
    .filter(({ device, command }) => device === "dome" && command === "closeshutter");
}

/** Waits for the holds to be exactly these kinds. */
export function holdsAre(stack: Observed, kinds: readonly string[], limitMs = PATIENCE_MS): Promise<any> {
  return waitFor(
    `the holds are [${kinds.join()}]`,
    limitMs,
    async () => {
      const now = await state(stack);
      const present = now.holds.map(({ kind }: { kind: string }) => kind).sort();
      return present.join() === [...kinds].sort().join() ? now : null;
    },
    async () => (await state(stack)).holds,
  );
}

/** Waits for the shutter to be in a state, asked of the dome itself. */
export function shutterIs(stack: Observed, wanted: number, limitMs = PATIENCE_MS): Promise<true> {
  return waitFor(
    `the shutter is ${wanted}`,
    limitMs,
    async () => (await stack.device("dome", "shutterstatus")) === wanted,
    async () => ({ dome: await stack.device("dome", "shutterstatus"), now: await state(stack) }),
  );
}

/** Waits for an alert to satisfy `accept`. */
export function alertWhere(
  stack: Observed,
  key: string,
  what: string,
  accept: (alert: any) => boolean,
  limitMs = PATIENCE_MS,
): Promise<any> {
  const read = async () => {
    const { status, body } = await stack.api(`/api/alerts/${key}`);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  };
  return waitFor(
    `alert ${key} ${what}`,
    limitMs,
    async () => {
      const alert = await read();
      return accept(alert) ? alert : null;
    },
    async () => {
      const { status, reason, stages, images } = await read();
      return { status, reason, stages, images: images?.length };
    },
  );
}

/** Takes the telescope away from an alert and closes it, so that the routine goes on. */
export async function letGo(stack: Observed, key: string): Promise<void> {
  const { workflow } = stack.temporal.client;
  const site = observatory.site.id;
  const reason = "the test has seen enough";
  await workflow
    .getHandle(observatoryWorkflowId(site))
    .signal(withdrawAlertSignal, { alertKey: key, reason });
  await workflow.getHandle(alertWorkflowId(site, key)).signal(closeAlertSignal, { by: "the test", reason });
}
