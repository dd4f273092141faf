import { flatExposureS, type PlannedGroup } from "../../domain/imaging/calibration/calibration-night.ts";
import { instrumentOf, sitsOnTelescope, wheelBefore } from "../../domain/observatory.ts";
import { failureSentence } from "../failure-words.ts";
import { taskQueues } from "../names.ts";
import { coverClosingActivities, lampActivities, wheelActivities } from "../proxies.ts";
import { takeFrame } from "./frame.ts";
import { groupKey, TakingEnds, type RunningCalibration } from "./state.ts";

/** A lamp that saturates its test frame gets so many shorter ones. */
const TESTS = 3;
/** Of saturation: more cannot be told from saturated. */
const TOO_BRIGHT = 0.9;

/**
 * Takes all frames: cover closed, bias and darks of all cameras at once, then flats with the lamp. A camera that fails
 * does not stop the others. What is not taken is noted with the reason.
 */
export async function takeFrames(
  work: RunningCalibration,
  onGroup: (group: PlannedGroup) => void,
): Promise<void> {
  const { observatory } = work.input;
  const { siteId, clock } = work;
  const { coverLimitS } = observatory.night;
  if (work.hasCover()) {
    work.enter("taking", "the mirror cover closes");
    try {
      await coverClosingActivities(siteId, clock.fact, coverLimitS).closeCover({ limitS: coverLimitS });
    } catch (error) {
      // The dome is closed: bias and darks are as good, and flats may be.
      work.note("the mirror cover did not close", error);
    }
  }
  work.enter("taking", "bias and dark frames");
  await eachInstrument(work, (group) => group.kind !== "flat", takeGroup, onGroup);
  if (!work.groups.some(({ kind }) => kind === "flat")) return;
  try {
    if (work.ending !== null) throw new TakingEnds(work.ending);
    work.enter("taking", "flats with the lamp");
    await lampActivities(siteId, clock.fact, coverLimitS).lampOn({
      lease: work.granted(),
      brightnessPct: work.rules.lampPct,
      limitS: coverLimitS,
    });
  } catch (error) {
    for (const group of work.groups.filter(({ kind }) => kind === "flat")) {
      work.cut.set(groupKey(group), failureSentence(error));
      onGroup(group);
    }
    return;
  }
  await eachInstrument(work, (group) => group.kind === "flat", takeFlats, onGroup);
}

/** The groups of each instrument one after the other, the instruments at once. */
async function eachInstrument(
  work: RunningCalibration,
  wanted: (group: PlannedGroup) => boolean,
  take: (work: RunningCalibration, group: PlannedGroup) => Promise<void>,
  onGroup: (group: PlannedGroup) => void,
): Promise<void> {
  const groups = work.groups.filter(wanted);
  const instrumentIds = [...new Set(groups.map(({ instrumentId }) => instrumentId))];
  await Promise.all(
    instrumentIds.map(async (instrumentId) => {
      for (const group of groups.filter((each) => each.instrumentId === instrumentId)) {
        try {
          await take(work, group);
        } catch (error) {
          work.cut.set(groupKey(group), failureSentence(error));
        }
        onGroup(group);
      }
    }),
  );
}

async function takeGroup(work: RunningCalibration, group: PlannedGroup): Promise<void> {
  await takeCount(work, group, group.exposureS);
}

async function takeCount(work: RunningCalibration, group: PlannedGroup, exposureS: number): Promise<void> {
  for (let n = 1; n <= group.count; n += 1) {
    const { levelAdu } = await takeFrame(work, group, n, exposureS);
    if (group.kind === "bias" && levelAdu !== null) {
      const levels = work.biasLevels.get(group.instrumentId) ?? [];
      work.biasLevels.set(group.instrumentId, [...levels, levelAdu]);
    }
  }
}

/** Flats of one filter: brings it into the beam, finds the exposure with a test frame, takes the frames. */
async function takeFlats(work: RunningCalibration, group: PlannedGroup): Promise<void> {
  const { observatory } = work.input;
  const { siteId, clock } = work;
  const instrument = instrumentOf(observatory, group.instrumentId);
  const wheel = wheelBefore(observatory, instrument);
  const { filterLimitS } = observatory.night;
  if (wheel !== null) {
    const queues = taskQueues(siteId);
    const queue = sitsOnTelescope(observatory, wheel) ? queues.mount : queues.camera(instrument.cameraId);
    await wheelActivities(siteId, queue, clock.fact, filterLimitS).setFilter({
      lease: work.granted(),
      wheelId: wheel.id,
      filter: group.filter,
      limitS: filterLimitS,
    });
  }
  const levels = (work.biasLevels.get(group.instrumentId) ?? []).toSorted((a, b) => a - b);
  const biasAdu = levels[Math.floor(levels.length / 2)] ?? 0;
  const tests: PlannedGroup = { ...group, key: `${group.key}-test`, count: TESTS };
  let testS = group.exposureS;
  for (let n = 1; n <= TESTS; n += 1) {
    const { frameId, levelAdu } = await takeFrame(work, tests, n, testS);
    await work.rows.markTestFrame({ id: frameId });
    if (levelAdu === null) continue;
    if (levelAdu > TOO_BRIGHT * instrument.saturationAdu) {
      testS = Math.max(instrument.minExposureS, testS / 8);
      continue;
    }
    const exposureS = flatExposureS({ exposureS: testS, levelAdu }, biasAdu, instrument, work.rules);
    if (exposureS === null) {
      throw new TakingEnds(
        `the lamp gives no light in ${group.filter}: ${levelAdu.toFixed(0)} adu in ${testS} s, the bias is ${biasAdu.toFixed(0)} adu`,
      );
    }
    return takeCount(work, group, exposureS);
  }
  throw new TakingEnds(`the exposure for flats in ${group.filter} was not found with ${TESTS} test frames`);
}
