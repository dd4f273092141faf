import { loadObservatory } from "../adapters/config/observatory.ts";
import type { Settings } from "../adapters/config/settings.ts";
import { serveMetrics } from "../adapters/telemetry/metrics.ts";
import { startTracing, wantsTraces } from "../adapters/telemetry/tracing.ts";
import { createTemporalClient } from "../adapters/temporal/client.ts";
import { createTemporalGateway } from "../adapters/temporal/gateway.ts";
import { createMembershipGateway } from "../adapters/temporal/membership.ts";
import type { LateCommand } from "../adapters/temporal/gateway.ts";
import { createNotificationListener } from "../db/notify.ts";
import { openDatabase } from "../db/orm.ts";
import { observatoryMs } from "../domain/clock.ts";
import { createIntake } from "../ingest/intake.ts";
import pino from "pino";
import { buildApp } from "./app.ts";
import { openClockReader } from "./clock-reader.ts";

/**
 * The web process: opens what it needs, listens, and closes in order.
 * @throws Error with a sentence when the database is away, there is no clock yet, or the port is taken
 */
export async function startApi(settings: Settings): Promise<{ close(): Promise<void> }> {
  const log = pino({ level: settings.logLevel, name: "api" });
  const observatory = loadObservatory(settings.observatoryFile, process.env);
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    const database = await openDatabase(settings.databaseUrl);
    closers.push(() => database.close());
    const warn = (error: unknown): void => log.warn({ err: error }, "the database did not answer");
    const clock = await openClockReader(database.clock, warn);
    closers.push(clock.stop);
    const notifications = await createNotificationListener(settings.databaseUrl, { onError: warn });
    closers.push(() => notifications.close());
    const tracing = wantsTraces(settings.otlpUrl, process.env)
      ? await startTracing(settings.otlpUrl, "api")
      : null;
    if (tracing !== null) closers.push(() => tracing.close());
    const temporal = createTemporalClient({
      address: settings.temporalAddress,
      namespace: settings.temporalNamespace,
      ...(tracing === null ? {} : { interceptors: tracing.clientInterceptors }),
    });
    closers.push(() => temporal.close());

    const nowWallMs = (): number => Date.now();
    const siteId = observatory.site.id;
    const keepLate = ({ by, ...command }: LateCommand): void => {
      database.lateCommands.keep({ ...command, site: siteId, orderedBy: by }).catch(warn);
      if (command.outcome !== "sending") journalLate({ ...command, by });
    };
    const journalLate = (command: LateCommand): void => {
      const atWallMs = nowWallMs();
      const text = `"${command.command}" of ${command.by}, sent ${new Date(command.sentWallMs).toISOString()} and not confirmed then: ${lateWords(command)}`;
      database.journal
        .append({ atWallMs, atMs: observatoryMs(clock.fact(), atWallMs), level: "info", module: "web", text })
        .catch(warn);
    };
    const gateway = createTemporalGateway({
      client: temporal.client,
      siteId,
      onLateCommand: keepLate,
    });
    const intake = createIntake({
      database,
      client: temporal.client,
      observatory,
      clock: clock.fact,
      wallMs: nowWallMs,
      onProblem: (problem) => log.warn({ err: problem }, problem.message),
    });
    const app = await buildApp({
      settings,
      database,
      gateway,
      membership: createMembershipGateway({ client: temporal.client, siteId }),
      voteDays: settings.voteDays,
      intake,
      observatory,
      clock: clock.fact,
      notifications,
      nowWallMs,
      log,
    });
    closers.push(() => app.close());
    await app.listen({ host: settings.host, port: settings.port });
    if (settings.metricsPort !== null) {
      const metrics = await serveMetrics(settings.metricsHost, settings.metricsPort, () => app.metricsText());
      closers.push(() => metrics.close());
    }
    log.info(
      { host: settings.host, port: settings.port, signedNotices: settings.webhookSecret !== null },
      "web listens",
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

function lateWords(command: LateCommand): string {
  switch (command.outcome) {
    case "applied":
      return "applied now.";
    case "refused":
      return `refused now. ${command.reason}`;
    default:
      return `given up: ${command.reason}.`;
  }
}
