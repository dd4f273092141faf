import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from "../../domain/units.ts";
import { NBSP, NONE, quantity } from "./numbers.ts";

/** `07:14:32` of a Unix time, UTC. */
export function clockTime(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(11, 19);
}

/** `07:14` of a Unix time, UTC. */
export function hourMinute(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(11, 16);
}

/** `2026-11-20 07:14:32`, UTC; a dash when there is none. */
export function dateTime(unixMs: number | null | undefined): string {
  if (unixMs === null || unixMs === undefined) return NONE;
  return new Date(unixMs).toISOString().slice(0, 19).replace("T", " ");
}

/** `2026-11-20 07:14:32.418`, UTC. */
export function dateTimeMs(unixMs: number | null | undefined): string {
  if (unixMs === null || unixMs === undefined) return NONE;
  return new Date(unixMs).toISOString().slice(0, 23).replace("T", " ");
}

/** `23 s`, `4 min 10 s`, `1 h 23 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const whole = Math.round(Math.abs(ms) / 1_000) * 1_000;
  if (whole < MS_PER_MINUTE) return `${whole / 1_000}${NBSP}s`;
  if (whole < MS_PER_HOUR) return parts(whole, MS_PER_MINUTE, "min", 1_000, "s");
  if (whole < 2 * MS_PER_DAY) return parts(whole, MS_PER_HOUR, "h", MS_PER_MINUTE, "min");
  return parts(whole, MS_PER_DAY, "d", MS_PER_HOUR, "h");
}

/** `740 ms`, `8.42 s`, `41.3 s`, `6 min 02 s`. */
export function latency(ms: number): string {
  if (Math.abs(ms) < 1_000) return quantity(Math.round(ms), "ms");
  if (Math.abs(ms) < 10_000) return quantity(ms / 1_000, "s", 2);
  if (Math.abs(ms) < MS_PER_MINUTE) return quantity(ms / 1_000, "s", 1);
  return duration(ms);
}

/** `in 5 min 10 s` or `5 min 10 s ago`. */
export function fromNow(thenMs: number, nowMs: number): string {
  return thenMs >= nowMs ? `in ${duration(thenMs - nowMs)}` : `${duration(nowMs - thenMs)} ago`;
}

function parts(ms: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const big = Math.floor(ms / large);
  const rest = Math.floor((ms % large) / small);
  const head = `${big}${NBSP}${largeUnit}`;
  return rest === 0 ? head : `${head} ${String(rest).padStart(2, "0")}${NBSP}${smallUnit}`;
}
