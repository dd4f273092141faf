import type { Lease } from "../workflows/messages.ts";
import { failure, FAILURE } from "./failures.ts";

/** Reads the stored lease of a site; null when none was ever written. */
export type ReadLease = (
  siteId: string,
) => Promise<{ readonly holder: string | null; readonly generation: number } | null>;

/** Throws LeaseLost unless the stored lease is this one. Called right before each command that moves something. */
export async function checkLease(readLease: ReadLease, lease: Lease): Promise<void> {
  const stored = await readLease(lease.siteId);
  if (stored?.generation === lease.generation && stored.holder === lease.holder) return;
  const now =
    stored === null
      ? "nobody holds it"
      : `it is now generation ${stored.generation} of ${stored.holder ?? "nobody"}`;
  throw failure(
    FAILURE.LeaseLost,
    `The hardware was not moved: generation ${lease.generation} of ${lease.holder} no longer holds the lease, ${now}.`,
  );
}
