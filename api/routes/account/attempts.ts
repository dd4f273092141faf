import type { Database } from "../../../db/orm.ts";
import type { ApiDeps } from "../../deps.ts";
import { Problem } from "../../problem.ts";
import { duration } from "../../words/time.ts";

/** What is counted. */
type Kind = "sign-up" | "sign-up password" | "password guess" | "recovery" | "recovery mail";

/** Counts what may be done only so often within a window of wall time, over all web processes. */
export interface Attempts {
  /** Wall ms to wait before the next try; 0: may try now. */
  waitMs(key: string): Promise<number>;
  add(key: string): Promise<void>;
}

/**
 * @param limit tries within the window after which no more are taken
 * @param windowMs wall ms after which a try is forgotten
 */
export function createAttempts(
  { database, nowWallMs }: { readonly database: Pick<Database, "attempts"> } & Pick<ApiDeps, "nowWallMs">,
  kind: Kind,
  limit: number,
  windowMs: number,
): Attempts {
  return {
    waitMs: (key) => database.attempts.waitMs(kind, key, limit, nowWallMs()),
    add: (key) => database.attempts.add(kind, key, nowWallMs() + windowMs, nowWallMs()),
  };
}

/**
 * Counts one asking from an address.
 * @param what what is asked for, as the sentence says it: `passwords`
 * @throws Problem 429 with the time to wait when it has asked too often
 */
export async function countAsking(perAddress: Attempts, address: string, what: string): Promise<void> {
  const waitMs = await perAddress.waitMs(address);
  if (waitMs > 0) {
    throw new Problem(429, `Too many ${what} were asked for from here. Try again in ${duration(waitMs)}.`, {
      "retry-after": String(Math.ceil(waitMs / 1_000)),
    });
  }
  await perAddress.add(address);
}
