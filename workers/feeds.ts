import type { Logger } from "pino";
import { createMailer } from "../adapters/mail/mailer.ts";
import { observatoryMs } from "../domain/clock.ts";
import { startRedelivery } from "../ingest/redelivery.ts";
import { softwareVersions } from "./versions.ts";
import type { Process } from "./compose.ts";
import { startDeliverer } from "./outbox/deliverer.ts";
import { mailSender, partnerSenders } from "./outbox/senders.ts";
import { enqueueVersions } from "./outbox/versions.ts";

/**
 * Sends stored notices again until Temporal has them, and the outbox to IC, FSC and people.
 * @returns what ends it.
 */
export function startFeeds(process: Process, log: Logger): () => Promise<void> {
  const { database, temporal, observatory, clock, settings } = process;
  const onProblem = (problem: Error): void => log.warn(problem, problem.message);
  const redelivery = startRedelivery({
    database,
    client: temporal.client,
    observatory,
    clock: clock.fact,
    wallMs: clock.wallMs,
    onProblem,
  });
  const mailer = createMailer({
    smtpUrl: settings.smtpUrl,
    from: settings.mailFrom,
    home: settings.home,
    nowWallMs: clock.wallMs,
  });
  const deliverer = startDeliverer({
    outbox: database.outbox,
    senders: {
      ...partnerSenders(observatory, settings, clock.wallMs),
      mail: mailSender(mailer),
    },
    wallMs: clock.wallMs,
    random: Math.random,
    tell: (line) => {
      const atWallMs = clock.wallMs();
      return database.journal.append({
        atWallMs,
        atMs: observatoryMs(clock.fact(), atWallMs),
        module: "outbox",
        ...line,
      });
    },
    onProblem,
  });
  enqueueVersions(database.outbox, softwareVersions(), clock.wallMs()).catch((cause: unknown) =>
    onProblem(new Error("the software versions were not written into the outbox", { cause })),
  );
  return async () => {
    await Promise.all([redelivery.stop(), deliverer.stop()]);
    mailer.close();
  };
}
