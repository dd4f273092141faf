import { digestOf } from "./digest.ts";
import { errorRadius90Deg } from "./error-radius.ts";
import { marksOf, setFlags } from "./marks.ts";
import type { Notice } from "./notice.ts";
import { streamNamed, streamOfType, UNKNOWN_STREAM } from "./streams.ts";
import type { Stream } from "./streams.ts";
import { gbmClass, gecamClass, lvkClass } from "./source-class.ts";
import type { SourceClass } from "./source-class.ts";
import { parseUtcMs } from "./utc.ts";
import type { VoEvent } from "./voevent.ts";

/** Description of a simulated notice, written by `typical.ts`. */
export const SIMULATED_PARAM = "Vesper_Simulated";

/** Brings a VOEvent of any stream to the common form. */
export function noticeOfVoEvent(event: VoEvent, format: "voevent" | "voevent-json"): Notice {
  const packetType = numberOf(event.params.get("Packet_Type"));
  const stream = streamOf(event, packetType);
  const t0Ms = parseUtcMs(event.isoTime);
  const triggerId = triggerIdOf(event, stream);
  const position = positionOf(event, stream);
  const source = classOf(event, stream);
  const flags = setFlags(event.params);
  const marks = marksOf(event, stream);
  const simulated = event.params.get(SIMULATED_PARAM)?.toLowerCase() === "true";
  const retraction = marks.some((mark) => mark.kind === "retracted");
  return {
    ivorn: event.ivorn,
    digest: digestOf(
      JSON.stringify([
        event.role,
        event.isoTime,
        event.c1,
        event.c2,
        event.errorRadius,
        event.date,
        [...event.params],
      ]),
    ),
    format,
    stream: stream.name,
    packetType,
    kind: stream.kind,
    role: event.role,
    mission: missionOf(event, stream),
    instrument: stream === UNKNOWN_STREAM ? (event.params.get("Instrument") ?? "unknown") : stream.instrument,
    triggerId,
    triggerKeys: [
      simulatedKey(ownTriggerKey(event, stream, triggerId, t0Ms), simulated),
      ...referencedKeys(event),
    ],
    t0Ms,
    noticeMs: parseUtcMs(event.date),
    ...position,
    systematicDeg: position.raDeg === null ? 0 : stream.systematicDeg,
    positionGrade: position.raDeg === null ? 0 : stream.positionGrade,
    skymapUrl: skymapUrlOf(event),
    area90Deg2: null,
    classification: source?.name ?? null,
    classProbability: source?.probability ?? null,
    classIsBurst: source?.isBurst ?? null,
    significance: significanceOf(event),
    farHz: numberOf(event.params.get("FAR")) === null ? null : farHzOf(event, stream),
    durationS: durationOf(event),
    magnitude: magnitudeOf(event, stream),
    flags,
    marks,
    sourceName: sourceNameOf(event),
    recordType: retraction ? "retraction" : isUpdate(event) ? "update" : "initial",
    citations: event.citations,
    retraction,
    test: isTest(event, stream, triggerId),
    simulated,
  };
}

