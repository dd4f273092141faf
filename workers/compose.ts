import { createAlpacaTransport } from "../adapters/alpaca/transport.ts";
import { createAlpacaDevice } from "../adapters/alpaca/device.ts";
import { createCameraClient } from "../adapters/alpaca/camera.ts";
import { createSafetyMonitorClient } from "../adapters/alpaca/conditions.ts";
import { createCoverClient } from "../adapters/alpaca/cover.ts";
import { createFilterWheelClient } from "../adapters/alpaca/filter-wheel.ts";
import { createFocuserClient } from "../adapters/alpaca/focuser.ts";
import { createDomeClient } from "../adapters/alpaca/dome.ts";
import { createTelescopeClient } from "../adapters/alpaca/telescope.ts";
import { loadObservatory } from "../adapters/config/observatory.ts";
import { publicAddress, type Settings } from "../adapters/config/settings.ts";
import { freeBytes } from "../adapters/files/disk.ts";
import { readLeaseFile, writeLeaseFile } from "../adapters/home/home-files.ts";
import { startTracing, wantsTraces, type Tracing } from "../adapters/telemetry/tracing.ts";
import { createTemporalClient, type TemporalConnection } from "../adapters/temporal/client.ts";
import { createCalibrationActivities } from "../activities/calibration.ts";
import { createCalibrationFrameActivities } from "../activities/calibration-frames.ts";
import { createCameraActivities } from "../activities/camera.ts";
import { nowMs } from "../activities/clocks.ts";
import { createCoverActivities } from "../activities/cover.ts";
import { createDomeActivities } from "../activities/dome.ts";
import type { JournalLine } from "../activities/exposure.ts";
import { createExposureStore } from "../activities/exposure-store.ts";
import { createFilterWheelActivities } from "../activities/filter-wheel.ts";
import { createFocuserActivities } from "../activities/focuser.ts";
import { createGuardJournalImport } from "../activities/guard-journal.ts";
import { createMembershipActivities } from "../activities/membership.ts";
import { createImageWorkshop } from "../activities/image-workshop.ts";
import { createLampActivities } from "../activities/lamp.ts";
import { createPlanningActivities } from "../activities/planning.ts";
import { createProbeActivities } from "../activities/probe.ts";
import { createRecoveryActivities } from "../activities/recovery.ts";
import { createDeviceRecordActivities } from "../activities/record-devices.ts";
import { createRecordActivities } from "../activities/record.ts";
import { createReductionActivities } from "../activities/reduce-frames.ts";
import { createSkyActivities } from "../activities/sky.ts";
import { createStartGate } from "../activities/start-gate.ts";
import { createFrameStore } from "../activities/store-frame.ts";
import { createTelescopeActivities } from "../activities/telescope.ts";
import { createWatchActivities } from "../activities/watch.ts";
import { createProbe } from "../activities/watch-probe.ts";
import { createWatchStore } from "../activities/watch-store.ts";
import { openDatabase, type Database } from "../db/orm.ts";
import { nightOf } from "../domain/astronomy/night.ts";
import { wallMsOf } from "../domain/clock.ts";
import {
  optionalDevice,
  soleDevice,
  type DeviceDescription,
  type DeviceType,
  type Observatory,
} from "../domain/observatory.ts";
import { createPlanningThread } from "../scheduler/index.ts";
import { watchStateSignal } from "../workflows/messages.ts";
import { observatoryWorkflowId } from "../workflows/names.ts";
import { closedWorkflows, exportHistory } from "./histories.ts";
import { softwareVersions } from "./versions.ts";
import { openProcessClock, type ProcessClock } from "./process-clock.ts";

/** Alpaca client ids: the devices' logs name who commanded. */
const SITE_CLIENT_ID = 7101;
const WATCH_CLIENT_ID = 7103;
/** One signal of the watch to `observatory`. */
const SIGNAL_LIMIT_WALL_MS = 2_000;

/** What every worker process shares. The only place where things are built. */
export interface Process {
  readonly settings: Settings;
  readonly observatory: Observatory;
  readonly clock: ProcessClock;
  readonly database: Database;
  readonly temporal: TemporalConnection;
  /** Null when nothing is traced. */
  readonly tracing: Tracing | null;
  close(): Promise<void>;
}

