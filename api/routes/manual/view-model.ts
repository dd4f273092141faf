import type { DeviceRecord } from "../../../db/entities/device.ts";
import { operationInWords } from "../../../domain/manual/operation.ts";
import type { SlewPreview } from "../../../domain/manual/preview.ts";
import { optionalDevice, wheelBefore, type Observatory } from "../../../domain/observatory.ts";
import { closesDome, holdOf } from "../../../domain/safety/holds.ts";
import type { ManualRun, ObservatoryState } from "../../../workflows/messages.ts";
import type { PageModel } from "../../pages/pages.ts";
import type { Situation } from "../../situation/situation.ts";
import { domeMark, safetyMark, type Mark } from "../../situation/tone.ts";
import { imageHref, previewHref } from "../../words/links.ts";
import { NONE, number, quantity } from "../../words/numbers.ts";
import { position } from "../../words/sky.ts";
import { clockTime, dateTime, duration, hourMinute } from "../../words/time.ts";
import { deviceWords } from "../devices/words.ts";
import type { ManualFields, TypedTarget } from "./form.ts";

/** What came of the form that was sent, shown beside it. */
export interface ManualSaid {
  /** Kind of operation, `hold` or `stop`. */
  readonly about: string;
  readonly words: string;
  readonly done: boolean;
}

export interface ManualFacts {
  readonly situation: Situation;
  readonly devices: readonly DeviceRecord[];
  readonly observatory: Observatory;
  /** Who looks. */
  readonly by: string;
  readonly fields: ManualFields;
  readonly typed: TypedTarget;
  readonly preview: SlewPreview | null;
  readonly said: ManualSaid | null;
  readonly nowMs: number;
  readonly nowWallMs: number;
}

/** Who has the telescope by hand and what is done, for programs. */
export function manualJson({ holds, manual }: ObservatoryState) {
  const hold = holdOf(holds, "maintenance");
  return {
    holder: hold?.who ?? null,
    why: hold?.why ?? "",
    sinceMs: hold?.sinceMs ?? null,
    runs: manual.runs.map((run) => ({ ...run })),
    closingAnnounced: manual.closingAnnounced,
  };
}

export function manualModel(facts: ManualFacts): PageModel {
  const { situation, observatory, by, fields, said, nowMs } = facts;
  const hold = holdOf(situation.holds, "maintenance");
  const mine = hold?.who === by;
  return {
    title: said === null || said.done ? "Manual operations" : "Not done: Manual operations",
    sentence: sentenceOf(facts),
    topics: ["manual"],
    siteId: observatory.site.id,
    live: liveOf(facts),
    hold:
      hold === undefined
        ? null
        : {
            mine,
            who: hold.who,
            why: hold.why,
            since: dateTime(hold.sinceMs),
            age: duration(nowMs - hold.sinceMs),
          },
    stops: hold === undefined ? whatTakingStops(situation) : [],
    leaving: whatLeavingDoes(situation),
    reason: fields["reason"] ?? "",
    saidHold: saidAbout(said, "hold"),
    saidStop: saidAbout(said, "stop"),
    forms: mine ? formsOf(facts) : null,
  };
}

function sentenceOf({ situation, by, nowMs }: ManualFacts): string {
  const hold = holdOf(situation.holds, "maintenance");
  if (hold === undefined) {
    return "Nobody works by hand. Take the maintenance hold to move anything; Stop and Close dome need no hold.";
  }
  const who = hold.who === by ? "You have" : `${hold.who} has`;
  return `${who} the telescope by hand for ${duration(nowMs - hold.sinceMs)}. Nothing moves by itself but a closing, announced 60 s ahead.`;
}

function saidAbout(said: ManualSaid | null, ...about: readonly string[]): ManualSaid | null {
  return said !== null && about.includes(said.about) ? said : null;
}

