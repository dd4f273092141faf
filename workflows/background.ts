import { log } from "@temporalio/workflow";
import { failureSentence } from "./failure-words.ts";

/**
 * Work that the caller does not wait for: rows and journal lines beside the path that counts. Kept in the order
 * given; a failure is logged, never thrown; `drained` waits for all of it before a workflow ends.
 */
export class Background {
  private tail: Promise<void> = Promise.resolve();

  /** Adds one piece of work, started after those before it have ended. */
  add(name: string, work: () => Promise<unknown>): void {
    this.tail = this.tail.then(work).then(
      () => undefined,
      (error: unknown) => log.warn(`${name} was not recorded: ${failureSentence(error)}`),
    );
  }

  /** Resolves when everything has ended, what was added meanwhile too: a message may come with the last answer. */
  async drained(): Promise<void> {
    for (;;) {
      const { tail } = this;
      await tail;
      if (tail === this.tail) return;
    }
  }
}
