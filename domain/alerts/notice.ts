/** One message about one event, brought to a form that is the same for every stream. Plain JSON: it travels in workflow payloads and jsonb columns. */
export interface Notice {
  /** Identifier of the message; made from its content when the format has none. */
  readonly ivorn: string;
  /** Short digest of the content: some senders use one ivorn for two messages. */
  readonly digest: string;
  readonly format: "voevent" | "voevent-json" | "gcn-json" | "igwn-json";
  /** Entry of the stream table, e.g. `swift-bat-pos`; `unknown` when no entry fits. */
  readonly stream: string;
  /** GCN Classic packet type number, e.g. 61. */
  readonly packetType: number | null;
  readonly kind: NoticeKind;
  readonly role: string;
  /** e.g. `swift`. */
  readonly mission: string;
  /** e.g. `BAT`. */
  readonly instrument: string;
  readonly triggerId: string | null;
  /** All names of the trigger this notice belongs to, `mission:id`; notices that share one are about one event. */
  readonly triggerKeys: readonly string[];
  /** Trigger time, Unix ms UTC. */
  readonly t0Ms: number | null;
  /** When the notice was written (Who/Date, alert_datetime), Unix ms UTC. */
  readonly noticeMs: number | null;
  /** ICRS degrees; null when the notice gives no position of the source. */
  readonly raDeg: number | null;
  readonly decDeg: number | null;
  /** Radius that holds the source with 90 % probability, as quoted (without `systematicDeg`); null when unknown. */
  readonly errorDeg: number | null;
  /** The error as written in the message, unchanged. */
  readonly quotedErrorDeg: number | null;
  /** Systematic error (68 %) to add in quadrature, measured for the stream; 0 when the quoted one includes it. */
  readonly systematicDeg: number;
  /** Why there is no position although the message has coordinates (filler, spacecraft pointing ...). */
  readonly positionNote: string | null;
  /** How far this stream's position is preferred to others of its mission: the higher the better. */
  readonly positionGrade: number;
  /** Sky map (HEALPix) address as written; attacker controlled, fetch only from allowed hosts. */
  readonly skymapUrl: string | null;
  /** Area of the 90 % region of a sky map that came with the notice, square degrees. */
  readonly area90Deg2: number | null;
  /** What the sender says it is, e.g. `GRB`, `TGF`, `solar flare`. */
  readonly classification: string | null;
  /** Probability of `classification`, 0 to 1. */
  readonly classProbability: number | null;
  /** Whether `classification` is one of a gamma-ray burst; null when the notice has no class. */
  readonly classIsBurst: boolean | null;
  /** Signal to noise in sigma. */
  readonly significance: number | null;
  /** False alarm rate, Hz. */
  readonly farHz: number | null;
  readonly durationS: number | null;
  readonly magnitude: number | null;
  /** Names of the flags that are set, e.g. `StarTrack_Lost_Lock`. */
  readonly flags: readonly string[];
  /** Marks that say this is not a burst to slew to, each decisive by itself. */
  readonly marks: readonly Mark[];
  /** Name the sender gives the source, e.g. `GRB 210112` or `Crab`. */
  readonly sourceName: string | null;
  readonly recordType: "initial" | "update" | "retraction";
  readonly citations: readonly Citation[];
  readonly retraction: boolean;
  /** A test message, whatever its role says. */
  readonly test: boolean;
  /** Made by the alert simulator; its role stays `observation` so that the whole path runs. */
  readonly simulated: boolean;
}

export interface Citation {
  readonly cite: "followup" | "supersedes" | "retraction" | "reference";
  readonly ivorn: string;
}

/** What a notice can do to an alert. */
export type NoticeKind =
  /** gives (or may give) the position of a new source */
  | "position"
  /** says that something happened, without a position */
  | "trigger"
  /** a time only: confirms, never points, never opens an alert alone */
  | "timing"
  /** follows an event (light curve, slew, non-detection): stored beside it */
  | "companion"
  /** about a source that is known or below threshold */
  | "survey"
  /** where a spacecraft points, heartbeat, maintenance */
  | "utility";

/** Why a notice says its trigger is no burst to slew to. */
export type MarkKind =
  /** the sender's catalogue or class says it is a known or other source */
  | "not-a-burst"
  /** withdrawn by the sender */
  | "retracted"
  /** the spacecraft's attitude was lost: the position cannot be believed */
  | "lost-lock";

export interface Mark {
  readonly kind: MarkKind;
  /** The field and value that say so, e.g. `GRB_Identified=false`. */
  readonly because: string;
}

/** Thrown for what passed the guard but is no notice. */
export class NoticeError extends Error {
  override readonly name = "NoticeError";
}
