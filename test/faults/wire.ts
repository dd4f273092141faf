import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One question on its way to the simulators, and what they answered. */
export interface Passage {
  readonly method: string;
  readonly path: string;
  /** Last element of the path. */
  readonly member: string;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Answers in the place of the simulators' answer; the question has reached them. */
export type Tampering = (response: ServerResponse, answer: Answer) => void;

export interface BrokenWire {
  readonly port: number;
  /** What is done to an answer; null: it is passed on as it is. */
  tamper: (passage: Passage) => Tampering | null;
  close(): Promise<void>;
}

/** A line between Vesper and the simulators on which answers are spoilt in ways that no simulated device knows. */
export async function createBrokenWire(simulatorPort: number): Promise<BrokenWire> {
  const server = createServer((question, response) => {
    void pass(question, response).catch(() => response.destroy());
  });

  async function pass(question: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = question;
    const path = url.split("?")[0] ?? url;
    const tampering = wire.tamper({ method, path, member: path.slice(path.lastIndexOf("/") + 1) });
    const answer = await answerOf(simulatorPort, question);
    if (tampering !== null) tampering(response, answer);
    else passOn(response, answer);
  }

  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const wire: BrokenWire = {
    port: (server.address() as AddressInfo).port,
    tamper: () => null,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return wire;
}

async function answerOf(port: number, question: IncomingMessage): Promise<Answer> {
  const { method, url, headers } = question;
  const sent = await bytesOf(question);
  const { accept = "*/*", "content-type": contentType = "text/plain" } = headers;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    forward(
      { host: "127.0.0.1", port, method, path: url, headers: { accept, "content-type": contentType } },
      resolve,
    )
      .once("error", reject)
      .end(sent);
  });
  return {
    status: answer.statusCode ?? 0,
    contentType: String(answer.headers["content-type"]),
    body: await bytesOf(answer),
  };
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function passOn(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { "content-type": contentType, "content-length": body.length }).end(body);
}

/* ---- Ways to spoil an answer ------------------------------------------------------------------------------ */

/** Fields of the envelope changed; `undefined` takes one away. */
export function withFields(change: (fields: Record<string, unknown>) => object): Tampering {
  return (response, answer) => {
    const fields = JSON.parse(answer.body.toString()) as Record<string, unknown>;
    passOn(response, { ...answer, body: Buffer.from(JSON.stringify({ ...fields, ...change(fields) })) });
  };
}

/** Properties of DeviceState changed; null takes one away. */
export function withState(change: Readonly<Record<string, unknown>>): Tampering {
  return withFields(({ Value }) => ({
    Value: (Value as { readonly Name: string; readonly Value: unknown }[])
      .map((entry) => (entry.Name in change ? { ...entry, Value: change[entry.Name] } : entry))
      .filter(({ Value: value }) => value !== null),
  }));
}

/** The bytes of an answer changed, its length told as they are then. */
export function withBody(change: (body: Buffer) => Buffer | string): Tampering {
  return (response, answer) => passOn(response, { ...answer, body: Buffer.from(change(answer.body)) });
}

/** What a program with a fault says in the place of an answer. */
export function httpStatus(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Tampering {
  return (response) => {
    response.writeHead(status, { "content-type": "text/plain", ...headers }).end(text);
  };
}

/** Whole head, half the body, then the other side closes. */
export const halfClosed: Tampering = (response, { contentType, body }) => {
  response.writeHead(200, { "content-type": contentType, "content-length": body.length });
  response.write(body.subarray(0, Math.floor(body.length / 2)));
  setTimeout(() => response.socket?.end(), 20);
};

/** One byte after another, for ever. */
export const slowLoris: Tampering = (response, { body }) => {
  response.writeHead(200, { "content-type": "application/json" });
  let sent = 0;
  const dripping = setInterval(() => {
    response.write(body.subarray(sent % body.length, (sent % body.length) + 1));
    sent += 1;
  }, 50);
  response.once("close", () => clearInterval(dripping));
};

/** The right answer, too late. */
export function afterMs(waitMs: number): Tampering {
  return (response, answer) => {
    setTimeout(() => passOn(response, answer), waitMs);
  };
}

export const dropped: Tampering = (response) => response.socket?.destroy();
