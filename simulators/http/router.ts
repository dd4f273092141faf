/** Alpaca's URLs: the device API, the management API and the set-up pages. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Operation } from "../../protocol/member-types.ts";
import type { MemberTable } from "../../protocol/member-types.ts";
import type { PixelImage, TransactionIds } from "../../protocol/image-bytes.ts";
import { MEMBERS } from "../../protocol/members.ts";
import type { CommandLog } from "../command-log.ts";
import { AlpacaError } from "../device.ts";
import { SLOW_ANSWER_WALL_MS } from "../faults.ts";
import { DRIVER_VERSION } from "../host.ts";
import type { HostedDevice } from "../host.ts";
import {
  sendDone,
  sendFailure,
  sendHtml,
  sendImage,
  sendImageFailure,
  sendManagement,
  sendText,
  sendValue,
} from "./reply.ts";
import { BadRequest, actionOf, clientNumber, parametersOf, readForm } from "./request.ts";
import { devicePage, missingPage, serverPage } from "./setup-pages.ts";

export interface RouterOptions {
  readonly devices: readonly HostedDevice[];
  readonly log: CommandLog;
  readonly nowMs: () => number;
  readonly location: string;
  readonly report: (message: string) => void;
}

/** The listener of the HTTP server. */
export function createRouter(
  options: RouterOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let transactions = 0;

  return async (request, response) => {
    transactions = transactions >= 4_294_967_295 ? 1 : transactions + 1;
    const serverTransactionId = transactions;
    try {
      const url = new URL(request.url ?? "/", "http://simulators");
      const [, root] = url.pathname.split("/");
      if (root === "api") await answerDevice(request, response, url, serverTransactionId);
      else if (root === "management") answerManagement(request, response, url, serverTransactionId);
      else if (root === "setup") answerSetup(request, response, url);
      else if (url.pathname === "/") response.writeHead(302, { location: "/setup" }).end();
      else sendText(response, 404, `nothing at ${url.pathname}; see /setup`);
    } catch (error) {
      if (response.headersSent || response.destroyed) {
        response.destroy();
      } else if (error instanceof BadRequest || error instanceof URIError) {
        sendText(response, 400, error.message);
      } else {
        options.report(
          `${request.method} ${request.url}: ${error instanceof Error ? error.stack : String(error)}`,
        );
        sendText(response, 500, error instanceof Error ? error.message : String(error));
      }
    }
  };

  async function answerDevice(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    serverTransactionId: number,
  ): Promise<void> {
    const { hosted, member, operation, verb } = route(request, url);
    const exact = verb === "put";
    const sent = exact ? await readForm(request) : url.searchParams;
    const ids: TransactionIds = {
      clientTransactionId: clientNumber(sent, "ClientTransactionID", exact),
      serverTransactionId,
    };
    const clientId = clientNumber(sent, "ClientID", exact);
    const action = exact && member === "action" ? actionOf(sent) : undefined;
    // Faults are lifted over the same wire they are simulated on.
    const aboutSimulation = action?.name.toLowerCase().startsWith("sim:") === true;
    if (!aboutSimulation && (await failOnTheWire(hosted, response))) return;

    const isImage = operation.value === "imageArray";
    try {
      if (action !== undefined) {
        sendValue(response, ids, await hosted.act(action.name, action.text, clientId));
        return;
      }
      const value = hosted.answer(verb, member, parametersOf(operation, sent, exact), clientId);
      if (isImage) await sendImage(response, ids, value as PixelImage<Uint16Array>, request.headers.accept);
      else if (operation.value === "none") sendDone(response, ids);
      else sendValue(response, ids, value);
    } catch (error) {
      if (!(error instanceof AlpacaError)) throw error;
      const failure = { errorNumber: error.errorNumber, errorMessage: error.message };
      if (isImage) sendImageFailure(response, ids, failure, request.headers.accept);
      else sendFailure(response, ids, failure);
    }
  }

  /** `/api/v1/{type}/{number}/{member}`, lower case throughout. */
  function route(
    request: IncomingMessage,
    url: URL,
  ): { hosted: HostedDevice; member: string; operation: Operation; verb: "get" | "put" } {
    const [, , version = "", type = "", number = "", member = "", ...rest] = url.pathname.split("/");
    if (version !== "v1" || rest.length > 0) {
      throw new BadRequest(
        `${url.pathname}: the path must be /api/v1/{device type}/{device number}/{member}`,
      );
    }
    const members: MemberTable | undefined = Object.hasOwn(MEMBERS, type)
      ? MEMBERS[type as keyof typeof MEMBERS]
      : undefined;
    if (members === undefined) throw new BadRequest(`no device type ${JSON.stringify(type)} in Alpaca`);
    const hosted = options.devices.find(
      ({ device }) => device.identity.type === type && String(device.identity.number) === number,
    );
    if (hosted === undefined) throw new BadRequest(`no ${type} with number ${JSON.stringify(number)} here`);
    const entry = Object.hasOwn(members, member) ? members[member] : undefined;
    if (entry === undefined) throw new BadRequest(`${type} has no member ${JSON.stringify(member)}`);
    const verb = request.method === "GET" ? "get" : request.method === "PUT" ? "put" : undefined;
    const operation = verb === undefined ? undefined : entry[verb];
    if (verb === undefined || operation === undefined) {
      throw new BadRequest(`${request.method} is not defined for ${type}/${member}`);
    }
    return { hosted, member, operation, verb };
  }

  /** Faults of the connection; true when the request is done with. */
  async function failOnTheWire(hosted: HostedDevice, response: ServerResponse): Promise<boolean> {
    if (!hosted.powered()) {
      response.destroy();
      return true;
    }
    switch (hosted.fault.current()) {
      case "dead":
        response.destroy();
        return true;
      case "garbage":
        response
          .writeHead(200, { "content-type": "application/json" })
          .end("<html><body>502 Bad Gat\u0000eway</body>");
        return true;
      case "slow":
        await sleep(SLOW_ANSWER_WALL_MS, undefined, { ref: false });
        return response.destroyed;
      default:
        return false;
    }
  }

  function answerManagement(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    serverTransactionId: number,
  ): void {
    if (request.method !== "GET")
      throw new BadRequest(`${request.method} is not defined for ${url.pathname}`);
    const ids = {
      clientTransactionId: clientNumber(url.searchParams, "ClientTransactionID", false),
      serverTransactionId,
    };
    switch (url.pathname) {
      case "/management/apiversions":
        sendManagement(response, ids, [1]);
        return;
      case "/management/v1/description":
        sendManagement(response, ids, {
          ServerName: "Vesper simulators",
          Manufacturer: "Vesper",
          ManufacturerVersion: DRIVER_VERSION,
          Location: options.location,
        });
        return;
      case "/management/v1/configureddevices":
        sendManagement(
          response,
          ids,
          options.devices.map(({ device: { identity } }) => ({
            DeviceName: identity.name,
            DeviceType: identity.type,
            DeviceNumber: identity.number,
            UniqueID: identity.uniqueId,
          })),
        );
        return;
      default:
        throw new BadRequest(`nothing at ${url.pathname} in the management API`);
    }
  }

  function answerSetup(request: IncomingMessage, response: ServerResponse, url: URL): void {
    if (request.method !== "GET")
      throw new BadRequest(`${request.method} is not defined for ${url.pathname}`);
    if (url.pathname === "/setup") {
      sendHtml(response, serverPage(options.devices, options.log.since(0), options.nowMs()));
      return;
    }
    const found = options.devices.find(
      ({ device: { identity } }) => url.pathname === `/setup/v1/${identity.type}/${identity.number}/setup`,
    );
    if (found === undefined) {
      sendHtml(response, missingPage(url.pathname), 403);
      return;
    }
    sendHtml(response, devicePage(found, options.log.since(0, found.device.identity.id)));
  }
}
