import { condition, patched } from "@temporalio/workflow";
import { failureType } from "../failure-words.ts";
import type { Lease } from "../messages.ts";
import type { Majordome } from "./state.ts";

const ONE_AFTER_ANOTHER = "leases are written one after another";

/**
 * Writes a lease, behind those that are being written: of two on their way at once the earlier could come last, find the later
 * one and take the hardware from whom it was just granted to. Where the rows know of a later lease than this workflow does (a
 * backup of one of the two was put back), it is written behind that: the majordome says who has the hardware, whatever was
 * granted in a past that it does not know.
 * @returns the lease as it was written
 */
export async function writeLease(majordome: Majordome, lease: Lease): Promise<Lease> {
  if (!patched(ONE_AFTER_ANOTHER)) return writeBehindLater(majordome, lease);
  const writing = majordome.leaseWritten.then(() => writeBehindLater(majordome, lease));
  majordome.leaseWritten = writing.catch(() => undefined);
  return writing;
}

async function writeBehindLater({ siteId, records }: Majordome, lease: Lease): Promise<Lease> {
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

/**
 * Writes a lease that counts already, unless another has been granted before its turn came.
 * @returns the lease as it was written, which counts from then on; null when it no longer does
 */
export async function writeLeaseInForce(majordome: Majordome, lease: Lease): Promise<Lease | null> {
  if (patched(ONE_AFTER_ANOTHER)) {
    await condition(() => !majordome.granting && majordome.leaseMoving === null);
    if (majordome.lease !== lease) return null;
  }
  const written = await writeLease(majordome, lease);
  if (majordome.lease === lease) majordome.lease = written;
  return written;
}
