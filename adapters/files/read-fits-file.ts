import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip, gzip } from "node:zlib";
import { FitsError } from "../../domain/imaging/fits/error.ts";
import { DEFAULT_LIMITS, bytesNeeded } from "../../domain/imaging/fits/reader.ts";
import type { FitsLimits } from "../../domain/imaging/fits/reader.ts";

const gzipBytes = promisify(gzip);

/** Bytes compressed as a .gz file. */
export async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  return gzipBytes(bytes);
}

/**
 * Bytes of a FITS file, unpacked when it is gzip. It is read as a stream that stops at the first sign that it is no FITS
 * file or breaks the limits, so that neither a huge file nor a small one that unpacks to a huge one costs memory.
 * @throws FitsError, or what the file system says
 */
export async function readFitsFile(file: string, limits: FitsLimits = DEFAULT_LIMITS): Promise<Uint8Array> {
  const collected = createCollector(limits);
  const gather = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of chunks) {
      collected.add(chunk);
    }
  };
  const packed = await isGzip(file);
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    if (packed) {
      await pipeline(source, createGunzip(), gather);
    } else {
      await pipeline(source, gather);
    }
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    // Z_BUF_ERROR is a stream that ends too early, Z_DATA_ERROR one that is damaged.
    throw code.startsWith("Z_") ? new FitsError("truncated", `the gzip stream is damaged: ${code}`) : error;
  }
  return collected.bytes();
}

/** Gathers chunks, and looks at each header as soon as it is there. */
function createCollector(limits: FitsLimits): {
  readonly add: (chunk: Buffer) => void;
  readonly bytes: () => Uint8Array;
} {
  let gathered = new Uint8Array(64 * 1024);
  let length = 0;
  let needed = 0;
  return {
    add(chunk) {
      if (length + chunk.length > gathered.length) {
        const longer = new Uint8Array(Math.max(gathered.length * 2, length + chunk.length));
        longer.set(gathered.subarray(0, length));
        gathered = longer;
      }
      gathered.set(chunk, length);
      length += chunk.length;
      if (length > needed) {
        needed = bytesNeeded(gathered.subarray(0, length), limits);
      }
    },
    bytes: () => gathered.subarray(0, length),
  };
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}
