import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { Problem } from "../problem.ts";

const publicFolder = fileURLToPath(new URL("../../public/", import.meta.url));
const requireFrom = createRequire(import.meta.url);

/** Every file a browser may ask for, by name. The two libraries come from their packages, never from elsewhere. */
const FILES = {
  css: { name: "vesper.css", file: path.join(publicFolder, "vesper.css"), type: "text/css; charset=utf-8" },
  script: {
    name: "vesper.js",
    file: path.join(publicFolder, "vesper.js"),
    type: "text/javascript; charset=utf-8",
  },
  icon: { name: "icon.svg", file: path.join(publicFolder, "icon.svg"), type: "image/svg+xml" },
  htmx: {
    name: "htmx.min.js",
    file: requireFrom.resolve("htmx.org/dist/htmx.min.js"),
    type: "text/javascript; charset=utf-8",
  },
  sse: {
    name: "sse.min.js",
    file: requireFrom.resolve("htmx-ext-sse/dist/sse.min.js"),
    type: "text/javascript; charset=utf-8",
  },
} as const;

export interface Assets {
  /** Address of each file, with its digest: a browser keeps it until it changes. */
  readonly addresses: Readonly<Record<keyof typeof FILES, string>>;
  readonly byName: ReadonlyMap<
    string,
    { readonly bytes: Buffer; readonly type: string; readonly etag: string }
  >;
}

/** Reads the files once. */
export function loadAssets(): Assets {
  const byName = new Map<string, { bytes: Buffer; type: string; etag: string }>();
  const addresses = Object.fromEntries(
    Object.entries(FILES).map(([key, { name, file, type }]) => {
      const bytes = readFileSync(file);
      const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
      byName.set(name, { bytes, type, etag: `"${digest}"` });
      return [key, `/public/${name}?v=${digest}`];
    }),
  ) as Record<keyof typeof FILES, string>;
  return { addresses, byName };
}

/** Serves them. */
export function addAssets(app: FastifyInstance, assets: Assets): void {
  app.get<{ Params: { name: string } }>(
    "/public/:name",
    { config: { access: "public" }, schema: { hide: true } },
    async (request, reply) => {
      const asset = assets.byName.get(request.params.name);
      if (asset === undefined) throw new Problem(404, `There is no file ${request.params.name}.`);
      void reply.header("etag", asset.etag).header("cache-control", "public, max-age=31536000, immutable");
      if (request.headers["if-none-match"] === asset.etag) return reply.status(304).send();
      return reply.type(asset.type).send(asset.bytes);
    },
  );
}
