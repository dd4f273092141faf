import type { Evidence, Violation } from "../evidence.ts";
import { ledgerAddsUp, nothingUnowned, oneAlertPerBurst } from "./accounts.ts";
import { enoughStored, lossesAreExplained, storedOnce } from "./frames.ts";
import { closedInRain, darkAndOpen, onTarget, storedUnderOpenDome } from "./sky.ts";

const INVARIANTS = [
  storedOnce,
  lossesAreExplained,
  enoughStored,
  oneAlertPerBurst,
  ledgerAddsUp,
  darkAndOpen,
  storedUnderOpenDome,
  onTarget,
  closedInRain,
  nothingUnowned,
];

/** Everything that must hold after one night of chaos. */
export function violationsOf(evidence: Evidence): Violation[] {
  return INVARIANTS.flatMap((invariant) => invariant(evidence));
}
