/**
 * Rules of the quota ledger. Time is granted to a programme; a sequence that is scheduled reserves its overhead and
 * duration; what comes of the attempt settles the reservation exactly once: it is spent, or partly spent and the rest
 * returned. The remainder of an interrupted sequence reserves anew under its next attempt. All in seconds, exact to 1 ms.
 */

/** Kinds of ledger lines. */
export const QUOTA_KINDS = ["granted", "reserved", "spent", "returned"] as const;
export type QuotaKind = (typeof QUOTA_KINDS)[number];

/** Programme that alert observations are charged to. */
export const ALERT_PROGRAMME_ID = "ALERT";

export interface QuotaLine {
  readonly kind: QuotaKind;
  readonly seconds: number;
}

export interface QuotaBalance {
  readonly grantedS: number;
  /** Reserved and not settled yet. */
  readonly openS: number;
  readonly spentS: number;
  /** Can still be reserved; negative only for a programme that may overdraw (alerts). */
  readonly availableS: number;
}

/** What ends an attempt. `cancelled`: it never began (withdrawn, dropped from the schedule). */
export type AttemptOutcome = "completed" | "interrupted" | "cancelled";

export interface Settlement {
  readonly spentS: number;
  readonly returnedS: number;
}

/**
 * What an attempt that reserved `reservedS` costs. Completed: all that was reserved. Interrupted: the exposure time of
 * the frames that are stored, and the rest comes back. Cancelled: all comes back.
 * Throws RangeError for negative or non-finite seconds.
 */
export function settle(outcome: AttemptOutcome, reservedS: number, storedExposureS: number): Settlement {
  requireSeconds("reservedS", reservedS);
  requireSeconds("storedExposureS", storedExposureS);
  const reservedMs = toMs(reservedS);
  if (outcome === "completed") return { spentS: fromMs(reservedMs), returnedS: 0 };
  const spentMs = outcome === "cancelled" ? 0 : Math.min(reservedMs, toMs(storedExposureS));
  return { spentS: fromMs(spentMs), returnedS: fromMs(reservedMs - spentMs) };
}

/** What a scheduled sequence reserves: configured overhead and the duration of what is left of it. */
export function reservationS(overheadS: number, remainingDurationS: number): number {
  requireSeconds("overheadS", overheadS);
  requireSeconds("remainingDurationS", remainingDurationS);
  return fromMs(toMs(overheadS) + toMs(remainingDurationS));
}

/** The balance that the lines of one programme add up to. */
export function balanceOf(lines: readonly QuotaLine[]): QuotaBalance {
  const totalMs: Record<QuotaKind, number> = { granted: 0, reserved: 0, spent: 0, returned: 0 };
  for (const line of lines) {
    requireSeconds("seconds", line.seconds);
    totalMs[line.kind] += toMs(line.seconds);
  }
  return {
    grantedS: fromMs(totalMs.granted),
    openS: fromMs(totalMs.reserved - totalMs.spent - totalMs.returned),
    spentS: fromMs(totalMs.spent),
    availableS: fromMs(totalMs.granted - totalMs.reserved + totalMs.returned),
  };
}

/** Whether a reservation fits: alert programmes may overdraw, since a burst is not asked to wait for a committee. */
export function mayReserve(
  balance: QuotaBalance,
  seconds: number,
  programmeKind: "routine" | "alert",
): boolean {
  return programmeKind === "alert" || toMs(seconds) <= toMs(balance.availableS);
}

function requireSeconds(name: string, value: number): void {
  if (!Number.isFinite(value) || value < 0)
    throw new RangeError(`${name} must be finite and not negative, got ${value}`);
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1_000);
}

function fromMs(ms: number): number {
  return ms / 1_000;
}

/** What a line does to the time that can still be reserved, ms: what is spent was reserved before. */
export function effectMs({ kind, seconds }: QuotaLine): number {
  switch (kind) {
    case "granted":
    case "returned":
      return toMs(seconds);
    case "reserved":
      return -toMs(seconds);
    default:
      return 0;
  }
}
