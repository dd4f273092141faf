import { alertKeyOf } from "../../../domain/alerts/alert-state.ts";
import { typicalPacket } from "../../../domain/alerts/typical.ts";
import type { TypicalStream } from "../../../domain/alerts/typical.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import type { IntakeResult } from "../../../ingest/intake.ts";
import type { ApiDeps } from "../../deps.ts";
import { visiblePlace } from "./placement.ts";

/** What a satellite needs from the burst to its notice, observatory ms. */
const NOTICE_DELAY_MS = 12_000;

/** A number that no mission gives, for the next simulated event: 9 and the end of the wall time. */
export function nextEvent(nowWallMs: number): string {
  return `9${String(nowWallMs % 1_000_000_000).padStart(9, "0")}`;
}

/** The key of the alert that a simulated event of this number makes. */
export function simulatedAlertKey(stream: TypicalStream, event: string): string {
  return alertKeyOf(`${stream.split("-")[0]}:sim-${event}`);
}

/**
 * Fires a typical alert at a place that can be observed, through the intake that every notice takes.
 * @param event number of the event; one of its own for each call when not given
 */
export function simulateAlert(
  { intake, observatory, clock, nowWallMs }: Pick<ApiDeps, "intake" | "observatory" | "clock" | "nowWallMs">,
  stream: TypicalStream,
  event = nextEvent(nowWallMs()),
): Promise<IntakeResult> {
  const receivedWallMs = nowWallMs();
  const noticeMs = observatoryMs(clock(), receivedWallMs);
  const place = visiblePlace(observatory, noticeMs, Math.random());
  const packet = typicalPacket(stream, {
    ...place,
    triggerId: event,
    t0Ms: noticeMs - NOTICE_DELAY_MS,
    noticeMs,
  });
  return intake.take(Buffer.from(packet), "simulate", receivedWallMs);
}
