import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { createAlpacaTransport } from "../adapters/alpaca/transport.ts";
import { loadObservatory } from "../adapters/config/observatory.ts";
import type { Settings } from "../adapters/config/settings.ts";
import { readClockFile, readLeaseFile } from "../adapters/home/home-files.ts";
import { createTemporalClient } from "../adapters/temporal/client.ts";
import { observatoryMs, REAL_CLOCK } from "../domain/clock.ts";
import { observatoryWorkflowId } from "../workflows/names.ts";
import { createGuardDevices } from "./guard/devices.ts";
import { createGuardLoop } from "./guard/loop.ts";
import { journalGuard, recallGuard, rememberGuard } from "./guard/memory.ts";
import { createAskPermission } from "./guard/permission.ts";
import { serveStatus, type GuardStatus } from "./guard/status-port.ts";

/** ClientID by which devices name the guard in their logs. */
const GUARD_CLIENT_ID = 7102;
/** A trouble that stays is logged this often, wall ms. */
const REPEAT_LOG_MS = 60_000;

/** What the guard needs of the settings. */
export type GuardSettings = Pick<
  Settings,
  | "home"
  | "guardHost"
  | "guardPort"
  | "observatoryFile"
  | "temporalAddress"
  | "temporalNamespace"
  | "logLevel"
>;

/**
 * Starts the guard: the layer of safety that depends on neither database nor Temporal. It closes an open dome that is
 * unsafe, or that nobody answers for, and feeds the dome's dead-man only while all is well.
 * Rejects when the observatory file is wrong or its port is taken.
 */
export async function startGuard(settings: GuardSettings): Promise<{ close(): Promise<void> }> {
  const { home } = settings;
  const log = pino({ name: "guard", level: settings.logLevel });
  const observatory = loadObservatory(settings.observatoryFile, process.env);
  await mkdir(home, { recursive: true });
  const wallMs = Date.now;
  let clock = (await readClockFile(home)) ?? REAL_CLOCK;

  const transport = createAlpacaTransport({ clientId: GUARD_CLIENT_ID });
  const temporal = createTemporalClient({
    address: settings.temporalAddress,
    namespace: settings.temporalNamespace,
  });
  const loop = createGuardLoop(
    {
      devices: createGuardDevices(transport, observatory, () => observatoryMs(clock, wallMs())),
      limits: observatory.weather,
      rate: async () => {
        // Rate 1 when the file cannot be read: readings then count as older, never as younger.
        clock = (await readClockFile(home)) ?? { ...clock, rate: 1 };
        return clock.rate;
      },
      answerable: async () =>
        // A holder that was given up may be written as an empty text.
        (await readLeaseFile(home))?.holder || observatoryWorkflowId(observatory.site.id),
      askPermission: createAskPermission(temporal.client),
      wallMs,
      report: reportOccasionally((what, error) => log.warn({ err: error }, `trouble with ${what}`)),
    },
    await recallGuard(home, wallMs()),
  );

  let lastLoopWallAt = 0;
  const status = (): GuardStatus => {
    const { tripped, sinceWallMs, why } = loop.state();
    return { tripped, since: sinceWallMs, why, lastLoopWallAt };
  };
  const port = await serveStatus(settings.guardHost, settings.guardPort, status);
  const closing = new AbortController();
  const running = runUntilClosed();
  log.info(`watching the dome of ${observatory.site.name}; status on ${settings.guardHost}:${port.port}`);

  async function runUntilClosed(): Promise<void> {
    while (!closing.signal.aborted) {
      const begunMs = performance.now();
      const { event, nextLoopWallMs } = await loop.run();
      lastLoopWallAt = wallMs();
      if (event !== null) log[event === "tripped" ? "error" : "info"](`${event}: ${loop.state().why}`);
      await keep(event);
      const restMs = Math.max(100, nextLoopWallMs - (performance.now() - begunMs));
      await sleep(restMs, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  /** A disk that is full must not end the guard: the dome comes first. */
  async function keep(event: "tripped" | "untripped" | null): Promise<void> {
    try {
      await rememberGuard(home, status());
      if (event !== null) await journalGuard(home, { wallMs: wallMs(), event, why: loop.state().why });
    } catch (error) {
      log.error({ err: error }, "the guard could not write to its home");
    }
  }

  return {
    async close() {
      closing.abort();
      await running;
      await loop.settled();
      await Promise.all([port.close(), transport.close(), temporal.close()]);
    },
  };
}

function reportOccasionally(
  report: (what: string, error: unknown) => void,
): (what: string, error: unknown) => void {
  const reportedMs = new Map<string, number>();
  return (what, error) => {
    const now = performance.now();
    if (now - (reportedMs.get(what) ?? Number.NEGATIVE_INFINITY) < REPEAT_LOG_MS) return;
    reportedMs.set(what, now);
    report(what, error);
  };
}
