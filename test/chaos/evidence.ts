import type { Site } from "../../domain/observatory.ts";
import type { CommandEntry } from "../../simulators/command-log.ts";

/** What may be killed: one process, `up` alone, or all of them at once. */
export const KILL_KINDS = [
  "worker-control",
  "worker-site",
  "worker-compute",
  "worker-feeds",
  "api",
  "guard",
  "temporal",
  "postgres",
  "simulators",
  "up",
  "all",
] as const;
export type KillKind = (typeof KILL_KINDS)[number];

/** Kills that end the simulated devices too: an exposure that runs then is lost, as it is when a real camera loses power. */
export const ENDS_SIMULATORS: readonly KillKind[] = ["simulators", "up", "all"];

export interface Kill {
  readonly kind: KillKind;
  /** Part that was killed, of those that run twice. */
  readonly part: string;
  readonly wallMs: number;
  readonly observatoryMs: number;
  /** Cameras that were exposing when it was killed, asked of them right before. */
  readonly openShutters: readonly string[];
  /** Of a control worker: whether it had a workflow task of the majordome in its hands. */
  readonly taskInHand: boolean;
  /** When everything that was killed ran again, wall ms. */
  readonly backWallMs: number;
  /** Of a control worker: how long the next message took to be handled, wall ms. */
  readonly nextMessageMs: number | null;
}

/** Time without simulated devices, from a kill until they answered again, wall ms. */
export interface Gap {
  readonly fromWallMs: number;
  readonly untilWallMs: number;
}

/** Rain that was made, wall ms. */
export type Rain = Gap;

export interface PostedBurst {
  readonly key: string;
  readonly raDeg: number;
  readonly decDeg: number;
  readonly postedWallMs: number;
  /** First answer that says it is kept; the sender tries again until then, as every feed does. Null: never. */
  readonly takenWallMs: number | null;
}

export interface ExposureRow {
  readonly id: string;
  readonly planId: string;
  readonly n: number;
  readonly attempt: number;
  readonly state: string;
  readonly reason: string | null;
  readonly cameraId: string;
  /** Intended, observatory ms. */
  readonly intendedStartMs: number;
  /** When the shutter opened, as the camera says; null: it did not, as far as is known. */
  readonly startMs: number | null;
  readonly exposureS: number;
  readonly sequenceId: string;
  readonly raDeg: number;
  readonly decDeg: number;
}

export interface ImageRow {
  readonly id: string;
  readonly exposureId: string;
  readonly path: string;
  /** The file is there and has the digest of its row. */
  readonly fileIsWhole: boolean;
  readonly startMs: number;
  readonly raDeg: number;
  readonly decDeg: number;
}

export interface PlanRow {
  readonly id: string;
  readonly sequenceId: string;
  readonly count: number;
}

export interface SequenceRow {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly attempt: number;
  readonly alertKey: string | null;
}

export interface QuotaRow {
  readonly programmeId: string;
  readonly sequenceId: string | null;
  readonly attempt: number | null;
  readonly kind: string;
  readonly seconds: number;
}

export interface AlertRow {
  readonly key: string;
  readonly status: string;
  readonly reason: string;
  readonly closed: boolean;
  readonly generation: number;
  readonly requests: number;
  readonly notices: number;
}

export interface HoldRow {
  readonly kind: string;
  readonly sinceMs: number;
  readonly liftedMs: number | null;
}

/** One workflow execution chain as Temporal lists it. */
export interface Execution {
  readonly workflowId: string;
  readonly type: string;
  readonly status: string;
  readonly events: number;
}

/** Everything that one night of chaos left behind: rows, files, the log of the devices, what was done to it. */
export interface Evidence {
  readonly site: Site;
  /** Observatory seconds per second. */
  readonly rate: number;
  /** The Sun is lower than this while it observes, degrees. */
  readonly observingSunAltDeg: number;
  readonly siteId: string;
  readonly kills: readonly Kill[];
  readonly simulatorGaps: readonly Gap[];
  readonly rains: readonly Rain[];
  readonly bursts: readonly PostedBurst[];
  readonly commands: readonly CommandEntry[];
  readonly exposures: readonly ExposureRow[];
  readonly images: readonly ImageRow[];
  /** FITS files that no row names. */
  readonly orphanFiles: readonly string[];
  readonly plans: readonly PlanRow[];
  readonly sequences: readonly SequenceRow[];
  readonly quota: readonly QuotaRow[];
  readonly alerts: readonly AlertRow[];
  /** Keys of the alerts that the majordome keeps for the next night. */
  readonly pendingAlerts: readonly string[];
  /** Devices that are not up at the end: each may have its recovery running. */
  readonly lostDevices: readonly string[];
  readonly holds: readonly HoldRow[];
  readonly nights: readonly {
    readonly id: string;
    readonly status: string;
    readonly reason: string | null;
  }[];
  readonly executions: readonly Execution[];
  readonly lease: { readonly holder: string | null; readonly generation: number } | null;
  /** What the devices say at the end. */
  readonly atEnd: { readonly domeClosed: boolean; readonly parked: boolean };
}

/** One thing that must not be, in words with its numbers. */
export interface Violation {
  readonly invariant: string;
  readonly words: string;
}
