import { countBy } from "./frames.ts";
import type { Evidence, Violation } from "../evidence.ts";

/** Statuses in which the story of a burst has an end, or is still being followed after one. */
const TOLD = ["observed", "interrupted", "notObserved", "closed"];
/** Rounding of sums of seconds kept to 1 ms. */
const ROUNDING_S = 0.001;

/** Each burst that was taken is one alert, one request, one workflow, with an end that is said; no burst is lost. */
export function oneAlertPerBurst({
  bursts,
  alerts,
  pendingAlerts,
  executions,
  siteId,
}: Evidence): Violation[] {
  const found: Violation[] = [];
  const say = (words: string): void => void found.push({ invariant: "one alert per burst", words });
  for (const { key, takenWallMs } of bursts) {
    if (takenWallMs === null) {
      say(`burst ${key} was never taken`);
      continue;
    }
    const rows = alerts.filter((alert) => alert.key === key);
    if (rows.length !== 1) say(`burst ${key} has ${rows.length} alerts`);
    for (const { requests, notices, status, reason } of rows) {
      if (requests > 1) say(`burst ${key} has ${requests} requests`);
      if (notices !== 1) say(`burst ${key} has ${notices} notices`);
      if (!TOLD.includes(status) && !pendingAlerts.includes(key))
        say(`burst ${key} is left ${status}: ${reason}`);
    }
    const runs = executions.filter(
      ({ workflowId, status }) => workflowId === `alert/${siteId}/${key}` && status !== "CONTINUED_AS_NEW",
    );
    if (runs.length !== 1) say(`burst ${key} has ${runs.length} workflows`);
  }
  const posted = new Set(bursts.map(({ key }) => key));
  for (const { key } of alerts) if (!posted.has(key)) say(`alert ${key} belongs to no burst that was posted`);
  return found;
}

/** Each attempt reserves once and is settled once, to the millisecond; an interrupted one costs its stored frames. */
export function ledgerAddsUp({ quota, exposures, plans, sequences }: Evidence): Violation[] {
  const found: Violation[] = [];
  const say = (words: string): void => void found.push({ invariant: "the quota ledger adds up", words });
  const lines = quota.filter(({ kind }) => kind !== "granted");
  const twice = countBy(lines, ({ sequenceId, attempt, kind }) => `${sequenceId}/${attempt} ${kind}`);
  for (const [line, times] of twice) if (times > 1) say(`${line} is written ${times} times`);
  const framesPerAttempt = 3;
  const sequenceOfPlan = new Map(plans.map(({ id, sequenceId }) => [id, sequenceId]));
  for (const key of new Set(lines.map(({ sequenceId, attempt }) => `${sequenceId}/${attempt}`))) {
    const [sequenceId = "", attempt = ""] = key.split("/");
    const of = (kind: string): number | null =>
      lines.find(
        (line) => line.sequenceId === sequenceId && line.attempt === Number(attempt) && line.kind === kind,
      )?.seconds ?? null;
    const [reserved, spent, returned] = [of("reserved"), of("spent"), of("returned")];
    if (reserved === null) say(`${key} spent without a reservation`);
    if (spent === null && returned === null) continue;
    if (spent === null || returned === null) {
      say(`${key} is half settled: spent ${spent}, returned ${returned}`);
      continue;
    }
    if (Math.abs((reserved ?? 0) - spent - returned) > ROUNDING_S) {
      say(`${key} reserved ${reserved} s, spent ${spent} s and got ${returned} s back`);
    }
    const storedS = exposures
      .filter(
        (exposure) =>
          exposure.state === "stored" &&
          sequenceOfPlan.get(exposure.planId) === sequenceId &&
          Math.ceil(exposure.attempt / framesPerAttempt) === Number(attempt),
      )
      .reduce((sum, { exposureS }) => sum + exposureS, 0);
    if (returned > 0 && Math.abs(spent - Math.min(reserved ?? 0, storedS)) > ROUNDING_S) {
      say(`${key} was interrupted, stored ${storedS} s of exposure and spent ${spent} s`);
    }
  }
  for (const { id, status, attempt } of sequences) {
    if (status !== "executed") continue;
    const settled = lines.some(
      (line) => line.sequenceId === id && line.attempt === attempt && line.kind === "spent",
    );
    if (!settled) say(`${id} is executed and attempt ${attempt} is not settled`);
  }
  return found;
}

/** After the night nothing runs in Temporal that no row owns, and nothing that a row owns has stopped. */
export function nothingUnowned(evidence: Evidence): Violation[] {
  const { executions, alerts, siteId, nights, sequences, lease, lostDevices } = evidence;
  const found: Violation[] = [];
  const say = (words: string): void => void found.push({ invariant: "nothing runs that nobody owns", words });
  const running = executions.filter(({ status }) => status === "RUNNING");
  const open = new Set(alerts.filter(({ closed }) => !closed).map(({ key }) => `alert/${siteId}/${key}`));
  const owned = new Set([
    `observatory/${siteId}`,
    ...open,
    ...lostDevices.map((id) => `recovery/${siteId}/${id}`),
  ]);
  for (const { workflowId } of running) {
    if (owned.has(workflowId)) continue;
    say(`${workflowId} runs after the night`);
  }
  const ids = running.map(({ workflowId }) => workflowId);
  for (const workflowId of [`observatory/${siteId}`, ...open]) {
    const times = ids.filter((id) => id === workflowId).length;
    if (times !== 1) say(`${workflowId} runs ${times} times`);
  }
  for (const { workflowId, status } of executions) {
    if (status === "FAILED" || status === "TIMED_OUT" || status === "TERMINATED")
      say(`${workflowId} is ${status}`);
  }
  for (const { id, status, reason } of nights) {
    if (status !== "ended") say(`night ${id} is ${status}`);
    if (reason?.startsWith("ended wrongly") === true) say(`night ${id} ${reason}`);
  }
  for (const { id, status } of sequences)
    if (status === "executing") say(`${id} is executing after the night`);
  if (lease?.holder !== `observatory/${siteId}`)
    say(`the lease is with ${lease?.holder ?? "nobody"} after the night`);
  return found;
}
