import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import type { AlertState } from "../../domain/alerts/alert-state.ts";
import { guardBytes } from "../../domain/alerts/guard.ts";
import { NoticeError, parseNotice } from "../../domain/alerts/parse.ts";
import { takeNotice } from "../../domain/alerts/take.ts";
import { mutate, seededRandom } from "./mutate.ts";
import { bytesOf, cpuMs, PACKETS, STRATEGY } from "./packets.ts";

/** `VESPER_FUZZ=100000` runs the long form. */
const COUNT = Number(process.env["VESPER_FUZZ"] ?? 3_000);
const LIMIT_MS = 50;
const KEPT_ALERTS = 25;

/** The whole way of one message; what it may throw is NoticeError only, and that is caught. */
function decideBytes(bytes: Uint8Array, open: Map<string, AlertState>): "refused" | "no notice" | "decided" {
  const guarded = guardBytes(bytes);
  if (!guarded.ok) return "refused";
  let notice;
  try {
    notice = parseNotice(guarded.text, guarded.format);
  } catch (error) {
    if (error instanceof NoticeError) return "no notice";
    throw error;
  }
  const taken = takeNotice(notice, [...open.values()], {
    strategy: STRATEGY,
    nowMs: notice.noticeMs ?? notice.t0Ms ?? 0,
  });
  expect(taken.decision.reason).not.toBe("");
  JSON.stringify(taken);
  for (const alert of taken.changed) {
    if (alert.members.length === 0) open.delete(alert.alertKey);
    else open.set(alert.alertKey, alert);
  }
  while (open.size > KEPT_ALERTS) open.delete(open.keys().next().value ?? "");
  for (const [key, alert] of open) if (alert.members.length > 40) open.delete(key);
  return "decided";
}

test(
  `${COUNT} broken packets: no crash, no hang over ${LIMIT_MS} ms, no growth`,
  () => {
    const random = seededRandom(20_260_721);
    const originals = readdirSync(PACKETS)
      .filter((name) => !name.startsWith("README"))
      .sort()
      .map((name) => new Uint8Array(bytesOf(name)));
    const any = () => originals[Math.floor(random() * originals.length)] ?? new Uint8Array();
    const open = new Map<string, AlertState>();
    const counts = { refused: 0, "no notice": 0, decided: 0 };
    const slow: string[] = [];
    let heapAtStart = 0;
    for (let i = 0; i < COUNT; i++) {
      const bytes = mutate(any(), any(), random);
      const start = cpuMs();
      counts[decideBytes(bytes, open)] += 1;
      // A collection of garbage may fall into any packet: only what is slow again is slow.
      if (cpuMs() - start > LIMIT_MS) {
        const again = Math.min(...[1, 2, 3].map(() => cpuOf(() => decideBytes(bytes, new Map()))));
        if (again > LIMIT_MS) slow.push(`packet ${i}: ${again.toFixed(0)} ms`);
      }
      if (i === Math.floor(COUNT / 2)) heapAtStart = heapUsed();
    }
    expect(slow).toEqual([]);
    // All three ends were really reached, by many packets each.
    expect(Math.min(counts.refused, counts.decided)).toBeGreaterThan(COUNT / 10);
    expect(counts["no notice"]).toBeGreaterThan(0);
    expect(heapUsed() - heapAtStart).toBeLessThan(16 * 1024 * 1024);
  },
  20 * 60_000,
);

function cpuOf(run: () => void): number {
  const start = cpuMs();
  run();
  return cpuMs() - start;
}

/** Bytes held after a full collection. */
function heapUsed(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
