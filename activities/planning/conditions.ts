import {
  statusInThisSky,
  whyNoInstrument,
  whyNotInThisSky,
  type SkyConditions,
  type WaitReason,
} from "../../domain/requests/conditions.ts";
import type { Observatory } from "../../domain/observatory.ts";
import { OPEN_STATUSES } from "../../domain/requests/request.ts";
import type { Database } from "../../db/orm.ts";

/** A reading older than this says nothing of the sky now, observatory ms. */
const READING_VALID_MS = 10 * 60_000;

/** Brings the statuses of sequences to what the sky and the devices allow now. */
export function createConditions({
  database,
  wallMs,
}: {
  readonly database: Pick<Database, "sequences" | "weather">;
  readonly wallMs: () => number;
}) {
  async function skyNow(siteId: string, nowMs: number): Promise<SkyConditions> {
    const latest = await database.weather.latest(siteId);
    if (latest === null || nowMs - latest.atMs > READING_VALID_MS) {
      return { seeingArcsec: null, cloudPct: null, skyQualityMag: null };
    }
    const { seeingArcsec, cloudPct, skyQualityMag } = latest;
    return { seeingArcsec, cloudPct, skyQualityMag };
  }

  /** @returns why to plan again, in words; null when no status has changed. */
  return async function applyConditions(input: {
    readonly observatory: Observatory;
    readonly nowMs: number;
    readonly dawnMs: number;
    /** Devices that do not work, by id with the reason. */
    readonly unavailable: Readonly<Record<string, string>>;
  }): Promise<string | null> {
    const { observatory, nowMs, dawnMs, unavailable } = input;
    const sky = await skyNow(observatory.site.id, nowMs);
    const asked = await database.sequences.asked(nowMs, dawnMs);
    const instruments =
      Object.keys(unavailable).length === 0
        ? new Map<string, readonly string[]>()
        : await database.sequences.instrumentsLeft(asked.map(({ id }) => id));
    const waiting: WaitReason[] = [];
    let back = 0;
    for (const { id, status, constraints } of asked) {
      const reason =
        whyNotInThisSky(constraints, sky, status === "waiting") ??
        whyNoInstrument(observatory, instruments.get(id) ?? [], unavailable);
      const next = statusInThisSky(status, reason);
      if (next === null) continue;
      const changed = await database.sequences.setStatus({
        id,
        status: next,
        reason: reason?.text ?? null,
        from: OPEN_STATUSES,
        wallMs: wallMs(),
      });
      if (!changed) continue;
      if (reason === null) back += 1;
      else waiting.push(reason);
    }
    const [first] = waiting;
    if (first !== undefined) {
      const others = waiting.length === 1 ? "A sequence waits" : `${waiting.length} sequences wait`;
      return `${others}: ${first.text}`;
    }
    if (back === 0) return null;
    return `conditions are good again for ${back} ${back === 1 ? "sequence" : "sequences"}`;
  };
}
