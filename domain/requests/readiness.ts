import { wheelBefore, type Observatory } from "../observatory.ts";
import type { Hold } from "../safety/holds.ts";

/** What monitoring knows as a request is submitted. Null: the observatory does not answer. */
export interface Conditions {
  readonly holds: readonly Pick<Hold, "kind" | "why">[];
  /** State and detail of each device, by id. */
  readonly devices: Readonly<Record<string, { readonly state: string; readonly detail: string }>>;
}

/**
 * What a sequence waits for as it is submitted, in words: its instruments' devices, then what stops the observatory;
 * null when nothing does. It may be planned all the same: most of these pass before its turn comes.
 */
export function waitsFor(
  sequence: { readonly albums: readonly { readonly instrumentId: string }[] },
  observatory: Observatory,
  conditions: Conditions | null,
): string | null {
  if (conditions === null) return null;
  for (const { instrumentId } of sequence.albums) {
    const instrument = observatory.instruments.find(({ id }) => id === instrumentId);
    const wheel = instrument === undefined ? null : wheelBefore(observatory, instrument);
    for (const deviceId of [instrument?.cameraId, wheel?.id]) {
      const device = deviceId === undefined ? undefined : conditions.devices[deviceId];
      if (deviceId === undefined || device === undefined || device.state !== "DISABLED") continue;
      const name = observatory.devices.find(({ id }) => id === deviceId)?.name ?? deviceId;
      return `waits for ${name}, which is DISABLED: ${device.detail}`;
    }
  }
  const [hold] = conditions.holds;
  return hold === undefined ? null : `waits: ${hold.why}`;
}
