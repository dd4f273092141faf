import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { freePort } from "../support/postgres.ts";
import { startProxy, type Proxy } from "./proxy.ts";

const QUICK = { tryForMs: 2_000, tryIntervalMs: 5, failedForMs: 100 };

const servers: Server[] = [];
let proxy: Proxy | null = null;
afterEach(async () => {
  await proxy?.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function backend(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A proxy before these; @returns its address. */
async function before(...ports: number[]): Promise<string> {
  const port = await freePort();
  proxy = await startProxy(port, ports, QUICK);
  return `http://127.0.0.1:${port}`;
}

const named =
  (name: string): RequestListener =>
  (request, response) => {
    let body = "";
    request.on("data", (data: Buffer) => (body += data.toString()));
    request.on("end", () =>
      response.end(`${name} ${request.method} ${body} ${String(request.headers["x-forwarded-for"])}`),
    );
  };
const text = async (url: string, init: RequestInit = {}): Promise<string> => (await fetch(url, init)).text();
const post = { method: "POST", body: "hello" };

test("requests go to each in turn, with body and the address of who asks", async () => {
  const url = await before(await backend(named("one")), await backend(named("two")));
  const answers = [await text(url), await text(url), await text(url, post), await text(url, post)];
  expect(answers).toEqual([
    "one GET  127.0.0.1",
    "two GET  127.0.0.1",
    "one POST hello 127.0.0.1",
    "two POST hello 127.0.0.1",
  ]);
});

test("a backend that is not there is noticed by nobody, and asked again when it is back", async () => {
  const gone = await freePort();
  const url = await before(gone, await backend(named("two")));
  for (let i = 0; i < 4; i += 1) expect(await text(url, i % 2 === 0 ? {} : post)).toMatch(/^two/);
  const back = createServer(named("one"));
  servers.push(back);
  await new Promise<void>((resolve) => back.listen(gone, "127.0.0.1", resolve));
  await new Promise((resolve) => setTimeout(resolve, QUICK.failedForMs));
  const after = [await text(url), await text(url)];
  expect(after.map((answer) => answer.slice(0, 3)).sort()).toEqual(["one", "two"]);
});

test("cut off before an answer, it is asked of another one, under the same number and with the same body", async () => {
  const numbers: unknown[] = [];
  const numbered =
    (answer: RequestListener): RequestListener =>
    (request, response) => {
      numbers.push(request.headers["x-request-id"]);
      answer(request, response);
    };
  const dying = await backend(numbered((request) => request.socket.destroy()));
  const url = await before(dying, await backend(numbered(named("two"))));
  expect(await text(url, post)).toMatch(/^two POST hello/);
  expect(numbers[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(numbers).toEqual([numbers[0], numbers[0]]);
  expect(await text(url, post)).toMatch(/^two POST hello/);
  expect(numbers[2]).not.toBe(numbers[0]);
});

test("when nobody is there it says so within its limit", async () => {
  const url = await before(await freePort(), await freePort());
  const answer = await fetch(url);
  expect([answer.status, await answer.text()]).toEqual([502, "no backend answers\n"]);
});

test("events pass as they come, and a stream that is cut off ends for the browser too", async () => {
  let stream: { write(text: string): void; destroy(): void } | null = null;
  const url = await before(
    await backend((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      stream = response;
    }),
  );
  const answer = await fetch(url);
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const read = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
  expect(await read()).toBe("data: 1\n\n");
  (stream as unknown as { write(text: string): void }).write("data: 2\n\n");
  expect(await read()).toBe("data: 2\n\n");
  (stream as unknown as { destroy(): void }).destroy();
  await expect(reader.read()).rejects.toThrow();
});
