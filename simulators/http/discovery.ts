/**
 * Alpaca discovery (Alpaca API Reference v12, section 4): whoever asks `alpacadiscovery1` on UDP 32227, by broadcast
 * (IPv4) or multicast (IPv6), is told the port of the server.
 */
import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

export const DISCOVERY_PORT = 32_227;
/** Link-local group of the question on IPv6. */
export const DISCOVERY_GROUP = "ff12::a1:9aca";
const QUESTION = "alpacadiscovery1";

interface Place {
  readonly type: "udp4" | "udp6";
  /** Undefined: all addresses. */
  readonly address: string | undefined;
  /** One of several: that it cannot be had is not worth a word. */
  readonly optional?: boolean;
}

/**
 * Where a server that listens on `host` hears the question: a socket bound to loopback hears no broadcast, so there is
 * one for that too, where the system has such an address (macOS has not).
 */
function placesOf(host: string): Place[] {
  if (host === "127.0.0.1") {
    return [
      { type: "udp4", address: host },
      { type: "udp4", address: "127.255.255.255", optional: true },
    ];
  }
  if (host === "::")
    return [
      { type: "udp4", address: undefined },
      { type: "udp6", address: undefined },
    ];
  if (isIPv6(host)) return [{ type: "udp6", address: host === "::1" ? host : undefined }];
  return [{ type: "udp4", address: undefined }];
}

/**
 * Answers discovery for a server on `host`:`port`. A server on loopback answers on loopback alone. That the
 * discovery port cannot be had is reported, not fatal: the devices work by address.
 * @returns what ends it
 */
export async function answerDiscovery(
  host: string,
  port: number,
  report: (message: string) => void,
): Promise<() => Promise<void>> {
  const answer = JSON.stringify({ AlpacaPort: port });
  const opened = await Promise.all(placesOf(host).map((place) => listen(place, answer, report)));
  return async () => {
    await Promise.all(opened.flatMap((socket) => (socket === undefined ? [] : [closed(socket)])));
  };
}

/** A socket that answers; undefined when it cannot be had. */
async function listen(
  { type, address, optional }: Place,
  answer: string,
  report: (message: string) => void,
): Promise<Socket | undefined> {
  const socket = createSocket({ type, reuseAddr: true, ipv6Only: type === "udp6" });
  socket.on("message", (message, sender) => {
    // Later versions of the question begin the same way.
    if (!message.toString("latin1").startsWith(QUESTION)) return;
    socket.send(answer, sender.port, sender.address);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ port: DISCOVERY_PORT, ...(address === undefined ? {} : { address }) }, () => resolve());
    });
    if (type === "udp6" && address === undefined) joinGroup(socket);
  } catch (error) {
    if (optional !== true) {
      report(
        `Alpaca discovery is off: UDP port ${DISCOVERY_PORT} cannot be used (${(error as Error).message})`,
      );
    }
    await closed(socket);
    return undefined;
  }
  socket.removeAllListeners("error");
  socket.on("error", (error) => report(`Alpaca discovery: ${error.message}`));
  return socket;
}

/** The group is joined on each interface that has a link-local address. */
function joinGroup(socket: Socket): void {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    if (addresses?.some(({ address }) => address.startsWith("fe80:")) !== true) continue;
    socket.addMembership(DISCOVERY_GROUP, `::%${name}`);
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}
