import { Readable, Writable } from "node:stream";
import type { Client, Connection } from "pg";

/** The part of pg's connection that COPY needs and its types leave out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/**
 * What `copy … to stdout` sends, as a stream. The socket waits when nobody reads.
 * @param sql a COPY statement TO STDOUT; nothing else may be asked of this client meanwhile
 */
export function copyOut(client: Client, sql: string): Readable {
  let connection: CopyConnection | null = null;
  const stream = new Readable({
    read: () => connection?.stream.resume(),
    destroy: (error, done) => {
      // Whoever gives up reading must not leave a socket that waits for them.
      connection?.stream.resume();
      done(error);
    },
  });
  void client.query({
    submit(open: Connection) {
      connection = open as CopyConnection;
      connection.query(sql);
    },
    handleCopyData({ chunk }: { readonly chunk: Buffer }) {
      // The parser uses its buffer again.
      if (!stream.destroyed && !stream.push(Buffer.from(chunk))) connection?.stream.pause();
    },
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => stream.push(null),
    handleError: (error: Error) => stream.destroy(error),
  } as unknown as Parameters<Client["query"]>[0]);
  return stream;
}

/**
 * A stream whose bytes go into `copy … from stdin`. It has finished when the server has taken all rows.
 * @param sql a COPY statement FROM STDIN; nothing else may be asked of this client meanwhile
 */
export function copyIn(client: Client, sql: string): Writable {
  let connection: CopyConnection | null = null;
  /** What waits for the server to take data, or to have taken all. */
  let begin: (() => void) | null = null;
  let finish: ((error?: Error | null) => void) | null = null;
  const whenOpen = (work: () => void): void => {
    if (connection === null) begin = work;
    else work();
  };
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) =>
      whenOpen(() => {
        connection?.sendCopyFromChunk(chunk);
        if (connection?.stream.writableNeedDrain === true) connection.stream.once("drain", () => done());
        else done();
      }),
    final: (done) =>
      whenOpen(() => {
        finish = done;
        connection?.endCopyFrom();
      }),
    destroy: (error, done) => {
      if (error !== null && finish === null) connection?.sendCopyFail(error.message);
      done(error);
    },
  });
  void client.query({
    submit: (open: Connection) => (open as CopyConnection).query(sql),
    handleCopyInResponse(open: Connection) {
      connection = open as CopyConnection;
      begin?.();
    },
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => finish?.(),
    handleError(error: Error) {
      if (finish === null) stream.destroy(error);
      else finish(error);
      finish = () => undefined;
    },
  } as unknown as Parameters<Client["query"]>[0]);
  return stream;
}
