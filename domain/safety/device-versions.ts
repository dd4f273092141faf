/** What a device says it is. Null: it does not say. */
export interface DeviceVersions {
  /** Name by its driver. */
  readonly name: string | null;
  readonly driverInfo: string | null;
  readonly driverVersion: string | null;
  /** Version of the Alpaca interface of its type. */
  readonly interfaceVersion: number | null;
}
