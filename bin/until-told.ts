/** Why a process of ours was told to stop. */
export type Told = "SIGINT" | "SIGTERM" | "supervisor gone";

/** Without a supervisor Temporal and PostgreSQL are ending too: there is nothing left to wait for. */
const ALONE_LIMIT_MS = 4_000;

/**
 * Resolves when this process is to stop: on SIGINT or SIGTERM, when the supervisor's pipe closes
 * (VESPER_SUPERVISED=1: standard input is that pipe), or when the launcher's channel does. A process that
 * does not end within `limitMs` of that is ended: a supervisor that is gone cannot do it.
 */
export function untilTold(
  env: Readonly<Record<string, string | undefined>>,
  limitMs = 10_000,
): Promise<Told> {
  return new Promise((resolve) => {
    const told = (why: Told): void => {
      setTimeout(
        () => process.exit(1),
        why === "supervisor gone" ? Math.min(limitMs, ALONE_LIMIT_MS) : limitMs,
      ).unref();
      resolve(why);
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => told(signal));
    if (env["VESPER_SUPERVISED"] === "1") {
      process.stdin.on("end", () => told("supervisor gone")).on("error", () => told("supervisor gone"));
      process.stdin.resume();
    }
    if (process.channel !== undefined && process.channel !== null) {
      process.on("disconnect", () => told("supervisor gone"));
    }
  });
}
