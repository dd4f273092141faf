import { offsetPlace, type DitherOffset } from "../domain/sequence/dither.ts";
import type { CameraClient, CameraStatus, FrameSize, RampFacts } from "../adapters/alpaca/camera.ts";
import type { CoverClient } from "../adapters/alpaca/cover.ts";
import type { FilterWheelClient } from "../adapters/alpaca/filter-wheel.ts";
import type { DomeClient } from "../adapters/alpaca/dome.ts";
import type { TelescopeClient } from "../adapters/alpaca/telescope.ts";
import type { RawImage } from "../adapters/alpaca/transport.ts";
import type { CalibrationKind } from "../domain/imaging/calibration/calibration-night.ts";
import type { InstrumentDescription, Observatory } from "../domain/observatory.ts";
import { instrumentOf } from "../domain/observatory.ts";
import type { Lease, TargetPosition } from "../workflows/messages.ts";
import type { Clocks } from "./clocks.ts";
import { failure, FAILURE } from "./failures.ts";
import type { ReadLease } from "./lease-check.ts";
import type { StartGate } from "./start-gate.ts";

/** One planned frame, as the sequence orders it. */
export interface ExposureInput {
  readonly lease: Lease;
  /** Null: taken by hand while no night was open. */
  readonly nightId: string | null;
  readonly sequenceId: string;
  readonly albumId: string;
  readonly planId: string;
  /** 1 … count. */
  readonly n: number;
  readonly attempt: number;
  readonly instrumentId: string;
  readonly filter: string;
  readonly exposureS: number;
  /** false: a dark or bias, taken without looking at telescope and dome. */
  readonly light: boolean;
  /** A frame of a calibration run: taken of no target, `planId` names its group. Absent in science frames. */
  readonly calibration?: { readonly calibrationId: string; readonly kind: CalibrationKind };
  readonly target: TargetPosition;
  /** How far from the target the telescope was sent for this frame: its place in the dither pattern. */
  readonly offset?: DitherOffset;
  readonly requestName: string;
  readonly programmeId: string;
  readonly alertKey: string | null;
}

export type ExposureEnd = "aborted" | "lost";

/** What the table `exposure` knows of a frame. */
export interface ExposureFacts {
  readonly state: "planned" | "starting" | "exposing" | "read" | "stored" | "aborted" | "lost";
  /** Written once, never changed. */
  readonly intendedStartMs: number;
  readonly startMs: number | null;
  readonly reason: string | null;
}

