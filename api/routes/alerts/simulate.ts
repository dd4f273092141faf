import { typicalPacket } from "../../../domain/alerts/typical.ts";
import type { TypicalStream } from "../../../domain/alerts/typical.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import type { IntakeResult } from "../../../ingest/intake.ts";
import type { ApiDeps } from "../../deps.ts";
import { visiblePlace } from "./placement.ts";

/** What a satellite needs from the burst to its notice, observatory ms. */
const NOTICE_DELAY_MS = 12_000;

/** Fires a typical alert at a place that can be observed, through the intake that every notice takes. */
export function simulateAlert(
  { intake, observatory, clock, nowWallMs }: Pick<ApiDeps, "intake" | "observatory" | "clock" | "nowWallMs">,
  stream: TypicalStream,
): Promise<IntakeResult> {
  const receivedWallMs = nowWallMs();
  const noticeMs = observatoryMs(clock(), receivedWallMs);
  const place = visiblePlace(observatory, noticeMs, Math.random());
  const packet = typicalPacket(stream, {
    ...place,
    // An event of its own each time the button is pressed.
    triggerId: `9${String(receivedWallMs % 1_000_000_000).padStart(9, "0")}`,
    t0Ms: noticeMs - NOTICE_DELAY_MS,
    noticeMs,
  });
  return intake.take(Buffer.from(packet), "simulate", receivedWallMs);
}
