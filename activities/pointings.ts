import type { TelescopeClient, TelescopeStatus } from "../adapters/alpaca/telescope.ts";
import { exposureKey, type ExposureInput, type FrameFacts } from "./exposure.ts";
import { onTarget } from "./telescope.ts";

export type Pointings = ReturnType<typeof createPointings>;

/** Frames whose pointing is remembered: far more than can be open at once. */
const REMEMBERED = 200;

/** Remembers where the mount pointed when each exposure was started, for the WCS of its header. */
export function createPointings(telescope: Pick<TelescopeClient, "status">) {
  const noted = new Map<string, TelescopeStatus>();
  return {
    note(input: ExposureInput, status: TelescopeStatus): void {
      noted.set(exposureKey(input), status);
      const oldest = noted.keys().next();
      if (noted.size > REMEMBERED && oldest.done !== true) noted.delete(oldest.value);
    },

    /**
     * Where the frame points: as the mount said at its start; after a restart of this process as it says now, if it still
     * tracks the target; else as it was commanded (within 30 arcsec of the truth, checked at the start).
     */
    async of(input: ExposureInput, signal: AbortSignal): Promise<FrameFacts["pointing"]> {
      const atStart = noted.get(exposureKey(input));
      const status = atStart ?? (await telescope.status({ signal }).catch(() => undefined));
      const { raDeg, decDeg } = input.target;
      if (status === undefined || status.raDeg === null || status.decDeg === null) {
        return { raDeg, decDeg, measured: false };
      }
      if (atStart === undefined && !onTarget(status, input.target)) return { raDeg, decDeg, measured: false };
      return { raDeg: status.raDeg, decDeg: status.decDeg, measured: true };
    },
  };
}
