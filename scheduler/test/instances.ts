import { createRandom, type Random } from "../random.ts";

/** An instance in the neutral format, as the reader takes it. */
export interface Instance {
  readonly schema: "pyros-sched-instance/1";
  readonly name: string;
  readonly night: { readonly start_jd: number; readonly end_jd: number };
  readonly owners: Readonly<Record<string, { readonly quota_left_s: unknown }>>;
  readonly sequences: readonly Record<string, unknown>[];
}

const START_JD = 2_461_400.625;
const DAY_S = 86_400;

const jd = (seconds: number): number => START_JD + seconds / DAY_S;

/**
 * `n` sequences as a night at a real site has them: windows that rise and set, most cut by dusk or dawn, demand several
 * times the night, some owners short of quota. Durations shrink with the square root of n, as they do where requests are many.
 */
export function randomInstance(n: number, seed: number): Instance {
  const random = createRandom(seed);
  const nightS = 30_000 + random.below(11_000);
  const meanS = 10_500 / Math.sqrt(n);
  const owners = 3 + random.below(6);
  const share = 0.8 + random.unit();
  const sequences = Array.from({ length: n }, (_, k) => {
    const durationS = Math.max(20, Math.round(meanS * skewed(random)));
    const overheadS = 9 + random.below(52);
    const lengthS = Math.round(
      random.unit() < 0.25 ? (durationS + overheadS) * (1.02 + random.unit()) : 3_000 + random.below(40_000),
    );
    const middleS = Math.round((random.unit() * 1.3 - 0.15) * nightS);
    const startS = middleS - Math.round(lengthS / 2);
    return {
      id: `S${String(k + 1).padStart(5, "0")}`,
      owner: `user${1 + random.below(owners)}`,
      jd1: jd(startS),
      jd2: jd(startS + lengthS),
      t_prefered:
        random.unit() < 0.4 ? null : jd(Math.min(Math.max(startS + random.below(lengthS), 0), nightS)),
      duration_s: durationS,
      overhead_s: overheadS,
      priority: random.unit() < 0.1 ? 1 + random.below(10) : 10 + 5 * random.below(19),
    };
  });
  const cuts = Array.from({ length: owners }, () => 0.1 + random.unit());
  const all = cuts.reduce((sum, cut) => sum + cut, 0);
  return {
    schema: "pyros-sched-instance/1",
    name: `rand-n${n}-${seed}`,
    night: { start_jd: START_JD, end_jd: jd(nightS) },
    owners: Object.fromEntries(
      cuts.map((cut, k) => [`user${k + 1}`, { quota_left_s: Math.round((nightS * share * cut) / all) }]),
    ),
    sequences,
  };
}

/** Around 1, long ones rare: a few sequences take most of the time, as in real request lists. */
function skewed(random: Random): number {
  const u = random.unit();
  return 0.2 + 2.4 * u * u * u + (random.unit() < 0.05 ? 2 * random.unit() : 0);
}

/** One instance of each adversarial kind; all of known optimum but the invalid ones, which test the refusals. */
export const ADVERSARIAL_KINDS = [
  "empty",
  "greedy-trap",
  "invalid",
  "quota",
  "shift-needed",
  "ties",
  "too-long",
  "zero-slack-chain",
] as const;

