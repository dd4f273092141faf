import { failureType } from "../failure-words.ts";
import type { Lease } from "../messages.ts";
import type { Majordome } from "./state.ts";

/**
 * Writes a lease. Where the rows know of a later one than this workflow does (a backup of one of the two was put back), it
 * is written behind that: the majordome says who has the hardware, whatever was granted in a past that it does not know.
 * @returns the lease as it was written
 */
export async function writeLease({ siteId, records }: Majordome, lease: Lease): Promise<Lease> {
  for (let wanted = lease; ;) {
    try {
      await records.writeLease(wanted);
      return wanted;
    } catch (error) {
      if (failureType(error) !== "LeaseLost") throw error;
      const stored = await records.readLease({ siteId });
      if (stored === null || stored.generation < wanted.generation) throw error;
      wanted = { ...wanted, generation: stored.generation + 1 };
    }
  }
}

/** Writes a lease that counts already. @returns the lease as it was written, which counts from then on */
export async function writeLeaseInForce(majordome: Majordome, lease: Lease): Promise<Lease> {
  const written = await writeLease(majordome, lease);
  if (majordome.lease === lease) majordome.lease = written;
  return written;
}
