import { setTimeout as sleep } from "node:timers/promises";
import { resumeUpdate, stateQuery } from "../../workflows/messages.ts";
import { observatoryWorkflowId } from "../../workflows/names.ts";
import { observatory } from "../integration/kit.ts";
import type { Observed } from "../support/observed.ts";

/** What was seen of the workflow that runs the observatory. */
export interface MajordomeSeen {
  readonly asked: number;
  /** Longest time without an answer to the question how it is, wall ms. */
  readonly longestSilenceMs: number;
}

const ASK_EVERY_MS = 250;
const ASK_LIMIT_MS = 2_000;
const MESSAGE_LIMIT_MS = 20_000;

type Majordome = Pick<Observed, "temporal">;

const handleOf = ({ temporal }: Majordome) =>
  temporal.client.workflow.getHandle(observatoryWorkflowId(observatory.site.id));

/** Asks the majordome how it is, again and again: each answer proves server, worker and code. */
export function watchMajordome(majordome: Majordome): { close(): Promise<MajordomeSeen> } {
  const handle = handleOf(majordome);
  const { client } = majordome.temporal;
  const over = new AbortController();
  const seen = { asked: 0, longestSilenceMs: 0 };
  let answeredMs = performance.now();

  async function ask(): Promise<void> {
    seen.asked += 1;
    const answered = await client
      .withDeadline(Date.now() + ASK_LIMIT_MS, () => handle.query(stateQuery))
      .then(
        () => true,
        () => false,
      );
    seen.longestSilenceMs = Math.max(seen.longestSilenceMs, Math.round(performance.now() - answeredMs));
    if (answered) answeredMs = performance.now();
  }

  const running = (async () => {
    while (!over.signal.aborted) {
      await ask();
      await sleep(ASK_EVERY_MS);
    }
  })();
  return {
    close: async () => {
      over.abort();
      await running;
      return seen;
    },
  };
}

/**
 * Sends the majordome one message that a control worker must handle: the button Resume, refused because nobody has paused.
 * @returns wall ms until the refusal came
 * @throws Error when it is accepted, or not answered
 */
export async function refusedMessage(majordome: Majordome): Promise<number> {
  const sentMs = performance.now();
  const sent = handleOf(majordome)
    .executeUpdate(resumeUpdate, { args: [{ by: "production test" }] })
    .then(
      () => "was accepted, though nobody had paused",
      (error: unknown) =>
        error instanceof Error && error.name === "WorkflowUpdateFailedError" ? "" : String(error),
    );
  const answer = await Promise.race([sent, sleep(MESSAGE_LIMIT_MS, "was not answered", { ref: false })]);
  if (answer !== "") throw new Error(`a message to the majordome ${answer}`);
  return Math.round(performance.now() - sentMs);
}
