import { ENDS_SIMULATORS, type Evidence, type ExposureRow, type Violation } from "../evidence.ts";

/** Read-out of the slowest camera and what is between a shutter's end and its row, observatory seconds. */
const READOUT_S = 30;
/** Software may be this late in wall time when it writes down what happened. */
const SLACK_WALL_S = 5;
const LEAST_STORED = 0.9;

export interface FrameCounts {
  /** Distinct (plan, n) whose shutter opened, and all of the sequences that are executed. */
  readonly due: number;
  readonly stored: number;
  /** Attempts that ended without an image though their shutter had opened, by what stopped them. */
  readonly lostBy: Readonly<Record<string, number>>;
  /** Attempts that were refused or given up before their shutter opened. */
  readonly notOpened: number;
}

/** Each planned frame has at most one stored image, each stored row its whole file, and an executed sequence has all. */
export function storedOnce(evidence: Evidence): Violation[] {
  const { exposures, images, plans, sequences, orphanFiles } = evidence;
  const found: Violation[] = [];
  const say = (words: string): void => void found.push({ invariant: "each frame is stored once", words });
  const imagesOf = countBy(images, (image) => image.exposureId);
  for (const exposure of exposures) {
    const have = imagesOf.get(exposure.id) ?? 0;
    if (exposure.state === "stored" && have !== 1) say(`${exposure.id} is stored and has ${have} images`);
    if (exposure.state !== "stored" && have > 0)
      say(`${exposure.id} is ${exposure.state} and has ${have} images`);
    if (["planned", "starting", "exposing", "read"].includes(exposure.state)) {
      say(`${exposure.id} is left ${exposure.state}: nobody brings it to its end`);
    }
  }
  const stored = countBy(
    exposures.filter((exposure) => exposure.state === "stored"),
    frameOf,
  );
  for (const [frame, times] of stored) if (times > 1) say(`${frame} is stored ${times} times`);
  const known = new Set(exposures.map((exposure) => exposure.id));
  for (const image of images) {
    if (!known.has(image.exposureId)) say(`image ${image.id} belongs to no exposure`);
    if (!image.fileIsWhole)
      say(`the file of image ${image.id} is missing or not what was stored: ${image.path}`);
  }
  for (const file of orphanFiles) say(`${file} belongs to no image`);
  const executed = new Set(sequences.filter(({ status }) => status === "executed").map(({ id }) => id));
  for (const plan of plans.filter(({ sequenceId }) => executed.has(sequenceId))) {
    for (let n = 1; n <= plan.count; n += 1) {
      if (!stored.has(`${plan.id}/${n}`))
        say(`${plan.sequenceId} is executed and ${plan.id}/${n} is not stored`);
    }
  }
  return found;
}

/**
 * A frame whose shutter had opened is without its image only when something stopped it that ends the light: the devices
 * went away, a hold, an alert that took the telescope, the end of the night.
 */
export function lossesAreExplained(evidence: Evidence): Violation[] {
  return lostFrames(evidence)
    .filter((exposure) => causeOf(evidence, exposure) === null)
    .map((exposure) => {
      const near = killsDuring(evidence, exposure).map(({ part }) => part);
      return {
        invariant: "no frame is lost by a kill of software",
        words: `${exposure.id} (${exposure.cameraId}) is ${exposure.state} (${exposure.reason ?? "no reason"}); killed meanwhile: ${near.length === 0 ? "nothing" : near.join(", ")}`,
      };
    });
}

/** At least 90 % of the frames due are stored. */
export function enoughStored(evidence: Evidence): Violation[] {
  const { due, stored } = frameCounts(evidence);
  if (due > 0 && stored / due >= LEAST_STORED) return [];
  return [
    {
      invariant: "at least 90 % of the frames due are stored",
      words: `${stored} of ${due} frames are stored`,
    },
  ];
}

/** Counts for the table. */
export function frameCounts(evidence: Evidence): FrameCounts {
  const { exposures, plans, sequences } = evidence;
  const opened = exposures.filter(({ startMs }) => startMs !== null);
  const due = new Set(opened.map(frameOf));
  const executed = new Set(sequences.filter(({ status }) => status === "executed").map(({ id }) => id));
  for (const plan of plans.filter(({ sequenceId }) => executed.has(sequenceId))) {
    for (let n = 1; n <= plan.count; n += 1) due.add(`${plan.id}/${n}`);
  }
  const stored = new Set(exposures.filter(({ state }) => state === "stored").map(frameOf));
  const lostBy = countBy(lostFrames(evidence), (exposure) => causeOf(evidence, exposure) ?? "unexplained");
  return {
    due: due.size,
    stored: stored.size,
    lostBy: Object.fromEntries(lostBy),
    notOpened: exposures.filter(({ state, startMs }) => startMs === null && state !== "stored").length,
  };
}

function lostFrames({ exposures }: Evidence): ExposureRow[] {
  return exposures.filter(
    ({ state, startMs }) => (state === "lost" || state === "aborted") && startMs !== null,
  );
}

/** What ended the light of a frame, or null. */
function causeOf(evidence: Evidence, exposure: ExposureRow): string | null {
  const [fromMs, untilMs] = whileExposed(evidence, exposure);
  const during = (ms: number): boolean => ms >= fromMs && ms <= untilMs;
  const kill = killsDuring(evidence, exposure).find(({ kind }) => ENDS_SIMULATORS.includes(kind));
  if (kill !== undefined) return `killed ${kill.kind}`;
  const hold = evidence.holds.find(({ sinceMs }) => during(sinceMs));
  if (hold !== undefined) return `${hold.kind} hold`;
  // Without an order to a camera the light ended by itself.
  const aborted = evidence.commands.some(
    ({ device, command, observatoryMs }) =>
      device === exposure.cameraId && command === "abortexposure" && during(observatoryMs),
  );
  if (!aborted) return null;
  const reason = exposure.reason ?? "";
  const alertSlew = evidence.bursts.some(({ raDeg, decDeg }) =>
    evidence.commands.some(
      ({ command, parameters, observatoryMs }) =>
        command === "slewtocoordinatesasync" &&
        Math.abs(Number(parameters["RightAscension"]) * 15 - raDeg) < 0.01 &&
        Math.abs(Number(parameters["Declination"]) - decDeg) < 0.01 &&
        during(observatoryMs),
    ),
  );
  if (alertSlew) return "an alert";
  const closed = evidence.commands.some(
    ({ command, observatoryMs }) => command === "closeshutter" && during(observatoryMs),
  );
  if (closed) return "the dome closed";
  return /withdrawn|night ends/.test(reason) ? "given up on purpose" : null;
}

function killsDuring(evidence: Evidence, exposure: ExposureRow): Evidence["kills"] {
  const [fromMs, untilMs] = whileExposed(evidence, exposure);
  return evidence.kills.filter(({ observatoryMs }) => observatoryMs >= fromMs && observatoryMs <= untilMs);
}

/** From the opening of the shutter to the latest instant at which its image is still in the camera, observatory ms. */
function whileExposed({ rate }: Evidence, exposure: ExposureRow): readonly [number, number] {
  const startMs = exposure.startMs ?? exposure.intendedStartMs;
  const slackMs = SLACK_WALL_S * 1_000 * rate;
  return [startMs - slackMs, startMs + (exposure.exposureS + READOUT_S) * 1_000 + slackMs];
}

function frameOf({ planId, n }: { readonly planId: string; readonly n: number }): string {
  return `${planId}/${n}`;
}

/** How many there are of each name. */
export function countBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(nameOf(item), (counts.get(nameOf(item)) ?? 0) + 1);
  return counts;
}
