import type { LateCommand } from "../adapters/temporal/gateway.ts";
import { MS_PER_HOUR } from "../domain/units.ts";
import type { ApiDeps } from "./deps.ts";

/** An unconfirmed command is sent again for ten minutes; who sent it and was killed says nothing any more. */
const SENDING_LIMIT_WALL_MS = 660_000;
const SHOWN = 20;
const SHOWN_FOR_WALL_MS = 12 * MS_PER_HOUR;

/** Commands that were not confirmed at once, newest first. */
export type LateCommands = () => Promise<readonly LateCommand[]>;

/**
 * Those of every web process, from the database; while that does not answer, those of this one. A command of which nothing
 * was heard for longer than it is sent is given up: its process has ended.
 */
export function createLateCommands(
  deps: Pick<ApiDeps, "gateway" | "observatory" | "nowWallMs"> & {
    readonly database: Pick<ApiDeps["database"], "lateCommands">;
  },
): LateCommands {
  const { database, gateway, observatory, nowWallMs } = deps;
  return async () => {
    const own = gateway.lateCommands();
    const kept = await database.lateCommands
      .since(observatory.site.id, nowWallMs() - SHOWN_FOR_WALL_MS, SHOWN)
      .catch(() => []);
    const others = kept.filter(({ id }) => !own.some((each) => each.id === id));
    return [...own, ...others.map(({ orderedBy, ...command }) => settled({ ...command, by: orderedBy }))]
      .toSorted((one, other) => other.sentWallMs - one.sentWallMs)
      .slice(0, SHOWN);
  };

  function settled(command: Omit<LateCommand, "outcome"> & { readonly outcome: string }): LateCommand {
    const outcome = command.outcome as LateCommand["outcome"];
    if (outcome !== "sending" || nowWallMs() - command.sentWallMs < SENDING_LIMIT_WALL_MS) {
      return { ...command, outcome };
    }
    return { ...command, outcome: "givenUp", reason: "the web process that sent it has ended" };
  }
}
