import path from "node:path";
import { parseArgs } from "node:util";
import { Webhook } from "standardwebhooks";
import { ConfigurationError } from "../../adapters/config/explain.ts";
import { loadObservatory } from "../../adapters/config/observatory.ts";
import { readSettings } from "../../adapters/config/read-settings.ts";
import type { Settings } from "../../adapters/config/settings.ts";
import type { DeviceDescription, Observatory } from "../../domain/observatory.ts";
import { soleDevice } from "../../domain/observatory.ts";
import { ALARMS } from "../../simulators/devices/plc-alarms.ts";
import { FAULT_KINDS } from "../../simulators/faults.ts";
import { PARTNER_MODES, readBack } from "../../simulators/partners/receiver.ts";
import { WEATHER_KINDS } from "../../simulators/weather.ts";

const USAGE = [
  `vesper sim weather ${WEATHER_KINDS.join("|")} [--seconds N]     N in observatory seconds`,
  `vesper sim fault DEVICE ${FAULT_KINDS.join("|")} [--seconds N]     N in wall seconds`,
  `vesper sim alarm ${ALARMS.map(({ name }) => name).join("|")} on|off`,
  `vesper sim partner ic|fsc ${PARTNER_MODES.join("|")}     down answers 503, hang never answers, refuse answers 422`,
  "vesper sim partner ic|fsc log",
  'vesper sim message TYPE JSON     a signed message of FSC, e.g. strategy.default \'{"strategyId":"default","reason":"a test"}\'',
  "vesper sim clear DEVICE|all",
  "vesper sim log DEVICE",
];
const PARTNERS = ["ic", "fsc"];
const CLIENT_ID = "7100";
const LIMIT_WALL_MS = 15_000;

/** `vesper sim …`: weather and faults of the simulated devices. */
export async function simCommand(args: readonly string[]): Promise<number> {
  const { positionals, values } = read(args);
  const [what, first = "", second = ""] = positionals;
  const settings = readSettings(process.env);
  const observatory = loadObservatory(settings.observatoryFile, process.env);
  const seconds = secondsOf(values.seconds);
  const timed = seconds === undefined ? {} : { seconds };
  switch (what) {
    case "weather": {
      requireOneOf("weather", first, WEATHER_KINDS);
      await act(soleDevice(observatory, "observingconditions"), "sim:weather", { kind: first, ...timed });
      console.log(`Weather: ${first}${seconds === undefined ? "" : ` for ${seconds} observatory seconds`}.`);
      return 0;
    }
    case "fault": {
      const device = deviceNamed(observatory, first);
      requireOneOf("fault", second, FAULT_KINDS);
      await act(device, "sim:fault", { kind: second, ...timed });
      console.log(`${device.name}: ${second}${seconds === undefined ? "" : ` for ${seconds} s`}.`);
      return 0;
    }
    case "alarm": {
      requireOneOf(
        "alarm",
        first,
        ALARMS.map(({ name }) => name),
      );
      requireOneOf("state", second, ["on", "off"]);
      await act(plcOf(observatory), "sim:alarm", { name: first, on: second === "on" });
      console.log(`Alarm ${first}: cause ${second}.`);
      return 0;
    }
    case "partner": {
      requireOneOf("partner", first, PARTNERS);
      if (second === "log") {
        for (const line of readBack(path.join(settings.home, "simulators", "partners", `${first}.jsonl`)))
          console.log(JSON.stringify(line));
        return 0;
      }
      requireOneOf("mode", second, PARTNER_MODES);
      await setPartnerMode(settings, first, second);
      console.log(`Partner ${first}: ${second}.`);
      return 0;
    }
    case "message": {
      console.log(await postAsFsc(settings, first, second));
      return 0;
    }
    case "clear": {
      const devices = first === "all" ? observatory.devices : [deviceNamed(observatory, first)];
      for (const device of devices) await act(device, "sim:clear", {});
      console.log(`Faults cleared: ${devices.map(({ id }) => id).join(", ")}.`);
      return 0;
    }
    case "log": {
      const log = await act(deviceNamed(observatory, first), "sim:log", {});
      for (const entry of JSON.parse(log) as unknown[]) console.log(JSON.stringify(entry));
      return 0;
    }
    default:
      throw wrongUse(what === undefined ? "nothing asked for" : `"${what}" is not known`);
  }
}

