import { Agent, request } from "undici";
import { IMAGE_BYTES_TYPE } from "../../protocol/image-bytes.ts";
import { deviceSpan } from "../telemetry/device-span.ts";
import { AlpacaError, BadAnswer, causeCode, DeviceTimeout, DeviceUnreachable } from "./errors.ts";
import { fieldOf } from "./fields.ts";

/** Where a device is: what the observatory file says of it, as far as the wire needs it. */
export interface DeviceAddress {
  /** Name shown to people. */
  readonly name: string;
  readonly type: string;
  /** Base address of its server, e.g. `http://127.0.0.1:11111`. */
  readonly address: string;
  readonly number: number;
}

export interface CallOptions {
  /** Ends the call early. */
  readonly signal?: AbortSignal;
  /** Wall limit of the call; 5 s, images 60 s. */
  readonly limitMs?: number;
}

export type WireParameters = Readonly<Record<string, string | number | boolean>>;

/** `imagearray` as it came: binary when the device can, else JSON. Decoded by `decodeRawImage`, on any thread. */
export interface RawImage {
  readonly device: string;
  readonly format: "imagebytes" | "json";
  readonly body: Uint8Array<ArrayBuffer>;
  readonly clientTransactionId: number;
}

/** HTTP with Alpaca's envelope: transaction ids, error numbers, limits. One per process and client id. */
export interface AlpacaTransport {
  /** GET of one member; answers `Value`. Retried once when the connection was dropped: a read changes nothing. */
  get(
    device: DeviceAddress,
    member: string,
    parameters?: WireParameters,
    options?: CallOptions,
  ): Promise<unknown>;
  /** PUT of one member; never repeated: whether a lost one was carried out, the caller must look. */
  put(
    device: DeviceAddress,
    member: string,
    parameters?: WireParameters,
    options?: CallOptions,
  ): Promise<unknown>;
  /** GET of `imagearray`, ImageBytes first. */
  getImage(device: DeviceAddress, options?: CallOptions): Promise<RawImage>;
  /** GET below `/management`; answers `Value`. */
  management(address: string, path: string, options?: CallOptions): Promise<unknown>;
  close(): Promise<void>;
}

export const CALL_LIMIT_MS = 5_000;
export const IMAGE_LIMIT_MS = 60_000;
/** An ordinary answer is a few hundred bytes; a device that sends more is broken and must not fill the memory. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** A 16k x 16k frame of 32-bit pixels. */
const MAX_IMAGE_BYTES = 1024 * 1024 * 1024;
const MAX_UINT32 = 0xffff_ffff;

interface Call {
  readonly device: string;
  readonly base: string;
  readonly path: string;
  readonly method: "GET" | "PUT";
  readonly parameters: WireParameters;
  readonly accept: string;
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly agent: Agent;
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly clientTransactionId: number;
}

/**
 * HTTP connections to Alpaca servers, kept alive.
 * @param clientId ClientID of this process (uint32): devices name it in their logs
 */