/** A stored file. */
export interface StoredImage {
  readonly imageId: string;
  /** Relative to VESPER_HOME. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** The table of exposures, as far as taking one needs it. */
export interface ExposureStore {
  /** Writes the row `starting` with its intended start once; a row that exists is left as it is. Answers the row. */
  begin(input: ExposureInput, cameraId: string, intendedStartMs: number): Promise<ExposureFacts>;
  find(id: ExposureId): Promise<ExposureFacts | null>;
  exposing(id: ExposureId, startMs: number): Promise<void>;
  end(id: ExposureId, end: ExposureEnd, reason: string): Promise<void>;
  /** Image row and exposure row `stored`; twice is once. */
  store(frame: StoredFrame, facts: RecordedFacts): Promise<void>;
  /** The stored image of a frame, or null. Brings an exposure row up to date whose image row is there already. */
  imageOf(id: ExposureId): Promise<StoredImage | null>;
}

/** Calibration frames look at no place of the sky. */
export const NOWHERE = { raDeg: 0, decDeg: 0, measured: false };

export interface ExposureId {
  readonly planId: string;
  readonly n: number;
  readonly attempt: number;
}

/** All that the header of one frame says. */
export interface FrameFacts {
  readonly input: ExposureInput;
  readonly instrument: InstrumentDescription;
  readonly cameraName: string;
  /** What the whole detector is read to: every frame is. */
  readonly size: FrameSize;
  /** Side of one pixel, micrometres. */
  readonly pixelSizeUm: number;
  /** Observatory time, Unix ms. */
  readonly startMs: number;
  /** Where the mount pointed, ICRS degrees: as it said itself, else as commanded. */
  readonly pointing: { readonly raDeg: number; readonly decDeg: number; readonly measured: boolean };
  readonly temperatureC: number | null;
  /** What was in the beam, and who says so: the wheel itself, the plan when the wheel could not be asked, or no wheel. */
  readonly filter: { readonly name: string; readonly source: "wheel" | "plan" | "fixed" };
  /** How a near-infrared detector was read; null for others, and when the camera does not say. */
  readonly ramp: RampFacts | null;
  /** yyyy-mm-dd of the local noon before. */
  readonly nightDate: string;
}

/** A frame on disk. */
export interface StoredFrame extends StoredImage {
  readonly width: number;
  readonly height: number;
  readonly previewPath: string | null;
  readonly header: Readonly<Record<string, unknown>>;
  readonly statistics: Readonly<Record<string, unknown>>;
}

/** What the rows of a frame say besides its file. */
export type RecordedFacts = Pick<FrameFacts, "input" | "instrument" | "startMs" | "pointing" | "filter">;

/** Writes a frame with its header and preview, durably, off the event loop. Twice gives the same file. */
export type StoreFrame = (raw: RawImage, facts: FrameFacts) => Promise<StoredFrame>;

/** A frame that was written, and whose rows were not: by a process that ended between the two. Null when there is none. */
export type FindFrame = (
  of: Pick<FrameFacts, "input" | "instrument" | "startMs" | "nightDate">,
) => Promise<{ readonly frame: StoredFrame; readonly facts: RecordedFacts } | null>;

/** One line for the journal. */
export interface JournalLine {
  readonly level: "info" | "warning" | "error" | "alarm";
  readonly module: string;
  readonly text: string;
  readonly deviceId?: string;
  readonly sequenceId?: string;
  readonly alertKey?: string;
  readonly nightId?: string;
  /** Written twice with the same key, it is one line. */
  readonly onceKey?: string;
}

export interface CameraDeps {
  readonly observatory: Observatory;
  /** Camera clients by device id. */
  readonly cameras: ReadonlyMap<string, CameraClient>;
  readonly telescope: Pick<TelescopeClient, "status">;
  readonly dome: Pick<DomeClient, "status">;
  /** Null when the observatory has no mirror cover. */
  readonly cover: Pick<CoverClient, "status"> | null;
  /** Filter wheels by device id. */
  readonly wheels: ReadonlyMap<string, Pick<FilterWheelClient, "name" | "status">>;
  readonly readLease: ReadLease;
  readonly gate: StartGate;
  readonly exposures: ExposureStore;
  readonly storeFrame: StoreFrame;
  readonly findFrame: FindFrame;
  /** Free space where images go, MiB. */
  readonly freeDiskMiB: () => Promise<number>;
  readonly journal: (line: JournalLine) => Promise<void>;
  readonly clocks: Clocks;
}

/** The camera with a device id. Throws DeviceFault when the observatory has none. */
export function cameraOf(deps: Pick<CameraDeps, "cameras">, cameraId: string): CameraClient {
  const camera = deps.cameras.get(cameraId);
  if (camera === undefined) {
    throw failure(FAILURE.DeviceFault, `The observatory file has no camera "${cameraId}".`);
  }
  return camera;
}

/** Instrument and camera of a frame. */
export function apparatusOf(
  deps: Pick<CameraDeps, "cameras" | "observatory">,
  input: ExposureInput,
): { readonly instrument: InstrumentDescription; readonly camera: CameraClient } {
  const instrument = instrumentOf(deps.observatory, input.instrumentId);
  return { instrument, camera: cameraOf(deps, instrument.cameraId) };
}

/** Where the telescope points for a frame: the target and its dither offset. */
export function placeOf(input: ExposureInput): TargetPosition {
  return input.offset === undefined ? input.target : offsetPlace(input.target, input.offset);
}

/** Whether a camera integrates light, so that aborting loses the frame. */
export function isIntegrating({ state }: CameraStatus): boolean {
  return state === "Waiting" || state === "Exposing";
}

/** Whether a camera reads a finished frame out. */
export function isReadingOut({ state }: CameraStatus): boolean {
  return state === "Reading" || state === "Download";
}

/** Key of a frame in maps and journal lines: `R0012-1-vis-1/3/1`. */
export function exposureKey({ planId, n, attempt }: ExposureId): string {
  return `${planId}/${n}/${attempt}`;
}
