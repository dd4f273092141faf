import { sunAltDeg } from "../../../domain/astronomy/sun-moon.ts";
import type { CommandEntry } from "../../../simulators/command-log.ts";
import type { Evidence, Violation } from "../evidence.ts";

/** The Sun's altitude is computed twice, and a frame may begin within this of the limit, degrees. */
const SUN_TOLERANCE_DEG = 0.1;
/** A pointing of a frame may be this far from its target: dithers and the centring of the mount, degrees. */
const TARGET_TOLERANCE_DEG = 0.05;
/** A hold stops an exposure within this, wall seconds. */
const ABORT_LIMIT_WALL_S = 2;
/** The dome is ordered closed within this of the rain while the devices run, wall seconds: the guard's loop of 5 s twice, and its calls. */
const CLOSE_LIMIT_WALL_S = 20;
/** A row says when its shutter opened; the order for it is at most this far, observatory ms. */
const SAME_START_MS = 1_500;

/** No light is taken with the dome closed or the Sun up. */
export function darkAndOpen(evidence: Evidence): Violation[] {
  const found: Violation[] = [];
  for (const start of skyExposures(evidence.commands)) {
    const last = lastBefore(evidence.commands, start, isDomeOrder);
    if (last?.command !== "openshutter") {
      found.push({
        invariant: "no exposure with the dome closed",
        words: `${start.device} began at ${utc(start)} after the dome was told ${last?.command ?? "nothing"}`,
      });
    }
    const altDeg = sunAltDeg(evidence.site, start.observatoryMs);
    if (altDeg > evidence.observingSunAltDeg + SUN_TOLERANCE_DEG) {
      found.push({
        invariant: "no exposure with the Sun up",
        words: `${start.device} began at ${utc(start)} with the Sun at ${altDeg.toFixed(1)} deg`,
      });
    }
  }
  return found;
}

/** No frame is stored whose light was taken while the dome closed, but for the seconds that an abort takes. */
export function storedUnderOpenDome(evidence: Evidence): Violation[] {
  const stored = evidence.exposures.filter(({ state, startMs }) => state === "stored" && startMs !== null);
  return stored.flatMap(({ id, startMs, exposureS }) => {
    const untilMs = (startMs ?? 0) + exposureS * 1_000 - ABORT_LIMIT_WALL_S * 1_000 * evidence.rate;
    const closing = evidence.commands.find(
      ({ command, observatoryMs }) =>
        command === "closeshutter" && observatoryMs > (startMs ?? 0) && observatoryMs < untilMs,
    );
    return closing === undefined
      ? []
      : [
          {
            invariant: "no exposure with the dome closed",
            words: `${id} is stored, and the dome closed at ${utc(closing)} in it`,
          },
        ];
  });
}

/** Each exposure of a row was begun after a slew to its own target, and its image was taken there. */
export function onTarget(evidence: Evidence): Violation[] {
  const found: Violation[] = [];
  const say = (words: string): void => void found.push({ invariant: "no exposure off target", words });
  const starts = skyExposures(evidence.commands);
  for (const { id, cameraId, startMs, raDeg, decDeg } of evidence.exposures) {
    if (startMs === null) continue;
    const start = starts.find(
      ({ device, observatoryMs }) => device === cameraId && Math.abs(observatoryMs - startMs) < SAME_START_MS,
    );
    if (start === undefined) {
      say(
        `${id} says that it began at ${new Date(startMs).toISOString()}, and ${cameraId} was not told to then`,
      );
      continue;
    }
    const slew = lastBefore(evidence.commands, start, ({ command }) => command === "slewtocoordinatesasync");
    const offDeg =
      slew === undefined
        ? Number.POSITIVE_INFINITY
        : separationDeg(
            Number(slew.parameters["RightAscension"]) * 15,
            Number(slew.parameters["Declination"]),
            raDeg,
            decDeg,
          );
    if (offDeg > TARGET_TOLERANCE_DEG) say(`${id} began ${offDeg.toFixed(3)} deg from its target`);
  }
  const exposures = new Map(evidence.exposures.map((exposure) => [exposure.id, exposure]));
  for (const image of evidence.images) {
    const exposure = exposures.get(image.exposureId);
    if (exposure === undefined) continue;
    const offDeg = separationDeg(image.raDeg, image.decDeg, exposure.raDeg, exposure.decDeg);
    if (offDeg > TARGET_TOLERANCE_DEG)
      say(`image ${image.id} was taken ${offDeg.toFixed(3)} deg from its target`);
  }
  return found;
}

