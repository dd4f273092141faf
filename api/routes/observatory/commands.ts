import type { CommandOutcome } from "../../../adapters/temporal/gateway.ts";
import { observatoryMs } from "../../../domain/clock.ts";
import type { ApiContext } from "../../context.ts";
import type { Identity } from "../../plugins/identity.ts";

/** What a person may order. */
export type CommandName =
  | "pauseNow"
  | "pauseFrameEnd"
  | "resume"
  | "close"
  | "startNight"
  | "endNight"
  | "startCalibration";

export const COMMAND_WORDS: Readonly<Record<CommandName, string>> = {
  pauseNow: "Pause now",
  pauseFrameEnd: "Pause after this exposure",
  resume: "Resume",
  close: "Close dome",
  startNight: "Start the night",
  endNight: "End the night",
  startCalibration: "Take calibrations",
};

/**
 * Sends a command and keeps its answer as the newest state. Who ordered what goes to journal and audit beside it:
 * closing the dome may not wait for the database.
 */
export async function order(
  { app, deps, stateReader }: Pick<ApiContext, "app" | "deps" | "stateReader">,
  command: CommandName,
  identity: Identity,
  address: string,
): Promise<CommandOutcome> {
  const outcome = await send(deps.gateway, command, identity.name);
  if (outcome.kind === "applied") stateReader.put(outcome.state);
  record(deps, { command, identity, address, outcome }).catch((error: unknown) => {
    app.log.warn({ err: error, command, by: identity.name }, "a command was not written into the journal");
  });
  return outcome;
}

function send(
  gateway: ApiContext["deps"]["gateway"],
  command: CommandName,
  by: string,
): Promise<CommandOutcome> {
  switch (command) {
    case "pauseNow":
      return gateway.pause(by, "now");
    case "pauseFrameEnd":
      return gateway.pause(by, "frameEnd");
    case "resume":
      return gateway.resume(by);
    case "close":
      return gateway.close(by);
    case "startNight":
      return gateway.startNight(by);
    case "startCalibration":
      return gateway.startCalibration(by);
    default:
      return gateway.endNight(by);
  }
}

async function record(
  { database, clock, nowWallMs }: ApiContext["deps"],
  what: {
    readonly command: CommandName;
    readonly identity: Identity;
    readonly address: string;
    readonly outcome: CommandOutcome;
  },
): Promise<void> {
  const { command, identity, address, outcome } = what;
  const atWallMs = nowWallMs();
  await database.journal.append({
    atWallMs,
    atMs: observatoryMs(clock(), atWallMs),
    level: outcome.kind === "applied" ? "info" : "warning",
    module: "web",
    text: `${identity.name} pressed "${COMMAND_WORDS[command]}": ${outcomeWords(outcome)}`,
    userId: identity.userId,
  });
  await database.audits.append({
    atWallMs,
    userId: identity.userId,
    action: `observatory.${command}`,
    subject: null,
    address,
    details: { by: identity.name, outcome: outcome.kind },
  });
}

function outcomeWords(outcome: CommandOutcome): string {
  switch (outcome.kind) {
    case "applied":
      return "done.";
    case "refused":
      return `refused. ${outcome.reason}`;
    default:
      return `not confirmed yet. ${outcome.reason}`;
  }
}
