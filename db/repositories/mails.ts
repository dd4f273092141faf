import type { EntityManager } from "@mikro-orm/postgresql";
import { enqueue } from "./outbox.ts";

/** A mail to one person, to be sent once: the key is its natural name. */
export interface NewMail {
  readonly to: string;
  readonly key: string;
  readonly subject: string;
  readonly text: string;
}

/** Puts mails into the outbox in the transaction of `em`. */
export async function enqueueMails(
  em: EntityManager,
  mails: readonly NewMail[],
  wallMs: number,
): Promise<void> {
  for (const { to, key, subject, text } of mails) {
    await enqueue(em, {
      topic: "mail",
      destination: to,
      key,
      payload: { to, subject, text },
      createdWallMs: wallMs,
    });
  }
}