/** Opens what every worker needs. @throws with a sentence when the clock, the observatory file or the database is away. */
export async function openProcess(settings: Settings, part: string): Promise<Process> {
  const observatory = loadObservatory(settings.observatoryFile, process.env);
  const clock = await openProcessClock(settings.home);
  // Activities have their own limits and retries: a statement may take longer than a page may.
  const database = await openDatabase(settings.databaseUrl, { statementTimeoutMs: 8_000 });
  const tracing = wantsTraces(settings.otlpUrl, process.env)
    ? await startTracing(settings.otlpUrl, part)
    : null;
  const temporal = createTemporalClient({
    address: settings.temporalAddress,
    namespace: settings.temporalNamespace,
    ...(tracing === null ? {} : { interceptors: tracing.clientInterceptors }),
  });
  return {
    settings,
    observatory,
    clock,
    database,
    temporal,
    tracing,
    close: async () => {
      await tracing?.close();
      clock.close();
      await temporal.close();
      await database.close();
    },
  };
}

/** What the workers of one process run, by queue, and what to close afterwards. */
export interface Activities<Set> {
  readonly activities: Set;
  close(): Promise<void>;
}

/** Everything that moves or reads telescope, dome and cameras. */
export function siteActivities(process: Process) {
  const { settings, observatory, clock, database } = process;
  const transport = createAlpacaTransport({ clientId: SITE_CLIENT_ID });
  const observatoryNow = () => nowMs(clock);
  const telescope = createTelescopeClient(transport, soleDevice(observatory, "telescope"), observatoryNow);
  const dome = createDomeClient(transport, soleDevice(observatory, "dome"));
  const safety = createSafetyMonitorClient(transport, soleDevice(observatory, "safetymonitor"));
  const cameras = clientsOf(observatory, "camera", (device) => createCameraClient(transport, device));
  const wheels = clientsOf(observatory, "filterwheel", (device) =>
    createFilterWheelClient(transport, device),
  );
  const coverDevice = optionalDevice(observatory, "covercalibrator");
  const focuserDevice = optionalDevice(observatory, "focuser");
  const cover = coverDevice && createCoverClient(transport, coverDevice);
  const focuser = focuserDevice && createFocuserClient(transport, focuserDevice);
  const frames = createFrameStore({ home: settings.home, observatory, software: softwareName() });
  const readLease = (siteId: string) => database.lease.read(siteId);
  const journal = (line: JournalLine) =>
    database.journal.append({ atWallMs: clock.wallMs(), atMs: observatoryNow(), ...line });
  const gate = createStartGate();
  const cameraDeps = {
    observatory,
    cameras,
    telescope,
    dome,
    cover,
    wheels,
    readLease,
    gate,
    storeFrame: frames.storeFrame,
    findFrame: frames.findFrame,
    freeDiskMiB: async () => (await freeBytes(settings.home)) / 1024 / 1024,
    journal,
    clocks: clock,
  };
  const activities = {
    probe: createProbeActivities(clock.wallMs),
    sky: createSkyActivities({
      cameras: clientsOf(observatory, "camera", (device) => createAlpacaDevice(transport, "camera", device)),
    }),
    telescope: createTelescopeActivities({ observatory, telescope, readLease, gate, clocks: clock }),
    dome: createDomeActivities({ dome, safety, readLease, clocks: clock }),
    cover: createCoverActivities({ cover, readLease, clocks: clock }),
    focuser: createFocuserActivities({ focuser, readLease, clocks: clock }),
    wheel: createFilterWheelActivities({ wheels, readLease, clocks: clock }),
    lamp: createLampActivities({ cover, readLease, clocks: clock }),
    camera: createCameraActivities({
      ...cameraDeps,
      exposures: createExposureStore(database, clock.wallMs),
    }),
    recovery: createRecoveryActivities({
      transport,
      readLease,
      underMaintenance: async (siteId) =>
        (await database.holds.open(siteId)).some(({ kind }) => kind === "maintenance"),
      journal,
      clocks: clock,
    }),
    calibrationFrames: createCalibrationFrameActivities({ ...cameraDeps, frames: database.calibrations }),
  };
  return {
    activities,
    cameraIds: [...cameras.keys()],
    close: async () => {
      await frames.close();
      await transport.close();
    },
  };
}

