import { Agent, request as httpRequest, type ClientRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";

const PAGES = 300;
const CHANGES = 40;
/** Between two changes at least. */
const EVERY_MS = 250;
const LOST_AFTER_MS = 5_000;
/** What pages of people listen to. */
const TOPICS = [
  "status,home",
  "status,night",
  "status,journal",
  "status,images,journal",
  "status,alerts,journal",
];

export interface LiveResult {
  readonly pages: number;
  /** From the commit of a line of the journal to its event at a page that shows the journal, each page and line. */
  readonly journalMs: {
    readonly n: number;
    readonly p50: number;
    readonly p95: number;
    readonly max: number;
  };
  /** The same for an alert at the pages that list them. */
  readonly alertMs: { readonly n: number; readonly p50: number; readonly p95: number; readonly max: number };
  /** Events that did not come within five seconds. */
  readonly lost: number;
  /** Pages asked 50 a second meanwhile, all mixed. */
  readonly load: object;
}

/** Opens 300 event streams, changes rows, and times when each page that shows them is told. */
export async function measureLive(facts: {
  readonly port: number;
  readonly cookie: string;
  readonly client: Client;
  /** Asks pages meanwhile. */
  readonly load: () => Promise<object>;
}): Promise<LiveResult> {
  const { port, cookie, client } = facts;
  const agent = new Agent({ maxSockets: Infinity });
  const open: ClientRequest[] = [];
  const arrived: { journal: Map<string, number[]>; alert: number[] } = { journal: new Map(), alert: [] };
  const streams = Array.from({ length: PAGES }, async (_, i) => {
    const topics = TOPICS[i % TOPICS.length] ?? "status";
    await new Promise<void>((resolve, reject) => {
      const request = httpRequest(
        { host: "127.0.0.1", port, path: `/events?topics=${topics}`, agent, headers: { cookie } },
        (response) => {
          if (response.statusCode !== 200) reject(new Error(`the stream answered ${response.statusCode}`));
          response.setEncoding("utf8");
          let rest = "";
          response.on("data", (text: string) => {
            rest += text;
            const end = rest.lastIndexOf("\n\n");
            if (end < 0) return;
            const whole = rest.slice(0, end);
            rest = rest.slice(end + 2);
            const at = performance.now();
            for (const [, key = ""] of whole.matchAll(/live-bench-(\d+)/g)) {
              arrived.journal.set(key, [...(arrived.journal.get(key) ?? []), at]);
            }
            if (whole.includes("event: alerts\n")) arrived.alert.push(at);
          });
          resolve();
        },
      );
      request.on("error", () => undefined);
      open.push(request);
      request.end();
    });
  });
  await Promise.all(streams);
  await sleep(1_000);
  const loading = facts.load();
  const reads = (topic: string): number =>
    Array.from({ length: PAGES }, (_, i) => TOPICS[i % TOPICS.length] ?? "").filter((topics) =>
      topics.split(",").includes(topic),
    ).length;

  const journal: number[] = [];
  const alert: number[] = [];
  let lost = 0;
  for (let i = 0; i < CHANGES; i += 1) {
    await client.query(
      "insert into journal_entry (wall_at, at, level, module, text) values (now(), now(), 'info', 'bench', $1)",
      [`live-bench-${i}`],
    );
    const lines = await arrivals(() => arrived.journal.get(String(i)) ?? [], reads("journal"));
    journal.push(...lines.times);
    const before = arrived.alert.length;
    await client.query(
      "update alert set updated_wall_at = now() where key = (select key from alert order by created_wall_at desc limit 1)",
    );
    const told = await arrivals(() => arrived.alert.slice(before), reads("alerts"));
    alert.push(...told.times);
    lost += lines.lost + told.lost;
  }
  const load = await loading;
  for (const request of open) request.destroy();
  return { pages: PAGES, journalMs: spread(journal), alertMs: spread(alert), lost, load };
}

/** How long after now each of the events came, ms; those that did not come within the limit are lost. */
async function arrivals(
  came: () => readonly number[],
  wanted: number,
): Promise<{ readonly times: number[]; readonly lost: number }> {
  const from = performance.now();
  await sleep(EVERY_MS);
  while (came().length < wanted && performance.now() - from < LOST_AFTER_MS) await sleep(20);
  return { times: came().map((at) => at - from), lost: wanted - came().length };
}

function spread(times: readonly number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}
