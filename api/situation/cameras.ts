import { isDatabaseUnavailable } from "../../db/connection.ts";
import type { Database } from "../../db/orm.ts";
import type { AlbumDetail } from "../../db/repositories/sequences.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { ExecutingFrame, ObservatoryState } from "../../workflows/messages.ts";

/**
 * The observatory's state with what each camera does now. Workflows carry no frame by frame progress; the table of
 * exposures does, written by whoever exposes. Without the database the state is left as it is.
 */
export async function withCameras(
  state: ObservatoryState,
  database: Pick<Database, "sequences">,
  observatory: Observatory,
): Promise<ObservatoryState> {
  const executing = state.night?.executing ?? null;
  if (state.night === null || executing === null || executing.cameras.length > 0) return state;
  try {
    const sequence = await database.sequences.detail(executing.sequenceId);
    if (sequence === null) return state;
    const slewing = state.watch?.telescope.slewing === true;
    const cameras = sequence.albums.map((album) => frameOf(album, observatory, slewing));
    return { ...state, night: { ...state.night, executing: { ...executing, cameras } } };
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return state;
  }
}

/** The frame of an album that is under way, else the next one to be taken. */
function frameOf(album: AlbumDetail, observatory: Observatory, slewing: boolean): ExecutingFrame {
  const instrument = observatory.instruments.find(({ id }) => id === album.instrumentId);
  const cameraId = instrument?.cameraId ?? album.instrumentId;
  for (const plan of album.plans) {
    const open = plan.exposures.findLast(({ state }) => PHASES[state] !== undefined);
    const phase = open === undefined ? undefined : PHASES[open.state];
    if (open === undefined || phase === undefined) continue;
    const { filter, exposureS, count } = plan;
    const startMs = phase === "exposing" ? (open.startMs ?? open.intendedStartMs) : null;
    return { cameraId, planId: plan.id, n: open.n, count, filter, exposureS, phase, startMs };
  }
  const next = album.plans.find((plan) => plan.remainingFrames.length > 0) ?? album.plans.at(-1);
  return {
    cameraId,
    planId: next?.id ?? album.id,
    n: next?.remainingFrames[0] ?? next?.count ?? 0,
    count: next?.count ?? 0,
    filter: next?.filter ?? "",
    exposureS: next?.exposureS ?? 0,
    phase: slewing ? "slewing" : "waiting",
    startMs: null,
  };
}

const PHASES: Readonly<Record<string, ExecutingFrame["phase"] | undefined>> = {
  starting: "starting",
  exposing: "exposing",
  read: "storing",
};
