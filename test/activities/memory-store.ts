import type {
  CameraDeps,
  ExposureFacts,
  ExposureInput,
  ExposureStore,
  FrameFacts,
  JournalLine,
  RecordedFacts,
  StoredFrame,
  StoredImage,
} from "../../activities/exposure.ts";
import { exposureKey } from "../../activities/exposure.ts";
import type { Rig } from "./rig.ts";

type Row = { -readonly [K in keyof ExposureFacts]: ExposureFacts[K] };

/** The table of exposures in memory, with the rules of the real one: insert once, ends are final. */
export function createMemoryStore() {
  const rows = new Map<string, Row>();
  const images = new Map<
    string,
    StoredImage & { readonly facts: RecordedFacts; readonly frame: StoredFrame }
  >();
  const ended = (row: Row): boolean => ["stored", "aborted", "lost"].includes(row.state);
  const store: ExposureStore = {
    async begin(input, _cameraId, intendedStartMs) {
      const key = exposureKey(input);
      const row = rows.get(key) ?? { state: "starting", intendedStartMs, startMs: null, reason: null };
      rows.set(key, row);
      return { ...row };
    },
    async find(id) {
      const row = rows.get(exposureKey(id));
      return row === undefined ? null : { ...row };
    },
    async exposing(id, startMs) {
      const row = rows.get(exposureKey(id));
      if (row?.state === "starting") Object.assign(row, { state: "exposing", startMs });
    },
    async end(id, end, reason) {
      const row = rows.get(exposureKey(id));
      if (row !== undefined && !ended(row)) Object.assign(row, { state: end, reason });
    },
    async store(frame, facts) {
      const { imageId, path, sha256, bytes } = frame;
      images.set(exposureKey(facts.input), { imageId, path, sha256, bytes, facts, frame });
      const row = rows.get(exposureKey(facts.input));
      if (row !== undefined && !["aborted", "lost"].includes(row.state)) row.state = "stored";
    },
    async imageOf(id) {
      const image = images.get(exposureKey(id));
      if (image === undefined) return null;
      const { imageId, path, sha256, bytes } = image;
      return { imageId, path, sha256, bytes };
    },
  };
  return { store, rows, images };
}

/** Dependencies of the camera activities on a rig, with a store and a journal in memory. */
export function cameraDeps(rig: Rig, overrides: Partial<CameraDeps> = {}) {
  const memory = createMemoryStore();
  const journal: JournalLine[] = [];
  const stored: FrameFacts[] = [];
  const deps: CameraDeps = {
    observatory: rig.observatory,
    cameras: new Map([
      ["camera-vis", rig.camera],
      ["camera-nir", rig.cameraNir],
    ]),
    telescope: rig.telescope,
    dome: rig.dome,
    cover: rig.cover,
    wheels: rig.wheels,
    readLease: () => rig.readLease(),
    gate: rig.gate,
    exposures: memory.store,
    async storeFrame(raw, facts) {
      stored.push(facts);
      const imageId = exposureKey(facts.input).replaceAll("/", "-");
      return {
        imageId,
        path: `images/${facts.nightDate}/${imageId}.fits`,
        sha256: "0".repeat(64),
        bytes: raw.body.length,
        width: 64,
        height: 64,
        previewPath: null,
        header: {},
        statistics: {},
      };
    },
    findFrame: async () => null,
    freeDiskMiB: async () => 10_000,
    journal: async (line) => {
      journal.push(line);
    },
    clocks: rig.clocks,
    ...overrides,
  };
  return { deps, ...memory, journal, stored };
}

/** One planned frame of a target on a rig. */
export function frameOf(rig: Rig, n = 1, changes: Partial<ExposureInput> = {}): ExposureInput {
  return {
    lease: rig.lease,
    nightId: "colibri/2026-11-20",
    sequenceId: "R0001-1",
    albumId: "R0001-1-vis",
    planId: "R0001-1-vis-1",
    n,
    attempt: 1,
    instrumentId: "vis",
    filter: "r",
    exposureS: 30,
    light: true,
    target: rig.target(),
    requestName: "A field",
    programmeId: "P01",
    alertKey: null,
    ...changes,
  };
}
