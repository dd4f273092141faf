import { execFileSync } from "node:child_process";
import { withDescendants } from "../support/processes.ts";
import type { Stack } from "../support/stack.ts";

const PERIOD_MS = 10_000;

/** Resident memory of each part with its children at one instant, MiB. */
export interface MemorySample {
  readonly wallMs: number;
  readonly rssMiB: Readonly<Record<string, number>>;
}

/** Samples the memory of all parts every ten seconds until it is stopped. */
export function startMemorySampler(stack: Stack): { stop(): MemorySample[] } {
  const samples: MemorySample[] = [];
  const timer = setInterval(() => {
    const rssMiB = Object.fromEntries(stack.parts().flatMap((part) => rssOf(stack, part)));
    samples.push({ wallMs: Date.now(), rssMiB });
  }, PERIOD_MS);
  return {
    stop() {
      clearInterval(timer);
      return samples;
    },
  };
}

/** `up` without its children, the others with theirs. A part that ended meanwhile has none. */
function rssOf(stack: Stack, part: string): [string, number][] {
  try {
    const pid = stack.pid(part);
    const pids = part === "up" ? [pid] : withDescendants(pid);
    const table = execFileSync("ps", ["-o", "rss=", "-p", pids.join(",")], { encoding: "utf8" });
    const kib = table
      .trim()
      .split("\n")
      .reduce((sum, line) => sum + Number(line), 0);
    return [[part, Math.round(kib / 1_024)]];
  } catch {
    return [];
  }
}
