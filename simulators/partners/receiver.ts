/** A simulated partner (IC or FSC): takes signed messages, each once, and keeps what it got. */
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import path from "node:path";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { sendText } from "../http/reply.ts";

/** `down` answers 503, `hang` never answers, `refuse` answers 422. */
export const PARTNER_MODES = ["up", "down", "hang", "refuse"] as const;
export type PartnerMode = (typeof PARTNER_MODES)[number];

/** One message as it was taken: a line of `simulators/partners/<name>.jsonl`. */
export interface TakenMessage {
  readonly wallMs: number;
  /** The idempotency key: `webhook-id`. */
  readonly id: string;
  readonly type: string;
  readonly body: unknown;
}

export interface PartnerState {
  readonly mode: PartnerMode;
  /** Messages taken, each once. */
  readonly taken: number;
  /** Messages that came again and changed nothing. */
  readonly duplicates: number;
}

export interface PartnerReceiver {
  /** Answers `/partners/<name>` and `/partners/<name>/mode`. */
  answer(request: IncomingMessage, response: ServerResponse, below: string): Promise<void>;
  state(): PartnerState;
}

const LARGEST_BODY_BYTES = 2 * 1024 * 1024;

/**
 * @param folder where its file and its mode are kept over a restart
 * @param secret what messages must be signed with; null: none is taken
 */
export function createPartnerReceiver(options: {
  readonly name: string;
  readonly folder: string;
  readonly secret: string | null;
  readonly nowWallMs: () => number;
}): PartnerReceiver {
  const { name, folder, secret, nowWallMs } = options;
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.jsonl`);
  const modeFile = path.join(folder, `${name}.mode`);
  const seen = new Set(readBack(file).map(({ id }) => id));
  const webhook = secret === null ? null : new Webhook(secret);
  let duplicates = 0;
  let mode = readMode(modeFile);

  async function answer(request: IncomingMessage, response: ServerResponse, below: string): Promise<void> {
    if (below === "mode" && request.method === "PUT") return setMode(request, response);
    if (below !== "") return sendText(response, 404, `${name} has nothing at ${below}`);
    if (request.method === "GET") return sendJson(response, 200, state());
    if (request.method !== "POST") return sendText(response, 405, "messages are posted");
    if (mode === "hang") return;
    if (mode === "down") return sendText(response, 503, `${name} is down for maintenance`);
    if (mode === "refuse") return sendText(response, 422, `${name} refuses everything today`);
    await take(request, response);
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === null) return sendText(response, 413, `at most ${LARGEST_BODY_BYTES} bytes`);
    if (webhook === null) return sendText(response, 401, `${name} has no secret to verify with`);
    const headers = Object.fromEntries(
      ["webhook-id", "webhook-timestamp", "webhook-signature"].map((key) => [
        key,
        String(request.headers[key] ?? ""),
      ]),
    );
    let message: unknown;
    try {
      message = webhook.verify(body, headers);
    } catch (error) {
      if (!(error instanceof WebhookVerificationError) && !(error instanceof SyntaxError)) throw error;
      return sendText(response, 401, `the signature does not hold: ${error.message}`);
    }
    const id = headers["webhook-id"] ?? "";
    if (seen.has(id)) {
      duplicates += 1;
      return sendJson(response, 200, { duplicate: true });
    }
    const { type: named } = message as { type?: unknown };
    const type = typeof named === "string" ? named : "";
    const taken: TakenMessage = { wallMs: nowWallMs(), id, type, body: message };
    appendFileSync(file, `${JSON.stringify(taken)}\n`);
    seen.add(id);
    sendJson(response, 202, { duplicate: false });
  }

  async function setMode(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wanted = (await readBody(request))?.toString("utf8").trim() ?? "";
    const known = PARTNER_MODES.find((each) => each === wanted);
    if (known === undefined)
      return sendText(response, 400, `mode is "${wanted}", must be one of ${PARTNER_MODES.join(", ")}`);
    mode = known;
    writeFileSync(modeFile, mode);
    sendJson(response, 200, state());
  }

  function state(): PartnerState {
    return { mode, taken: seen.size, duplicates };
  }

  return { answer, state };
}

/** The body, or null when it is too long. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > LARGEST_BODY_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** What a partner got so far. The last line of a killed process may be cut short, and counts as not taken. */
export function readBack(file: string): TakenMessage[] {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as TakenMessage];
      } catch {
        return [];
      }
    });
}

function readMode(file: string): PartnerMode {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return "up";
  const kept = readFileSync(file, "utf8").trim();
  return PARTNER_MODES.find((each) => each === kept) ?? "up";
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
