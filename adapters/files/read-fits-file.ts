import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip, gzip } from "node:zlib";
import { FitsError } from "../../domain/imaging/fits/error.ts";
import { DEFAULT_LIMITS, bytesNeeded } from "../../domain/imaging/fits/reader.ts";
import type { FitsLimits } from "../../domain/imaging/fits/reader.ts";
import { BLOCK } from "../../domain/imaging/fits/writer.ts";

const gzipBytes = promisify(gzip);

/** Bytes compressed as a .gz file. */
export async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  return gzipBytes(bytes);
}

/**
 * Bytes of a FITS file, unpacked when it is gzip. It is read as a stream that stops at the first sign that it is no FITS
 * file, breaks the limits, or is shorter than it says: neither a huge file nor a small one that unpacks to a huge one, nor
 * half of one, costs memory.
 * @throws FitsError, or what the file system says
 */
export async function readFitsFile(file: string, limits: FitsLimits = DEFAULT_LIMITS): Promise<Uint8Array> {
  const packed = await isGzip(file);
  if (!packed) return collect(file, packed, createCollector(limits, (await stat(file)).size, Infinity));
  try {
    return await collect(file, packed, createCollector(limits, Infinity, WORTH_COUNTING));
  } catch (error) {
    if (!(error instanceof WorthCounting)) throw error;
    return collect(file, packed, createCollector(limits, await unpackedLength(file, limits), Infinity));
  }
}

async function collect(file: string, packed: boolean, collector: Collector): Promise<Uint8Array> {
  await through(file, packed, async (chunks) => {
    for await (const chunk of chunks) {
      collector.add(chunk);
    }
  });
  return collector.bytes();
}

/** A packed file that announces more than this is unpacked once without keeping it, to see whether it has it. */
const WORTH_COUNTING = 32 * 1024 * 1024;

/** A packed file announces so much that it is counted first. */
class WorthCounting extends Error {}

/** What a gzip file unpacks to, counted without keeping it; counting ends beyond what any FITS file within the limits has. */
async function unpackedLength(file: string, limits: FitsLimits): Promise<number> {
  const enough = limits.maxDataBytes + limits.maxHeaderRecords * 80 * 2;
  let length = 0;
  await through(file, true, async (chunks) => {
    for await (const chunk of chunks) {
      length += chunk.length;
      if (length > enough) {
        return;
      }
    }
  });
  return length;
}

async function through(
  file: string,
  packed: boolean,
  take: (chunks: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const source = createReadStream(file, { highWaterMark: 256 * 1024 });
  try {
    if (packed) {
      await pipeline(source, createGunzip(), take);
    } else {
      await pipeline(source, take);
    }
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    // Z_BUF_ERROR is a stream that ends too early, Z_DATA_ERROR one that is damaged.
    throw code.startsWith("Z_") ? new FitsError("truncated", `the gzip stream is damaged: ${code}`) : error;
  }
}

interface Collector {
  readonly add: (chunk: Buffer) => void;
  readonly bytes: () => Uint8Array;
}

/**
 * Gathers chunks, and looks at each header as soon as it is there.
 * @param available bytes that will come
 * @param mostUncounted throws WorthCounting when more than this is announced
 */
function createCollector(limits: FitsLimits, available: number, mostUncounted: number): Collector {
  let gathered = new Uint8Array(64 * 1024);
  let length = 0;
  let needed = 0;
  return {
    add(chunk) {
      if (length + chunk.length > gathered.length) {
        const longer = new Uint8Array(
          Math.max(Math.min(gathered.length * 2, available), length + chunk.length),
        );
        longer.set(gathered.subarray(0, length));
        gathered = longer;
      }
      gathered.set(chunk, length);
      length += chunk.length;
      if (length > needed) {
        needed = bytesNeeded(gathered.subarray(0, length), limits);
      }
      if (needed > mostUncounted) {
        throw new WorthCounting();
      }
      // The last block may be short of its padding, which is let pass.
      if (needed - available >= BLOCK && length < available) {
        throw new FitsError("truncated", `${needed} bytes announced, the file has ${available}`);
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
