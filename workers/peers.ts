import { setTimeout as sleep } from "node:timers/promises";
import type { DeadWorker } from "../adapters/temporal/free-tasks.ts";
import type { Presence } from "../db/presence.ts";

export interface PeerDeps {
  /** Shows this worker to the others. Throws when that cannot be done now. */
  readonly join: () => Promise<Presence>;
  /** Gives back the workflow tasks of a worker that is gone. @returns ids of the workflows that went on by it */
  readonly freeTasksOf: (dead: DeadWorker) => Promise<string[]>;
  /** Told what a worker that is gone had begun. */
  readonly onFreed: (dead: DeadWorker, workflowIds: readonly string[]) => void;
  /** Told of the first failure of several in a row. */
  readonly onProblem: (error: Error) => void;
  readonly nowWallMs: () => number;
}

/** A death is noticed within this. */
const LOOK_EVERY_MS = 100;
const JOIN_AGAIN_MS = 1_000;

/**
 * Control workers look after each other: what one that was killed had in its hands is given back at once, and does not wait
 * for the time-out of a task (decision 0011). Ends with `close` only: a database that is away is tried again, and
 * whoever connects anew takes nobody for dead who has not come back yet.
 */
export function watchPeers(deps: PeerDeps): { close(): Promise<void> } {
  const over = new AbortController();
  const work = new Set<Promise<void>>();

  async function free(identity: string): Promise<void> {
    const dead = { identity, diedWallMs: deps.nowWallMs() };
    try {
      const freed = await deps.freeTasksOf(dead);
      if (freed.length > 0) deps.onFreed(dead, freed);
    } catch (error) {
      deps.onProblem(error as Error);
    }
  }

  async function look(presence: Presence): Promise<never> {
    let known: readonly string[] = [];
    for (;;) {
      const here = await presence.others();
      for (const gone of known.filter((identity) => !here.includes(identity))) {
        const freeing = free(gone).finally(() => work.delete(freeing));
        work.add(freeing);
      }
      known = here;
      await sleep(LOOK_EVERY_MS, undefined, { signal: over.signal });
    }
  }

  async function watch(): Promise<void> {
    let told = false;
    while (!over.signal.aborted) {
      let presence: Presence | null = null;
      try {
        presence = await deps.join();
        told = false;
        await look(presence);
      } catch (error) {
        if (!over.signal.aborted && !told) deps.onProblem(error as Error);
        told = true;
      } finally {
        await presence?.close();
      }
      await sleep(JOIN_AGAIN_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  }

  const watching = watch();
  return {
    close: async () => {
      over.abort();
      await watching;
      await Promise.all(work);
    },
  };
}
