import { setTimeout as sleep } from "node:timers/promises";
import { createCameraActivities } from "../../activities/camera.ts";
import { createCoverActivities } from "../../activities/cover.ts";
import { createDomeActivities } from "../../activities/dome.ts";
import type { ExposureInput } from "../../activities/exposure.ts";
import { createFilterWheelActivities } from "../../activities/filter-wheel.ts";
import { createFocuserActivities } from "../../activities/focuser.ts";
import { createRecoveryActivities } from "../../activities/recovery.ts";
import { createTelescopeActivities } from "../../activities/telescope.ts";
import { createProbe } from "../../activities/watch-probe.ts";
import { deviceOf, instrumentOf } from "../../domain/observatory.ts";
import type { FaultKind } from "../../simulators/faults.ts";
import { cameraDeps, frameOf } from "../activities/memory-store.ts";
import { asActivity, failureType, type Rig } from "../activities/rig.ts";

/** Observatory seconds that a motion may take; at the rate of these rigs 3 s of wall time, and 10 s for software. */
const LIMIT_S = 60;
const EXPOSURE_S = 40;

/** Something a device does, in the middle of which a fault may come. */
export interface Work {
  /** Brings the device to where the work begins. */
  prepare(): Promise<unknown>;
  run(): Promise<unknown>;
  /** Whether it is in the middle of it. */
  isUnderWay(): Promise<boolean>;
}

/** All activities on one rig, under its lease. */
export function worksOf(rig: Rig) {
  const { lease } = rig;
  const mount = createTelescopeActivities(rig);
  const dome = createDomeActivities(rig);
  const wheels = createFilterWheelActivities(rig);
  const { moveFocuser } = createFocuserActivities(rig);
  const cover = createCoverActivities(rig);
  let frames = 0;

  const slewTo = async (offsetDeg: number): Promise<void> => {
    const target = rig.target(offsetDeg);
    await asActivity(() => mount.startSlew({ lease, target, minAltDeg: 20 }));
    await asActivity(() => mount.awaitOnTarget({ target, limitS: LIMIT_S }));
  };
  const openDome = () => asActivity(() => dome.openDome({ lease, limitS: LIMIT_S * 3 }));
  const closeDome = () => asActivity(() => dome.closeDome({ limitS: LIMIT_S * 3, why: "the test" }));
  const park = () => asActivity(() => mount.park({ limitS: LIMIT_S }));
  const turn = (wheelId: string, filter: string) =>
    asActivity(() => wheels.setFilter({ lease, wheelId, filter, limitS: LIMIT_S }));
  const focus = (position: number) => asActivity(() => moveFocuser({ lease, position, limitS: LIMIT_S }));
  const openCover = () => asActivity(() => cover.openCover({ lease, limitS: LIMIT_S }));
  const closeCover = () => asActivity(() => cover.closeCover({ limitS: LIMIT_S }));

  /** A dark: what a light frame needs beside its camera is no matter of the camera. */
  const darkOf = (instrumentId: string): ExposureInput => {
    frames += 1;
    const { filters } = instrumentOf(rig.observatory, instrumentId);
    return frameOf(rig, frames, {
      instrumentId,
      filter: filters[0] ?? "",
      light: false,
      exposureS: EXPOSURE_S,
    });
  };
  const { deps, journal } = cameraDeps(rig);
  const camera = createCameraActivities({
    ...deps,
    observatory: {
      ...rig.observatory,
      instruments: rig.observatory.instruments.map((each) => ({ ...each, readoutLimitS: LIMIT_S })),
    },
  });

  /** A frame: what comes of it, or the failure. */
  async function expose(frame: ExposureInput): Promise<unknown> {
    await asActivity(() => camera.startExposure(frame));
    const { kind } = await asActivity(() => camera.fetchExposure(frame));
    return kind;
  }
  const cameraIdOf = (instrumentId: string) => instrumentOf(rig.observatory, instrumentId).cameraId;
  const stateOf = async (instrumentId: string) =>
    (instrumentId === "vis" ? rig.camera : rig.cameraNir).status();
  const frameWork = (instrumentId: string, during: readonly string[]): Work => ({
    prepare: () =>
      asActivity(() => camera.awaitIdle({ cameraIds: [cameraIdOf(instrumentId)], limitS: LIMIT_S })),
    run: () => expose(darkOf(instrumentId)),
    isUnderWay: async () => during.includes((await stateOf(instrumentId)).state),
  });
  /** A camera that does not reach its set point says so only when it is cooled. */
  const cool = (instrumentId: string) =>
    asActivity(() =>
      camera.coolCamera({
        cameraId: cameraIdOf(instrumentId),
        setPointC: instrumentOf(rig.observatory, instrumentId).setPointC,
        limitS: LIMIT_S * 15,
      }),
    );

  const motions: Readonly<Record<string, Work>> = {
    telescope: {
      prepare: () => slewTo(0),
      run: () => slewTo(25),
      isUnderWay: async () => (await rig.telescope.status()).slewing,
    },
    dome: {
      prepare: closeDome,
      run: openDome,
      isUnderWay: async () => (await rig.dome.status()).shutter === "Opening",
    },
    focuser: {
      prepare: () => focus(10_000),
      run: () => focus(40_000),
      isUnderWay: async () => (await rig.focuser.status()).moving,
    },
    cover: {
      prepare: closeCover,
      run: openCover,
      isUnderWay: async () => (await rig.cover.status()).cover === "Moving",
    },
    "wheel-vis": wheelWork("wheel-vis", "g", "z"),
    "wheel-nir": wheelWork("wheel-nir", "Y", "H"),
  };

  function wheelWork(wheelId: string, from: string, to: string): Work {
    return {
      prepare: () => turn(wheelId, from),
      run: () => turn(wheelId, to),
      isUnderWay: async () => (await rig.wheels.get(wheelId)?.status())?.slot === null,
    };
  }

  const closings: Readonly<Record<string, Work>> = {
    telescope: {
      prepare: () => slewTo(0),
      run: park,
      isUnderWay: async () => (await rig.telescope.status()).slewing,
    },
    dome: {
      // A shutter in error is closed before it is opened, as the night does it.
      prepare: () => closeDome().then(openDome),
      run: closeDome,
      isUnderWay: async () => (await rig.dome.status()).shutter === "Closing",
    },
    cover: {
      prepare: openCover,
      run: closeCover,
      isUnderWay: async () => (await rig.cover.status()).cover === "Moving",
    },
  };

  const recovery = createRecoveryActivities({
    transport: rig.transport,
    readLease: () => rig.readLease(),
    underMaintenance: async () => false,
    journal: deps.journal,
    clocks: rig.clocks,
  });
  const still = async (): Promise<boolean> => true;
  const others: Readonly<Record<string, Work>> = {
    safety: { prepare: closeDome, run: openDome, isUnderWay: still },
    weather: {
      prepare: async () => undefined,
      run: () =>
        createProbe(rig.transport, rig.observatory, deviceOf(rig.observatory, "weather"), rig.clocks).poll(),
      isUnderWay: still,
    },
    plc: {
      prepare: async () => undefined,
      run: () => asActivity(() => recovery.powerCycle(outletOf(rig, "focuser"))),
      isUnderWay: still,
    },
  };

  return {
    journal,
    /** What a device does when it is ordered to do its work. */
    atWork: (deviceId: string, fault: FaultKind): Work => {
      const instrument = rig.observatory.instruments.find(({ cameraId }) => cameraId === deviceId);
      if (instrument === undefined) return { ...(motions[deviceId] ?? others[deviceId]) } as Work;
      const work = frameWork(instrument.id, []);
      return fault === "wrong-position" ? { ...work, run: () => cool(instrument.id) } : work;
    },
    motion: (deviceId: string): Work => motions[deviceId] as Work,
    frame: (deviceId: string, during: readonly string[]): Work =>
      frameWork(deviceId === "camera-nir" ? "nir" : "vis", during),
    closing: (deviceId: string): Work => closings[deviceId] as Work,
  };
}

