import { errorName } from "../../protocol/errors.ts";

/** Base of all that can go wrong between us and a device; the message is a sentence for a person. */
export abstract class DeviceProblem extends Error {
  /** Name of the device as in the observatory file. */
  readonly device: string;

  constructor(device: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.device = device;
  }
}

/** The device understood and refused: HTTP 200 with an ErrorNumber. */
export class AlpacaError extends DeviceProblem {
  readonly errorNumber: number;
  readonly deviceMessage: string;

  constructor(device: string, call: string, errorNumber: number, deviceMessage: string) {
    super(
      device,
      `${device} refused "${call}": ${errorName(errorNumber)}${deviceMessage === "" ? "" : `, "${deviceMessage}"`}`,
    );
    this.errorNumber = errorNumber;
    this.deviceMessage = deviceMessage;
  }
}

/** No connection: refused, reset, no route, no such host. Whether a command arrived is not known. */
export class DeviceUnreachable extends DeviceProblem {
  constructor(device: string, address: string, call: string, cause: unknown) {
    super(device, `${device} cannot be reached at ${address} for "${call}": ${causeInWords(cause)}`, {
      cause,
    });
  }
}

/** Connected, but no answer within the limit. Whether a command was carried out is not known. */
export class DeviceTimeout extends DeviceProblem {
  constructor(device: string, address: string, call: string, limitMs: number) {
    super(device, `${device} at ${address} gave no answer to "${call}" within ${limitMs / 1_000} s`);
  }
}

/** An answer that breaks the Alpaca rules: HTTP 4xx or 5xx, no JSON, a wrong type, somebody else's transaction. */
export class BadAnswer extends DeviceProblem {
  /** HTTP status of the answer. */
  readonly status: number;

  constructor(device: string, call: string, what: string, status = 200) {
    super(device, `${device} gave an answer to "${call}" that cannot be used: ${what}`);
    this.status = status;
  }
}

/** Whether nothing is known of the device at this moment (no connection or no answer). */
export function isSilence(error: unknown): error is DeviceUnreachable | DeviceTimeout {
  return error instanceof DeviceUnreachable || error instanceof DeviceTimeout;
}

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused, so nothing listens there (is its server running?)",
  ECONNRESET: "the connection was dropped",
  EPIPE: "the connection was dropped",
  UND_ERR_SOCKET: "the connection was dropped",
  UND_ERR_CONNECT_TIMEOUT: "no connection could be made in time",
  ENOTFOUND: "the host name is not known",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the network",
};

/** Code of a failed connection, e.g. `ECONNREFUSED`; empty when there is none. */
export function causeCode(cause: unknown): string {
  if (typeof cause !== "object" || cause === null) return "";
  const { code, errors } = cause as { code?: unknown; errors?: unknown };
  if (typeof code === "string") return code;
  return Array.isArray(errors) ? causeCode(errors[0]) : "";
}

function causeInWords(cause: unknown): string {
  const code = causeCode(cause);
  return CAUSES[code] ?? (cause instanceof Error ? cause.message : String(cause));
}
