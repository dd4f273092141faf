/** How a detector is read: once at the end (CCD, CMOS), or many times on the way up (near-infrared arrays). */
import { MS_PER_SECOND } from "../../domain/units.ts";
import { ErrorNumber } from "../../protocol/errors.ts";
import { AlpacaError, actionNumber, actionParameters } from "../device.ts";
import type { DeviceAction } from "../device.ts";

/** The exposure that runs or ran last. */
export interface ExposureProgress {
  readonly startMs: number;
  readonly durationS: number;
  readonly modeIndex: number;
  readonly nowMs: number;
  /** Pixels by rows of one read taken `afterS` from the start. */
  readonly readAfter: (
    afterS: number,
    readNumber: number,
  ) => Promise<{
    readonly width: number;
    readonly height: number;
    readonly pixels: Uint16Array;
  }>;
}

export interface ReadoutScheme {
  /** ReadoutModes. */
  readonly modes: readonly string[];
  /** Effective read noise of the frame handed out in that mode, electrons, from that of one read. */
  readonly readNoiseE: (modeIndex: number, oneReadE: number) => number;
  readonly actions: (progress: () => ExposureProgress | undefined) => Readonly<Record<string, DeviceAction>>;
}

/** One read at the end of the exposure. */
export const SINGLE_READ: ReadoutScheme = {
  modes: ["Normal"],
  readNoiseE: (_modeIndex, oneReadE) => oneReadE,
  actions: () => ({}),
};

const CDS = 0;
const FOWLER = 1;

/**
 * Non-destructive reads. The image handed out is the reduced one, in any mode, so that any Alpaca client can use it.
 * Effective noise of n reads of noise s: correlated double sampling s sqrt(2); Fowler s sqrt(2 / pairs); slope fitted
 * up the ramp s sqrt(12 (n - 1) / (n (n + 1))) (Garnett & Forrest 1993; Robberto 2007).
 * Actions: `ramp:configure {nreads, nresets?, groups?}`, `ramp:status`, `ramp:read {k}` (one raw read, base64).
 */
export function createRampReadout(): ReadoutScheme {
  const ramp = { nreads: 16, nresets: 1, groups: 1 };
  const fowlerPairs = 8;
  const modes = ["CDS", `Fowler-${fowlerPairs}`, "UTR"];
  const readsIn = (modeIndex: number): number =>
    modeIndex === CDS ? 2 : modeIndex === FOWLER ? 2 * fowlerPairs : ramp.nreads;
  /** Seconds from the start of the exposure to read k (1 is the first, taken right after the reset). */
  const readTimeS = (k: number, progress: ExposureProgress): number =>
    (progress.durationS * (k - 1)) / (readsIn(progress.modeIndex) - 1);
  const readsDone = (progress: ExposureProgress): number => {
    const elapsedS = (progress.nowMs - progress.startMs) / MS_PER_SECOND;
    const reads = readsIn(progress.modeIndex);
    if (progress.durationS === 0 || elapsedS >= progress.durationS) return reads;
    return 1 + Math.max(0, Math.floor((elapsedS / progress.durationS) * (reads - 1)));
  };

  return {
    modes,
    readNoiseE: (modeIndex, oneReadE) => {
      if (modeIndex === CDS) return oneReadE * Math.SQRT2;
      if (modeIndex === FOWLER) return oneReadE * Math.sqrt(2 / fowlerPairs);
      const n = ramp.nreads;
      return oneReadE * Math.sqrt((12 * (n - 1)) / (n * (n + 1)));
    },
    actions: (progress) => ({
      "ramp:configure": {
        logged: true,
        run: (text) => {
          const parameters = actionParameters("ramp:configure", text);
          const whole = (name: "nreads" | "nresets" | "groups", least: number, most: number): number =>
            parameters[name] === undefined
              ? ramp[name]
              : Math.round(actionNumber("ramp:configure", parameters, name, least, most));
          Object.assign(ramp, {
            nreads: whole("nreads", 2, 256),
            nresets: whole("nresets", 1, 10),
            groups: whole("groups", 1, 64),
          });
          return JSON.stringify(ramp);
        },
      },
      "ramp:status": {
        logged: false,
        run: () => {
          const now = progress();
          if (now === undefined) return JSON.stringify({ ...ramp, mode: null, read: 0, of: 0 });
          return JSON.stringify({
            ...ramp,
            mode: modes[now.modeIndex],
            read: readsDone(now),
            of: readsIn(now.modeIndex),
          });
        },
      },
      "ramp:read": {
        logged: false,
        run: async (text) => {
          const now = progress();
          if (now === undefined) {
            throw new AlpacaError(ErrorNumber.InvalidOperation, "ramp:read: there is no exposure");
          }
          const k = Math.round(
            actionNumber("ramp:read", actionParameters("ramp:read", text), "k", 1, readsIn(now.modeIndex)),
          );
          if (k > readsDone(now)) {
            throw new AlpacaError(ErrorNumber.ValueNotSet, `ramp:read: read ${k} has not been taken yet`);
          }
          const afterS = readTimeS(k, now);
          const { width, height, pixels } = await now.readAfter(afterS, k);
          return JSON.stringify({
            k,
            of: readsIn(now.modeIndex),
            afterS,
            width,
            height,
            // Little-endian unsigned 16-bit, by rows, (0, 0) top left.
            uint16: Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength).toString("base64"),
          });
        },
      },
    }),
  };
}
