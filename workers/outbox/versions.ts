import type { OutboxRepository } from "../../db/repositories/outbox.ts";

/** Tells IC what software runs, once for each start. */
export async function enqueueVersions(
  outbox: Pick<OutboxRepository, "add">,
  versions: Readonly<Record<string, string>>,
  startedWallMs: number,
): Promise<void> {
  const startedAt = new Date(startedWallMs).toISOString();
  await outbox.add({
    topic: "ic.versions",
    key: `start/${startedAt}`,
    payload: { startedAt, software: versions },
    createdWallMs: startedWallMs,
  });
}