/** In rain the dome is closed in time and stays closed, whatever was killed; time without devices does not count. */
export function closedInRain(evidence: Evidence): Violation[] {
  const found: Violation[] = [];
  const say = (words: string): void =>
    void found.push({ invariant: "the dome is closed when it is unsafe", words });
  const orders = evidence.commands.filter(isDomeOrder);
  for (const { fromWallMs, untilWallMs } of evidence.rains) {
    const before = orders.findLast(({ wallMs }) => wallMs <= fromWallMs);
    const limitMs = after(evidence, fromWallMs, CLOSE_LIMIT_WALL_S * 1_000);
    const within = orders.filter(({ wallMs }) => wallMs > fromWallMs && wallMs <= limitMs);
    const open = before?.command === "openshutter" || within.some(({ command }) => command === "openshutter");
    const closed = within.some(({ command }) => command === "closeshutter");
    if (open && !closed && limitMs < untilWallMs) {
      say(
        `it rained from ${wall(fromWallMs)} and within ${CLOSE_LIMIT_WALL_S} s with devices nobody closed the dome`,
      );
    }
    const opened = orders.find(
      ({ command, wallMs }) =>
        command === "openshutter" && wallMs > fromWallMs + 5_000 && wallMs < untilWallMs,
    );
    if (opened !== undefined)
      say(`it rained from ${wall(fromWallMs)} and the dome was opened at ${wall(opened.wallMs)}`);
  }
  if (!evidence.atEnd.domeClosed) say("the dome is not closed after the night");
  if (!evidence.atEnd.parked) say("the telescope is not parked after the night");
  return found;
}

/** The instant at which `ms` have passed since `fromWallMs` in which there were devices. */
function after({ simulatorGaps }: Evidence, fromWallMs: number, ms: number): number {
  let untilMs = fromWallMs + ms;
  for (const gap of simulatorGaps) {
    if (gap.untilWallMs <= fromWallMs || gap.fromWallMs >= untilMs) continue;
    untilMs += gap.untilWallMs - Math.max(gap.fromWallMs, fromWallMs);
  }
  return untilMs;
}

/** Orders to begin an exposure of the sky: with light, and not under a closed cover. */
function skyExposures(commands: readonly CommandEntry[]): CommandEntry[] {
  return commands.filter((entry) => {
    if (entry.command !== "startexposure") return false;
    if (String(entry.parameters["Light"]).toLowerCase() !== "true") return false;
    const cover = lastBefore(
      commands,
      entry,
      ({ command }) => command === "closecover" || command === "opencover",
    );
    return cover?.command !== "closecover";
  });
}

function isDomeOrder({ device, command }: CommandEntry): boolean {
  return device === "dome" && (command === "openshutter" || command === "closeshutter");
}

function lastBefore(
  commands: readonly CommandEntry[],
  { wallMs }: CommandEntry,
  wanted: (entry: CommandEntry) => boolean,
): CommandEntry | undefined {
  return commands.findLast((entry) => entry.wallMs <= wallMs && wanted(entry));
}

function separationDeg(ra1: number, dec1: number, ra2: number, dec2: number): number {
  const deg = Math.PI / 180;
  const sinHalfDec = Math.sin(((dec2 - dec1) * deg) / 2);
  const sinHalfRa = Math.sin(((ra2 - ra1) * deg) / 2);
  const h = sinHalfDec ** 2 + Math.cos(dec1 * deg) * Math.cos(dec2 * deg) * sinHalfRa ** 2;
  return (2 * Math.asin(Math.min(1, Math.sqrt(h)))) / deg;
}

function utc({ observatoryMs }: CommandEntry): string {
  return new Date(observatoryMs).toISOString();
}

function wall(ms: number): string {
  return new Date(ms).toISOString();
}
