import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { createRandom } from "../../simulators/sky/random.ts";
import { KILL_KINDS, type KillKind, type Violation } from "./evidence.ts";
import { violationsOf } from "./invariants/all.ts";
import { eachHitAnOpenShutter, nextMessageInTime } from "./invariants/kills.ts";
import { historiesShort, memoryFlat } from "./invariants/quiet.ts";
import { planKills } from "./killer.ts";
import { chaosNight, type ChaosNight } from "./night.ts";
import { resultOf, tableOf } from "./report.ts";

const USAGE = `npm run chaos -- --kills N --seed S [--rate R] [--whole-night] [--start ISO] [--out FILE]

Starts a private stack, kills its processes with SIGKILL at seeded moments of a night, posts bursts and lets it rain
meanwhile, starts nothing by hand but a killed "up" (as a service manager would), then checks what must hold.
  --kills N      kills in all; more nights are run when one is too short
  --kinds A,B    kinds of process that are killed, all unless told: ${KILL_KINDS.join(", ")}
  --seed S       of kinds, moments, bursts and rain; the machine's own pace is not seeded
  --rate R       observatory seconds per second, 60 unless told
  --whole-night  each night goes on until dawn, also with nothing left to kill (with --kills 0: a quiet night)
  --start ISO    instant the clock starts at, shortly before the dusk of a night; the demonstration's unless told
  --out FILE     JSON of the result`;

/** Trigger numbers of one night; no two bursts share one. */
const TRIGGERS_PER_NIGHT = 1_000;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "11" },
    kinds: { type: "string", default: KILL_KINDS.join(",") },
    seed: { type: "string", default: "1" },
    rate: { type: "string", default: "60" },
    "whole-night": { type: "boolean", default: false },
    start: { type: "string" },
    out: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const kills = wholeNumber("kills", values.kills, 0);
const kinds = killKinds(values.kinds);
const seed = wholeNumber("seed", values.seed, 0);
const rate = wholeNumber("rate", values.rate, 1);

const random = createRandom(seed);
const deck = planKills(kills, kinds, random);
const nights: ChaosNight[] = [];
const violations: Violation[] = [];
const say = (words: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${words}`);

do {
  const firstTrigger = 9_200_000 + nights.length * TRIGGERS_PER_NIGHT;
  const night = await chaosNight(
    { rate, start: values.start ?? null, deck, random, firstTrigger, wholeNight: values["whole-night"], say },
    ({ evidence }) => {
      const found = violationsOf(evidence);
      violations.push(...found);
      for (const { invariant, words } of found) say(`VIOLATED ${invariant}: ${words}`);
      return found.length === 0;
    },
  );
  nights.push(night);
} while (deck.length > 0);

const evidence = nights.map((night) => night.evidence);
if (kills > 0) violations.push(...eachHitAnOpenShutter(evidence, kinds), ...nextMessageInTime(evidence));
if (kills === 0) {
  violations.push(...evidence.flatMap(historiesShort), ...nights.flatMap(({ memory }) => memoryFlat(memory)));
}
const result = resultOf(seed, rate, nights, violations);
const out = values.out ?? path.join(tmpdir(), `vesper-chaos-${seed}.json`);
writeFileSync(out, JSON.stringify(result, null, 2));
if (violations.length > 0) writeFileSync(`${out}.evidence`, JSON.stringify(evidence));
console.log(tableOf(result).join("\n"));
console.log(`written: ${out}`);
process.exit(violations.length === 0 ? 0 : 1);

function killKinds(text: string): readonly KillKind[] {
  const isKind = (kind: string): kind is KillKind => (KILL_KINDS as readonly string[]).includes(kind);
  const named = text.split(",").map((kind) => kind.trim());
  const unknown = named.filter((kind) => !isKind(kind));
  if (unknown.length > 0) refuse(`--kinds ${text}: there is no kind ${JSON.stringify(unknown[0])}`);
  return KILL_KINDS.filter((kind) => named.includes(kind));
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    refuse(`--${name} ${text}: a whole number of at least ${least} is needed`);
  }
  return value;
}

function refuse(why: string): never {
  console.error(`${why}\n\n${USAGE}`);
  process.exit(1);
}
