import { problemSentence, readPosition } from "../../../domain/astronomy/coordinates.ts";
import type { ManualOperation } from "../../../domain/manual/operation.ts";

/** Fields of the forms of the manual page, as typed. */
export type ManualFields = Readonly<Record<string, string | undefined>>;

/** The place that a person typed: understood, wrong, or not typed yet. */
export type TypedTarget =
  | { readonly kind: "none" }
  | { readonly kind: "understood"; readonly name: string; readonly raDeg: number; readonly decDeg: number }
  | { readonly kind: "wrong"; readonly problems: readonly string[] };

/** Reads the slew form. Nothing typed is no error. */
export function typedTarget({ target = "", ra = "", dec = "" }: ManualFields): TypedTarget {
  if (ra.trim() === "" && dec.trim() === "" && target.trim() === "") return { kind: "none" };
  const reading = readPosition({ ra, dec });
  if (!reading.ok) return { kind: "wrong", problems: reading.problems.map(problemSentence) };
  const name = target.trim() === "" ? `${reading.ra.sexagesimal} ${reading.dec.sexagesimal}` : target.trim();
  return { kind: "understood", name: name.slice(0, 60), raDeg: reading.ra.deg, decDeg: reading.dec.deg };
}

/**
 * The operation that a form orders.
 * @returns the operation, or what is wrong in a sentence that names the field
 */
export function operationOfForm(
  fields: ManualFields,
): { readonly operation: ManualOperation } | { readonly problem: string } {
  const { kind, instrument: instrumentId = "" } = fields;
  switch (kind) {
    case "slew": {
      const typed = typedTarget(fields);
      if (typed.kind === "none") return { problem: "Right ascension and declination: both are needed." };
      if (typed.kind === "wrong") return { problem: typed.problems.join(" ") };
      const { name, raDeg, decDeg } = typed;
      return { operation: { kind, target: { name, raDeg, decDeg } } };
    }
    case "park":
    case "unpark":
    case "openDome":
      return { operation: { kind } };
    case "tracking":
      return { operation: { kind, on: fields["on"] === "true" } };
    case "cover":
      return { operation: { kind, open: fields["on"] === "true" } };
    case "filter":
      return { operation: { kind, instrumentId, filter: fields["filter"] ?? "" } };
    case "focus": {
      const positionSteps = numberIn(fields["position"]);
      if (positionSteps === null) {
        return { problem: `Focus "${fields["position"] ?? ""}": write a whole number of steps.` };
      }
      return { operation: { kind, positionSteps } };
    }
    case "expose": {
      const exposureS = numberIn(fields["exposure"]);
      if (exposureS === null)
        return { problem: `Exposure "${fields["exposure"] ?? ""}": write seconds, for example 10.` };
      const light = fields["frame"] !== "dark";
      return { operation: { kind, instrumentId, filter: fields["filter"] ?? "", exposureS, light } };
    }
    case "cool": {
      const setPointC = numberIn(fields["setPoint"]);
      if (setPointC === null) {
        return {
          problem: `Set point "${fields["setPoint"] ?? ""}": write degrees Celsius, for example −60.`,
        };
      }
      return { operation: { kind, instrumentId, setPointC } };
    }
    case "warm":
      return { operation: { kind, instrumentId } };
    default:
      return { problem: `Operation "${kind ?? ""}": there is no such operation.` };
  }
}

/** A number as people type it, a typographic minus included; null when it is none. */
function numberIn(text: string | undefined): number | null {
  const typed = (text ?? "").trim().replace("−", "-");
  if (typed === "") return null;
  const value = Number(typed);
  return Number.isFinite(value) ? value : null;
}
