import {
  optionalDevice,
  wheelBefore,
  type DeviceDescription,
  type InstrumentDescription,
  type Observatory,
} from "../observatory.ts";
import { whyNotPointing } from "../safety/pointing.ts";

/** What a person may do by hand while the maintenance hold stands. */
export type ManualOperation =
  | {
      readonly kind: "slew";
      /** ICRS, degrees. */
      readonly target: { readonly name: string; readonly raDeg: number; readonly decDeg: number };
    }
  | { readonly kind: "park" }
  | { readonly kind: "unpark" }
  | { readonly kind: "tracking"; readonly on: boolean }
  | { readonly kind: "openDome" }
  | { readonly kind: "cover"; readonly open: boolean }
  | { readonly kind: "filter"; readonly instrumentId: string; readonly filter: string }
  | { readonly kind: "focus"; readonly positionSteps: number }
  | {
      readonly kind: "expose";
      readonly instrumentId: string;
      readonly filter: string;
      readonly exposureS: number;
      /** false: a dark, taken with the shutter closed. */
      readonly light: boolean;
    }
  | { readonly kind: "cool"; readonly instrumentId: string; readonly setPointC: number }
  | { readonly kind: "warm"; readonly instrumentId: string };

export type ManualKind = ManualOperation["kind"];

/** A longer name would not fit into a FITS card. */
const LONGEST_NAME = 60;
/** Below this no cooler goes; above it nothing is cooled. Celsius. */
const SET_POINT_RANGE_C = [-200, 30] as const;

/**
 * Why an operation cannot be done at `nowMs` (observatory time), in a sentence that names field, value and rule; null
 * when it can. Only what the order itself and the sky say: hold, lease and weather are the caller's.
 */
export function whyNotOperation(
  operation: ManualOperation,
  observatory: Observatory,
  nowMs: number,
): string | null {
  switch (operation.kind) {
    case "slew":
      return whyNotSlew(operation.target, observatory, nowMs);
    case "expose":
      return whyNotExposure(operation, observatory);
    case "filter":
      return whyNotFilter(operation, observatory);
    case "focus":
      return whyNotFocus(operation.positionSteps, observatory);
    case "cover":
      return optionalDevice(observatory, "covercalibrator") === null
        ? "Cover: the observatory file has none."
        : null;
    case "cool":
      return (
        whyNoInstrument(operation.instrumentId, observatory) ??
        within("Set point", operation.setPointC, SET_POINT_RANGE_C, "°C")
      );
    case "warm":
      return whyNoInstrument(operation.instrumentId, observatory);
    default:
      return null;
  }
}

function whyNotSlew(
  { name, raDeg, decDeg }: Extract<ManualOperation, { kind: "slew" }>["target"],
  observatory: Observatory,
  nowMs: number,
): string | null {
  if (name.trim() === "" || name.length > LONGEST_NAME) {
    return `Target "${name.slice(0, LONGEST_NAME)}": a name has 1 to ${LONGEST_NAME} characters.`;
  }
  if (!(raDeg >= 0 && raDeg < 360)) return `Right ascension ${raDeg}°: must be from 0° up to 360°.`;
  if (!(decDeg >= -90 && decDeg <= 90)) return `Declination ${decDeg}°: must be from −90° to +90°.`;
  return whyNotPointing(observatory, { name, raDeg, decDeg }, observatory.telescope.minAltDeg, nowMs);
}

function whyNotExposure(
  { instrumentId, filter, exposureS }: Extract<ManualOperation, { kind: "expose" }>,
  observatory: Observatory,
): string | null {
  const instrument = findInstrument(observatory, instrumentId);
  if (instrument === undefined) return whyNoInstrument(instrumentId, observatory);
  if (!instrument.filters.includes(filter)) {
    return `Filter "${filter}": ${instrument.name} has ${instrument.filters.join(", ")}.`;
  }
  return within("Exposure", exposureS, [instrument.minExposureS, instrument.maxExposureS], "s");
}

function whyNotFilter(
  { instrumentId, filter }: Extract<ManualOperation, { kind: "filter" }>,
  observatory: Observatory,
): string | null {
  const instrument = findInstrument(observatory, instrumentId);
  if (instrument === undefined) return whyNoInstrument(instrumentId, observatory);
  if (wheelBefore(observatory, instrument) === null) return `${instrument.name} has no filter wheel.`;
  if (instrument.filters.includes(filter)) return null;
  return `Filter "${filter}": ${instrument.name} has ${instrument.filters.join(", ")}.`;
}

function whyNotFocus(positionSteps: number, observatory: Observatory): string | null {
  if (optionalDevice(observatory, "focuser") === null) return "Focuser: the observatory file has none.";
  if (Number.isInteger(positionSteps) && positionSteps >= 0) return null;
  return `Focus ${positionSteps}: must be a whole number of steps, 0 or more.`;
}

function whyNoInstrument(instrumentId: string, observatory: Observatory): string | null {
  if (findInstrument(observatory, instrumentId) !== undefined) return null;
  const ids = observatory.instruments.map(({ id }) => id).join(", ");
  return `Instrument "${instrumentId}": the observatory has ${ids}.`;
}

function within(
  field: string,
  value: number,
  [least, most]: readonly [number, number],
  unit: string,
): string | null {
  if (value >= least && value <= most) return null;
  return `${field} ${value} ${unit}: must be from ${least} to ${most} ${unit}.`;
}

/** The device that an operation is about: no two operations move one device at the same time. */
export function deviceOfOperation(operation: ManualOperation, observatory: Observatory): string {
  switch (operation.kind) {
    case "slew":
    case "park":
    case "unpark":
    case "tracking":
      return idOfType(observatory, "telescope");
    case "openDome":
      return idOfType(observatory, "dome");
    case "cover":
      return idOfType(observatory, "covercalibrator");
    case "focus":
      return idOfType(observatory, "focuser");
    case "filter": {
      const instrument = findInstrument(observatory, operation.instrumentId);
      const wheel = instrument === undefined ? null : wheelBefore(observatory, instrument);
      return wheel?.id ?? operation.instrumentId;
    }
    default:
      return findInstrument(observatory, operation.instrumentId)?.cameraId ?? operation.instrumentId;
  }
}

/** What an operation does, as the journal and the page say it: `slew to M 33`, `open the dome`. */
export function operationInWords(operation: ManualOperation): string {
  switch (operation.kind) {
    case "slew":
      return `slew to ${operation.target.name}`;
    case "park":
      return "park the telescope";
    case "unpark":
      return "unpark the telescope";
    case "tracking":
      return operation.on ? "start tracking" : "stop tracking";
    case "openDome":
      return "open the dome";
    case "cover":
      return operation.open ? "open the mirror cover" : "close the mirror cover";
    case "filter":
      return `turn filter ${operation.filter} before ${operation.instrumentId}`;
    case "focus":
      return `focus at ${operation.positionSteps} steps`;
    case "expose":
      return `expose ${operation.exposureS} s with ${operation.instrumentId}, ${operation.light ? `filter ${operation.filter}` : "dark"}`;
    case "cool":
      return `cool ${operation.instrumentId} to ${operation.setPointC.toFixed(0).replace("-", "−")} °C`;
    default:
      return `warm ${operation.instrumentId} up`;
  }
}

function findInstrument(
  { instruments }: Observatory,
  instrumentId: string,
): InstrumentDescription | undefined {
  return instruments.find(({ id }) => id === instrumentId);
}

function idOfType({ devices }: Observatory, type: DeviceDescription["type"]): string {
  return devices.find((device) => device.type === type)?.id ?? type;
}
