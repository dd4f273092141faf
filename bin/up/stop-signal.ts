/** How a person ends `vesper up`. */
export interface StopSignal {
  /** Resolves at the first Ctrl-C, SIGTERM or SIGHUP, or when the launcher is gone. */
  readonly told: Promise<string>;
  isTold(): boolean;
}

/** A terminal's Ctrl-C reaches us twice (from the terminal and passed on by npm): within this time it is one. */
const SAME_PRESS_MS = 500;

/** Listens for the signals that end `up`; a second Ctrl-C calls `onSecond`. */
export function listenForStop(onSecond: () => void): StopSignal {
  let firstWallMs: number | null = null;
  let resolveTold: (why: string) => void = () => {};
  const told = new Promise<string>((resolve) => {
    resolveTold = resolve;
  });
  const heard = (why: string): void => {
    if (firstWallMs === null) {
      firstWallMs = Date.now();
      resolveTold(why);
    } else if (why !== "launcher gone" && Date.now() - firstWallMs > SAME_PRESS_MS) {
      onSecond();
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => heard(signal));
  process.on("disconnect", () => heard("launcher gone"));
  return { told, isTold: () => firstWallMs !== null };
}
