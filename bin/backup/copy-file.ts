import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { link, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** What was written. */
export interface Written {
  readonly bytes: number;
  readonly sha256: string;
}

/** Counts and digests what passes through. */
export function createMeter(): { readonly stream: Transform; readonly result: () => Written } {
  const hash = createHash("sha256");
  let bytes = 0;
  let sha256: string | null = null;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, result: () => ({ bytes, sha256: (sha256 ??= hash.digest("hex")) }) };
}

/** Writes a stream to a new file, durably; only its owner may read it. @returns size and digest of what is in the file */
export async function writeNew(file: string, source: Readable, ...through: Transform[]): Promise<Written> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const meter = createMeter();
  await pipeline([
    source,
    ...through,
    meter.stream,
    createWriteStream(file, { flags: "wx", mode: 0o600, flush: true }),
  ]);
  return meter.result();
}

/** Writes a stream to a new file, compressed. */
export async function writeNewGzip(
  file: string,
  source: Readable,
  ...through: Transform[]
): Promise<Written> {
  return writeNew(file, source, ...through, createGzip({ level: 4 }));
}

/** Copies a file, durably. @returns size and digest of the copy */
export async function copyFile(from: string, to: string): Promise<Written> {
  // Opened first: a stream whose file is missing would fail before anybody listens.
  const source = await open(from);
  try {
    return await writeNew(to, source.createReadStream({ highWaterMark: 1024 * 1024, autoClose: false }));
  } finally {
    await source.close();
  }
}

/** Digest and size of a file. */
export async function digestOf(file: string): Promise<Written> {
  const meter = createMeter();
  await pipeline(
    createReadStream(file, { highWaterMark: 1024 * 1024 }),
    meter.stream,
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const _chunk of chunks);
    },
  );
  return meter.result();
}

/** Gives a file a second name; false where the file system cannot. */
export async function linkFile(from: string, to: string): Promise<boolean> {
  await mkdir(path.dirname(to), { recursive: true, mode: 0o700 });
  try {
    await link(from, to);
    return true;
  } catch {
    // Another file system, too many names, or the file is gone: it is copied instead.
    return false;
  }
}
