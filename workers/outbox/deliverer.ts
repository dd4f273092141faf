import { setTimeout as sleep } from "node:timers/promises";
import type { SendOutcome } from "../../adapters/webhooks/send.ts";
import { OUTBOX_TOPICS, type OutboxRecord, type OutboxTopic } from "../../db/entities/outbox-message.ts";
import type { OutboxRepository } from "../../db/repositories/outbox.ts";
import { backOffMs } from "../../domain/partners/back-off.ts";
import { MS_PER_DAY } from "../../domain/units.ts";

/** Sends one message; never throws, and ends within `SEND_LIMIT_MS`. */
export type SendMessage = (message: OutboxRecord, limitMs: number) => Promise<SendOutcome>;

export interface DelivererDeps {
  readonly outbox: Pick<OutboxRepository, "claim" | "delivered" | "postponed" | "failed" | "prune">;
  /** How to send, by the topic's part before the dot (`ic`, `fsc`, `mail`); what is not there waits in the outbox. */
  readonly senders: Readonly<Record<string, SendMessage>>;
  readonly wallMs: () => number;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Told what a person should know; written once per message and kind. */
  readonly tell: (line: OutboxLine) => Promise<void>;
}

/** A line for the journal. */
export interface OutboxLine {
  readonly level: "info" | "warning";
  readonly text: string;
  readonly onceKey: string;
}

/** A receiver may take this long for one message, wall ms. */
export const SEND_LIMIT_MS = 10_000;
/** Longer than any attempt can last: after it the deliverer that had the message in hand is dead. */
const HOLD_MS = 30_000;
/** Lanes served at once. */
const AT_ONCE = 16;
/** Delivered messages are kept this long, wall ms. */
const KEEP_MS = 90 * MS_PER_DAY;
/** A person is told when a message has failed this often. */
const TOLD_AT_ATTEMPT = 3;

/**
 * Delivers the outbox: at least once, in order per topic and destination, with waits that grow. A message that was sent
 * when the process died is sent again under the same id, by which receivers know it. One that a receiver refuses for
 * good stands aside as failed and lets those behind it pass.
 * @returns one look: sends the next message of each lane that is due, and says how many were delivered
 */
export function createDeliverer(deps: DelivererDeps): () => Promise<number> {
  const { outbox, wallMs } = deps;
  const topics = OUTBOX_TOPICS.filter((topic) => senderOf(topic) !== undefined);
  let prunedWallMs = 0;

  function senderOf(topic: OutboxTopic): SendMessage | undefined {
    return deps.senders[topic.split(".")[0] ?? topic];
  }

  async function round(): Promise<number> {
    const messages = await outbox.claim(topics, wallMs(), HOLD_MS, AT_ONCE);
    const outcomes = await Promise.all(messages.map(deliver));
    if (wallMs() - prunedWallMs > MS_PER_DAY / 24) {
      prunedWallMs = wallMs();
      await outbox.prune(wallMs() - KEEP_MS);
    }
    return outcomes.filter(Boolean).length;
  }

  async function deliver(message: OutboxRecord): Promise<boolean> {
    const { id, topic, destination, attempts } = message;
    const send = senderOf(topic);
    if (send === undefined) return false;
    const outcome = await send(message, SEND_LIMIT_MS);
    switch (outcome.kind) {
      case "delivered":
        await outbox.delivered(id, wallMs());
        if (attempts > TOLD_AT_ATTEMPT) {
          await deps.tell({
            level: "info",
            text: `Message ${id} (${topic}) has reached ${destination} at attempt ${attempts}.`,
            onceKey: `outbox ${id} delivered`,
          });
        }
        return true;
      case "refused":
        await outbox.failed(id, attempts, outcome.problem);
        await deps.tell({
          level: "warning",
          text: `Message ${id} (${topic}) was refused by ${destination}: ${outcome.problem} It is not sent again by itself; the others go on.`,
          onceKey: `outbox ${id} refused ${attempts}`,
        });
        return false;
      default: {
        const waitMs = backOffMs(attempts, deps.random(), outcome.retryAfterMs);
        await outbox.postponed(id, attempts, outcome.problem, wallMs() + waitMs);
        if (attempts === TOLD_AT_ATTEMPT) {
          await deps.tell({
            level: "warning",
            text: `Message ${id} (${topic}) does not reach ${destination}: ${outcome.problem} It is tried again until it does; nothing is lost.`,
            onceKey: `outbox ${id} late`,
          });
        }
        return false;
      }
    }
  }

  return round;
}

/** Looks again and again until `stop`, which ends after the attempts under way. */
export function startDeliverer(
  deps: DelivererDeps & {
    readonly onProblem: (problem: Error) => void;
    /** Wait between two looks when nothing is to be done, wall ms; 1000 when absent. */
    readonly everyMs?: number;
  },
): { stop(): Promise<void> } {
  const round = createDeliverer(deps);
  const stopping = new AbortController();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let delivered = 0;
      try {
        delivered = await round();
      } catch (cause) {
        deps.onProblem(new Error("the outbox could not be served now; it is tried anew", { cause }));
      }
      // The next of a lane that moves is due at once.
      if (delivered === 0) await pause(deps.everyMs ?? 1_000, stopping.signal);
    }
  }

  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Waits, or not when it is to stop. */
async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
