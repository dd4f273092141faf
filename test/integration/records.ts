import type { Stack } from "../support/stack.ts";

/** Frames of one attempt at a sequence carry the attempts (n - 1) * 3 + 1 to n * 3. */
const FRAME_ATTEMPTS = 3;

/** What one attempt at a sequence reserved, spent and got back, in seconds. */
export async function ledgerOf(
  stack: Stack,
  sequenceId: string,
  attempt: number,
): Promise<{ reserved: number; spent: number; returned: number }> {
  const lines = await stack.query<{ kind: "reserved" | "spent" | "returned"; seconds: string }>(
    "select kind, seconds from quota_entry where sequence_id = $1 and attempt = $2",
    [sequenceId, attempt],
  );
  const of = (kind: string): number =>
    Number(lines.find((line) => line.kind === kind)?.seconds ?? Number.NaN);
  return { reserved: of("reserved"), spent: of("spent"), returned: of("returned") };
}

/** Exposure time of the frames stored in one attempt at a sequence, counted from the image rows. */
export async function storedExposureS(stack: Stack, sequenceId: string, attempt: number): Promise<number> {
  const [row] = await stack.query<{ seconds: string | null }>(
    `select sum(image.exposure_s) as seconds from image join exposure on exposure.id = image.exposure_id
     where image.sequence_id = $1 and exposure.attempt between $2 and $3`,
    [sequenceId, (attempt - 1) * FRAME_ATTEMPTS + 1, attempt * FRAME_ATTEMPTS],
  );
  return Number(row?.seconds ?? 0);
}
