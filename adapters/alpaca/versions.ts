import type { DeviceVersions } from "../../domain/safety/device-versions.ts";
import type { AlpacaDeviceType } from "../../protocol/member-types.ts";
import { createAlpacaDevice, isMissingMember } from "./device.ts";
import { AlpacaError } from "./errors.ts";
import type { AlpacaTransport, CallOptions, DeviceAddress } from "./transport.ts";

/** What a device says it is. Throws DeviceProblem when it does not answer; what it refuses to say is null. */
export async function readVersions(
  transport: AlpacaTransport,
  type: AlpacaDeviceType,
  address: DeviceAddress,
  options?: CallOptions,
): Promise<DeviceVersions> {
  // These members are common to all types: any one type stands for them in the member table.
  const device = createAlpacaDevice(transport, type as "telescope", address);
  const [name, driverInfo, driverVersion, interfaceVersion] = await Promise.all([
    saidOrNull(() => device.get("name", {}, options)),
    saidOrNull(() => device.get("driverinfo", {}, options)),
    saidOrNull(() => device.get("driverversion", {}, options)),
    saidOrNull(() => device.get("interfaceversion", {}, options)),
  ]);
  return { name, driverInfo, driverVersion, interfaceVersion };
}

async function saidOrNull<V>(ask: () => Promise<V>): Promise<V | null> {
  try {
    return await ask();
  } catch (error) {
    if (isMissingMember(error) || error instanceof AlpacaError) return null;
    throw error;
  }
}
