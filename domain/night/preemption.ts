/**
 * Alert against alert: the better rank (lower number) goes first; of equal rank the newer T0 interrupts, otherwise it
 * queues. A routine sequence always gives way.
 */
export interface AlertClaim {
  readonly alertKey: string;
  readonly generation: number;
  readonly rank: number;
  readonly t0Ms: number;
  readonly validUntilMs: number;
}

/** Whether `claim` takes the telescope from `running` (null: a routine sequence or nothing). */
export function interrupts(claim: AlertClaim, running: AlertClaim | null): boolean {
  if (running === null) return true;
  if (claim.alertKey === running.alertKey) return claim.generation > running.generation;
  if (claim.rank !== running.rank) return claim.rank < running.rank;
  return claim.t0Ms > running.t0Ms;
}

/** The claims in the order in which they get the telescope. */
export function inOrder<Claim extends AlertClaim>(claims: readonly Claim[]): readonly Claim[] {
  return [...claims].sort(
    (one, other) =>
      one.rank - other.rank || other.t0Ms - one.t0Ms || one.alertKey.localeCompare(other.alertKey),
  );
}

/**
 * The pending claims with one more: a higher generation of the same alert replaces the lower one, a lower or equal one
 * is ignored.
 */
export function withClaim<Claim extends AlertClaim>(
  claims: readonly Claim[],
  claim: Claim,
): readonly Claim[] {
  const present = claims.find((each) => each.alertKey === claim.alertKey);
  if (present !== undefined && present.generation >= claim.generation) return claims;
  return [...claims.filter((each) => each.alertKey !== claim.alertKey), claim];
}

/** The claims that are still worth starting at `nowMs`, and those that are not. */
export function sortedByValidity<Claim extends AlertClaim>(
  claims: readonly Claim[],
  nowMs: number,
): { readonly valid: readonly Claim[]; readonly expired: readonly Claim[] } {
  return {
    valid: claims.filter((claim) => claim.validUntilMs > nowMs),
    expired: claims.filter((claim) => claim.validUntilMs <= nowMs),
  };
}