function outletOf(rig: Rig, deviceId: string) {
  const step = deviceOf(rig.observatory, deviceId).recovery?.find(({ kind }) => kind === "power-cycle");
  if (step === undefined) throw new Error(`${deviceId} has no outlet`);
  return { observatory: rig.observatory, deviceId, step: { ...step, offS: 0.1 } };
}

/** How a piece of work ends: the word it says, `none`, or the type of its failure. */
export async function endOf(work: Promise<unknown>): Promise<string> {
  let value: unknown;
  const type = await failureType(
    work.then((given) => {
      value = given;
    }),
  );
  return type === "none" && typeof value === "string" ? value : type;
}

/** Runs work and has the faults come in the middle of it; begun anew when its middle was over too soon to be met. */
export async function endWithFaultDuring(
  rig: Rig,
  work: Work,
  faults: ReadonlyMap<string, FaultKind>,
): Promise<string> {
  for (let tries = 0; tries < 5; tries += 1) {
    await work.prepare();
    const ending = endOf(work.run());
    if (!(await isMetBefore(ending, work))) continue;
    await bring(rig, faults);
    return ending;
  }
  throw new Error("the work was never met in the middle");
}

/** Whether work was seen in its middle before it ended. */
async function isMetBefore(ending: Promise<string>, work: Work): Promise<boolean> {
  const state = { over: false };
  const noted = ending.then(() => {
    state.over = true;
  });
  while (!state.over) {
    if (await work.isUnderWay()) return true;
    await sleep(10);
  }
  await noted;
  return false;
}

/** Runs work with the faults there from the start. */
export async function endWithFaultBefore(
  rig: Rig,
  work: Work,
  faults: ReadonlyMap<string, FaultKind>,
): Promise<string> {
  await work.prepare();
  await bring(rig, faults);
  return endOf(work.run());
}

async function bring(rig: Rig, faults: ReadonlyMap<string, FaultKind>): Promise<void> {
  await Promise.all([...faults].map(([deviceId, kind]) => rig.fault(deviceId, kind)));
}
