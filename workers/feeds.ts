import type { Logger } from "pino";
import { publicAddress } from "../adapters/config/settings.ts";
import { createMailer } from "../adapters/mail/mailer.ts";
import { observatoryMs } from "../domain/clock.ts";
import { startRedelivery } from "../ingest/redelivery.ts";
import { softwareVersions } from "./versions.ts";
import type { Process } from "./compose.ts";
import { startNotifier } from "./notifier.ts";
import { startDeliverer } from "./outbox/deliverer.ts";
import { mailSender, notificationSender, partnerSenders } from "./outbox/senders.ts";
import { enqueueStatuses } from "./outbox/statuses.ts";
import { enqueueVersions } from "./outbox/versions.ts";

/** Each fact is told once by its key: this is how late it may be. */
const TELL_EVERY_MS = 60_000;

/**
 * Sends stored notices again until Temporal has them, the outbox to IC, FSC and people, and writes into it what
 * people want to be told.
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
  const partners = partnerSenders(observatory, settings, clock.wallMs);
  const deliverer = startDeliverer({
    outbox: database.outbox,
    senders: {
      ...partners,
      mail: mailSender(mailer),
      webhook: notificationSender(database, observatory.site.id, clock.wallMs),
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
  const startedWallMs = clock.wallMs();
  const tellIc = async (): Promise<void> => {
    try {
      await enqueueVersions(database.outbox, softwareVersions(), startedWallMs);
      // Without IC they would pile up; what it missed is in the next ones.
      if (partners["ic"] !== undefined) await enqueueStatuses(database, clock.wallMs());
    } catch (cause) {
      onProblem(new Error("IC is not told of versions and statuses now; it is tried anew", { cause }));
    }
  };
  void tellIc();
  const telling = setInterval(() => void tellIc(), TELL_EVERY_MS);
  const notifier = startNotifier({
    database,
    sender: { siteName: observatory.site.name, address: publicAddress(settings) },
    wallMs: clock.wallMs,
    onProblem,
  });
  return async () => {
    clearInterval(telling);
    await Promise.all([redelivery.stop(), deliverer.stop(), notifier.stop()]);
    mailer.close();
  };
}
