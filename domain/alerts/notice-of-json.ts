import { digestOf } from "./digest.ts";
import { errorRadius90Deg } from "./error-radius.ts";
import { NoticeError } from "./notice.ts";
import type { Mark, Notice } from "./notice.ts";
import { summariseBase64Skymap } from "./skymap.ts";
import { jsonClass } from "./source-class.ts";
import { streamNamed, UNKNOWN_STREAM } from "./streams.ts";
import type { Stream } from "./streams.ts";
import { parseUtcMs } from "./utc.ts";

type Json = Readonly<Record<string, unknown>>;

/** Path in the schema address of a GCN JSON notice, to stream. The first that matches counts. */
const SCHEMA_STREAMS: readonly (readonly [RegExp, string])[] = [
  [/einstein_probe\/wxt/, "ep-wxt"],
  [/swift\/bat\/guano/, "swift-guano"],
  [/svom\//, "svom"],
  [/fermi\/gbm/, "fermi-gbm"],
  [/fermi\/lat/, "fermi-lat-flare"],
  [/icecube\/lvk/, "icecube-lvk"],
  [/icecube\//, "icecube-gold"],
  [/maxi\/gsc\.known/, "maxi-known"],
  [/maxi\/gsc/, "maxi-unknown"],
  [/burstcube\//, "burstcube"],
  [/glowbug\//, "glowbug"],
  [/km3net\//, "km3net"],
  [/superk\//, "superk-sn"],
  [/chime\//, "chime-frb"],
  [/dsa110\//, "dsa110-frb"],
  [/heasarc\//, "heasarc-archive"],
  [/boom\//, "boom"],
];

const GBM_SUBTYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    INITIAL_ALERT: "fermi-gbm-alert",
    FLIGHT_POSITION: "fermi-gbm-flight",
    GROUND_POSITION: "fermi-gbm-ground",
    FINAL_POSITION: "fermi-gbm-final",
  }),
);

/**
 * Brings a JSON notice (GCN or IGWN) to the common form.
 * @throws NoticeError when the object is a schema or has nothing of a notice
 */
export function noticeOfJson(json: Json): Notice {
  if (/json-schema\.org/.test(textOf(json["$schema"]) ?? ""))
    throw new NoticeError("this is a JSON schema, not a notice");
  return typeof json["superevent_id"] === "string" ? igwnNotice(json) : gcnNotice(json);
}

function gcnNotice(json: Json): Notice {
  const schema = textOf(json["$schema"]) ?? "";
  const stream = streamOf(json, schema);
  const t0Ms = parseUtcMs(textOf(json["trigger_time"]));
  const noticeMs = parseUtcMs(textOf(json["alert_datetime"]));
  const ids = textsOf(json["id"]);
  const names = textsOf(json["event_name"]);
  const mission = stream === UNKNOWN_STREAM ? safe(textOf(json["mission"]) ?? "unknown") : stream.mission;
  const triggerId = ids[0] ?? null;
  const alertType = textOf(json["alert_type"])?.toLowerCase() ?? null;
  const tense = textOf(json["alert_tense"])?.toLowerCase() ?? "current";
  const position = positionOf(json, stream);
  const source = jsonClass(json["classification"]);
  const retraction = alertType === "retraction";
  const digest = digestOf(JSON.stringify(json));
  const isTest = ["test", "injection", "planned"].includes(tense);
  return {
    ivorn: ivornOf(schema, mission, triggerId, t0Ms, alertType, digest),
    digest,
    format: "gcn-json",
    stream: stream.name,
    packetType: null,
    kind: tense === "archival" ? "survey" : stream.kind,
    role: isTest ? "test" : "observation",
    mission,
    instrument: textOf(json["instrument"]) ?? stream.instrument,
    triggerId,
    triggerKeys: [ownKey(mission, triggerId, t0Ms, names[0] ?? null, digest), ...followedKeys(json)],
    t0Ms,
    noticeMs,
    ...position,
    systematicDeg: position.raDeg === null || json["systematic_included"] === true ? 0 : stream.systematicDeg,
    positionGrade: position.raDeg === null ? 0 : stream.positionGrade,
    skymapUrl: textOf(json["healpix_url"]) ?? textOf(json["skymap_url"]) ?? null,
    area90Deg2: null,
    classification: source?.name ?? null,
    classProbability: source?.probability ?? null,
    classIsBurst: source?.isBurst ?? null,
    significance: numberOf(json["image_snr"]) ?? numberOf(json["rate_snr"]),
    farHz: numberOf(json["far"]),
    durationS: numberOf(json["rate_duration"]) ?? numberOf(json["image_duration"]),
    magnitude: null,
    flags: [],
    marks: marksOf(json, stream, retraction, names),
    sourceName: names[0] ?? textOf(json["target_name"]),
    recordType: retraction
      ? "retraction"
      : alertType === "update" || alertType === "subsequent"
        ? "update"
        : "initial",
    citations: [],
    retraction,
    test: isTest,
    simulated: false,
  };
}

function igwnNotice(json: Json): Notice {
  const id = textOf(json["superevent_id"]) ?? "";
  const alertType = (textOf(json["alert_type"]) ?? "").toUpperCase();
  const event = objectOf(json["event"]);
  const retraction = alertType === "RETRACTION";
  const test = id.startsWith("M") || json["test"] === true || textOf(event["search"]) === "MDC";
  // The sky map inside is up to 2 MB of base64 and would swamp the digest.
  const digest = digestOf(
    JSON.stringify([
      id,
      alertType,
      json["time_created"],
      textOf(event["significant"]),
      event["far"],
      event["classification"],
    ]),
  );
  const stream = streamNamed(
    {
      PRELIMINARY: "lvk-preliminary",
      INITIAL: "lvk-initial",
      UPDATE: "lvk-update",
      RETRACTION: "lvk-retraction",
      EARLYWARNING: "lvk-early-warning",
    }[alertType.replaceAll(/[^A-Z]/g, "")] ?? "lvk-preliminary",
  );
  const source = textOf(event["group"]) === "Burst" ? null : jsonClass(event["classification"]);
  const coincidence = objectOf(json["external_coinc"]);
  const referenced =
    textOf(coincidence["observatory"]) !== null && textOf(coincidence["gcn_notice_id"]) !== null
      ? [`${safe(textOf(coincidence["observatory"]) ?? "")}:${textOf(coincidence["gcn_notice_id"]) ?? ""}`]
      : [];
  return {
    ivorn: `ivo://igwn/gwalert#${id}-${alertType.toLowerCase()}-${digest.slice(0, 6)}`,
    digest,
    format: "igwn-json",
    stream: stream.name,
    packetType: null,
    kind: stream.kind,
    role: test ? "test" : "observation",
    mission: "lvk",
    instrument: textsOf(event["instruments"]).join(",") || "LVK",
    triggerId: id,
    triggerKeys: [`lvk:${id}`, ...referenced],
    t0Ms: parseUtcMs(textOf(event["time"])),
    noticeMs: parseUtcMs(textOf(json["time_created"])),
    ...skymapPosition(textOf(event["skymap"])),
    systematicDeg: 0,
    skymapUrl: null,
    classification: source?.name ?? null,
    classProbability: source?.probability ?? null,
    classIsBurst: null,
    significance: null,
    farHz: numberOf(event["far"]),
    durationS: numberOf(event["duration"]),
    magnitude: null,
    flags: event["significant"] === true ? ["Significant"] : [],
    marks: retraction ? [{ kind: "retracted", because: "alert_type=RETRACTION" }] : [],
    sourceName: null,
    recordType: retraction
      ? "retraction"
      : alertType === "UPDATE" || alertType === "INITIAL"
        ? "update"
        : "initial",
    citations: [],
    retraction,
    test,
    simulated: false,
  };
}

/** Best position and 90 % area of the sky map inside an IGWN alert; a map that cannot be read does not stop the alert. */
function skymapPosition(
  base64: string | null,
): Pick<
  Notice,
  "raDeg" | "decDeg" | "errorDeg" | "quotedErrorDeg" | "positionNote" | "positionGrade" | "area90Deg2"
> {
  const none = {
    raDeg: null,
    decDeg: null,
    errorDeg: null,
    quotedErrorDeg: null,
    positionGrade: 0,
    area90Deg2: null,
  };
  if (base64 === null) return { ...none, positionNote: "the alert carries no sky map" };
  try {
    const { raDeg, decDeg, error90Deg, area90Deg2 } = summariseBase64Skymap(base64);
    return {
      raDeg,
      decDeg,
      errorDeg: error90Deg,
      quotedErrorDeg: null,
      positionNote: null,
      positionGrade: 1,
      area90Deg2,
    };
  } catch (error) {
    if (!(error instanceof NoticeError)) throw error;
    return { ...none, positionNote: error.message };
  }
}

function streamOf(json: Json, schema: string): Stream {
  const path = schema.toLowerCase();
  const name = SCHEMA_STREAMS.find(([pattern]) => pattern.test(path))?.[1];
  if (name === "fermi-gbm")
    return streamNamed(GBM_SUBTYPES.get(textOf(json["subtype"]) ?? "") ?? "fermi-gbm-flight");
  if (name === "svom") return svomStream(json);
  return name === undefined ? UNKNOWN_STREAM : streamNamed(name);
}

function svomStream(json: Json): Stream {
  const instrument = (textOf(json["instrument"]) ?? "").toLowerCase();
  if (instrument === "grm") return streamNamed("svom-grm");
  if (instrument === "mxt") return streamNamed("svom-mxt");
  return streamNamed(isCatalogueName(textsOf(json["event_name"])) ? "svom-eclairs-catalog" : "svom-eclairs");
}

/** ECLAIRs names the source only when it is in its catalogue; the name of a burst begins with GRB. */
function isCatalogueName(names: readonly string[]): boolean {
  return names.length > 0 && !names.some((name) => /^(GRB|EP|sb)\s?\d/i.test(name));
}

function marksOf(json: Json, stream: Stream, retraction: boolean, names: readonly string[]): Mark[] {
  const marks: Mark[] = [];
  if (retraction) marks.push({ kind: "retracted", because: "alert_type=retraction" });
  if (stream.name === "svom-eclairs-catalog")
    marks.push({ kind: "not-a-burst", because: `catalogue source ${names[0] ?? ""}`.trim() });
  if (json["not_grb"] === true) marks.push({ kind: "not-a-burst", because: "not_grb=true" });
  return marks;
}

/** `Fermi 694215970` in follow_up_event, and references to gravitational-wave events. */
function followedKeys(json: Json): string[] {
  const keys: string[] = [];
  for (const text of textsOf(json["follow_up_event"])) {
    const m = /^\s*(Fermi|Swift|INTEGRAL|SVOM)[\s-]+(?:GBM\s+)?(\w+)\s*$/i.exec(text);
    if (m !== null) keys.push(`${(m[1] ?? "").toLowerCase()}:${m[2] ?? ""}`);
    else if (/^[A-Z]{0,2}S\d{6}[a-z]+$/.test(text)) keys.push(`lvk:${text}`);
  }
  const superevent = textOf(json["ref_ID"]);
  if (superevent !== null) keys.push(`lvk:${superevent}`);
  return keys;
}

function positionOf(
  json: Json,
  stream: Stream,
): Pick<Notice, "raDeg" | "decDeg" | "errorDeg" | "quotedErrorDeg" | "positionNote"> {
  const raDeg = numberOf(json["ra"]);
  const decDeg = numberOf(json["dec"]);
  const quoted =
    quotedError(json["ra_dec_error"]) ?? cornersRadius(json["rectangular_error_corners"], raDeg, decDeg);
  if (raDeg === null || decDeg === null) {
    return { raDeg: null, decDeg: null, errorDeg: null, quotedErrorDeg: quoted, positionNote: null };
  }
  if (raDeg < 0 || raDeg > 360 || decDeg < -90 || decDeg > 90) {
    const positionNote = `RA ${raDeg}, Dec ${decDeg} is outside the sky`;
    return { raDeg: null, decDeg: null, errorDeg: null, quotedErrorDeg: quoted, positionNote };
  }
  const containment =
    numberOf(json["containment_probability"]) ??
    (stream.name.startsWith("fermi-gbm") ? stream.containment : 0.9);
  return {
    raDeg: raDeg === 360 ? 0 : raDeg,
    decDeg,
    errorDeg: errorRadius90Deg(quoted, containment),
    quotedErrorDeg: quoted,
    positionNote: null,
  };
}

/** A number, or the major axis of [major, minor, position angle]. */
function quotedError(value: unknown): number | null {
  if (!Array.isArray(value)) return numberOf(value);
  const axes = value
    .slice(0, 2)
    .map(numberOf)
    .filter((axis) => axis !== null);
  return axes.length === 0 ? null : Math.max(...axes.map(Math.abs));
}

/** Distance from the centre to the farthest corner of a rectangle given as [[ra, dec], ...], degrees (flat: they are small). */
function cornersRadius(corners: unknown, raDeg: number | null, decDeg: number | null): number | null {
  if (!Array.isArray(corners) || raDeg === null || decDeg === null) return null;
  let radius = 0;
  for (const corner of corners.slice(0, 16)) {
    if (!Array.isArray(corner)) continue;
    const [ra, dec] = [numberOf(corner[0]), numberOf(corner[1])];
    if (ra === null || dec === null) continue;
    const dRa = (((ra - raDeg + 540) % 360) - 180) * Math.cos((decDeg * Math.PI) / 180);
    radius = Math.max(radius, Math.hypot(dRa, dec - decDeg));
  }
  return radius === 0 ? null : radius;
}

function ownKey(
  mission: string,
  triggerId: string | null,
  t0Ms: number | null,
  name: string | null,
  digest: string,
): string {
  if (triggerId !== null && triggerId !== "") return `${mission}:${triggerId}`;
  if (t0Ms !== null)
    return `${mission}:${new Date(t0Ms).toISOString().slice(2, 19).replaceAll(/[-:T]/g, "")}`;
  return `${mission}:${name ?? digest.slice(0, 8)}`;
}

/** JSON notices have no ivorn: one is made from what they are about and a digest, so that two are never one. */
function ivornOf(
  schema: string,
  mission: string,
  triggerId: string | null,
  t0Ms: number | null,
  alertType: string | null,
  digest: string,
): string {
  const path = /notices\/(.*?)(?:\.schema)?\.json/.exec(schema)?.[1] ?? mission;
  const about = triggerId ?? (t0Ms === null ? "unnamed" : new Date(t0Ms).toISOString());
  return `ivo://gcn.nasa.gov/${path}#${about}-${alertType ?? "notice"}-${digest.slice(0, 8)}`;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
}

function textsOf(value: unknown): string[] {
  const all = Array.isArray(value) ? value.slice(0, 16) : [value];
  return all.map(textOf).filter((text) => text !== null);
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function safe(text: string): string {
  return (
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-|-$/g, "")
      .slice(0, 24) || "unknown"
  );
}