/** A client for each device of a type, by device id. */
function clientsOf<Client>(
  { devices }: Observatory,
  type: DeviceType,
  create: (device: DeviceDescription) => Client,
): ReadonlyMap<string, Client> {
  return new Map(
    devices.filter((device) => device.type === type).map((device) => [device.id, create(device)]),
  );
}

/** Database rows, the watch, histories. */
export function ioActivities(process: Process) {
  const { settings, observatory, clock, database, temporal } = process;
  const { client } = temporal;
  const transport = createAlpacaTransport({ clientId: WATCH_CLIENT_ID });
  const records = createRecordActivities({
    database,
    wallMs: clock.wallMs,
    nowMs: () => nowMs(clock),
    publishLease: (lease) => writeLeaseFile(settings.home, lease),
    closedWorkflows: (siteId, nightDate) =>
      closedWorkflows(
        client,
        siteId,
        wallMsOf(clock.fact(), nightOf(observatory.site, nightDate).windowStartMs),
      ),
    exportHistory: (workflow, nightDate) => exportHistory(client, settings.home, workflow, nightDate),
  });
  const watch = createWatchActivities({
    createProbe: (file, device) => createProbe(transport, file, device, clock),
    askGuard: () => askGuard(settings),
    leaseHolder: async () => (await readLeaseFile(settings.home))?.holder ?? null,
    isOpen: async (workflowId) => {
      try {
        const { status } = await client.withDeadline(Date.now() + SIGNAL_LIMIT_WALL_MS, () =>
          client.workflow.getHandle(workflowId).describe(),
        );
        return status.name === "RUNNING";
      } catch {
        // Temporal is away or knows nothing of it: nobody can say.
        return null;
      }
    },
    signal: (state) =>
      client.withDeadline(Date.now() + SIGNAL_LIMIT_WALL_MS, () =>
        client.workflow.getHandle(observatoryWorkflowId(observatory.site.id)).signal(watchStateSignal, state),
      ),
    store: (siteId) => createWatchStore(database, siteId),
    freeDiskMiB: async () => (await freeBytes(settings.home)) / 1024 / 1024,
    importGuardJournal: createGuardJournalImport(settings.home, database.journal.append, clock.fact),
    clocks: clock,
  });
  const membership = createMembershipActivities({
    database,
    sender: { siteName: observatory.site.name, address: publicAddress(settings) },
    wallMs: clock.wallMs,
    nowMs: () => nowMs(clock),
  });
  const deviceRecords = createDeviceRecordActivities({ database, wallMs: clock.wallMs });
  return {
    activities: { ...records, ...deviceRecords, ...watch, ...membership },
    close: () => transport.close(),
  };
}

/** Planning and ephemerides. */
export function computeActivities({ database, clock }: Process) {
  const planner = createPlanningThread();
  return {
    activities: createPlanningActivities({ database, planner, wallMs: clock.wallMs }),
    close: () => planner.close(),
  };
}

/** Masters and calibrated images, in a thread of their own. */
export function imageActivities({ settings, clock, database }: Process) {
  const workshop = createImageWorkshop();
  const common = { database, home: settings.home, wallMs: clock.wallMs, nowMs: () => nowMs(clock) };
  return {
    activities: {
      ...createCalibrationActivities({ ...common, runJob: workshop.makeMaster }),
      ...createReductionActivities({ ...common, runJob: workshop.calibrate }),
    },
    close: () => workshop.close(),
  };
}

async function askGuard({ guardHost, guardPort }: Settings) {
  const answer = await fetch(`http://${guardHost}:${guardPort}/`, { signal: AbortSignal.timeout(1_000) });
  return (await answer.json()) as { tripped: boolean; why: string; lastLoopWallAt: number };
}

function softwareName(): string {
  return `Vesper ${softwareVersions()["vesper"]}`;
}
