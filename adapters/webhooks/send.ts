import { Webhook } from "standardwebhooks";

/** What came of one attempt to send. */
export type SendOutcome =
  | { readonly kind: "delivered" }
  /** The receiver, or the way to it, is not ready: the same message may go through later. */
  | { readonly kind: "later"; readonly problem: string; readonly retryAfterMs: number | null }
  /** The receiver does not want this message: the same again would be refused again. */
  | { readonly kind: "refused"; readonly problem: string };

/** Statuses that speak of the message itself (RFC 9110, section 15.5); others speak of the receiver, or of now. */
const REFUSALS = new Set([400, 406, 413, 415, 422]);
const LARGEST_BODY_BYTES = 1024 * 1024;
const MOST_WORDS = 300;

/**
 * Posts one message with a Standard Webhooks signature. Never throws.
 * @param address where the receiver takes messages
 * @param limitMs how long the receiver may take, wall ms
 */
export async function sendWebhook(
  address: string,
  secret: string,
  message: { readonly id: string; readonly body: string; readonly wallMs: number },
  limitMs: number,
): Promise<SendOutcome> {
  const bytes = Buffer.byteLength(message.body);
  if (bytes > LARGEST_BODY_BYTES) {
    return { kind: "refused", problem: `It has ${bytes} bytes; at most ${LARGEST_BODY_BYTES} are sent.` };
  }
  const at = new Date(message.wallMs);
  let answer: Response;
  try {
    answer = await fetch(address, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "idempotency-key": message.id,
        "webhook-id": message.id,
        "webhook-timestamp": String(Math.floor(message.wallMs / 1_000)),
        "webhook-signature": new Webhook(secret).sign(message.id, at, message.body),
      },
      body: message.body,
      // A signed message goes to the address it is meant for, and nowhere else.
      redirect: "manual",
      signal: AbortSignal.timeout(limitMs),
    });
  } catch (error) {
    return { kind: "later", problem: noAnswerWords(error, limitMs), retryAfterMs: null };
  }
  const words = await firstWords(answer);
  if (answer.ok) return { kind: "delivered" };
  const problem = `It answered ${answer.status}${words === "" ? "" : `: ${words}`}.`;
  if (REFUSALS.has(answer.status)) return { kind: "refused", problem };
  return { kind: "later", problem, retryAfterMs: retryAfterMs(answer.headers.get("retry-after")) };
}

function noAnswerWords(error: unknown, limitMs: number): string {
  const { name, message, cause } = error as Error;
  if (name === "TimeoutError") return `It did not answer within ${limitMs / 1_000} s.`;
  const code = (cause as { code?: string } | undefined)?.code;
  if (code === "ECONNREFUSED") return "Nobody listens at its address.";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "Its address has no host by that name.";
  return `It could not be reached: ${code ?? message}.`;
}

/** The beginning of an answer in one line; the rest, however long, is not read. */
async function firstWords(answer: Response): Promise<string> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return "";
  try {
    const { value } = await reader.read();
    await reader.cancel();
    return Buffer.from(value ?? new Uint8Array())
      .toString("utf8")
      .replaceAll(/[\s\p{Cc}]+/gu, " ")
      .trim()
      .slice(0, MOST_WORDS);
  } catch {
    // The status is what counts; words that do not come are done without.
    return "";
  }
}

/** Seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(header: string | null): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
