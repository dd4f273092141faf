/** Answers on the wire. */
import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { IMAGE_BYTES_TYPE, encodeImageBytes, encodeImageBytesError } from "../../protocol/image-bytes.ts";
import type { PixelImage, TransactionIds } from "../../protocol/image-bytes.ts";

export interface Failure {
  readonly errorNumber: number;
  readonly errorMessage: string;
}

const NO_FAILURE: Failure = { errorNumber: 0, errorMessage: "" };

function envelope(ids: TransactionIds, failure: Failure): Record<string, unknown> {
  return {
    ClientTransactionID: ids.clientTransactionId,
    ServerTransactionID: ids.serverTransactionId,
    ErrorNumber: failure.errorNumber,
    ErrorMessage: failure.errorMessage,
  };
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(text);
}

export function sendHtml(response: ServerResponse, html: string, status = 200): void {
  response.writeHead(status, { "content-type": "text/html; charset=utf-8" }).end(html);
}

function sendJson(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

/** The answer to a method without a return: no `Value`. */
export function sendDone(response: ServerResponse, ids: TransactionIds): void {
  sendJson(response, envelope(ids, NO_FAILURE));
}

export function sendValue(response: ServerResponse, ids: TransactionIds, value: unknown): void {
  sendJson(response, { Value: value, ...envelope(ids, NO_FAILURE) });
}

/** Management answers carry no error number. */
export function sendManagement(response: ServerResponse, ids: TransactionIds, value: unknown): void {
  sendJson(response, {
    Value: value,
    ClientTransactionID: ids.clientTransactionId,
    ServerTransactionID: ids.serverTransactionId,
  });
}

export function sendFailure(response: ServerResponse, ids: TransactionIds, failure: Failure): void {
  sendJson(response, envelope(ids, failure));
}

/** An error in the form the client of an image asked for. */
export function sendImageFailure(
  response: ServerResponse,
  ids: TransactionIds,
  failure: Failure,
  accept: string | undefined,
): void {
  if (!wantsImageBytes(accept)) {
    sendFailure(response, ids, failure);
    return;
  }
  const bytes = encodeImageBytesError(failure.errorNumber, failure.errorMessage, ids);
  response.writeHead(200, { "content-type": IMAGE_BYTES_TYPE, "content-length": bytes.length }).end(bytes);
}

/** An image, as ImageBytes when the client accepts that, else as JSON. */
export async function sendImage(
  response: ServerResponse,
  ids: TransactionIds,
  image: PixelImage<Uint16Array>,
  accept: string | undefined,
): Promise<void> {
  if (wantsImageBytes(accept)) {
    const bytes = encodeImageBytes(image, ids);
    response.writeHead(200, { "content-type": IMAGE_BYTES_TYPE, "content-length": bytes.length }).end(bytes);
    return;
  }
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
  // Type 2 is Int32. Columns are written a few at a time, so that other requests are answered in between.
  const head = JSON.stringify({ Type: 2, Rank: 2, ...envelope(ids, NO_FAILURE) });
  response.write(`${head.slice(0, -1)},"Value":[`);
  const perTurn = 32;
  for (let x = 0; x < image.width; x += perTurn) {
    const columns = Array.from({ length: Math.min(perTurn, image.width - x) }, (_, offset) =>
      columnText(image, x + offset),
    );
    response.write(`${x === 0 ? "" : ","}${columns.join(",")}`);
    await nextTurn();
    if (response.destroyed) return;
  }
  response.end("]}");
}

function columnText({ width, height, pixels }: PixelImage<Uint16Array>, x: number): string {
  const column = Array.from({ length: height }, (_, y) => pixels[y * width + x]);
  return `[${column.join(",")}]`;
}

function wantsImageBytes(accept: string | undefined): boolean {
  return (accept ?? "").toLowerCase().includes(IMAGE_BYTES_TYPE);
}
