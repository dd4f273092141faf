import { ApplicationFailure, CancelledFailure } from "@temporalio/common";
import type { ActivityInterceptorsFactory } from "@temporalio/worker";
import type { Logger } from "pino";
import { nowMs, type Clocks } from "../activities/clocks.ts";
import type { NewDeviceCommand } from "../db/repositories/device-commands.ts";
import { optionalDevice, type DeviceType, type Observatory } from "../domain/observatory.ts";
import { WORKFLOW_TYPES } from "../workflows/names.ts";

/** One command as its activity was asked for it. */
export interface DescribedCommand {
  readonly deviceId: string;
  readonly command: string;
  readonly why: string;
}

type Input = Readonly<Record<string, unknown>>;

/**
 * What an activity commands, by the devices it commands; empty when it only looks or waits.
 * @param type name of the activity
 * @param input its argument
 */
export function commandsOf(type: string, input: Input, observatory: Observatory): DescribedCommand[] {
  const why = textIn(input["why"]) || textIn(input["reason"]);
  const to = (device: DeviceType, command: string): DescribedCommand[] => {
    const found = optionalDevice(observatory, device);
    return found === null ? [] : [{ deviceId: found.id, command, why }];
  };
  switch (type) {
    case "startSlew":
      return to("telescope", `slew to ${textIn((input["target"] as Input | undefined)?.["name"])}`);
    case "park":
      return to("telescope", "park");
    case "stopMount":
      return to("telescope", "stop");
    case "openDome":
      return to("dome", "open");
    case "closeDome":
      return to("dome", "close");
    case "openCover":
      return to("covercalibrator", "open the cover");
    case "closeCover":
      return to("covercalibrator", "close the cover");
    case "moveFocuser":
      return to("focuser", `go to ${textIn(input["position"])} steps`);
    case "setFilter":
      return [{ deviceId: textIn(input["wheelId"]), command: `filter ${textIn(input["filter"])}`, why }];
    case "coolCamera":
      return [
        { deviceId: textIn(input["cameraId"]), command: `cool to ${textIn(input["setPointC"])} °C`, why },
      ];
    case "startExposure":
      return exposure(input, observatory);
    default:
      return [];
  }
}

function exposure(input: Input, { instruments }: Observatory): DescribedCommand[] {
  const instrument = instruments.find(({ id }) => id === input["instrumentId"]);
  if (instrument === undefined) return [];
  const light = input["light"] === true ? `filter ${textIn(input["filter"])}` : "dark";
  return [
    {
      deviceId: instrument.cameraId,
      command: `expose ${textIn(input["exposureS"])} s, ${light}`,
      why: `frame ${textIn(input["n"])} of ${textIn(input["planId"])}`,
    },
  ];
}

function textIn(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

export interface CommandLogDeps {
  readonly observatory: Observatory;
  readonly clocks: Clocks;
  readonly append: (command: NewDeviceCommand) => Promise<void>;
  readonly log: Pick<Logger, "warn">;
}

/**
 * Writes each command to a device into its history, beside the activity: no motion waits for the database. What a person
 * orders by hand is written by `observatory` under the person's name; only its closings, on the fast queue, are written here.
 */
export function createCommandLog({
  observatory,
  clocks,
  append,
  log,
}: CommandLogDeps): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      async execute(input, next) {
        const { info } = context;
        const byHand = info.workflowType === WORKFLOW_TYPES.observatory && !info.taskQueue.endsWith(".fast");
        const [argument] = input.args;
        const described =
          byHand || typeof argument !== "object" || argument === null
            ? []
            : commandsOf(info.activityType, argument as Input, observatory);
        if (described.length === 0) return next(input);
        const begun = { atMs: nowMs(clocks), atWallMs: clocks.wallMs() };
        const write = (outcome: NewDeviceCommand["outcome"], detail: string): void => {
          for (const command of described) {
            append({
              ...command,
              ...begun,
              who: info.workflowExecution?.workflowId ?? info.workflowType ?? "",
              tookS: (clocks.wallMs() - begun.atWallMs) / 1_000,
              outcome,
              detail,
              onceKey: `${info.workflowExecution?.runId ?? ""}/${info.activityId}/${info.attempt}/${command.deviceId}`,
            }).catch((error: unknown) =>
              log.warn({ err: error }, "a command was not written into its history"),
            );
          }
        };
        try {
          const result = await next(input);
          write("done", "");
          return result;
        } catch (error) {
          const stopped =
            error instanceof CancelledFailure || (error as Error | undefined)?.name === "AbortError";
          write(stopped ? "stopped" : "failed", wordsOf(error));
          throw error;
        }
      },
    },
  });
}

function wordsOf(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.message;
  return error instanceof Error ? error.message : String(error);
}
