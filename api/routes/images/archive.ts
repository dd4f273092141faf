import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack, type Pack } from "tar-stream";
import type { CalibratedImageRecord } from "../../../db/entities/calibrated-image.ts";
import type { ImageRecord } from "../../../db/entities/image.ts";
import type { Database } from "../../../db/orm.ts";
import type { ApiDeps } from "../../deps.ts";
import { fileBelowHome } from "./files.ts";

/** What an archive holds of each frame; `best`: final, else quick-look, else raw. */
export const ARCHIVE_KINDS = ["best", "raw", "quicklook", "final", "all"] as const;
export type ArchiveKind = (typeof ARCHIVE_KINDS)[number];

/** One file of an archive. */
interface Entry {
  readonly name: string;
  /** Relative to VESPER_HOME. */
  readonly path: string;
  readonly sha256: string;
}

const AT_ONCE = 100;

/**
 * The FITS files of sequences as a tar, made while it is sent: no more than one file's buffer is in memory. It begins
 * with SHA256SUMS; a file that is gone is named in MISSING.txt at its end.
 */
export async function imageArchive(
  deps: Pick<ApiDeps, "settings"> & {
    readonly database: Pick<Database, "images" | "calibratedImages">;
  },
  sequenceIds: readonly string[],
  kind: ArchiveKind,
): Promise<Readable> {
  const entries: Entry[] = [];
  for (const sequenceId of sequenceIds) entries.push(...(await entriesOf(deps.database, sequenceId, kind)));
  const archive = pack();
  void fill(archive, entries, (relative) => fileBelowHome(deps, relative)).then(
    () => archive.finalize(),
    (error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return archive as unknown as Readable;
}

async function entriesOf(
  { images, calibratedImages }: Pick<Database, "images" | "calibratedImages">,
  sequenceId: string,
  kind: ArchiveKind,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let offset = 0; ; offset += AT_ONCE) {
    const { items } = await images.list({ sequenceId, limit: AT_ONCE, offset });
    const calibrated = await calibratedImages.ofImages(items.map(({ id }) => id));
    for (const image of items) {
      entries.push(
        ...filesOf(image, calibrated.get(image.id) ?? [], kind).map((file) => entryOf(sequenceId, file)),
      );
    }
    if (items.length < AT_ONCE) return entries;
  }
}

type StoredFits = Pick<ImageRecord, "path" | "sha256">;

function filesOf(
  image: ImageRecord,
  calibrated: readonly CalibratedImageRecord[],
  kind: ArchiveKind,
): StoredFits[] {
  const of = (wanted: string): StoredFits[] => calibrated.filter((each) => each.kind === wanted);
  switch (kind) {
    case "raw":
      return [image];
    case "quicklook":
    case "final":
      return of(kind);
    case "all":
      return [image, ...calibrated];
    default:
      return [of("final")[0] ?? of("quicklook")[0] ?? image];
  }
}

function entryOf(sequenceId: string, file: StoredFits): Entry {
  return { name: `${sequenceId}/${path.basename(file.path)}`, path: file.path, sha256: file.sha256 };
}

async function fill(
  archive: Pack,
  entries: readonly Entry[],
  fileOf: (path: string) => string,
): Promise<void> {
  await text(archive, "SHA256SUMS", entries.map(({ sha256, name }) => `${sha256}  ${name}\n`).join(""));
  const missing: string[] = [];
  for (const { name, path: relative } of entries) {
    const file = fileOf(relative);
    const size = await stat(file).then(
      (found) => found.size,
      () => null,
    );
    if (size === null) missing.push(name);
    else
      await pipeline(createReadStream(file, { end: Math.max(0, size - 1) }), archive.entry({ name, size }));
  }
  if (missing.length > 0) {
    await text(archive, "MISSING.txt", `No longer on the observatory's disk:\n${missing.join("\n")}\n`);
  }
}

function text(archive: Pack, name: string, content: string): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ name }, content, (error) => (error ? reject(error) : resolve()));
  });
}