/** What the observatory stops doing when a person takes it, with its facts. */
function whatTakingStops({ night, alertInProgress }: Situation): string[] {
  const executing = night?.executing ?? null;
  return [
    night === null
      ? "No night is open. None starts by itself while you have the hold."
      : `The night of ${night.date} stops: ${night.sequencesDone} sequences are done and keep their frames.`,
    ...(executing === null
      ? []
      : [`The exposure of ${executing.target} is aborted; what was not taken is planned again.`]),
    ...(alertInProgress === null
      ? ["An alert that comes waits until you leave the hold."]
      : [`The alert ${alertInProgress} loses the telescope until you leave the hold.`]),
    "Weather, interlock and guard still close the dome, announced 60 s ahead.",
  ];
}

function whatLeavingDoes({ night }: Situation): string {
  return night === null
    ? "What moves stops; no night is open, so the dome closes and the telescope parks."
    : `What moves stops; the night of ${night.date} gets the telescope back and goes on.`;
}

/* ---- What moves now --------------------------------------------------------------------------------------- */

function liveOf({ situation, devices, observatory, nowMs, nowWallMs }: ManualFacts) {
  const { closingAnnounced, runs } = situation.manual;
  return {
    announced:
      closingAnnounced === null
        ? ""
        : `The dome closes in ${duration(Math.max(0, closingAnnounced.closesAtWallMs - nowWallMs))} of real time, at ${clockTime(closingAnnounced.closesAtWallMs)}: ${closingAnnounced.why} Keep clear of the shutter.`,
    stale: situation.stale === null ? "" : `Last known state. ${situation.stale.why}`,
    readings: observatory.devices
      .filter(({ type }) => type !== "safetymonitor" && type !== "observingconditions")
      .map(({ id, name, type }) => {
        const row = devices.find(({ deviceId }) => deviceId === id);
        return {
          name,
          href: `/devices/${encodeURIComponent(id)}`,
          words: row === undefined ? "not seen yet" : deviceWords(type, row.values),
          place: type === "telescope" ? placeWords(row) : "",
          age: row === undefined ? NONE : `${duration(nowWallMs - row.seenWallMs)} ago, real`,
        };
      }),
    dome: domeMark(situation.dome),
    safety: safetyMark(situation),
    runs: runs.map((run) => shownRun(run, nowMs)),
  };
}

function placeWords(row: DeviceRecord | undefined): string {
  const { raDeg, decDeg, altDeg, azDeg } = row?.values ?? {};
  if (typeof raDeg !== "number" || typeof decDeg !== "number") return "";
  const { ra, dec } = position(raDeg, decDeg);
  const sky =
    typeof altDeg === "number" && typeof azDeg === "number"
      ? `, ${number(altDeg, 1)}° high, azimuth ${number(azDeg, 1)}°`
      : "";
  return `${ra} ${dec}${sky}`;
}

const RUN_MARKS: Readonly<Record<ManualRun["state"], Mark>> = {
  running: { tone: "running", word: "under way" },
  done: { tone: "ok", word: "done" },
  failed: { tone: "alarm", word: "FAILED" },
  stopped: { tone: "warning", word: "stopped" },
};

function shownRun({ operation, by, state, result, startedMs, endedMs, imageId }: ManualRun, nowMs: number) {
  const words = operationInWords(operation);
  return {
    words: `${words[0]?.toUpperCase()}${words.slice(1)}`,
    by,
    at: clockTime(startedMs),
    took: duration((endedMs ?? nowMs) - startedMs),
    mark: RUN_MARKS[state],
    result,
    image: imageId === null ? null : { id: imageId, href: imageHref(imageId), preview: previewHref(imageId) },
  };
}

/* ---- Forms ------------------------------------------------------------------------------------------------ */