function wrongUse(problem: string): ConfigurationError {
  return new ConfigurationError("vesper sim", [problem, ...USAGE]);
}

function read(args: readonly string[]): { positionals: string[]; values: { seconds?: string } } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { seconds: { type: "string" } },
    });
    return { positionals, values: values.seconds === undefined ? {} : { seconds: values.seconds } };
  } catch (error) {
    throw wrongUse((error as Error).message);
  }
}

function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (text.trim() !== "" && seconds > 0) return seconds;
  throw wrongUse(`--seconds is "${text}", must be a number above 0`);
}

function requireOneOf(field: string, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw wrongUse(`${field} is "${value}", must be one of ${allowed.join(", ")}`);
}

function deviceNamed(observatory: Observatory, id: string): DeviceDescription {
  const device = observatory.devices.find((candidate) => candidate.id === id);
  if (device !== undefined) return device;
  throw wrongUse(
    `device is "${id}", must be one of ${observatory.devices.map((candidate) => candidate.id).join(", ")}`,
  );
}

function plcOf(observatory: Observatory): DeviceDescription {
  const plc = observatory.devices.find(({ type }) => type === "switch");
  if (plc !== undefined) return plc;
  throw wrongUse("the observatory file has no device of type switch, which would carry alarms");
}

async function setPartnerMode(settings: Settings, partner: string, mode: string): Promise<void> {
  const url = `http://127.0.0.1:${settings.alpacaPort}/partners/${partner}/mode`;
  const answer = await fetch(url, {
    method: "PUT",
    body: mode,
    signal: AbortSignal.timeout(LIMIT_WALL_MS),
  }).catch((error: unknown) => {
    throw new ConfigurationError(`The simulated partner does not answer at ${url}`, [
      `are the simulators running? (${(error as Error).message})`,
    ]);
  });
  if (!answer.ok) throw new ConfigurationError(`The partner refused ${mode}`, [await answer.text()]);
}

/** Posts a message as FSC does, signed. */
async function postAsFsc(settings: Settings, type: string, data: string): Promise<string> {
  if (settings.fscWebhookSecret === null) {
    throw new ConfigurationError("There is nothing to sign with", ["VESPER_FSC_WEBHOOK_SECRET is not set"]);
  }
  let content: unknown;
  try {
    content = JSON.parse(data);
  } catch (error) {
    throw wrongUse(`the content is no JSON: ${(error as Error).message}`);
  }
  const now = new Date();
  const id = `msg_${now.getTime()}`;
  const body = JSON.stringify({ type, timestamp: now.toISOString(), data: content });
  const url = `http://127.0.0.1:${settings.port}/api/fsc/messages`;
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
      "webhook-signature": new Webhook(settings.fscWebhookSecret).sign(id, now, body),
    },
    body,
    signal: AbortSignal.timeout(LIMIT_WALL_MS),
  }).catch((error: unknown) => {
    throw new ConfigurationError(`The web does not answer at ${url}`, [(error as Error).message]);
  });
  if (!answer.ok) throw new ConfigurationError("The message was not taken", [await answer.text()]);
  return answer.text();
}

/** Runs an Action on a simulated device and returns its answer. Throws a sentence a person understands. */
async function act(device: DeviceDescription, action: string, parameters: object): Promise<string> {
  const url = `${device.address}/api/v1/${device.type}/${device.number}/action`;
  let response: Response;
  try {
    response = await fetch(url, {
      method: "PUT",
      body: new URLSearchParams({
        Action: action,
        Parameters: JSON.stringify(parameters),
        ClientID: CLIENT_ID,
        ClientTransactionID: "1",
      }),
      signal: AbortSignal.timeout(LIMIT_WALL_MS),
    });
  } catch (error) {
    throw new ConfigurationError(`${device.name} does not answer at ${device.address}`, [
      `are the simulators running? (${(error as Error).message})`,
    ]);
  }
  if (!response.ok) {
    throw new ConfigurationError(`${device.name} refused ${action}`, [
      `HTTP ${response.status}: ${await response.text()}`,
    ]);
  }
  const answer = (await response.json()) as { Value?: string; ErrorNumber: number; ErrorMessage: string };
  if (answer.ErrorNumber !== 0) {
    throw new ConfigurationError(`${device.name} refused ${action}`, [answer.ErrorMessage]);
  }
  return answer.Value ?? "";
}
