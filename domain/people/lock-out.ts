/**
 * When sign-ins are refused after failures. Three fences, all of wall time: one for a person and an address (a person mistypes), one
 * for an address (a machine tries many names), one for an account over all addresses (many machines try one name).
 * The last never holds an address from which the account's owner has signed in before: strangers
 * cannot lock an owner out.
 */
export const LOCK_OUT = {
  windowMs: 15 * 60_000,
  perAccountAndAddress: 5,
  perAddress: 50,
  perAccount: 50,
} as const;

export interface Failures {
  /** Wall ms of failures within the window, newest first: of this account from this address, … */
  readonly ofAccountAndAddress: readonly number[];
  /** … of any account from this address, … */
  readonly ofAddress: readonly number[];
  /** … of this account from any address. */
  readonly ofAccount: readonly number[];
  /** Whether somebody has signed in to the account from this address before. */
  readonly addressIsKnown: boolean;
}

/** Wall ms to wait before the next try is taken; 0: now. */
export function lockedForMs(failures: Failures, nowWallMs: number): number {
  const { windowMs, perAccountAndAddress, perAddress, perAccount } = LOCK_OUT;
  const fences: readonly (readonly [readonly number[], number])[] = [
    [failures.ofAccountAndAddress, perAccountAndAddress],
    [failures.ofAddress, perAddress],
    ...(failures.addressIsKnown ? [] : [[failures.ofAccount, perAccount] as const]),
  ];
  const waits = fences.map(([times, limit]) => {
    // The failure that must leave the window before there are fewer than the limit.
    const last = times[limit - 1];
    return last === undefined ? 0 : Math.max(0, last + windowMs - nowWallMs);
  });
  return Math.max(...waits);
}