function formsOf(facts: ManualFacts) {
  const { situation, observatory, fields, said, typed } = facts;
  const of = (...about: readonly string[]): ManualSaid | null => saidAbout(said, ...about);
  return {
    slew: {
      said: of("slew"),
      target: fields["target"] ?? "",
      ra: fields["ra"] ?? "",
      dec: fields["dec"] ?? "",
      problems: typed.kind === "wrong" ? typed.problems : [],
      preview: previewOf(facts),
    },
    mount: { said: of("park", "unpark", "tracking") },
    open: { said: of("openDome"), refusal: whyNotOpened(situation) },
    cover: optionalDevice(observatory, "covercalibrator") === null ? null : { said: of("cover") },
    focus:
      optionalDevice(observatory, "focuser") === null
        ? null
        : {
            said: of("focus"),
            position: fields["position"] ?? String(observatory.telescope.focusSteps ?? ""),
          },
    cameras: observatory.instruments.map((instrument) => ({
      id: instrument.id,
      name: instrument.name,
      filters: instrument.filters,
      hasWheel: wheelBefore(observatory, instrument) !== null,
      limits: `${instrument.minExposureS} to ${instrument.maxExposureS} s`,
      exposure: fields["instrument"] === instrument.id ? (fields["exposure"] ?? "10") : "10",
      setPoint: String(instrument.setPointC),
      said: fields["instrument"] === instrument.id ? of("expose", "filter", "cool", "warm") : null,
    })),
  };
}

/** Why opening is not offered, or empty: then the button stands there. */
function whyNotOpened(situation: Situation): string {
  const { holds, safety, weather, manual, dome } = situation;
  const holding = holds.find(({ kind }) => closesDome(kind));
  if (manual.closingAnnounced !== null) return "The dome is about to close.";
  if (holding !== undefined) return `The dome stays closed: ${holding.why} This cannot be overridden here.`;
  if (safety.safe !== true || weather.safe !== true) {
    const reasons = [...safety.reasons, ...weather.reasons].join(" ");
    return `The dome stays closed: ${reasons === "" ? "nothing is known of the weather now." : reasons} This cannot be overridden here.`;
  }
  return dome === "Open" ? "The dome is open." : "";
}

function previewOf({ typed, preview, nowMs }: ManualFacts) {
  if (typed.kind !== "understood" || preview === null) return null;
  const { raDeg, decDeg, name } = typed;
  const { ra, dec, degrees } = position(raDeg, decDeg);
  const limited = (value: number, limit: number): Mark =>
    value >= limit ? { tone: "ok", word: "within" } : { tone: "alarm", word: "OUTSIDE" };
  return {
    name,
    // Sexagesimal text reads the same in the form that is sent.
    ra,
    dec,
    degrees,
    rows: [
      {
        name: "Altitude",
        value: `${number(preview.altDeg, 1)}°`,
        limit: `at least ${number(preview.minAltDeg, 1)}°`,
        mark: limited(preview.altDeg, preview.minAltDeg),
      },
      {
        name: "From the Sun",
        value: `${number(preview.sunSepDeg, 1)}°`,
        limit: `at least ${number(preview.minSunSepDeg, 1)}°`,
        mark: limited(preview.sunSepDeg, preview.minSunSepDeg),
      },
    ],
    facts: [
      { name: "Azimuth", value: `${number(preview.azDeg, 1)}°` },
      { name: "Airmass", value: preview.airmass === null ? "below the horizon" : number(preview.airmass, 2) },
      {
        name: "From the Moon",
        value: `${number(preview.moonSepDeg, 0)}° away; ${quantity(100 * preview.moonIllumination, "%")} lit`,
      },
      {
        name: "Sinks below the limit",
        value:
          preview.setsMs === null
            ? preview.refusal === null
              ? "not within 12 h"
              : NONE
            : `about ${hourMinute(preview.setsMs)} UTC, in ${duration(preview.setsMs - nowMs)}`,
      },
      {
        name: "Way to go",
        value:
          preview.slewDeg === null ? "not known" : `${number(preview.slewDeg, 1)}° from where it points now`,
      },
    ],
    refusal: preview.refusal ?? "",
  };
}
