import type { DeviceDescription } from "../../domain/observatory.ts";
import { BadAnswer, DeviceProblem } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import type { AlpacaTransport, CallOptions } from "./transport.ts";

export interface ConfiguredDevice {
  readonly name: string;
  /** Lower case. */
  readonly type: string;
  readonly number: number;
  readonly uniqueId: string;
}

/** The devices that an Alpaca server says it has. */
export async function configuredDevices(
  transport: AlpacaTransport,
  address: string,
  options?: CallOptions,
): Promise<readonly ConfiguredDevice[]> {
  const value = await transport.management(address, "v1/configureddevices", options);
  const server = `The Alpaca server at ${address}`;
  const call = "GET configureddevices";
  if (!Array.isArray(value)) throw new BadAnswer(server, call, "Value is not a list of devices");
  return (value as unknown[]).map((entry) => {
    const fields = Object(entry) as object;
    const [name, type, number, uniqueId] = ["DeviceName", "DeviceType", "DeviceNumber", "UniqueID"].map(
      (field) => fieldOf(fields, field),
    );
    if (typeof type !== "string" || typeof number !== "number" || typeof uniqueId !== "string") {
      throw new BadAnswer(
        server,
        call,
        `${JSON.stringify(entry)} has no DeviceType, DeviceNumber or UniqueID`,
      );
    }
    return { name: typeof name === "string" ? name : "", type: type.toLowerCase(), number, uniqueId };
  });
}

export type IdentityVerdict =
  | { readonly kind: "same" }
  /** Another device answers at that address: nothing may be sent to it. */
  | { readonly kind: "other"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/** Whether the device at a configured address is the one of the observatory file: its UniqueID is asked for. */
export async function checkIdentity(
  transport: AlpacaTransport,
  device: DeviceDescription,
  options?: CallOptions,
): Promise<IdentityVerdict> {
  let found;
  try {
    found = await configuredDevices(transport, device.address, options);
  } catch (error) {
    if (error instanceof DeviceProblem) return { kind: "unknown", why: error.message };
    throw error;
  }
  const there = found.find(({ type, number }) => type === device.type && number === device.number);
  if (there === undefined) {
    return {
      kind: "other",
      why: `${device.address} has no ${device.type} number ${device.number}; the observatory file expects ${device.name} (${device.uniqueId}) there.`,
    };
  }
  if (there.uniqueId.toLowerCase() !== device.uniqueId.toLowerCase()) {
    return {
      kind: "other",
      why: `${device.type} number ${device.number} at ${device.address} is "${there.name}" with UniqueID ${there.uniqueId}; the observatory file expects ${device.uniqueId}.`,
    };
  }
  return { kind: "same" };
}
