import type { AlertRecord } from "../../../db/entities/alert.ts";
import type { AlertState } from "../../../domain/alerts/alert-state.ts";
import { linksOf } from "../../../domain/alerts/take.ts";
import type { AlertChain } from "../../../db/repositories/alerts.ts";
import type { PageModel } from "../../pages/pages.ts";
import { isSimulated } from "../../situation/alert.ts";
import type { Mark } from "../../situation/tone.ts";
import { alertHref, requestHref, workflowHref } from "../../words/links.ts";
import { capital, count, NONE } from "../../words/numbers.ts";
import { position, skyError } from "../../words/sky.ts";
import { dateTime, dateTimeMs, latency } from "../../words/time.ts";
import { imageCard } from "../images/view-model.ts";
import type { Pager } from "../lists.ts";
import { sequenceMark } from "../requests/view-model.ts";
import { alertToShutter, latencyLadder } from "./ladder.ts";
import { MISSIONS } from "./test-alert.ts";

export interface AlertFilters {
  readonly state: string;
  readonly stream: string;
}

export function alertsModel(
  items: readonly AlertRecord[],
  filters: AlertFilters,
  lines: Pager,
  maySimulate: boolean,
  said: string,
): PageModel {
  const live = items.filter(({ closed, slew }) => !closed && slew).length;
  return {
    title: said === "" ? "Alerts" : "Not done: Alerts",
    sentence:
      live === 0
        ? `No alert is followed now; ${lines.words} in this list.`
        : `${count(live, "alert")} followed now.`,
    topics: ["alerts"],
    filters,
    states: ["all", "live", "closed"].map((value) => ({ value, chosen: value === filters.state })),
    pager: lines,
    maySimulate,
    missions: Object.entries(MISSIONS).map(([name, words]) => ({ stream: name, name: words })),
    said,
    filtered: filters.state !== "all" || filters.stream !== "",
    rows: items.map((alert) => ({
      name: alert.key,
      href: alertHref(alert.key),
      simulated: isSimulated(alert),
      t0: dateTime(alert.t0Ms),
      stream: alert.stream,
      place:
        alert.raDeg === null || alert.decDeg === null
          ? NONE
          : placeWords(alert.raDeg, alert.decDeg, alert.errorDeg),
      mark: alertMark(alert),
      reason: alert.reason,
      toShutter: alertToShutter(alert.stages),
    })),
  };
}

export function alertModel(
  chain: AlertChain,
  settings: { readonly temporalUiUrl: string; readonly temporalNamespace: string },
): PageModel {
  const { alert, notices, request, sequences, images } = chain;
  const toShutter = alertToShutter(alert.stages);
  return {
    title: `Alert ${alert.key}`,
    sentence:
      toShutter === NONE
        ? `${alert.decision}: ${alert.reason}`
        : `On target: shutter open ${toShutter} after the notice. ${capital(alert.reason)}`,
    topics: ["alerts"],
    simulated: isSimulated(alert),
    alert: {
      key: alert.key,
      href: alertHref(alert.key),
      stream: alert.stream,
      mark: alertMark(alert),
      status: alert.status,
      decision: alert.decision,
      rule: alert.rule,
      reason: alert.reason,
      rank: alert.rank,
      generation: alert.generation,
      t0: alert.t0Ms === null ? NONE : `${dateTimeMs(alert.t0Ms)} UTC`,
      place: alert.raDeg === null || alert.decDeg === null ? null : position(alert.raDeg, alert.decDeg),
      error: skyError(alert.errorDeg),
      workflow: workflowHref(settings, alert.workflowId),
    },
    noSequence:
      alert.stages.decidedAt === undefined
        ? "Not decided yet: the workflow of this alert has not answered."
        : `No sequence was made of this alert: ${alert.reason}`,
    ladder: latencyLadder(alert.stages),
    links: linksWords(alert.state),
    notices: notices.toReversed().map((notice) => ({
      ivorn: notice.ivorn,
      door: notice.door,
      received: dateTimeMs(notice.receivedWallMs),
      delivered:
        notice.deliveredWallMs === null
          ? "not yet: it is sent again until Temporal has it"
          : `${latency(notice.deliveredWallMs - notice.receivedWallMs)} later`,
      decision: notice.decision,
      reason: notice.reason,
      fields: Object.entries(notice.parsed).flatMap(([name, value]) => fieldOf(name, value)),
      raw: `/alerts/${encodeURIComponent(alert.key)}/notices/${notice.id}.xml`,
    })),
    request: request === null ? null : { name: request.name, href: requestHref(request.id) },
    sequences: sequences.map((sequence) => ({
      id: sequence.id,
      generation: sequence.generation,
      mark: sequenceMark(sequence.status),
      reason: sequence.statusReason ?? "",
      frames: sequence.albums
        .flatMap((album) =>
          album.plans.map((plan) => `${plan.filter} ${plan.storedFrames.length} of ${plan.count}`),
        )
        .join(", "),
    })),
    images: images.map((image) => imageCard(image)),
  };
}

function placeWords(raDeg: number, decDeg: number, errorDeg: number | null): string {
  const { ra, dec } = position(raDeg, decDeg);
  return `${ra} ${dec} ± ${skyError(errorDeg)}`;
}

function alertMark({ closed, slew, status }: AlertRecord): Mark {
  if (!slew) return { tone: "quiet", word: status };
  return closed ? { tone: "ok", word: status } : { tone: "alert", word: status };
}

/** A parsed field that a person can read on one line. */
function fieldOf(name: string, value: unknown): { name: string; value: string }[] {
  if (value === null || value === undefined || value === "") return [];
  if (typeof value === "string" || typeof value === "number") return [{ name, value: String(value) }];
  if (typeof value === "boolean") return [{ name, value: value ? "yes" : "no" }];
  if (Array.isArray(value) && value.length === 0) return [];
  return [{ name, value: JSON.stringify(value) }];
}

/** Why the triggers of several satellites are one event: each link with its numbers. Empty for a single trigger. */
function linksWords(state: AlertRecord["state"]) {
  const { members = [] } = state as Partial<AlertState>;
  return linksOf(members).map(({ a, b, kind, why }) => ({ a, b, kind, why }));
}