export function createAlpacaTransport({ clientId }: { readonly clientId: number }): AlpacaTransport {
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: MAX_ANSWER_BYTES });
  const imageAgent = new Agent({ headersTimeout: 0, bodyTimeout: 0, maxResponseSize: MAX_IMAGE_BYTES });
  let lastTransactionId = 0;

  /** Sends one request and reads the whole answer. Throws DeviceUnreachable or DeviceTimeout, or the caller's own abort reason. */
  async function send(call: Call): Promise<Answer> {
    return deviceSpan(nameOf(call), { device: call.device, "url.path": call.path }, () => sendNow(call));
  }

  async function sendNow(call: Call): Promise<Answer> {
    lastTransactionId = lastTransactionId >= MAX_UINT32 ? 1 : lastTransactionId + 1;
    const clientTransactionId = lastTransactionId;
    const form = new URLSearchParams();
    for (const [name, value] of Object.entries(call.parameters)) form.set(name, String(value));
    form.set("ClientID", String(clientId));
    form.set("ClientTransactionID", String(clientTransactionId));

    const limit = AbortSignal.timeout(call.limitMs);
    const signal = call.signal === undefined ? limit : AbortSignal.any([limit, call.signal]);
    const url = `${call.base}${call.path}`;
    try {
      const answer = await request(call.method === "GET" ? `${url}?${form.toString()}` : url, {
        dispatcher: call.agent,
        method: call.method,
        signal,
        headers: {
          accept: call.accept,
          ...(call.method === "PUT" ? { "content-type": "application/x-www-form-urlencoded" } : {}),
        },
        ...(call.method === "PUT" ? { body: form.toString() } : {}),
      });
      const contentType = String(answer.headers["content-type"] ?? "").toLowerCase();
      const body = new Uint8Array(await answer.body.arrayBuffer());
      return { status: answer.statusCode, contentType, body, clientTransactionId };
    } catch (error) {
      if (call.signal?.aborted === true) throw call.signal.reason;
      if (limit.aborted) throw new DeviceTimeout(call.device, call.base, nameOf(call), call.limitMs);
      throw new DeviceUnreachable(call.device, call.base, nameOf(call), error);
    }
  }

  async function read(call: Call): Promise<Answer> {
    try {
      return await send(call);
    } catch (error) {
      if (error instanceof DeviceUnreachable && wasDropped(error.cause)) return send(call);
      throw error;
    }
  }

  function callOf(
    device: DeviceAddress,
    method: "GET" | "PUT",
    member: string,
    parameters: WireParameters,
    options: CallOptions,
  ): Call {
    return {
      device: device.name,
      base: trimmed(device.address),
      path: `/api/v1/${device.type}/${device.number}/${member}`,
      method,
      parameters,
      accept: "application/json",
      limitMs: options.limitMs ?? CALL_LIMIT_MS,
      signal: options.signal,
      agent,
    };
  }

  return {
    async get(device, member, parameters = {}, options = {}) {
      const call = callOf(device, "GET", member, parameters, options);
      return valueOf(call, await read(call));
    },

    async put(device, member, parameters = {}, options = {}) {
      const call = callOf(device, "PUT", member, parameters, options);
      return valueOf(call, await send(call));
    },

    async getImage(device, options = {}) {
      const call: Call = {
        ...callOf(device, "GET", "imagearray", {}, options),
        accept: `${IMAGE_BYTES_TYPE}, application/json;q=0.5`,
        limitMs: options.limitMs ?? IMAGE_LIMIT_MS,
        agent: imageAgent,
      };
      const answer = await read(call);
      checkStatus(call, answer);
      return {
        device: device.name,
        format: answer.contentType.startsWith(IMAGE_BYTES_TYPE) ? "imagebytes" : "json",
        body: answer.body,
        clientTransactionId: answer.clientTransactionId,
      };
    },

    async management(address, path, options = {}) {
      const call: Call = {
        device: `The Alpaca server at ${trimmed(address)}`,
        base: trimmed(address),
        path: `/management/${path}`,
        method: "GET",
        parameters: {},
        accept: "application/json",
        limitMs: options.limitMs ?? CALL_LIMIT_MS,
        signal: options.signal,
        agent,
      };
      return valueOf(call, await read(call));
    },

    async close() {
      await Promise.all([agent.destroy(), imageAgent.destroy()]);
    },
  };
}

function trimmed(address: string): string {
  return address.endsWith("/") ? address.slice(0, -1) : address;
}

function nameOf(call: Call): string {
  return `${call.method} ${call.path.slice(call.path.lastIndexOf("/") + 1)}`;
}

function wasDropped(cause: unknown): boolean {
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(causeCode(cause));
}

function checkStatus(call: Call, answer: Answer): void {
  if (answer.status === 200) return;
  const text = new TextDecoder().decode(answer.body.subarray(0, 300)).trim();
  throw new BadAnswer(
    call.device,
    nameOf(call),
    `HTTP ${answer.status}${text === "" ? "" : `, "${text}"`}`,
    answer.status,
  );
}

/** `Value` of an answer in Alpaca's envelope. Throws AlpacaError for an ErrorNumber, BadAnswer for what breaks the rules. */
function valueOf(call: Call, answer: Answer): unknown {
  checkStatus(call, answer);
  const fields = envelopeOf(call.device, nameOf(call), answer.body, answer.clientTransactionId);
  return fieldOf(fields, "Value");
}

/** The JSON object of an answer, its error number and transaction id checked; read it with `fieldOf`. */
export function envelopeOf(
  device: string,
  call: string,
  body: Uint8Array,
  clientTransactionId: number,
): object {
  const text = new TextDecoder().decode(body);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new BadAnswer(device, call, `it is not JSON: "${text.slice(0, 80)}"`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new BadAnswer(device, call, `it is not a JSON object: "${text.slice(0, 80)}"`);
  }
  const fields: object = parsed;
  const errorNumber = fieldOf(fields, "ErrorNumber") ?? 0;
  if (typeof errorNumber !== "number" || !Number.isInteger(errorNumber)) {
    throw new BadAnswer(device, call, `ErrorNumber is ${JSON.stringify(errorNumber)}, must be an integer`);
  }
  if (errorNumber !== 0) {
    const message = fieldOf(fields, "ErrorMessage");
    throw new AlpacaError(device, call, errorNumber, typeof message === "string" ? message : "");
  }
  requireOwnTransaction(device, call, fieldOf(fields, "ClientTransactionID"), clientTransactionId);
  return fields;
}

/** Throws BadAnswer when the answer is to somebody else's question. Servers that echo nothing, or 0, are let pass. */
export function requireOwnTransaction(device: string, call: string, echoed: unknown, sent: number): void {
  if (echoed === undefined || echoed === 0 || echoed === sent) return;
  throw new BadAnswer(
    device,
    call,
    `ClientTransactionID is ${JSON.stringify(echoed)}, the question had ${sent}`,
  );
}
