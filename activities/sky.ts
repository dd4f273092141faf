import { isMissingMember, type AlpacaDevice } from "../adapters/alpaca/device.ts";
import { runActivity } from "./run-activity.ts";

export interface TransientInput {
  readonly raDeg: number;
  readonly decDeg: number;
  /** Observatory ms of the burst. */
  readonly t0Ms: number;
}

export interface SkyDeps {
  /** Cameras by device id. */
  readonly cameras: ReadonlyMap<string, Pick<AlpacaDevice<"camera">, "get" | "put">>;
}

/** The Action of simulated cameras that puts a fading source into their sky. */
const ACTION = "sky:transient";
/** Magnitude (r) 60 s after the burst, and the power law of its fading: those of an ordinary afterglow. */
const MAGNITUDE_AT_60_S = 13.5;
const FADING_INDEX = 1.1;

export type SkyActivities = ReturnType<typeof createSkyActivities>;

/** The sky of the simulators: a simulated burst is to be seen in the frames taken of it. */
export function createSkyActivities({ cameras }: SkyDeps) {
  /**
   * Shows a fading source to every camera that has such a sky; a real camera has none, and is left alone.
   * @returns how many cameras see it. Throws what the devices throw.
   */
  async function showTransient({
    raDeg,
    decDeg,
    t0Ms,
  }: TransientInput): Promise<{ readonly cameras: number }> {
    let seenBy = 0;
    for (const camera of cameras.values()) {
      if (!(await supported(camera))) continue;
      const parameters = { raDeg, decDeg, t0Ms, mag: MAGNITUDE_AT_60_S, index: FADING_INDEX };
      await camera.put("action", { Action: ACTION, Parameters: JSON.stringify(parameters) });
      seenBy += 1;
    }
    return { cameras: seenBy };
  }

  async function supported(camera: Pick<AlpacaDevice<"camera">, "get">): Promise<boolean> {
    try {
      return (await camera.get("supportedactions", {})).includes(ACTION);
    } catch (error) {
      if (isMissingMember(error)) return false;
      throw error;
    }
  }

  return { showTransient: (input: TransientInput) => runActivity(() => showTransient(input)) };
}
