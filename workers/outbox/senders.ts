import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../../adapters/config/settings.ts";
import { MailRefused, type Mail, type Mailer } from "../../adapters/mail/mailer.ts";
import { sendWebhook } from "../../adapters/webhooks/send.ts";
import { messageId } from "../../adapters/webhooks/sign.ts";
import type { Database } from "../../db/orm.ts";
import type { Observatory } from "../../domain/observatory.ts";
import type { SendMessage } from "./deliverer.ts";

/**
 * How to send to each partner that has an address in the observatory file and a secret in the settings; the others are
 * not in the answer.
 */
export function partnerSenders(
  observatory: Observatory,
  settings: Pick<Settings, "icSecret" | "fscSecret">,
  wallMs: () => number,
): Readonly<Record<string, SendMessage>> {
  const { ic, fsc } = observatory.partners ?? {};
  const partners = [
    ["ic", ic, settings.icSecret],
    ["fsc", fsc, settings.fscSecret],
  ] as const;
  return Object.fromEntries(
    partners.flatMap(([name, address, secret]) =>
      address === undefined || secret === null
        ? []
        : [[name, webhookSender(address, secret, observatory.site.id, wallMs)]],
    ),
  );
}

function webhookSender(address: string, secret: string, site: string, wallMs: () => number): SendMessage {
  return (message, limitMs) => {
    const { topic, key, payload, createdWallMs } = message;
    const timestamp = new Date(createdWallMs).toISOString();
    const body = JSON.stringify({ type: topic, timestamp, site, key, data: payload });
    return sendWebhook(address, secret, { id: messageId(topic, key), body, wallMs: wallMs() }, limitMs);
  };
}

/**
 * Posts notifications to the webhooks that people chose, signed with the secret of each. One whose choice has changed since is
 * not told any more.
 */
export function notificationSender(
  database: Pick<Database, "notifications">,
  site: string,
  wallMs: () => number,
): SendMessage {
  return async (message, limitMs) => {
    const { topic, key, payload, createdWallMs, destination } = message;
    const { userId, ...data } = payload;
    try {
      const settings = await database.notifications.settingsOf(String(userId));
      if (settings === null || settings.webhookUrl !== destination || settings.webhookSecret === null)
        return { kind: "refused", problem: "The person does not want it there any more." };
      const timestamp = new Date(createdWallMs).toISOString();
      const body = JSON.stringify({ type: String(data["event"]), timestamp, site, data });
      const id = messageId(topic, key);
      return await sendWebhook(destination, settings.webhookSecret, { id, body, wallMs: wallMs() }, limitMs);
    } catch (error) {
      return { kind: "later", problem: (error as Error).message, retryAfterMs: null };
    }
  };
}

/** Sends the mails of the outbox. */
export function mailSender(mailer: Mailer): SendMessage {
  return async ({ key, payload }, limitMs) => {
    const stop = new AbortController();
    const late = sleep(limitMs, "late" as const, { signal: stop.signal }).catch(() => "late" as const);
    try {
      const outcome = await Promise.race([mailer.send(key, payload as unknown as Mail), late]);
      return outcome === "late"
        ? { kind: "later", problem: `It did not answer within ${limitMs / 1_000} s.`, retryAfterMs: null }
        : { kind: "delivered" };
    } catch (error) {
      const problem = (error as Error).message;
      return error instanceof MailRefused
        ? { kind: "refused", problem }
        : { kind: "later", problem, retryAfterMs: null };
    } finally {
      stop.abort();
    }
  };
}
