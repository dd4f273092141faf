import { DeviceProblem } from "../adapters/alpaca/errors.ts";
import type { TelescopeStatus } from "../adapters/alpaca/telescope.ts";
import { wheelBefore } from "../domain/observatory.ts";
import {
  apparatusOf,
  exposureKey,
  placeOf,
  type CameraDeps,
  type ExposureInput,
  type FrameFacts,
} from "./exposure.ts";
import { onTarget } from "./telescope.ts";

export type StartNotes = ReturnType<typeof createStartNotes>;

interface Note {
  readonly mount: TelescopeStatus;
  /** What the wheel said; null without a wheel. */
  readonly filter: string | null;
}

/** Frames whose start is remembered: far more than can be open at once. */
const REMEMBERED = 200;

/** Remembers what mount and filter wheel said when each exposure was started, for its header. */
export function createStartNotes(deps: CameraDeps) {
  const noted = new Map<string, Note>();
  return {
    note(input: ExposureInput, note: Note): void {
      noted.set(exposureKey(input), note);
      const oldest = noted.keys().next();
      if (noted.size > REMEMBERED && oldest.done !== true) noted.delete(oldest.value);
    },

    /**
     * Where the frame points: as the mount said at its start; after a restart of this process as it says now, if it still
     * tracks that place; else as it was commanded (within 30 arcsec of the truth, checked at the start).
     */
    async pointing(input: ExposureInput, signal: AbortSignal): Promise<FrameFacts["pointing"]> {
      const atStart = noted.get(exposureKey(input))?.mount;
      const status = atStart ?? (await deps.telescope.status({ signal }).catch(() => undefined));
      const place = placeOf(input);
      const commanded = { raDeg: place.raDeg, decDeg: place.decDeg, measured: false };
      if (status === undefined || status.raDeg === null || status.decDeg === null) return commanded;
      if (atStart === undefined && !onTarget(status, place)) return commanded;
      return { raDeg: status.raDeg, decDeg: status.decDeg, measured: true };
    },

    /**
     * The filter that the frame was taken through: as the wheel said at its start; after a restart of this process as it
     * says now, if that is the filter of the plan; else the plan's, marked as such. An instrument without a wheel has one.
     */
    async filter(input: ExposureInput, signal: AbortSignal): Promise<FrameFacts["filter"]> {
      const { instrument } = apparatusOf(deps, input);
      const wheel = wheelBefore(deps.observatory, instrument);
      if (wheel === null) return { name: instrument.filters[0] ?? input.filter, source: "fixed" };
      const atStart = noted.get(exposureKey(input))?.filter ?? null;
      if (atStart !== null) return { name: atStart, source: "wheel" };
      const now = await deps.wheels
        .get(wheel.id)
        ?.status({ signal })
        .catch((error: unknown) => {
          if (error instanceof DeviceProblem) return null;
          throw error;
        });
      return { name: input.filter, source: now?.filter === input.filter ? "wheel" : "plan" };
    },
  };
}