/** @returns the instance and its optimal objective in weight-seconds. */
export function adversarialInstance(
  kind: (typeof ADVERSARIAL_KINDS)[number],
  seed: number,
): { instance: Instance; optimum: number } {
  const random = createRandom(seed);
  const nightS = 36_000;
  const sequences: Record<string, unknown>[] = [];
  let owners: Record<string, { quota_left_s: unknown }> = { u1: { quota_left_s: 1_000_000 } };
  let optimum = 0;
  const add = (fields: Record<string, unknown>, fromS = 0, toS = nightS): void => {
    sequences.push({
      id: `A${sequences.length}`,
      owner: "u1",
      jd1: jd(fromS),
      jd2: jd(toS),
      t_prefered: null,
      duration_s: 100,
      overhead_s: 0,
      priority: 50,
      ...fields,
    });
  };
  if (kind === "greedy-trap") {
    // One urgent short sequence wished for the middle, one that fills the rest of the night, and fillers that must lose.
    const shortS = 300 + random.below(600);
    add({ duration_s: shortS, priority: 1, t_prefered: jd(nightS / 2) });
    add({ duration_s: nightS - shortS, priority: 5 });
    for (let k = 0; k < 19; k++) add({ duration_s: 200 + random.below(900), priority: 90 });
    optimum = 100 * shortS + 96 * (nightS - shortS);
  } else if (kind === "invalid") {
    const faults = [
      { jd1: "NaN" },
      { jd2: "-Infinity" },
      { jd1: null },
      { duration_s: -1 - random.below(100) },
      { duration_s: 0 },
      { duration_s: "100" },
      { overhead_s: -0.001 },
      { priority: 100.5 },
      { priority: null },
      { t_prefered: "soon" },
      { owner: "__proto__" },
      { owner: 7 },
      { id: "" },
      { id: null },
      { id: 12 },
      { jd1: jd(nightS), jd2: jd(0) },
    ];
    for (const fault of faults) add({ ...fault });
    add({ jd1: 0, priority: 20 });
    add({ jd2: 1e300, priority: 30 });
    add({ id: "A16", priority: 1 });
    optimum = 100 * 81 + 100 * 71;
  } else if (kind === "quota") {
    const needS = 300 + random.below(700);
    owners = {
      zero: { quota_left_s: 0 },
      negative: { quota_left_s: -needS },
      nan: { quota_left_s: "NaN" },
      exact: { quota_left_s: 3 * needS },
      small: { quota_left_s: needS - 1 },
    };
    for (const owner of Object.keys(owners)) {
      for (let k = 0; k < 4; k++) add({ owner, duration_s: needS, priority: 10 + k });
    }
    optimum = needS * (91 + 90 + 89);
  } else if (kind === "shift-needed") {
    for (let cell = 0; cell < 9; cell++) {
      // M is wished for the middle of its cell and must give way to W and V, which fit only before and after it.
      const fromS = cell * 4_000;
      const lengthS = 800 + 100 * random.below(4);
      add({ duration_s: lengthS, priority: 20, t_prefered: jd(fromS + 2_000) }, fromS, fromS + 4_000);
      add({ duration_s: 4_000 - 2 * lengthS, priority: 40 }, fromS, fromS + 4_000);
      add({ duration_s: lengthS, priority: 60 }, fromS, fromS + 4_000);
      optimum += lengthS * 81 + (4_000 - 2 * lengthS) * 61 + lengthS * 41;
    }
  } else if (kind === "ties") {
    const needS = 900 + random.below(300);
    const count = Math.floor(nightS / needS);
    for (let k = 0; k < count + 15; k++) add({ duration_s: needS - 20, overhead_s: 20 });
    optimum = count * (needS - 20) * 51;
  } else if (kind === "too-long") {
    for (let k = 0; k < 9; k++) add({ duration_s: 601 + k }, 600 * k, 600 * k + 600);
    add({ duration_s: nightS - 100, overhead_s: 100, priority: 90 });
    optimum = 11 * (nightS - 100);
  } else if (kind === "zero-slack-chain") {
    let atS = 0;
    while (atS < nightS - 2_000) {
      const needS = 500 + random.below(1_500) + random.below(1_000) / 1_000;
      const overheadS = random.below(100);
      const endS = Math.round((atS + needS) * 1_000) / 1_000;
      const durationS = Math.round((endS - atS - overheadS) * 1_000) / 1_000;
      add({ duration_s: durationS, overhead_s: overheadS }, atS, endS);
      optimum += durationS * 51;
      atS = endS;
    }
  }
  return {
    instance: {
      schema: "pyros-sched-instance/1",
      name: `adv-${kind}-${seed}`,
      night: { start_jd: START_JD, end_jd: jd(nightS) },
      owners,
      sequences,
    },
    optimum,
  };
}
