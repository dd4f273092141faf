import type { FastifyReply, FastifyRequest } from "fastify";
import type { Notifications } from "../live/notifications.ts";
import { themeOf, type Theme } from "../pages/theme.ts";

/** Charts that were drawn lately: when something changes, every open page asks for the same one at once. */
export interface ChartCache {
  /** Sends the chart at the address that is asked for, in the reader's theme; drawn once however many ask. */
  readonly send: (
    request: FastifyRequest,
    reply: FastifyReply,
    draw: (theme: Theme) => Promise<string>,
  ) => Promise<FastifyReply>;
  readonly close: () => void;
}

/** Their "now" moves on; what the database does not announce (samples of devices) shows after this. */
const AGE_MS = 2_000;
const KEPT = 200;

/** Any change that the database announces counts for every chart: which rows a chart shows only itself knows. */
export function createChartCache(notifications: Notifications): ChartCache {
  const drawn = new Map<string, { readonly svg: Promise<string>; readonly atMs: number }>();
  const forget = (): void => drawn.clear();
  const stops = [notifications.onChange(forget), notifications.onReconnect(forget)];

  function chartOf(theme: Theme, url: string, draw: (theme: Theme) => Promise<string>): Promise<string> {
    const key = `${theme} ${url}`;
    const known = drawn.get(key);
    if (known !== undefined && performance.now() - known.atMs < AGE_MS) return known.svg;
    const svg = draw(theme);
    const entry = { svg, atMs: performance.now() };
    drawn.delete(key);
    drawn.set(key, entry);
    if (drawn.size > KEPT) drawn.delete(drawn.keys().next().value ?? "");
    // What failed is not kept; whoever waits for it is told.
    svg.catch(() => {
      if (drawn.get(key) === entry) drawn.delete(key);
    });
    return svg;
  }

  return {
    send: async (request, reply, draw) =>
      reply
        .type("image/svg+xml")
        .header("cache-control", "no-store")
        .send(await chartOf(themeOf(request), request.url, draw)),
    close: () => {
      for (const stop of stops) stop();
    },
  };
}