function streamOf(event: VoEvent, packetType: number | null): Stream {
  if (/^ivo:\/\/org\.svom\//i.test(event.ivorn)) return svomStream(event, packetType);
  const known = packetType === null ? undefined : streamOfType(packetType);
  // Packet type numbers mean something from GCN and LVK only.
  return known !== undefined && /^ivo:\/\/(nasa\.gsfc\.gcn|gwnet)\//i.test(event.ivorn)
    ? known
    : UNKNOWN_STREAM;
}

/** SVOM tells its notices apart by the end of the ivorn and the Instrument param; new packet types keep that form. */
function svomStream(event: VoEvent, packetType: number | null): Stream {
  if (/[-_]catalog/i.test(event.ivorn)) return streamNamed("svom-eclairs-catalog");
  const instrument = (event.params.get("Instrument") ?? "").toLowerCase();
  if (instrument === "mxt" || /_mxt/i.test(event.ivorn)) return streamNamed("svom-mxt");
  if (instrument === "eclairs" || /_(eclairs|slewing|not-slewing)/i.test(event.ivorn))
    return streamNamed("svom-eclairs");
  if (instrument === "grm" || /_grm/i.test(event.ivorn)) return streamNamed("svom-grm");
  return (packetType === null ? undefined : streamOfType(packetType)) ?? UNKNOWN_STREAM;
}

const TRIGGER_ID_PARAMS = [
  "TrigID",
  "Svom_Identifiers/Burst_Id",
  "GraceID",
  "Trigger_Number",
  "AMON_ID",
  "Trans_Num",
  "Burst_Id",
  "trigger_id",
];

/** Written where there is no trigger id; the last is the largest 32-bit number (AMON). */
const NO_IDS = new Set(["-1", "0", "", "2147483647"]);

function triggerIdOf(event: VoEvent, stream: Stream): string | null {
  if (stream === UNKNOWN_STREAM && !/^ivo:\/\/(nasa\.gsfc\.gcn|gwnet|org\.svom)\//i.test(event.ivorn)) {
    return event.params.get("TrigID") ?? null;
  }
  for (const name of TRIGGER_ID_PARAMS) {
    const value = event.params.get(name)?.trim();
    if (value !== undefined && value !== "") return value;
  }
  return null;
}

/** Mission of an unlisted stream: the authority's path, e.g. `voevent.4pisky.org/ASASSN` gives `asassn`. */
function missionOf(event: VoEvent, stream: Stream): string {
  if (stream !== UNKNOWN_STREAM) return stream.mission;
  const path = /^ivo:\/\/([^#]*)/.exec(event.ivorn)?.[1] ?? "unknown";
  return (
    (path.split("/").at(-1) ?? path)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .slice(0, 24) || "unknown"
  );
}

/**
 * The name by which notices of one trigger find each other. Mostly mission and trigger id; INTEGRAL gives each of its
 * notices another id and only the number in the ivorn is common; GECAM counts from 1 again and again, so the day
 * belongs to it; LAT counts apart from GBM; without an id the trigger time stands for it.
 */
function ownTriggerKey(
  event: VoEvent,
  stream: Stream,
  triggerId: string | null,
  t0Ms: number | null,
): string {
  if (stream.mission === "integral") {
    const number = /_0*(\d+)-\d+-\d+/.exec(event.ivorn)?.[1];
    if (number !== undefined) return `integral:${number}`;
  }
  if (stream.mission === "gecam" && triggerId !== null) {
    return `gecam:${event.params.get("MISSION") ?? ""}${triggerId}-${dayOf(t0Ms)}`;
  }
  if (stream.mission === "icecube") {
    const run = event.params.get("run_id");
    const number = event.params.get("event_id");
    if (run !== undefined && number !== undefined) return `icecube:${run}_${number}`;
  }
  const mission = stream.instrument === "LAT" ? "fermi-lat" : missionOf(event, stream);
  const id = triggerId === null || NO_IDS.has(triggerId) ? null : triggerId;
  return `${mission}:${id ?? unnamedTrigger(event, t0Ms)}`;
}

/** A simulated alert never takes the place of the real one whose packet it uses. */
function simulatedKey(key: string, simulated: boolean): string {
  return simulated ? key.replace(":", ":sim-") : key;
}

function unnamedTrigger(event: VoEvent, t0Ms: number | null): string {
  const local = event.ivorn.split("#")[1];
  if (t0Ms === null)
    return local === undefined || local === "" ? digestOf(event.ivorn).slice(0, 6) : local.slice(0, 24);
  return `${new Date(t0Ms).toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}-${digestOf(local ?? event.ivorn).slice(0, 4)}`;
}

function dayOf(t0Ms: number | null): string {
  return t0Ms === null ? "undated" : new Date(t0Ms).toISOString().slice(2, 10).replaceAll("-", "");
}

/** Triggers of other missions this notice names (LVK external coincidences). */
function referencedKeys(event: VoEvent): string[] {
  const observatory = event.params.get("External Coincidence/External_Observatory")?.toLowerCase();
  const id = event.params.get("External Coincidence/External_GCN_Notice_Id");
  return observatory !== undefined && id !== undefined ? [`${observatory}:${id}`] : [];
}

function positionOf(
  event: VoEvent,
  stream: Stream,
): Pick<Notice, "raDeg" | "decDeg" | "errorDeg" | "quotedErrorDeg" | "positionNote"> {
  const raDeg = numberOf(event.c1);
  const decDeg = numberOf(event.c2);
  const quoted = numberOf(event.errorRadius);
  const none = (positionNote: string | null) => ({
    raDeg: null,
    decDeg: null,
    errorDeg: null,
    quotedErrorDeg: quoted,
    positionNote,
  });
  if (raDeg === null || decDeg === null) return none(null);
  if (raDeg < 0 || raDeg > 360 || decDeg < -90 || decDeg > 90)
    return none(`RA ${raDeg}, Dec ${decDeg} is outside the sky`);
  const coordsType = event.params.get("Coords_Type");
  if (coordsType === "2") return none("the coordinates are where the spacecraft points (Coords_Type 2)");
  if (coordsType === "0") return none("the coordinates are not available (Coords_Type 0)");
  if (stream.kind === "timing") return none(`${stream.name} gives no position of the source`);
  if (raDeg === 0 && decDeg === 0) return none("RA 0, Dec 0 is a filler");
  if (raDeg === 1.2343 && decDeg === 2.3455) return none("RA 1.2343, Dec 2.3455 is INTEGRAL's filler");
  const error90 = numberOf(event.params.get("src_error_90")) ?? numberOf(event.params.get("Src_Error90"));
  const errorDeg =
    error90 !== null && error90 > 0
      ? errorRadius90Deg(error90, 0.9)
      : errorRadius90Deg(quoted, stream.containment);
  return { raDeg: raDeg === 360 ? 0 : raDeg, decDeg, errorDeg, quotedErrorDeg: quoted, positionNote: null };
}

function classOf(event: VoEvent, stream: Stream): SourceClass | null {
  const index = numberOf(event.params.get("Most_Likely_Index"));
  if (stream.mission === "fermi" && index !== null)
    return gbmClass(index, numberOf(event.params.get("Most_Likely_Prob")));
  if (stream.mission === "gecam") return gecamClass(event.params.get("SRC_CLASS"));
  if (stream.mission === "lvk") return lvkClass(event.params);
  const signalness = numberOf(event.params.get("signalness"));
  if (signalness !== null) return { name: "astrophysical neutrino", probability: signalness, isBurst: null };
  return null;
}

function significanceOf(event: VoEvent): number | null {
  for (const name of [
    "Detection_Info/SNR",
    "Image_Signif",
    "Data_Signif",
    "Burst_Signif",
    "Trig_Signif",
    "Inten_Sigma",
    "TRIGGER_SIGNIF",
    "SIGNIFICANCE",
    "grb_signif",
    "Rate_Signif",
  ]) {
    const value = numberOf(event.params.get(name));
    if (value !== null && value > 0) return value;
  }
  return event.params.has("Rate_Signif") ? 0 : null;
}

function farHzOf(event: VoEvent, stream: Stream): number | null {
  const far = numberOf(event.params.get("FAR"));
  // IceCube quotes false alarms per year.
  return far === null ? null : stream.mission === "icecube" ? far / 31_557_600 : far;
}

function durationOf(event: VoEvent): number | null {
  for (const name of [
    "Detection_Info/Timescale",
    "Trig_Timescale",
    "Trig_Dur",
    "Integ_Time",
    "TRIGGER_DUR",
    "Time_Scale",
  ]) {
    const value = numberOf(event.params.get(name));
    if (value !== null && value > 0) return value;
  }
  return null;
}

/** UVOT writes hundredths of a magnitude. */
function magnitudeOf(event: VoEvent, stream: Stream): number | null {
  const hundredths = stream.name === "swift-uvot-pos" ? numberOf(event.params.get("Burst_Mag")) : null;
  return hundredths === null || hundredths <= 0 ? null : hundredths / 100;
}

function sourceNameOf(event: VoEvent): string | null {
  const name = (event.params.get("Source_Name") ?? event.inferenceName ?? "").trim();
  return name === "" || name === "(null)" ? null : name;
}

function skymapUrlOf(event: VoEvent): string | null {
  for (const [key, value] of event.params) {
    if (key === "HealPix_URL" || key === "skymap_fits" || key.endsWith("/skymap_fits")) return value;
  }
  const plot = event.params.get("LocationMap_URL");
  if (plot === undefined) return null;
  // The plot and the map of Fermi GBM lie side by side under names that differ in two places.
  return plot.replace("glg_locplot_all_", "glg_healpix_all_").replace(/\.png$/, ".fit");
}

function isUpdate(event: VoEvent): boolean {
  return event.citations.length > 0 || event.params.get("Misc_Flags/Updated_Notice") === "true";
}

function isTest(event: VoEvent, stream: Stream, triggerId: string | null): boolean {
  if (event.role === "test" || stream.name === "test") return true;
  if (triggerId === "99999" || triggerId === "099999") return true;
  if (stream.mission === "lvk" && (triggerId ?? "").startsWith("M")) return true;
  const isOn = (name: string) => event.params.get(name) === "true";
  if (stream.mission === "lvk" && event.params.get("HardwareInj") === "1") return true;
  return (
    isOn("Solution_Status/Test_Submission") ||
    isOn("Trigger_ID/Test_Submission") ||
    isOn("Test_mpos/Test_Notice") ||
    isOn("Trigger_ID/Test")
  );
}

/** A finite number written in the text (decimal only), or null. */
function numberOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined || !/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$/.test(text))
    return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
