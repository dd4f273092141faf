/** Alpaca error numbers (Alpaca API Reference v12, section "ASCOM error numbers"; OperationCancelled came with Platform 7). */
export const ErrorNumber = {
  NotImplemented: 0x400,
  InvalidValue: 0x401,
  ValueNotSet: 0x402,
  NotConnected: 0x407,
  InvalidWhileParked: 0x408,
  InvalidWhileSlaved: 0x409,
  InvalidOperation: 0x40b,
  ActionNotImplemented: 0x40c,
  OperationCancelled: 0x40e,
  /** First of the numbers a driver may use for its own errors. */
  DriverBase: 0x500,
  /** Last of the numbers a driver may use for its own errors. */
  DriverMax: 0xfff,
} as const;

const NAMES = new Map<number, string>(Object.entries(ErrorNumber).map(([name, number]) => [number, name]));

/** Readable name of an error number, e.g. `InvalidWhileParked (0x408)`. */
export function errorName(errorNumber: number): string {
  const hex = `0x${errorNumber.toString(16).toUpperCase()}`;
  const name = NAMES.get(errorNumber);
  if (name !== undefined && errorNumber < ErrorNumber.DriverBase) return `${name} (${hex})`;
  if (errorNumber >= ErrorNumber.DriverBase && errorNumber <= ErrorNumber.DriverMax) {
    return `driver error (${hex})`;
  }
  return `error ${hex}`;
}
