import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { FastifyReply } from "fastify";
import type { ApiDeps } from "../../deps.ts";
import { Problem } from "../../problem.ts";

/** The absolute file of a path of the database, which is relative to VESPER_HOME. @throws Problem 404 when it leads out of there */
export function fileBelowHome({ settings }: Pick<ApiDeps, "settings">, relative: string): string {
  const home = path.resolve(settings.home);
  const file = path.resolve(home, relative);
  if (!file.startsWith(home + path.sep)) throw new Problem(404, `${relative} is not below VESPER_HOME.`);
  return file;
}

/** Sends a file below VESPER_HOME as a stream. @throws Problem 404 when it is gone */
export async function sendStoredFile(
  deps: Pick<ApiDeps, "settings">,
  reply: FastifyReply,
  relative: string,
  type: string,
): Promise<FastifyReply> {
  const file = fileBelowHome(deps, relative);
  try {
    const { size } = await stat(file);
    return await reply.type(type).header("content-length", size).send(createReadStream(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Problem(404, `The file ${relative} is not on this disk any more.`);
  }
}

/** Sends a FITS file for download, with its SHA-256 as tag. */
export async function sendFits(
  deps: Pick<ApiDeps, "settings">,
  reply: FastifyReply,
  { path: relative, sha256 }: { readonly path: string; readonly sha256: string },
): Promise<FastifyReply> {
  void reply.header("content-disposition", `attachment; filename="${path.basename(relative)}"`);
  void reply.header("etag", `"${sha256}"`);
  return sendStoredFile(deps, reply, relative, "application/fits");
}
