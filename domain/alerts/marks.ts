import type { Mark } from "./notice.ts";
import type { Stream } from "./streams.ts";
import type { VoEvent } from "./voevent.ts";

/** Names (without their group) of the flags that are set, each once, in the order of the packet. */
export function setFlags(params: ReadonlyMap<string, string>): string[] {
  const names = new Set<string>();
  for (const [key, value] of params) {
    const slash = key.indexOf("/");
    if (slash > 0 && value.toLowerCase() === "true") names.add(key.slice(slash + 1));
  }
  return [...names].slice(0, 40);
}

/** What a VOEvent says against slewing to its trigger. Why and importance are never read: they are the same for bursts and for known sources. */
export function marksOf(event: VoEvent, stream: Stream): Mark[] {
  const marks: Mark[] = [];
  const value = (name: string) => event.params.get(name);
  const isOn = (name: string) => value(name)?.toLowerCase() === "true";
  if (stream.mission === "swift" && trustsSolutionStatus(event, stream)) {
    for (const flag of ["Solution_Status/StarTrack_Lost_Lock", "Misc_Flags/ImTrig_during_ST_LoL"]) {
      if (isOn(flag)) marks.push({ kind: "lost-lock", because: `${flag.split("/")[1] ?? flag}=true` });
    }
    for (const flag of ["Target_in_Flt_Catalog", "Target_in_Blk_Catalog", "Def_NOT_a_GRB"]) {
      if (isOn(`Solution_Status/${flag}`)) marks.push({ kind: "not-a-burst", because: `${flag}=true` });
    }
    if (value("Solution_Status/GRB_Identified")?.toLowerCase() === "false") {
      marks.push({ kind: "not-a-burst", because: "GRB_Identified=false" });
    }
  }
  for (const flag of ["Test_mpos/Def_NOT_a_GRB", "Trigger_ID/Def_NOT_a_GRB"]) {
    if (isOn(flag)) marks.push({ kind: "not-a-burst", because: "Def_NOT_a_GRB=true" });
  }
  if (stream.mission === "gecam") {
    const sourceClass = (value("SRC_CLASS") ?? "").trim().toUpperCase();
    if (sourceClass !== "" && sourceClass !== "GRB" && sourceClass !== "GENERIC_SOURCE") {
      marks.push({ kind: "not-a-burst", because: `SRC_CLASS=${sourceClass}` });
    }
  }
  if (stream.name === "svom-eclairs-catalog")
    marks.push({ kind: "not-a-burst", because: "ECLAIRs catalogue notice" });
  if (stream.mission === "lvk") {
    if (stream.name === "lvk-retraction" && value("Packet_Type") === "164")
      marks.push({ kind: "retracted", because: "Packet_Type=164" });
    else if (value("AlertType")?.toLowerCase() === "retraction")
      marks.push({ kind: "retracted", because: "AlertType=Retraction" });
    else if (value("Retraction") === "1") marks.push({ kind: "retracted", because: "Retraction=1" });
  }
  if (
    event.citations.some((citation) => citation.cite === "retraction") &&
    !marks.some((mark) => mark.kind === "retracted")
  ) {
    marks.push({ kind: "retracted", because: "cites the earlier notice as a retraction" });
  }
  return marks;
}

/**
 * Solution_Status is decided on board and sent with 61 and 84; the copies in 63, 65 and 66 are believed only when they
 * are filled (Soln_Status not 0: later slews of a true burst carry zeros). UVOT notices say GRB_Identified=false for
 * real bursts and are never believed.
 */
function trustsSolutionStatus(event: VoEvent, stream: Stream): boolean {
  if (stream.name === "swift-bat-pos" || stream.name === "swift-bat-trans") return true;
  if (stream.name !== "swift-bat-companion" && stream.name !== "swift-slew") return false;
  return /^0x0*[1-9a-f]/i.test(event.params.get("Soln_Status") ?? "");
}
