/**
 * How long one notice takes from its bytes to its decision with 200 alerts open, beside fast-xml-parser's bare parse
 * of the same bytes. Prints a table and writes the raw samples to bench/results/alert-decision.json.
 *
 *   node bench/alert-decision/run.ts [samples]
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { XMLParser } from "fast-xml-parser";
import type { AlertState } from "../../domain/alerts/alert-state.ts";
import { guardBytes } from "../../domain/alerts/guard.ts";
import { parseNotice } from "../../domain/alerts/parse.ts";
import type { Notice } from "../../domain/alerts/parse.ts";
import { takeNotice } from "../../domain/alerts/take.ts";
import { retime } from "../../domain/alerts/typical.ts";
import type { Strategy } from "../../domain/strategies/strategy.ts";

const OPEN_ALERTS = 200;
const root = fileURLToPath(new URL("../..", import.meta.url));
const packets = path.join(root, "test/fixtures/voevents");
const samples = Number(process.argv[2] ?? 2_000);
const strategy = JSON.parse(
  readFileSync(path.join(root, "observatories/strategies/default.json"), "utf8"),
) as Strategy;
const encoder = new TextEncoder();

/** Real Swift, Fermi and SVOM packets that decide something, as templates. */
const templates = [
  "seq_swift_full_GRB210112__SWIFT_BAT_GRB_Pos_1016881-253.xml",
  "seq_swift_full_GRB210112__SWIFT_XRT_Pos_1016881-259.xml",
  "fermi_class_7to4__Fermi_GBM_Flt_Pos_2021-01-01T203923.61_631226368_67-309.xml",
  "fermi_class_7to4__Fermi_GBM_Fin_Pos2021-01-01T203923.61_631226368_0-466.xml",
  "SVOM_sbYYMMDDnn_eclairs-wakeup.xml",
].map((name) => readFileSync(path.join(packets, name), "utf8"));

const T0 = Date.UTC(2026, 10, 21, 4);

/** The i-th packet, its T0 somewhere within `spanS`. */
function packetBytes(i: number, spanS: number): Uint8Array {
  const template = templates[i % templates.length] ?? "";
  const t0Ms = T0 + ((i * 7_919_113) % spanS) * 1_000;
  const raDeg = (i * 137.508) % 360;
  const decDeg = ((i * 61.8) % 160) - 80;
  return encoder.encode(retime(template, t0Ms, t0Ms + 20_000, raDeg, decDeg, `${9_000_000 + i}`));
}

function openAlerts(spanS: number): AlertState[] {
  const open = new Map<string, AlertState>();
  for (let i = 0; open.size < OPEN_ALERTS; i++) {
    // Ten notices an alert: the same trigger again and again with another content.
    for (let copy = 0; copy < 10; copy++) {
      const notice = read(packetBytes(i, spanS));
      const again: Notice = {
        ...notice,
        ivorn: `${notice.ivorn}-${copy}`,
        digest: `${notice.digest}${copy}`,
      };
      for (const alert of takeNotice(again, [...open.values()], { strategy, nowMs: notice.noticeMs ?? 0 })
        .changed) {
        if (alert.members.length === 0) open.delete(alert.alertKey);
        else open.set(alert.alertKey, alert);
      }
    }
  }
  return [...open.values()];
}

function read(bytes: Uint8Array): Notice {
  const guarded = guardBytes(bytes);
  if (!guarded.ok) throw new Error(guarded.reason);
  return parseNotice(guarded.text, guarded.format);
}

function quantiles(values: readonly number[]): Record<string, number> {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (p: number) =>
    Number((sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0).toFixed(4));
  return { min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function measure(spanS: number) {
  const open = openAlerts(spanS);
  const bare = new XMLParser({ ignoreAttributes: false });
  const times: Record<string, number[]> = {
    bareParse: [],
    guard: [],
    parse: [],
    associateDecide: [],
    total: [],
  };
  const note = (name: string, ms: number) => times[name]?.push(Number(ms.toFixed(4)));
  for (let i = -200; i < samples; i++) {
    const bytes = packetBytes(100_000 + i, spanS);
    const text = new TextDecoder().decode(bytes);
    const t0 = performance.now();
    bare.parse(text);
    const t1 = performance.now();
    const guarded = guardBytes(bytes);
    const t2 = performance.now();
    if (!guarded.ok) throw new Error(guarded.reason);
    const notice = parseNotice(guarded.text, guarded.format);
    const t3 = performance.now();
    takeNotice(notice, open, { strategy, nowMs: notice.noticeMs ?? 0 });
    const t4 = performance.now();
    if (i < 0) continue;
    note("bareParse", t1 - t0);
    note("guard", t2 - t1);
    note("parse", t3 - t2);
    note("associateDecide", t4 - t3);
    note("total", t4 - t1);
  }
  const table = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, quantiles(values)]));
  const members = open.reduce((sum, alert) => sum + alert.members.length, 0);
  console.log(
    `${samples} notices, ${open.length} open alerts of ${spanS / 3_600} h with ${members} members, ms:`,
  );
  console.table(table);
  return { spanS, openAlerts: open.length, members, table, samples: times };
}

const cpu = cpus()[0]?.model ?? "unknown";
// A week of alerts is what a site has open; all within two hours is a storm, where each is near each in time.
const runs = { week: measure(7 * 86_400), storm: measure(7_200) };
const results = path.join(root, "bench/results");
mkdirSync(results, { recursive: true });
writeFileSync(
  path.join(results, "alert-decision.json"),
  `${JSON.stringify({ node: process.version, cpu, ...runs })}\n`,
);
