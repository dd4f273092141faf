import { cancellationSignal } from "@temporalio/activity";
import type { CoverClient, CoverWord } from "../adapters/alpaca/cover.ts";
import { motionLimitWallMs } from "../domain/clock.ts";
import type { Lease } from "../workflows/messages.ts";
import { nowMs, type Clocks } from "./clocks.ts";
import { failure, FAILURE } from "./failures.ts";
import { checkLease, type ReadLease } from "./lease-check.ts";
import { runActivity } from "./run-activity.ts";
import { readOrNull } from "./read-or-null.ts";
import { motionPollWallMs, waitUntil } from "./wait-until.ts";

export interface CoverDeps {
  /** Null when the observatory has no cover. */
  readonly cover: CoverClient | null;
  readonly readLease: ReadLease;
  readonly clocks: Clocks;
}

export interface CoverMoved {
  readonly doneMs: number;
  /** Nothing had to move. */
  readonly already: boolean;
}

export type CoverActivities = ReturnType<typeof createCoverActivities>;

/** A cover gets this long to begin to move. */
const OBEY_WALL_MS = 1_000;

/** What moves the mirror cover. Opening needs the lease; closing, which also turns the lamp off, needs nothing. */
export function createCoverActivities({ cover, readLease, clocks }: CoverDeps) {
  /**
   * Opens the cover, with the lamp off, and verifies Open.
   * @param limitS observatory seconds
   * Throws LeaseLost, NotReady when it stands still elsewhere, LimitExceeded, DeviceFault, DeviceUnreachable.
   */
  async function openCover({
    lease,
    limitS,
  }: {
    readonly lease: Lease;
    readonly limitS: number;
  }): Promise<CoverMoved> {
    const client = present();
    const signal = cancellationSignal();
    await checkLease(readLease, lease);
    await darken(client, signal);
    const { cover: before } = await client.status({ signal });
    if (isThere(before, "Open")) return { doneMs: nowMs(clocks), already: true };
    await checkLease(readLease, lease);
    signal.throwIfAborted();
    await client.openCover({ signal });
    const orderedWallMs = clocks.wallMs();
    await waitUntil(waitFor(client, "open", limitS), async (signal) => {
      const { cover: now } = await client.status({ signal });
      if (now === "Open") return true;
      if (now === "Moving" || clocks.wallMs() - orderedWallMs < OBEY_WALL_MS) return undefined;
      // Not told again: somebody may have told it to close meanwhile.
      throw failure(FAILURE.NotReady, `${client.name} was told to open and is ${coverInWords(now)}.`);
    });
    return { doneMs: nowMs(clocks), already: false };
  }

  /**
   * Closes the cover, verifies Closed, and turns the lamp off. Needs no lease; run twice it finds its own motion. A cover
   * that cannot be read is ordered all the same.
   * @param limitS observatory seconds
   * Throws LimitExceeded, DeviceFault, DeviceUnreachable.
   */
  async function closeCover({ limitS }: { readonly limitS: number }): Promise<CoverMoved> {
    const client = present();
    const signal = cancellationSignal();
    const before = await readOrNull(() => client.status({ signal }));
    const already = before !== null && isThere(before.cover, "Closed");
    if (!already) {
      await client.closeCover({ signal });
      let orderedWallMs = clocks.wallMs();
      await waitUntil(waitFor(client, "close", limitS), async (signal) => {
        const { cover: now } = await client.status({ signal });
        if (now === "Closed") return true;
        // A second to obey; then, wherever it stands still: once more.
        if (now === "Moving" || clocks.wallMs() - orderedWallMs < OBEY_WALL_MS) return undefined;
        await client.closeCover({ signal });
        orderedWallMs = clocks.wallMs();
        return undefined;
      });
    }
    await darken(client, signal);
    return { doneMs: nowMs(clocks), already };
  }

  function waitFor(client: CoverClient, verb: "open" | "close", limitS: number) {
    const clock = clocks.fact();
    return {
      what: `${client.name} to ${verb}`,
      limitWallMs: motionLimitWallMs(clock, limitS),
      pollWallMs: motionPollWallMs(clock),
    };
  }

  async function darken(client: CoverClient, signal: AbortSignal): Promise<void> {
    const { lamp } = await client.status({ signal });
    if (lamp !== "Off" && lamp !== "NotPresent") await client.lampOff({ signal });
  }

  function present(): CoverClient {
    if (cover !== null) return cover;
    throw failure(FAILURE.DeviceFault, "The observatory file has no cover.");
  }

  return {
    openCover: (input: { readonly lease: Lease; readonly limitS: number }) =>
      runActivity(() => openCover(input)),
    closeCover: (input: { readonly limitS: number }) => runActivity(() => closeCover(input)),
  };
}

function isThere(now: CoverWord, wanted: "Open" | "Closed"): boolean {
  return now === wanted || now === "NotPresent";
}

/** A cover's state for a sentence. */
export function coverInWords(cover: CoverWord): string {
  switch (cover) {
    case "Error":
      return "in error";
    case "NotPresent":
      return "not present";
    default:
      return cover.toLowerCase();
  }
}
