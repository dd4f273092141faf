/** Alpaca discovery: whoever broadcasts `alpacadiscovery1` on UDP 32227 is told the port of the server. */
import { createSocket } from "node:dgram";

export const DISCOVERY_PORT = 32_227;
const QUESTION = "alpacadiscovery1";

/**
 * Answers discovery for a server on `host`:`port`. A server on loopback answers on loopback alone. That the
 * discovery port cannot be had is reported, not fatal: the devices work by address.
 * @returns what ends it
 */
export function answerDiscovery(
  host: string,
  port: number,
  report: (message: string) => void,
): Promise<() => Promise<void>> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      socket.close(() => resolve());
    });
  const answer = JSON.stringify({ AlpacaPort: port });
  socket.on("message", (message, sender) => {
    // Later versions of the question begin the same way.
    if (!message.toString("latin1").startsWith(QUESTION)) return;
    socket.send(answer, sender.port, sender.address);
  });
  return new Promise((resolve) => {
    socket.once("error", (error) => {
      report(`Alpaca discovery is off: UDP port ${DISCOVERY_PORT} cannot be used (${error.message})`);
      socket.close();
      resolve(() => Promise.resolve());
    });
    socket.bind(DISCOVERY_PORT, host === "127.0.0.1" ? "127.0.0.1" : undefined, () => {
      socket.removeAllListeners("error");
      socket.on("error", (error) => report(`Alpaca discovery: ${error.message}`));
      resolve(stop);
    });
  });
}
