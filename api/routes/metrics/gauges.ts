import { Gauge, type Registry } from "prom-client";
import type { Figures } from "../../../db/repositories/figures.ts";
import { STAGE_BUCKETS_S } from "../../../db/repositories/figures.ts";
import type { OutboxLane } from "../../../db/repositories/outbox.ts";
import type { ObservatoryState } from "../../../workflows/messages.ts";

/** What the observatory looks like now; null where nobody answers. */
export interface ObservatoryFacts {
  readonly figures: Figures | null;
  readonly lanes: readonly OutboxLane[] | null;
  readonly state: ObservatoryState | null;
  readonly nowWallMs: number;
}

/** The metrics of the observatory (docs/engineering.md says what to alarm on), set anew at each scrape. */
export function createObservatoryGauges(registry: Registry): (facts: ObservatoryFacts) => void {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name: `vesper_${name}`, help, labelNames, registers: [registry] });

  const answers = gauge("answers", "1 when a part answers: database, observatory", "asked");
  const exposures = gauge("exposures", "Exposures ever, by state; stored and lost are what counts", "state");
  const holds = gauge("holds", "Open holds, by kind", "kind");
  const mode = gauge("mode", "1 for the mode of the observatory", "mode");
  const device = gauge("device_state", "1 for the state of a device", "device", "state", "blocking");
  const deviceAge = gauge("device_seen_age_seconds", "Wall time since a device was stored", "device");
  const watchAge = gauge(
    "watch_age_seconds",
    "Wall time since the watch last told the observatory; 60 is usual",
  );
  const pending = gauge("pending_alerts", "Alerts that wait for the telescope");
  const messages = gauge("outbox_messages", "Messages not delivered", "topic", "state");
  const oldest = gauge("outbox_oldest_age_seconds", "Wall time the oldest message waits", "topic");
  const bucket = gauge(
    "alert_stage_seconds_bucket",
    "Alerts by wall time from notice to stage",
    "stage",
    "le",
  );
  const sum = gauge("alert_stage_seconds_sum", "Wall time from notice to stage, all alerts", "stage");
  const total = gauge("alert_stage_seconds_count", "Alerts that reached a stage", "stage");

  return ({ figures, lanes, state, nowWallMs }) => {
    const ageS = (wallMs: number): number => Math.max(0, (nowWallMs - wallMs) / 1_000);
    answers.set({ asked: "database" }, figures === null ? 0 : 1);
    answers.set({ asked: "observatory" }, state === null ? 0 : 1);
    for (const each of [
      exposures,
      holds,
      mode,
      device,
      deviceAge,
      watchAge,
      pending,
      messages,
      oldest,
      bucket,
      sum,
      total,
    ])
      each.reset();
    // Zero is said, so that an alarm on a rise does not miss the first.
    for (const known of ["stored", "lost", "aborted"]) exposures.set({ state: known }, 0);
    for (const [name, n] of Object.entries(figures?.exposures ?? {})) exposures.set({ state: name }, n);
    for (const [kind, n] of Object.entries(figures?.holds ?? {})) holds.set({ kind }, n);
    for (const { deviceId, state: is, blocking, seenWallMs } of figures?.devices ?? []) {
      device.set({ device: deviceId, state: is, blocking: String(blocking) }, 1);
      deviceAge.set({ device: deviceId }, ageS(seenWallMs));
    }
    for (const { stage, counts, sumS } of figures?.alertStages ?? []) {
      let cumulated = 0;
      for (const [i, n] of counts.entries()) {
        cumulated += n;
        bucket.set(
          { stage, le: STAGE_BUCKETS_S[i] === undefined ? "+Inf" : String(STAGE_BUCKETS_S[i]) },
          cumulated,
        );
      }
      sum.set({ stage }, sumS);
      total.set({ stage }, cumulated);
    }
    for (const lane of lanes ?? []) {
      messages.inc({ topic: lane.topic, state: "waiting" }, lane.waiting);
      messages.inc({ topic: lane.topic, state: "failed" }, lane.failed);
    }
    for (const [topic, ofTopic] of Map.groupBy(lanes ?? [], (lane) => lane.topic)) {
      const ages = ofTopic.flatMap((lane) => lane.oldestWaitingWallMs ?? []).map(ageS);
      if (ages.length > 0) oldest.set({ topic }, Math.max(...ages));
    }
    if (state === null) return;
    mode.set({ mode: state.mode }, 1);
    pending.set(state.pendingAlerts.length);
    if (state.watch !== null) watchAge.set(ageS(state.watch.wallMs));
  };
}
