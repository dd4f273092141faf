import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Question {
  readonly method: string;
  /** Last element of the path. */
  readonly member: string;
  readonly parameters: URLSearchParams;
  /** How often this method and member were asked before. */
  readonly before: number;
}

/** An Alpaca server that answers as a test wants it, the rules of the protocol broken or not. */
export async function createWireServer(answer: (question: Question, response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      const method = request.method ?? "";
      const member = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
      const name = `${method} ${member}`;
      const before = asked.filter((each) => each === name).length;
      asked.push(name);
      const parameters = method === "PUT" ? new URLSearchParams(body) : url.searchParams;
      answer({ method, member, parameters, before }, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    asked,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** A right answer to a question. */
export function reply(
  { parameters }: Question,
  response: ServerResponse,
  fields: Readonly<Record<string, unknown>>,
): void {
  response.writeHead(200, { "content-type": "application/json" }).end(
    JSON.stringify({
      ClientTransactionID: Number(parameters.get("ClientTransactionID")),
      ServerTransactionID: 1,
      ErrorNumber: 0,
      ErrorMessage: "",
      ...fields,
    }),
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
